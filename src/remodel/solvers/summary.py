"""Numbers taken from the solution itself over an interval, whatever the output times.

The compiled loop evaluates the dense output of every step at five points (those of Gauss and
Lobatto, exact for areas of polynomials of degree 7) and at the extreme of the polynomial through
them. Extremes, areas and times below a threshold are therefore as accurate as the solution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import SolverError
from remodel.solvers.problem import Problem


class Take(IntEnum):
    """What is taken of an output over an interval."""

    MINIMUM = 0
    MAXIMUM = 1
    AREA = 2
    TIME_BELOW = 3


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """A number wanted from every simulation of a batch.

    An interval begins before what happens at its start, such as a dose, and ends before what
    happens at its end.

    Attributes
    ----------
    output : str
        One of the outputs asked for.
    take : Take
        ``TIME_BELOW`` is the length of time spent below the threshold.
    start, end : ndarray, shape (n,)
        Interval of each simulation, model time [d].
    threshold : ndarray, shape (n,), optional
        For ``TIME_BELOW``, in the unit of the output.
    """

    output: str
    take: Take
    start: FloatArray
    end: FloatArray
    threshold: FloatArray | None = None


def checked_summaries(
    summaries: Sequence[Summary], problem: Problem, outputs: Sequence[str]
) -> tuple[Summary, ...]:
    """Return summaries whose intervals lie inside their simulations.

    Raises
    ------
    SolverError
        If an interval does not, an output is not among those asked for, or a threshold is missing.
    """
    last = problem.times[problem.times_from[1:] - 1]
    for summary in summaries:
        if summary.output not in outputs:
            raise SolverError(f"a summary needs '{summary.output}' among the outputs.")
        if summary.take is Take.TIME_BELOW and summary.threshold is None:
            raise SolverError(f"the time '{summary.output}' spends below needs a threshold.")
        start, end = (np.broadcast_to(a, problem.size) for a in (summary.start, summary.end))
        wrong = np.flatnonzero(~((problem.start <= start) & (start <= end) & (end <= last)))
        if len(wrong):
            i = wrong[0]
            raise SolverError(
                f"the interval of '{summary.output}' in simulation {i}, from {start[i]:g} to "
                f"{end[i]:g} d, is not within {problem.start[i]:g} to {last[i]:g} d."
            )
    return tuple(summaries)


def summary_arrays(
    summaries: Sequence[Summary], size: int, outputs: Sequence[str]
) -> dict[str, Any]:
    """Return what the compiled loop is told; equal intervals are evaluated once."""
    windows: dict[bytes, tuple[int, FloatArray, FloatArray]] = {}
    window_of = []
    for summary in summaries:
        start, end = (np.broadcast_to(a, size).astype(float) for a in (summary.start, summary.end))
        key = start.tobytes() + end.tobytes()
        windows.setdefault(key, (len(windows), start, end))
        window_of.append(windows[key][0])
    thresholds = [np.nan if s.threshold is None else s.threshold for s in summaries]
    return {
        "summary_count": len(summaries),
        "window_count": len(windows),
        "summary_take": [int(s.take) for s in summaries],
        "summary_output": [list(outputs).index(s.output) for s in summaries],
        "summary_window": window_of,
        "window_start": [start for _, start, _ in windows.values()],
        "window_end": [end for _, _, end in windows.values()],
        "threshold": [np.broadcast_to(t, size) for t in thresholds],
    }
