"""A new store: arrays with their units and long names, factors filled in, nothing simulated."""

from __future__ import annotations

import json
import math
import shutil
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from remodel.errors import ConfigError, StoreError, require
from remodel.simulation import dataset as results
from remodel.solvers.status import Status
from remodel.sweeps.design import Design
from remodel.sweeps.factors import Column
from remodel.sweeps.layout import Layout, lay_out
from remodel.sweeps.record import record_of
from remodel.sweeps.samples import BLOCK, blocks
from remodel.sweeps.setup import COUNTERS, Setup
from remodel.sweeps.store import EXCLUDED, NOT_DONE, RECORD, Store
from remodel.units import DAYS_PER_MONTH

Attributes = Mapping[str, Any]
_LARGEST_IN_MEMORY = 1 << 31
_MOST_COUNTED = 1_000_000_000
_COMPRESSED = 0.4  # share of results that compress well
_LABEL = 2000  # bytes that describe one array, which Zarr writes twice
_MORE_ARRAYS = 3  # time, month and which chunks are done


@dataclass(frozen=True, slots=True)
class Plan:
    """How a sweep is cut, and how many simulations its constraints leave."""

    layout: Layout
    simulations: int


def plan(setup: Setup, chunk: int | None = None) -> Plan:
    """Return how many simulations a sweep has, and how it is cut.

    Raises
    ------
    ConfigError
        If no simulation meets the constraints.
    """
    design = setup.design
    allowed = _allowed(design) if design.constraints else design.drawn
    if not allowed:
        raise ConfigError(f"none of the {design.drawn} simulations meets the constraints.")
    return Plan(lay_out(design, allowed, len(setup.base), chunk), allowed)


def _allowed(design: Design) -> int:
    """Return how many simulations meet the constraints."""
    if design.drawn > _MOST_COUNTED:
        raise ConfigError(
            f"the design has {design.drawn:,} simulations, too many to see which of them meet the "
            f"constraints; their results would take {gib(bytes_of(design, design.drawn))}."
        )
    if design.kind != "grid":
        return sum(len(next(iter(rows.values()))) for rows in blocks(design))
    layout = lay_out(design, 0, 1, BLOCK)
    levels = [factor.levels() for factor in design.factors]
    return sum(
        int(design.met(layout.crossed(chunk, levels)).sum()) for chunk in range(layout.chunks)
    )


def bytes_of(design: Design, size: int) -> int:
    """Return the size of results and factors before they are compressed."""
    width = np.dtype(design.precision).itemsize
    stored = len(design.outputs) * len(design.stored_times()) + len(design.reductions)
    return size * (stored * width + 8 + 4 * len(COUNTERS) + 2) + bytes_of_factors(design, size)


def bytes_of_factors(design: Design, size: int) -> int:
    """Return the size of the factors of a sample, which hardly compress; a grid's are few."""
    return 0 if design.kind == "grid" else 8 * size * (len(design.factors) + 1)


def bytes_of_labels(setup: Setup, plan: Plan) -> int:
    """Return about how much the description of arrays takes, whatever their size."""
    record = record_of(setup, plan.layout, plan.simulations)
    arrays = len(record["variables"]) + len(setup.design.factors) + _MORE_ARRAYS
    return len(json.dumps(record)) + arrays * _LABEL


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


def gib(size: float) -> str:
    """Return a number of bytes for people."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} TiB" if size < 1024 else f"{size / 1024:.3g} PiB"


def create_store(setup: Setup, plan: Plan, path: Path | None) -> Store:
    """Make a store; it is there as a whole or not at all.

    Raises
    ------
    StoreError
        If the path is taken or cannot be written, or the disk is too small.
    """
    zarr = require("zarr", "store")
    size = bytes_of(setup.design, plan.layout.size)
    if path is None:
        if size > _LARGEST_IN_MEMORY:
            raise StoreError(f"the results take up to {gib(size)}; name a store with out=.")
        memory = zarr.storage.MemoryStore()
        _fill(zarr.create_group(memory), setup, plan)
        return Store(zarr.open_group(memory, mode="r+"), None)
    check_room(path, size)
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.new")
    try:
        _fill(zarr.create_group(unfinished), setup, plan)
        _consolidate(unfinished)
        unfinished.rename(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"{path} cannot be written: {reason}.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return Store(zarr.open_group(path, mode="r+", use_consolidated=False), path)


def _consolidate(path: Path) -> None:
    import zarr

    with warnings.catch_warnings():  # optional in format 3, and xarray opens faster with it
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Do not warn that text is newer than the specification of format 3."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class _Writer:
    """Adds arrays to a group, compressed and labelled."""

    def __init__(self, group: Any, layout: Layout) -> None:
        from zarr.codecs import BloscCodec

        self.group, self.layout = group, layout
        self.compressor = BloscCodec(cname="lz4", clevel=5, shuffle="shuffle")

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
        is_text = dtype is str
        options: dict[str, Any] = {} if is_text else {"fill_value": fill}
        if not is_text:
            options["compressors"] = self.compressor
        with _quiet():
            return self.group.create_array(
                name, shape=shape, chunks=chunk, dtype=dtype, dimension_names=dims,
                attributes=dict(attributes), **options,
            )  # fmt: skip

    def coordinate(self, name: str, dim: str, values: Column, attributes: Attributes) -> None:
        """Add a whole coordinate."""
        dtype = str if values.dtype == object else values.dtype
        n = len(values)
        self.add(name, (dim,), (n,), (min(n, BLOCK),), dtype, attributes)[:] = values

    def result(
        self, name: str, dtype: str, attributes: Attributes, fill: float, times: int = 0
    ) -> None:
        """Add an array for results, cut as the sweep is."""
        layout = self.layout
        also, length = (("time",), (times,)) if times else ((), ())
        self.add(
            name, (*layout.dims, *also), (*layout.shape, *length), (*layout.block, *length),
            dtype, attributes, fill,
        )  # fmt: skip


def _fill(group: Any, setup: Setup, plan: Plan) -> None:
    design, layout = setup.design, plan.layout
    writer = _Writer(group, layout)
    extra = _add_factors(writer, design, layout)
    if design.outputs:
        times = design.stored_times()
        writer.coordinate(
            "time", "time", times, {"units": "d", "long_name": "time from start of treatment"}
        )
        writer.coordinate(
            "month",
            "time",
            times / DAYS_PER_MONTH,
            {"units": "month", "long_name": "months from start"},
        )
        extra.append("month")
    _add_results(writer, setup, len(design.stored_times()))
    _add_outcomes(writer, layout)
    record = record_of(setup, layout, plan.simulations)
    attributes = {
        "title": design.title or setup.model.title,
        "model": setup.model.name,
        "citation": setup.model.citation,
        "provenance": json.dumps(record["provenance"], sort_keys=True),
        RECORD: json.dumps(record),
    }
    if extra:
        attributes["coordinates"] = " ".join(extra)
    group.update_attributes(attributes)


def _add_factors(writer: _Writer, design: Design, layout: Layout) -> list[str]:
    """Add the factors; return those that are not dimensions."""
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
        return []
    writer.coordinate("simulation", "simulation", np.arange(layout.size), {})
    arrays: dict[str, Any] = {}
    first = 0
    for rows in blocks(design):
        n = len(next(iter(rows.values())))
        for name, values in rows.items():
            if name not in arrays:
                dtype = str if values.dtype == object else "float64"
                arrays[name] = writer.add(
                    name, ("simulation",), (layout.size,), (min(layout.size, BLOCK),), dtype,
                    notes[name], math.nan,
                )  # fmt: skip
            arrays[name][first : first + n] = values
        first += n
    return list(arrays)


def _add_results(writer: _Writer, setup: Setup, times: int) -> None:
    design, model = setup.design, setup.model
    states = model.assembly(model.drugs).states
    for name in design.outputs:
        about = results.describe(model, states, name)
        writer.result(name, design.precision, about, math.nan, times)
    for reduction in design.reductions:
        about = results.describe(model, states, reduction.of)
        note = {
            "units": reduction.unit(about["units"]),
            "long_name": reduction.long_name(about["long_name"]),
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
    done = {"long_name": "whether a chunk of simulations is complete"}
    writer.add("chunk_done", ("chunk",), (layout.chunks,), (1,), "int8", done)
