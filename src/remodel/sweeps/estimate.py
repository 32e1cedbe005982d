"""What a sweep will take: simulations, time, memory and disk, measured on a few of them."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from remodel.errors import require
from remodel.sweeps.creation import Plan, bytes_of, bytes_of_factors, bytes_of_labels, plan
from remodel.sweeps.design import Design
from remodel.sweeps.factors import Rows
from remodel.sweeps.runner import lanes_of, processors_of
from remodel.sweeps.samples import blocks
from remodel.sweeps.setup import Setup, Variables, prepare, simulate_batch

_TRIED = 512
_IDLE_BYTES = 250 << 20  # Python with its libraries and the compiled model
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


def estimate(setup: Setup, chunk: int | None = None, threads: int | None = None) -> Estimate:
    """Return what a sweep will take, after running a few of its simulations.

    Raises
    ------
    RemodelError
        If one of them cannot be run.
    """
    cut = plan(setup, chunk)
    rows = _some(setup.design, cut)
    simulate_batch(prepare(setup, {k: v[:1] for k, v in rows.items()}, threads))  # compiles
    begun = time.perf_counter()
    found = simulate_batch(prepare(setup, rows, threads))
    each = (time.perf_counter() - begun) / len(found["status"])
    factors = bytes_of_factors(setup.design, cut.layout.size)
    raw = bytes_of(setup.design, cut.layout.size) - factors
    fixed = factors + bytes_of_labels(setup, cut)
    return Estimate(
        plan=cut,
        drawn=setup.design.drawn,
        seconds=each * cut.simulations,
        memory=_memory(setup, cut, threads),
        disk=raw * min(1.0, _compressed_share(found)) + fixed,
        uncompressed=raw + fixed,
        tried=len(found["status"]),
        failed=int((found["status"] > 0).sum()),
    )


def _some(design: Design, cut: Plan) -> Rows:
    """Return simulations from all over the design."""
    if design.kind != "grid":
        rows = next(blocks(design))
    else:
        levels = [factor.levels() for factor in design.factors]
        chunks = np.unique(np.linspace(0, cut.layout.chunks - 1, 8).astype(int))
        parts = [cut.layout.crossed(int(c), levels) for c in chunks]
        rows = {name: np.concatenate([part[name] for part in parts]) for name in design.names}
        met = design.met(rows)
        rows = {name: values[met] for name, values in rows.items()} if met.any() else rows
    n = len(next(iter(rows.values())))
    chosen = np.unique(np.linspace(0, n - 1, min(n, _TRIED)).astype(int))
    return {name: values[chosen] for name, values in rows.items()}


def _memory(setup: Setup, cut: Plan, threads: int | None) -> float:
    """Return an estimate of the memory of this process: it does not grow with the sweep."""
    lanes = lanes_of(processors_of(setup.design.solver.method, threads), cut.layout.chunks)
    each = len(setup.base) * len(setup.times) + len(setup.parameters)
    numbers = math.prod(cut.layout.block) * each * _COPIES
    return float(_IDLE_BYTES + 8 * numbers * lanes)


def _compressed_share(found: Variables) -> float:
    blosc = require("numcodecs", "store").Blosc(cname="lz4", clevel=5, shuffle=1)
    before = sum(values.nbytes for values in found.values())
    after = sum(len(blosc.encode(np.ascontiguousarray(values))) for values in found.values())
    return float(after / before)
