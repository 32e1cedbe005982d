"""A new store: arrays with their units and long names, factors filled in, nothing simulated."""

from __future__ import annotations

import contextlib
import glob
import json
import math
import os
import shutil
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from remodel.errors import StoreError, require
from remodel.files import writing
from remodel.simulation import dataset as results
from remodel.solvers.status import Status
from remodel.sweeps.batches import COUNTERS
from remodel.sweeps.chunks import Layout, Plan, bytes_of, gib
from remodel.sweeps.design import Design
from remodel.sweeps.factors import Column
from remodel.sweeps.record import record_of
from remodel.sweeps.samples import BLOCK, blocks
from remodel.sweeps.store import (
    DONE,
    EXCLUDED,
    NOT_DONE,
    Store,
    checksum_of,
    coordinate_files,
    locked,
    open_store,
    sealed,
)
from remodel.units import DAYS_PER_MONTH

Attributes = Mapping[str, Any]
_LARGEST_IN_MEMORY = 1 << 31
_COMPRESSED = 0.4  # share of results that compress well
_NEW = "[0-9a-f]" * 8 + ".new"


def check_room(path: Path, size: int) -> None:
    """Raise if a store would not fit on its disk even when it is compressed well.

    Raises
    ------
    StoreError
        Saying how large it is.
    """
    folder = next(p for p in (path, *path.parents) if p.exists())
    free = shutil.disk_usage(folder).free
    if size * _COMPRESSED > free:
        raise StoreError(
            f"the results take {gib(size * _COMPRESSED)} to {gib(size)} and the disk of {path} has "
            f"{gib(free)} free; keep fewer outputs or times, or reductions only."
        )


def create_store(design: Design, plan: Plan, path: Path | None) -> Store:
    """Make a store; it is there as a whole or not at all.

    Raises
    ------
    StoreError
        If the path is taken or cannot be written, or the disk is too small.
    """
    zarr = require("zarr", "store")
    size = bytes_of(design, plan.layout.size)
    if path is None:
        if size > _LARGEST_IN_MEMORY:
            raise StoreError(f"the results take up to {gib(size)}; name a store with out=.")
        memory = zarr.storage.MemoryStore()
        _fill(zarr.create_group(memory), design, plan, None)
        return Store(zarr.open_group(memory, mode="r+"), None)
    check_room(path, size)
    with writing(path), unfinished_store(design, plan, path) as folder:
        folder.rename(path)
    return open_store(path, writable=True)


@contextmanager
def unfinished_store(design: Design, plan: Plan, path: Path) -> Iterator[Path]:
    """Yield a new store beside ``path``, which is removed at the end unless it is moved away.

    Those that killed processes left behind are removed first. Each is locked by its process, and
    the folder around them while one is made or removed.
    """
    import zarr

    folder = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.new")
    with contextlib.ExitStack() as handles:
        with _waited_for(path.absolute().parent):
            _remove_unfinished(path)
            folder.mkdir()
            handle = handles.enter_context(_opened(folder))
            locked(handle)
        try:
            _fill(zarr.create_group(folder), design, plan, folder)
            _consolidate(folder)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_unfinished(path: Path) -> None:
    """Remove new stores that no process makes any more."""
    for folder in path.absolute().parent.glob(f"{glob.escape(path.name)}.{_NEW}"):
        with contextlib.suppress(OSError), _opened(folder) as handle:
            if locked(handle):
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _waited_for(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which others hold for moments only."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - not on Windows
        yield
        return
    with _opened(folder) as handle:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _consolidate(path: Path) -> None:
    import zarr

    with warnings.catch_warnings():  # optional in format 3, and xarray opens faster with it
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(path)


class _Writer:
    """Adds arrays to a group, compressed, with checksums and labels."""

    def __init__(self, group: Any, layout: Layout) -> None:
        from zarr.codecs import BloscCodec, Crc32cCodec, ZstdCodec

        self.group, self.layout = group, layout
        self.numbers = (BloscCodec(cname="lz4", clevel=5, shuffle="shuffle"), Crc32cCodec())
        self.texts = (ZstdCodec(), Crc32cCodec())
        self.coordinates: list[str] = []

    def add(
        self,
        name: str,
        dims: tuple[str, ...],
        shape: tuple[int, ...],
        chunk: tuple[int, ...],
        dtype: Any,
        attributes: Attributes,
        fill: float = 0,
    ) -> Any:
        """Add an array."""
        kind = {"compressors": self.texts} if dtype is str else {"fill_value": fill}
        with warnings.catch_warnings():  # text is newer than the specification of format 3
            warnings.simplefilter("ignore")
            return self.group.create_array(
                name,
                shape=shape,
                chunks=chunk,
                dtype=dtype,
                dimension_names=dims,
                attributes=dict(attributes),
                config={"write_empty_chunks": True},
                **{"compressors": self.numbers, **kind},
            )

    def coordinate(self, name: str, dim: str, values: Column, attributes: Attributes) -> None:
        """Add a whole coordinate."""
        dtype = str if values.dtype == object else values.dtype
        self.begun(name, dim, len(values), dtype, attributes)[:] = values

    def begun(self, name: str, dim: str, n: int, dtype: Any, attributes: Attributes) -> Any:
        """Add a coordinate that is filled later."""
        self.coordinates.append(name)
        fill = math.nan if dtype == "float64" else 0
        return self.add(name, (dim,), (n,), (min(n, BLOCK),), dtype, attributes, fill)

    def result(
        self, name: str, dtype: str, attributes: Attributes, fill: float, times: int = 0
    ) -> None:
        """Add an array for results, cut as the sweep is."""
        layout = self.layout
        dim, length = (("time",), (times,)) if times else ((), ())
        dims, shape = (*layout.dims, *dim), (*layout.shape, *length)
        self.add(name, dims, shape, (*layout.block, *length), dtype, attributes, fill)


def _fill(group: Any, design: Design, plan: Plan, folder: Path | None) -> None:
    layout, model = plan.layout, design.model
    writer = _Writer(group, layout)
    _add_factors(writer, design, layout)
    if design.outputs:
        times = design.stored_times()
        note = {"units": "d", "long_name": "time from start of treatment"}
        writer.coordinate("time", "time", times, note)
        note = {"units": "month", "long_name": "months from start"}
        writer.coordinate("month", "time", times / DAYS_PER_MONTH, note)
    _add_results(writer, design)
    _add_outcomes(writer, layout)
    record = record_of(design, layout, plan.simulations)
    names = () if folder is None else writer.coordinates
    record["coordinates"] = {n: checksum_of(coordinate_files(Path(str(folder)), n)) for n in names}
    attributes = {
        "title": design.title or model.title,
        "model": model.name,
        "citation": model.citation,
        "provenance": json.dumps(record["provenance"], sort_keys=True),
        **sealed(record),
    }
    if along := [name for name in writer.coordinates if name not in (*layout.dims, "time")]:
        attributes["coordinates"] = " ".join(along)
    group.update_attributes(attributes)


def _add_factors(writer: _Writer, design: Design, layout: Layout) -> None:
    notes = {
        f.name: {"long_name": f.name.replace("_", " "), "units": f.unit or "1", "varies": f.kind}
        for f in design.factors
    }
    for factor in design.factors:
        if factor.is_text or design.columns.get(factor.name, np.zeros(0)).dtype == object:
            notes[factor.name].pop("units")
    if design.kind == "grid":
        for factor in design.factors:
            writer.coordinate(factor.name, factor.name, factor.levels(), notes[factor.name])
        return
    writer.coordinate("simulation", "simulation", np.arange(layout.size), {})
    arrays: dict[str, Any] = {}
    first = 0
    for rows in blocks(design):
        n = len(next(iter(rows.values())))
        for name, values in rows.items():
            if name not in arrays:
                dtype = str if values.dtype == object else "float64"
                arrays[name] = writer.begun(name, "simulation", layout.size, dtype, notes[name])
            arrays[name][first : first + n] = values
        first += n


def _add_results(writer: _Writer, design: Design) -> None:
    model, times = design.model, len(design.stored_times())
    states = model.assembly(model.drugs).states
    for name in design.outputs:
        note = results.describe(model, states, name)
        writer.result(name, design.precision, note, math.nan, times)
    for reduction in design.reductions:
        output = results.describe(model, states, reduction.of)
        note = {
            "units": reduction.unit(output["units"]),
            "long_name": reduction.long_name(output["long_name"]),
        }
        writer.result(reduction.name, design.precision, note, math.nan)


def _add_outcomes(writer: _Writer, layout: Layout) -> None:
    names = {int(s): s.name.lower() for s in Status}
    names |= {NOT_DONE: "not_done", EXCLUDED: "excluded"}
    flags = {
        "long_name": "outcome of the simulation",
        "flag_values": sorted(names),
        "flag_meanings": " ".join(names[s] for s in sorted(names)),
    }
    writer.result("status", "int8", flags, NOT_DONE)
    writer.result("stopped_at", "float64", {"units": "d", "long_name": "time reached"}, math.nan)
    for name in COUNTERS:
        note = {"units": "1", "long_name": name.replace("_", " ")}
        writer.result(name, "int32", note, NOT_DONE)
    note = {"long_name": "how often a failed simulation was tried again"}
    writer.result("attempt", "int8", note, NOT_DONE)
    done = {"long_name": "checksum of the files of a chunk; 0 while it is not complete"}
    writer.add(DONE, ("chunk",), (layout.chunks,), (1,), "int64", done)
