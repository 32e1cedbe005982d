"""Regimens that have been given for ever: the drug's own compartments at periodic steady state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ScheduleError
from remodel.schedules import Dose, Infusion
from remodel.simulation.packing import build_task

if TYPE_CHECKING:
    from remodel.equations.system import System
    from remodel.simulation.batch import Course
    from remodel.simulation.dosing import Protocol

_ROUNDS = 2000
_CLOSE = 1e-7
_RATE_ROUND = 30.0  # days integrated at a time for a constant rate


def with_steady_dosing(
    course: Course,
    system: System,
    plan: Protocol,
    values: FloatArray,
    start: FloatArray,
    state: FloatArray,
) -> FloatArray:
    """Return states whose drug compartments are what endless dosing leaves just before a dose.

    The body is held where it is: what counts is the drug that is there on day one, not what it
    would have done to the bone.

    Raises
    ------
    ScheduleError
        If the drug still accumulates after many intervals.
    """
    result = state
    for part in plan.steady_state:
        own = [i for i, n in enumerate(system.state_names) if n.startswith(f"{part.drug}_")]
        result = _settle(course, system, part, own, values, start, result)
    return result


def _settle(
    course: Course,
    system: System,
    part: Dose | Infusion,
    own: list[int],
    values: FloatArray,
    start: FloatArray,
    state: FloatArray,
) -> FloatArray:
    interval = _RATE_ROUND if isinstance(part, Infusion) else float(part.interval or _RATE_ROUND)
    actions = course.actions_of(part, interval)
    current, settled = state.copy(), np.zeros(len(state), dtype=bool)
    for _ in range(_ROUNDS):
        task = build_task(
            course.model, system, actions, values, start, [start[i : i + 1] + interval for i in
            range(len(start))], start, absolute=[], state=current,
        )  # fmt: skip
        reached = course.integrate(system, task, system.state_names).outputs[:, :, 0].T
        change = np.abs(reached - current)[:, own]
        close = change <= _CLOSE * np.maximum(np.abs(reached[:, own]), 1e-300)
        # each woman by herself, so that her neighbors do not matter; one who failed is done too
        moving = np.flatnonzero(~settled)[:, None]
        current[moving, own] = reached[moving, own]
        settled |= np.all(close | ~np.isfinite(change), axis=1)
        if np.all(settled):
            return current
    raise ScheduleError(
        f"{part.drug}: steady state was asked for, but the drug still accumulates after "
        f"{_ROUNDS * interval / 365.25:.0f} y of dosing; give the doses that were taken instead."
    )
