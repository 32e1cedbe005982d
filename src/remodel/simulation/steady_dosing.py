"""Regimens at steady state in models without age: the whole system, just before a dose.

A model that follows age has no steady state, since the skeleton changes with age; there a regimen
at steady state is one of the last 20 years, and its doses are part of the patient's past. Here the
same interval of dosing is repeated until the system is where it was before. In a linear system the
state that an interval leaves as it was is found by solving for it, so that it agrees with that of
NONMEM however slow the drug is. Any other system is followed until it has settled, for 20 years at
most: beyond, what still moves is the skeleton, and no one is treated for longer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.equations.system import System
from remodel.errors import ScheduleError
from remodel.schedules import Dose, Infusion, steady_interval
from remodel.schedules.steady import PAST_OF_STEADY_STATE
from remodel.simulation.batch import Batch
from remodel.simulation.dosing import Action, Dosing, checked_route, give
from remodel.simulation.packing import build_problem, scales
from remodel.symbolic.expression import ancestors
from remodel.units import DAYS_PER_YEAR

_SETTLED = 1e-9  # relative change of every state over one round of dosing
_ACCUMULATES = 1e-3  # relative change of a drug over a round: beyond, it accumulates
_ENDLESS = 1e-5  # a round that removes a smaller share of a state counts as removing nothing
_SHORTEST_ROUND = 30.0  # days
_MOST_INTERVALS = 60  # of the longest, until doses at other intervals coincide again
_REFINEMENTS = 3

Round = Callable[[FloatArray, IntArray], FloatArray]


def with_steady_dosing(
    batch: Batch,
    system: System,
    dosing: Dosing,
    values: FloatArray,
    start: FloatArray,
    state: FloatArray,
) -> FloatArray:
    """Return states that the steady regimens of a dosing leave just before a dose.

    States that no equation reads, such as an area under a curve, stay as they are.

    Parameters
    ----------
    batch : Batch
    system : System
    dosing : Dosing
    values : ndarray, shape (n, n_all)
    start : ndarray, shape (n,)
        Model time [d].
    state : ndarray, shape (n, n_states)
        Without these regimens.

    Raises
    ------
    ScheduleError
        If the drug accumulates without end, or intervals have no common multiple.
    """
    length = _length(dosing.steady_state)
    actions = _actions(batch, dosing.steady_state, length)
    read = sorted({column for _, column in system.jacobian})

    def after_round(states: FloatArray, rows: IntArray) -> FloatArray:
        problem = build_problem(
            batch.model,
            system,
            actions,
            values[rows],
            start[rows],
            start[rows, None] + length,
            start[rows],
            absolute=[],
            state=states,
        )
        reached = states.copy()
        outputs = batch.integrate(system, problem, system.state_names).outputs
        reached[:, read] = outputs[read, :, 0].T
        return reached

    if _is_linear(system):
        steady = _solved(after_round, state, read, scales(system, batch.model))
        settled = np.all(np.isfinite(steady) | ~np.isfinite(state), axis=1)
    else:
        holding = _holding(batch, system, dosing.steady_state)
        steady, settled = _followed(after_round, state, length, holding)
    if not np.all(settled):
        drugs = " and ".join(dict.fromkeys(regimen.drug for regimen in dosing.steady_state))
        raise ScheduleError(
            f"{drugs}: steady state was asked for, but what is given accumulates without end; "
            "write for how long it has been given, such as 'from -10 y'."
        )
    return steady


def _holding(batch: Batch, system: System, regimens: Sequence[Dose | Infusion]) -> list[int]:
    """Return the states that hold the drugs: those doses enter, and where flows take it."""
    assembly, drugs = system.assembly, batch.model.drugs
    flows = [assembly.flow_of(name) for name in assembly.equations]
    holding: set[str] = set()
    entered = {
        batch.model.dose_target(r.drug, checked_route(drugs[r.drug], r.route))[0] for r in regimens
    }
    while entered:
        holding |= entered
        entered = {target for source, target in flows if source in entered and target} - holding
    return [i for i, name in enumerate(system.state_names) if name in holding]


def _is_linear(system: System) -> bool:
    """Whether derivatives of the rates depend neither on the state nor on time."""
    varying = {expression.index for expression in (system.time, *system.states)}
    slopes = [*system.jacobian.values(), *system.time_derivative.values()]
    return not system.time_derivative and not any(
        node.index in varying for node in ancestors(slopes)
    )


def _solved(
    after_round: Round, state: FloatArray, read: Sequence[int], scale: FloatArray
) -> FloatArray:
    """Return the states of a linear system that a round leaves as they were; NaN for none.

    What a round makes of a unit of each state gives the matrix of the round; the steady state
    solves a linear system with it, and again with what solvers leave of the first residual.
    """
    n, k = len(state), len(read)
    rows = np.arange(n)
    once = after_round(state, rows)
    moved = np.repeat(state, k, axis=0)
    moved[np.arange(n * k), np.tile(read, n)] += np.tile(scale[list(read)], n)
    reached = after_round(moved, np.repeat(rows, k)).reshape(n, k, -1)
    matrix = ((reached - once[:, None]) / scale[list(read), None])[:, :, read].transpose(0, 2, 1)
    matrix = np.where(np.isfinite(matrix), matrix, 0.0)
    steady = state.copy()
    grows = np.max(np.abs(np.linalg.eigvals(matrix)), axis=1) >= 1.0 - _ENDLESS
    matrix[grows] = 0.0
    for number in range(_REFINEMENTS):
        left = (once if number == 0 else after_round(steady, rows)) - steady
        change = np.linalg.solve(np.eye(k) - matrix, left[:, read, None])
        steady[:, read] += change[:, :, 0]
    steady[grows] = np.nan
    return steady


def _followed(
    after_round: Round, state: FloatArray, length: float, holding: Sequence[int]
) -> tuple[FloatArray, IntArray]:
    """Repeat rounds until nothing changes, for 20 years at most; say whose drug has settled.

    Each simulation stops by itself, so that its neighbors do not matter; one that fails is done.
    """
    steady = state.copy()
    moving = np.arange(len(state))
    settled = np.ones(len(state), dtype=bool)
    for _ in range(max(1, round(PAST_OF_STEADY_STATE / length))):
        before = steady[moving]
        steady[moving] = after_round(before, moving)
        change = np.abs(steady[moving] - before)
        size = np.maximum(np.abs(steady[moving]), 1e-300)
        settled[moving] = np.all((change <= _ACCUMULATES * size)[:, holding], axis=1)
        settled[moving] |= ~np.all(np.isfinite(change), axis=1)
        moving = moving[np.any(change > _SETTLED * size, axis=1)]
        if not len(moving):
            break
    return steady, settled


def _length(regimens: Sequence[Dose | Infusion]) -> float:
    """Return the length of a round [d]: intervals after which all doses fall together again."""
    intervals = {float(r.interval or math.inf) for r in regimens if isinstance(r, Dose)}
    if not intervals:
        return DAYS_PER_YEAR
    longest = max(intervals)
    for number in range(1, _MOST_INTERVALS + 1):
        counts = [number * longest / interval for interval in intervals]
        if all(abs(count - round(count)) < 1e-9 * count for count in counts):
            return number * longest * max(1, round(_SHORTEST_ROUND / (number * longest)))
    drugs = " and ".join(dict.fromkeys(regimen.drug for regimen in regimens))
    raise ScheduleError(
        f"{drugs}: the intervals of these doses have no common multiple, and so no steady state; "
        "write for how long they have been given, such as 'from -10 y'."
    )


def _actions(batch: Batch, regimens: Sequence[Dose | Infusion], length: float) -> list[Action]:
    """Return what regimens do within one round, as if it began now [d]."""
    repeated: list[Dose | Infusion] = []
    for regimen in regimens:
        if isinstance(regimen, Infusion):
            repeated.append(replace(regimen, start=0.0, end=2.0 * length, steady_state=False))
            continue
        interval = float(regimen.interval or length)
        repeated += [
            replace(dose, time=dose.time + number * interval)
            for number in range(round(length / interval))
            for dose in steady_interval(regimen)
        ]
    return give(batch.model, batch.inputs.parameters, repeated)
