"""The arrays of the compiled loop, found by the addresses in its task."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb

from remodel.solvers.pointers import floats, integers
from remodel.solvers.task import LANE_COUNTS, LANE_TIMES, POINTS

OPTIONS: dict[str, Any] = {
    # no reference counts: arrays come from outside, and counting them is a tenth of the time
    "_nrt": False,
    "nogil": True,
    "error_model": "numpy",
    "boundscheck": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


class Lanes(NamedTuple):
    """The state of every lane, one number a lane.

    ``time``, ``step``, ``stop``, ``end`` and ``reached`` are times [d]: where the lane is, the
    step it wishes for, the next event, its end, and where the step under way leads. ``output``,
    ``first_output`` and ``beyond_outputs`` are positions in the output times, ``bad`` counts steps
    that were not finite, ``ended`` is the status of a simulation that ended, ``sums`` [sum, lane]
    are the conserved sums as they should be.
    """

    time: Any
    step: Any
    stop: Any
    end: Any
    reached: Any
    simulation: Any
    event: Any
    output: Any
    first_output: Any
    beyond_outputs: Any
    steps: Any
    bad: Any
    is_fresh: Any
    was_rejected: Any
    ended: Any
    sums: Any


class Inputs(NamedTuple):
    """Arrays of the batch, as in ``Problem``."""

    parameters: Any
    parameter_row: Any
    initial: Any
    initial_row: Any
    initial_tangents: Any
    atol: Any
    start: Any
    times: Any
    times_from: Any
    event_time: Any
    event_kind: Any
    event_index: Any
    event_value: Any
    event_from: Any
    cancel: Any
    conserved: Any


class Results(NamedTuple):
    """Arrays that the loop fills, simulation by simulation; outputs of one time lie together.

    Those of the summaries say what is wanted, too, as in ``Summary``; ``points`` [summary, point,
    lane] holds the values in the step under way.
    """

    out: Any
    out_tangents: Any
    final: Any
    status: Any
    stopped: Any
    counters: Any
    summaries: Any
    points: Any
    summary_take: Any
    summary_output: Any
    summary_window: Any
    window_start: Any
    window_end: Any
    threshold: Any


@nb.njit(**OPTIONS)
def lanes_of(task):
    """Return the arrays of the lanes."""
    f = floats(task.lane_times, (LANE_TIMES, task.lanes))
    i = integers(task.lane_counts, (LANE_COUNTS, task.lanes))
    return Lanes(
        f[0],
        f[1],
        f[2],
        f[3],
        f[4],
        i[0],
        i[1],
        i[2],
        i[3],
        i[4],
        i[5],
        i[6],
        i[7],
        i[8],
        i[9],
        floats(task.lane_sums, (task.conserved_count, task.lanes)),
    )


@nb.njit(**OPTIONS)
def inputs_of(task):
    """Return the arrays of the batch; lengths that nobody asks for are 1."""
    return Inputs(
        floats(task.parameters, (1, task.parameter_count)),
        integers(task.parameter_row, (1,)),
        floats(task.initial, (1, task.states)),
        integers(task.initial_row, (1,)),
        floats(task.initial_tangents, (1, task.directions, task.states)),
        floats(task.atol, (1,)),
        floats(task.start, (1,)),
        floats(task.times, (1,)),
        integers(task.times_from, (1,)),
        floats(task.event_time, (1,)),
        integers(task.event_kind, (1,)),
        integers(task.event_index, (1,)),
        floats(task.event_value, (1,)),
        integers(task.event_from, (1,)),
        integers(task.cancel, (1,)),
        floats(task.conserved, (1, task.states)),
    )


@nb.njit(**OPTIONS)
def results_of(task):
    """Return the arrays that the loop fills."""
    return Results(
        floats(task.out, (1, task.longest, task.outputs)),
        floats(task.out_tangents, (1, task.longest, task.directions, task.outputs)),
        floats(task.final, (1, task.states)),
        integers(task.status, (1,)),
        floats(task.stopped, (1,)),
        integers(task.counters, (1, 3)),
        floats(task.summaries, (1, task.summary_count, 2)),
        floats(task.points, (1, POINTS, task.lanes)),
        integers(task.summary_take, (1,)),
        integers(task.summary_output, (1,)),
        integers(task.summary_window, (1,)),
        floats(task.window_start, (1, task.size)),
        floats(task.window_end, (1, task.size)),
        floats(task.threshold, (1, task.size)),
    )
