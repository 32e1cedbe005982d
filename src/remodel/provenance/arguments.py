"""Arguments of a call as JSON; what cannot be written is named by its kind.

An object is a mapping of one key, ``$Kind``, to what makes it again. ``remodel.reruns`` reads them.
"""

from __future__ import annotations

import base64
import dataclasses
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PLAIN = (bool, int, float, str, type(None))
REMADE = ("Patient", "Patients", "Schedule", "Dose", "Intervention")
"""Dataclasses that are made again from their attributes."""


def encoded(value: Any) -> Any:
    """Return an argument as something JSON can hold."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple):
        return [encoded(item) for item in value]
    if isinstance(value, Mapping) and not hasattr(value, "recorded"):
        return {str(key): encoded(item) for key, item in value.items()}
    return _object(value)


def _object(value: Any) -> Any:
    kind = type(value).__name__
    if kind == "ndarray":
        return _array(value)
    if hasattr(value, "dtype") and getattr(value, "ndim", None) == 0:
        return encoded(value.item())
    if hasattr(value, "recorded"):
        return {f"${kind}": encoded(value.recorded())}
    if hasattr(value, "model_dump_json"):
        return {f"${kind}": value.model_dump_json()}
    if kind in REMADE:
        parts = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
        return {f"${kind}": encoded(parts)}
    return {f"${kind}": None}


def _array(values: Any) -> dict[str, Any]:
    """Return the type, shape and bytes of an array; texts and objects as a list."""
    if values.dtype.kind not in "biufc":
        return {"$list": values.tolist()}
    ordered = values.astype(values.dtype.newbyteorder("<"), order="C")
    packed = base64.b64encode(zlib.compress(ordered.tobytes(), 6)).decode("ascii")
    return {"$array": [ordered.dtype.str, list(ordered.shape), packed]}
