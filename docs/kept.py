"""What is kept between builds, with a hash of all that decides it: the package and the inputs.

Simulations are the costly part of a build. A second build, or one after a change of prose, makes
none.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
DECIDING = (".py", ".toml", ".csv", ".json", ".nc", ".npz", ".npy")


def kept(path: Path, key: str, make: Callable[[], Any]) -> Any:
    """Return what ``make`` returned when the key was the same, or make it now; JSON can hold it."""
    if path.exists():
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["key"] == key:
            return stored["value"]
    value = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    # whole or not at all, also where two processes write
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps({"key": key, "value": value}, indent=1), encoding="utf-8")
    new.replace(path)
    return json.loads(json.dumps(value))


def hash_of(*texts: str) -> str:
    """Return a hash of texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def hash_of_files(files: Iterable[Path]) -> str:
    """Return a hash of the names and contents of files that can decide a result."""
    return hash_of(
        *(
            f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}"
            for path in sorted(files)
            if path.is_file() and path.suffix in DECIDING
        )
    )


@cache
def package_hash() -> str:
    """Return a hash of the package: its code, parameters and tables."""
    return hash_of_files((ROOT / "src" / "remodel").rglob("*"))
