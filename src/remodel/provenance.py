"""Where a result comes from: versions, machine and hashes."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_LIBRARIES = ("numpy", "scipy", "numba", "llvmlite", "xarray")


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
    found = {"bone-remodel": package_version(), "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


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
