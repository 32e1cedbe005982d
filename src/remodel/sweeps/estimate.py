"""What a sweep will take: simulations, time, memory and disk, measured on a few of them."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, replace

import numpy as np

from remodel.errors import require
from remodel.models import Model
from remodel.sweeps.batches import Variables, counts, simulate_rows
from remodel.sweeps.chunks import Plan, bytes_of, bytes_of_factors, plan
from remodel.sweeps.design import Design, chosen
from remodel.sweeps.factors import Rows
from remodel.sweeps.load import DesignSource, load_design
from remodel.sweeps.local import lanes_of, processors_of
from remodel.sweeps.record import record_of
from remodel.sweeps.samples import blocks

_TRIED, _DRAWN = 512, 1024
_IDLE_BYTES = 250 << 20  # Python with its libraries and the compiled model
_LABEL = 2000  # bytes that describe one array, which Zarr writes twice
_MORE_ARRAYS = 3  # time, month and which chunks are done
_COPIES = 4  # of the outputs and parameters of a chunk that are in memory at a time


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a sweep will take.

    Attributes
    ----------
    plan : Plan
    drawn : int
        Simulations before constraints.
    seconds : float
        Time on this machine.
    memory, disk, uncompressed : float
        Bytes: at most in memory, in the store, and in the store if nothing could be compressed.
    tried, failed : int
        Simulations that were run to find out, and how many of them failed.
    """

    plan: Plan
    drawn: int
    seconds: float
    memory: float
    disk: float
    uncompressed: float
    tried: int
    failed: int


def estimate(
    design: DesignSource,
    *,
    model: str | Model | None = None,
    chunk: int | None = None,
    threads: int | None = None,
) -> Estimate:
    """Return what a sweep will take, after running a few of its simulations.

    Parameters
    ----------
    design, model, chunk, threads
        As in ``remodel.sweep``.

    Raises
    ------
    RemodelError
        One of its subclasses if the design is not allowed or one of the simulations cannot be run.
    """
    design = load_design(design, model)
    cut = plan(design, chunk)
    rows = _tried(design, cut)
    simulate_rows(design, chosen(rows, np.array([0])), threads)  # compiles
    begun = time.perf_counter()
    variables = simulate_rows(design, rows, threads)
    tried, failed = counts(variables)
    seconds = (time.perf_counter() - begun) / tried * cut.simulations
    factors = bytes_of_factors(design, cut.layout.size)
    raw = bytes_of(design, cut.layout.size) - factors
    fixed = factors + _bytes_of_labels(design, cut)
    return Estimate(
        plan=cut,
        drawn=design.drawn,
        seconds=seconds,
        memory=_memory(design, cut, threads),
        disk=raw * min(1.0, _compressed_share(variables)) + fixed,
        uncompressed=raw + fixed,
        tried=tried,
        failed=failed,
    )


def _tried(design: Design, cut: Plan) -> Rows:
    """Return simulations from all over the design."""
    if design.kind != "grid":
        few = design.samples and not design.constraints  # some kinds are drawn as a whole
        size = min(design.samples, _DRAWN) if few else design.samples
        rows = next(blocks(replace(design, samples=size)))
    else:
        levels = [factor.levels() for factor in design.factors]
        numbers = np.unique(np.linspace(0, cut.layout.chunks - 1, 8).astype(int))
        chunks = [cut.layout.crossed(int(number), levels) for number in numbers]
        rows = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in design.names}
        met = design.met(rows)
        rows = chosen(rows, met) if met.any() else rows
    n = len(next(iter(rows.values())))
    return chosen(rows, np.unique(np.linspace(0, n - 1, min(n, _TRIED)).astype(int)))


def _bytes_of_labels(design: Design, cut: Plan) -> int:
    """Return about how much the description of arrays takes, whatever their size."""
    record = record_of(design, cut.layout, cut.simulations)
    arrays = len(record["variables"]) + len(design.factors) + _MORE_ARRAYS
    return len(json.dumps(record)) + arrays * _LABEL


def _memory(design: Design, cut: Plan, threads: int | None) -> float:
    """Return an estimate of the memory of this process: it does not grow with the sweep."""
    lanes = lanes_of(processors_of(design.solver.method, threads), cut.layout.chunks)
    each = len(design.base_outputs) * len(design.times()) + len(design.all_parameters)
    numbers = math.prod(cut.layout.block) * each * _COPIES
    return float(_IDLE_BYTES + 8 * numbers * lanes)


def _compressed_share(variables: Variables) -> float:
    blosc = require("numcodecs", "store").Blosc(cname="lz4", clevel=5, shuffle=1)
    before = sum(values.nbytes for values in variables.values())
    after = sum(len(blosc.encode(np.ascontiguousarray(values))) for values in variables.values())
    return float(after / before)
