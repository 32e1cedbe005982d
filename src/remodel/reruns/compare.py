"""Comparing two results bit for bit, file by file, and saying where they differ."""

from __future__ import annotations

import csv
import io
import json
import math
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from remodel.provenance import RECORD

Verdict = Literal["identical", "differs", "missing", "new"]
_ABOUT = frozenset({"versions", "platform", "cpu", "sources", "seconds"})
"""Keys and columns of what made a result, and how long it took; not of what it is."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One file of a result beside that of the repetition.

    Attributes
    ----------
    name : str
    verdict : {"identical", "differs", "missing", "new"}
        ``missing`` was not made again; ``new`` was not there before.
    detail : str
        Where they differ.
    largest : float
        Largest relative difference of numbers; NaN where these are not what differs.
    """

    name: str
    verdict: Verdict
    detail: str = ""
    largest: float = math.nan


def compared(before: Path, after: Path) -> list[Comparison]:
    """Return the comparison of two results, files or folders of the same layout."""
    if before.is_file():
        others = {path.name for path in after.parent.iterdir() if path.is_file()}
        names = [after.name, *sorted(others - {after.name})]
        pairs = {name: (before.parent / name, after.parent / name) for name in names}
        pairs[after.name] = (before, after)
    elif before.suffix == ".zarr":
        return [_file(before.name, before, after)]
    else:
        paths = sorted({*_names(before), *_names(after)})
        pairs = {name: (before / name, after / name) for name in paths}
    return [_file(name, *pair) for name, pair in pairs.items() if not name.endswith(RECORD)]


def _names(folder: Path) -> Iterator[str]:
    """Yield the files of a folder; a store counts as one."""
    for path in folder.iterdir():
        if path.is_dir() and path.suffix != ".zarr":
            yield from (f"{path.name}/{name}" for name in _names(path))
        elif not path.name.startswith("."):
            yield path.name


def _file(name: str, before: Path, after: Path) -> Comparison:
    if not after.exists():
        return Comparison(name, "missing")
    if not before.exists():
        return Comparison(name, "new")
    if before.is_file() and before.read_bytes() == after.read_bytes():
        return Comparison(name, "identical")
    compare = _BY_ENDING.get(before.suffix, _texts)
    try:
        detail, largest = compare(before, after)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        detail, largest = f"one of the two cannot be read: {error}", math.nan
    return Comparison(name, "differs" if detail else "identical", detail, largest)


def _tables(before: Path, after: Path) -> tuple[str, float]:
    old, new = (_rows(path) for path in (before, after))
    if [len(row) for row in old] != [len(row) for row in new]:
        (rows, columns), (others, of) = ((len(t), len(t[0]) if t else 0) for t in (old, new))
        return f"{rows} rows of {columns} columns are {others} of {of}", math.nan
    head = old[0] if old else []
    return _cells(
        (f"row {i + 1}, column {head[j]}", a, b)
        for i, (left, right) in enumerate(zip(old, new, strict=True))
        for j, (a, b) in enumerate(zip(left, right, strict=True))
        if head[j] not in _ABOUT
    )


def _rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))


def _json(before: Path, after: Path) -> tuple[str, float]:
    old, new = (dict(_flat(json.loads(p.read_text("utf-8")))) for p in (before, after))
    return _cells((key, old.get(key, ""), new.get(key, "")) for key in (old | new))


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key not in _ABOUT:
                yield from _flat(item, f"{name}.{key}".strip("."))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _flat(item, f"{name}[{i}]")
    else:
        yield name, repr(value)


def _cells(cells: Iterable[tuple[str, str, str]]) -> tuple[str, float]:
    """Return how many cells differ, the worst of them, and by how much relative to its size."""
    count, largest, worst, total = 0, math.nan, "", 0
    for place, before, after in cells:
        total += 1
        if before == after:
            continue
        count += 1
        size = _relative(before, after)
        if not worst or size > largest or math.isnan(largest) > math.isnan(size):
            largest, worst = size, f"{place} was {before} and is {after}"
    return (f"{count} of {total} entries differ; {worst}" if count else ""), largest


def _relative(before: str, after: str) -> float:
    try:
        a, b = float(before), float(after)
    except ValueError:
        return math.nan
    return abs(a - b) / max(abs(a), abs(b), 1e-300)


def _texts(before: Path, after: Path) -> tuple[str, float]:
    old, new = (p.read_text(encoding="utf-8").splitlines() for p in (before, after))
    for i, (a, b) in enumerate(zip(old, new, strict=False), 1):
        if a != b:
            return f"line {i} was '{a[:60]}' and is '{b[:60]}'", math.nan
    if len(old) == len(new):
        return "only the ends of lines differ", math.nan
    return f"{len(old)} lines are {len(new)}", math.nan


def _pictures(_before: Path, _after: Path) -> tuple[str, float]:
    return "the picture differs; the table beside it says by how much", math.nan


def _archives(before: Path, after: Path) -> tuple[str, float]:
    return _arrays(_archive(before), _archive(after))


def _archive(path: Path) -> dict[str, Any]:
    with path.open("rb") as file, np.load(file) as arrays:  # NumPy leaves a damaged file open
        return {name: arrays[name] for name in arrays.files}


def _datasets(before: Path, after: Path) -> tuple[str, float]:
    return _arrays(_hdf5(before), _hdf5(after))


def _hdf5(path: Path) -> dict[str, Any]:
    import h5py

    arrays: dict[str, Any] = {}

    def keep(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and not item.attrs.get("NAME", b"").startswith(
            b"This is a netCDF dimension but not"
        ):
            arrays[name] = item[()]

    with h5py.File(path) as file:
        file.visititems(keep)
    return arrays


def _stores(before: Path, after: Path) -> tuple[str, float]:
    import xarray as xr

    old, new = (xr.open_zarr(path, consolidated=False).load() for path in (before, after))
    return _arrays(
        {str(n): old[n].to_numpy() for n in old.variables},
        {str(n): new[n].to_numpy() for n in new.variables},
    )


def _arrays(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, float]:
    """Return which arrays differ in any bit, and the largest relative difference of numbers."""
    if set(old) != set(new):
        return f"the variables {', '.join(sorted(set(old) ^ set(new)))} are in one only", math.nan
    differing: dict[str, float] = {}
    for name in old:
        a, b = np.asarray(old[name]), np.asarray(new[name])
        if a.dtype != b.dtype or a.shape != b.shape:
            return f"{name} was {a.dtype}{a.shape} and is {b.dtype}{b.shape}", math.nan
        if not _is_same(a, b):
            differing[name] = _largest(a, b)
    if not differing:
        return "", math.nan
    worst = max(differing, key=lambda name: differing[name])
    return f"{len(differing)} of {len(old)} variables differ, most {worst}", differing[worst]


def _is_same(a: Any, b: Any) -> bool:
    if a.dtype.kind in "biufc":
        return bool(a.tobytes() == b.tobytes())
    return bool(np.array_equal(a, b))


def _largest(a: Any, b: Any) -> float:
    if a.dtype.kind not in "biuf":
        return math.nan
    left, right = a.astype(np.float64), b.astype(np.float64)
    if (np.isnan(left) != np.isnan(right)).any():
        return math.inf
    size = np.maximum(np.maximum(np.abs(left), np.abs(right)), 1e-300)
    return float(np.nanmax(np.abs(left - right) / size, initial=0.0))


_BY_ENDING = {
    ".csv": _tables,
    ".tsv": _texts,
    ".json": _json,
    ".nc": _datasets,
    ".npz": _archives,
    ".zarr": _stores,
    ".png": _pictures,
}
