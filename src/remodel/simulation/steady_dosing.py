"""Regimens that have been given for ever: the drug's own compartments at periodic steady state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations.system import System
from remodel.errors import ScheduleError
from remodel.schedules import Dose, Infusion, steady_interval
from remodel.simulation.batch import Batch
from remodel.simulation.dosing import Action, Dosing, give
from remodel.simulation.packing import build_problem

_ROUNDS = 2000
_CLOSE = 1e-7
_RATE_ROUND = 30.0  # days integrated at a time for a constant rate


def with_steady_dosing(
    batch: Batch,
    system: System,
    dosing: Dosing,
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
    for regimen in dosing.steady_state:
        own = list(range(len(system.state_names)))
        if batch.model.follows_age:
            own = [i for i, n in enumerate(system.state_names) if n.startswith(f"{regimen.drug}_")]
        result = _settle(batch, system, regimen, own, values, start, result)
    return result


def _settle(
    batch: Batch,
    system: System,
    regimen: Dose | Infusion,
    own: list[int],
    values: FloatArray,
    start: FloatArray,
    state: FloatArray,
) -> FloatArray:
    interval = _RATE_ROUND if isinstance(regimen, Infusion) else regimen.interval or _RATE_ROUND
    actions = _actions(batch, regimen, interval)
    current, settled = state.copy(), np.zeros(len(state), dtype=bool)
    for _ in range(_ROUNDS):
        task = build_problem(
            batch.model, system, actions, values, start, [start[i : i + 1] + interval for i in
            range(len(start))], start, absolute=[], state=current,
        )  # fmt: skip
        reached = batch.integrate(system, task, system.state_names).outputs[:, :, 0].T
        change = np.abs(reached - current)[:, own]
        close = change <= _CLOSE * np.maximum(np.abs(reached[:, own]), 1e-300)
        # each woman by herself, so that her neighbors do not matter; one who failed is done too
        moving = np.flatnonzero(~settled)[:, None]
        current[moving, own] = reached[moving, own]
        settled |= np.all(close | ~np.isfinite(change), axis=1)
        if np.all(settled):
            return current
    raise ScheduleError(
        f"{regimen.drug}: steady state was asked for, but the drug still accumulates after "
        f"{_ROUNDS * interval / 365.25:.0f} y of dosing; give the doses that were taken instead."
    )


def _actions(batch: Batch, regimen: Dose | Infusion, until: float) -> list[Action]:
    """Return what one regimen does within one interval, as if it began now [d]."""
    if isinstance(regimen, Infusion):
        begun: tuple[Dose | Infusion, ...] = (
            replace(regimen, start=0.0, end=2.0 * until, steady_state=False),
        )
    else:
        begun = steady_interval(regimen)
    return give(batch.model, batch.inputs.parameters, begun)
