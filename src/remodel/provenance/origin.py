"""Where a result comes from: versions, machine and hashes."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_LIBRARIES = ("numpy", "scipy", "numba", "llvmlite", "xarray")
_SOURCES = (".py", ".toml", ".csv")


@cache
def package_version() -> str:
    """Return the version of this package, as installed."""
    try:
        return version("bone-remodel")
    except PackageNotFoundError:
        return "not installed"


@cache
def versions() -> dict[str, str]:
    """Return versions of this package, Python and the libraries the numbers depend on."""
    installed = {"bone-remodel": package_version(), "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            installed[name] = "not installed"
    return installed


@cache
def cpu() -> str:
    """Return the name of the processor, for which machine code is compiled."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


@cache
def sources() -> dict[str, str]:
    """Return a hash of the code and data of each room of this package, by its name.

    Where a version is the same and the code is not, as in a working copy, these tell.
    """
    root = Path(__file__).parents[1]
    digests: dict[str, Any] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix in _SOURCES:
            name = path.relative_to(root).as_posix()
            digest = digests.setdefault(name.partition("/")[0], hashlib.sha256())
            digest.update(name.encode() + b"\0" + path.read_bytes())
    return {room: digest.hexdigest()[:16] for room, digest in sorted(digests.items())}


def fingerprint(content: Any) -> str:
    """Return a short hash of anything that can be written as JSON, and of arrays in it.

    It is the same in every process and on every machine.
    """
    text = json.dumps(content, sort_keys=True, default=_described)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _described(value: Any) -> Any:
    """Return what JSON cannot write as something it can; arrays of numbers by their bytes."""
    import numpy as np

    if not isinstance(value, np.ndarray):
        return str(value)
    if value.dtype.kind not in "biufc":
        return value.tolist()
    ordered = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
    digest = hashlib.sha256(ordered.data if ordered.size else b"").hexdigest()
    return ["array", ordered.dtype.str, list(value.shape), digest]


def manifest(**details: Any) -> Mapping[str, Any]:
    """Return the record kept with a result: details of the run, versions and platform."""
    return {**details, "versions": versions(), "platform": platform.platform()}
