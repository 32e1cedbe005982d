"""Time against error for every solver, in interleaved rounds, and time at equal error."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from accuracy import Reference, largest_error, reference_of
from peers import Peer, Solve
from remodel._arrays import FloatArray
from workloads import Workload

TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)
TIGHT_ENOUGH = 3e-7  # error below which a solver needs no tighter tolerance
FARTHEST = 5.0
LONGEST_CALL = 15.0  # s; a solver that needs more is not asked for tighter tolerances
TIMED_ONCE = 3.0  # s; a call that takes longer is not repeated in every round
SHORTEST = 0.05  # s; shorter calls are repeated until they add up to this
FEWEST = 4
TARGETS = (1e-4, 1e-6)
BASE = "remodel rodas5p"
SLOW = (
    "SciPy BDF, compiled rhs and Jacobian",
    "SciPy Radau, compiled rhs and Jacobian",
    "diffrax Kvaerno5, vmap",
)  # left out for the small models


@dataclass(slots=True)
class Entry:
    """One solver at one tolerance.

    Attributes
    ----------
    simulations : int
        Solved in one call.
    error : float
        Largest relative error.
    seconds : list of float
        Processor time per simulation, one value a round.
    once : float
        That of the first call where it was too long to repeat, else 0.
    calls : int
        Made in a row each time.
    """

    workload: str
    peer: str
    rtol: float
    simulations: int
    error: float
    solve: Solve | None = None
    once: float = 0.0
    calls: int = 1
    seconds: list[float] = field(default_factory=list)


def work_precision(
    workload: Workload,
    peers: Sequence[Peer],
    folder: Path,
    *,
    rounds: int,
    budget: float,
    tolerances: Sequence[float] = TOLERANCES,
) -> tuple[list[Entry], Reference]:
    """Measure every installed peer on a workload.

    Parameters
    ----------
    folder : Path
        For reference solutions.
    rounds : int
        Every solver at every tolerance is timed once in each.
    budget : float
        Time one call should take at most [s]; solvers that take simulations one by one get
        fewer of them.
    """
    reference = reference_of(workload, folder)
    entries: list[Entry] = []
    for peer in peers:
        if peer.available():
            entries += _first_pass(workload, peer, reference, budget, tolerances)
    for k in range(rounds):
        turn = k % len(entries)
        for entry in (*entries[turn:], *entries[:turn]):
            if entry.once:
                entry.seconds.append(entry.once)
                continue
            entry.seconds.append(_timed(entry))
        print(f"    {workload.key}: round {k + 1} of {rounds}", flush=True)
    return entries, reference


def _timed(entry: Entry) -> float:
    """Return processor time per simulation; short calls are made several times in a row."""
    solve = entry.solve
    if solve is None:
        raise ValueError("an entry that was read back cannot be timed again.")
    before = time.process_time()
    for _ in range(entry.calls):
        solve(entry.rtol)
    return (time.process_time() - before) / (entry.simulations * entry.calls)


def _first_pass(
    workload: Workload,
    peer: Peer,
    reference: Reference,
    budget: float,
    tolerances: Sequence[float],
) -> list[Entry]:
    """Warm up, find how many simulations fit the budget, and the error at every tolerance."""
    mine = workload if peer.size == 0 else workload.repeated(peer.size)
    if not peer.is_batch:
        few = workload.first(min(FEWEST, workload.size))
        solve = peer.prepare(few)
        solve(tolerances[0])
        before = time.process_time()
        solve(1e-6)
        each = max((time.process_time() - before) / few.size, 1e-6)
        mine = workload.first(int(np.clip(budget / each, few.size, workload.size)))
    solve = peer.prepare(mine)
    _attempt(solve, tolerances[0], (1,))  # compiles what is compiled at the first call
    known = reference.states[np.arange(mine.size) % len(reference.states)]
    found = []
    for rtol in tolerances:
        before = time.process_time()
        error = largest_error(_attempt(solve, rtol, known.shape), known, workload.judged)
        took = time.process_time() - before
        print(f"    {workload.key}: {peer.name}, rtol {rtol:g}: error {error:.1e}", flush=True)
        if np.isfinite(error):
            once = took / mine.size if took > TIMED_ONCE else 0.0
            calls = max(1, round(SHORTEST / max(took, 1e-6)))
            found.append(Entry(workload.key, peer.name, rtol, mine.size, error, solve, once, calls))
        if error < TIGHT_ENOUGH or took > LONGEST_CALL:
            break
    return found


def rows(entries: Sequence[Entry], difference: float) -> list[dict[str, Any]]:
    """Return entries as rows of a table; ``entries_of`` reads them back."""
    return [
        {
            "workload": e.workload,
            "peer": e.peer,
            "rtol": e.rtol,
            "simulations": e.simulations,
            "threads": 1,
            "error": e.error,
            "ms_per_simulation": median(e.seconds) * 1e3,
            "reference_difference": difference,
            "seconds_per_simulation": " ".join(f"{s:.6g}" for s in e.seconds),
        }
        for e in entries
    ]


def entries_of(table: Sequence[Mapping[str, Any]]) -> list[Entry]:
    """Return the entries of a workload from a table that was read."""
    return [
        Entry(
            row["workload"],
            row["peer"],
            row["rtol"],
            int(row["simulations"]),
            row["error"],
            seconds=[float(s) for s in str(row["seconds_per_simulation"]).split()],
        )
        for row in table
    ]


def _attempt(solve: Solve, rtol: float, shape: tuple[int, ...]) -> FloatArray:
    """Return the solution, or NaN where the solver raises: a failure is a result."""
    try:
        found: FloatArray = solve(rtol)
    except Exception as error:  # whatever a foreign solver raises
        print(f"      failed: {error}", flush=True)
        return np.full(shape, np.nan)
    return found


@dataclass(frozen=True, slots=True)
class AtError:
    """Time per simulation of a solver at a given error [s], and its ratio to remodel's."""

    peer: str
    seconds: float
    ratio: float
    is_measured: bool


def at_equal_error(entries: Sequence[Entry], target: float, base: str = BASE) -> list[AtError]:
    """Return times at equal error, fastest first; medians over rounds, ratios within rounds."""
    peers = list(dict.fromkeys(e.peer for e in entries))
    rounds = range(len(entries[0].seconds))
    times = {}
    inside = {}
    for peer in peers:
        mine = [e for e in entries if e.peer == peer]
        errors = [e.error for e in mine]
        times[peer] = [interpolated(errors, [e.seconds[r] for e in mine], target) for r in rounds]
        inside[peer] = min(errors) <= target <= max(errors)
    return sorted(
        (
            AtError(
                peer,
                median(values),
                median(v / b for v, b in zip(values, times[base], strict=True)),
                inside[peer],
            )
            for peer, values in times.items()
        ),
        key=lambda row: (row.seconds != row.seconds, row.seconds),
    )


def interpolated(errors: Sequence[float], seconds: Sequence[float], target: float) -> float:
    """Return the time at an error, linear in logarithms.

    Looser than the loosest run counts as that run; up to ``FARTHEST`` times tighter than the
    tightest is extrapolated from the last two; beyond it is NaN. Runs at a tighter tolerance that
    came out no more accurate are left out.
    """
    best = np.minimum.accumulate(errors)
    better = np.concatenate(([True], best[1:] < best[:-1]))
    x = np.log(np.asarray(errors)[better])
    y = np.log(np.asarray(seconds)[better])
    goal = np.log(target)
    if goal >= x[0]:
        return float(np.exp(y[0]))
    if len(x) == 1 or goal < x[-1] - np.log(FARTHEST):
        return float("nan")
    k = min(int(np.searchsorted(-x, -goal)), len(x) - 1)
    share = (goal - x[k - 1]) / (x[k] - x[k - 1])
    return float(np.exp(y[k - 1] + share * (y[k] - y[k - 1])))
