"""From a model, its events and its parameter values to the arrays a solver integrates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations.system import System
from remodel.models import Model
from remodel.simulation.dosing import Action
from remodel.solvers.engine import ATOL_SHARE
from remodel.solvers.problem import ADD, BREAK, PUT, Problem


def baseline(system: System, model: Model, values: FloatArray, time: FloatArray) -> FloatArray:
    """Return the baseline of every state, shape (n, n_states), from all parameters of a model."""
    return system.baseline(own_values(system, model, values), time)


def own_values(system: System, model: Model, values: FloatArray) -> FloatArray:
    """Return the parameters of a system, shape (n, n_own), from all parameters of a model."""
    column = columns(model)
    return np.take(values, [column[name] for name in system.parameter_names], axis=1)


def columns(model: Model) -> dict[str, int]:
    """Return where each parameter stands among all parameters of a model."""
    return {name: j for j, name in enumerate(model.all_parameters)}


def build_problem(
    model: Model,
    system: System,
    actions: Sequence[Action],
    values: FloatArray,
    start: FloatArray,
    times: Sequence[FloatArray] | FloatArray,
    zero: FloatArray,
    *,
    absolute: Sequence[tuple[FloatArray, Action]],
    state: FloatArray,
    tangents: FloatArray | None = None,
) -> Problem:
    """Build the arrays that a solver integrates.

    Parameters
    ----------
    actions : sequence of Action
        With times from the start of treatment.
    times : array_like, shape (n, n_times)
        Model time of the outputs [d].
    zero : ndarray, shape (n,)
        Model time at the start of treatment.
    absolute : sequence of (ndarray, Action)
        Changes at a model time of their own for each simulation.
    state : ndarray, shape (n, n_states)
    tangents : ndarray, shape (n, n_sensitivities, n_states), optional
    """
    n = len(start)
    parameters = dict(zip(model.all_parameters, values.T, strict=True))
    events: list[tuple[FloatArray, int, int, FloatArray]] = []
    for when, action in (*((zero + a.time, a) for a in actions), *absolute):
        if action.kind == PUT:
            rest = baseline(system, model, values, when).T
            events.extend((when, PUT, i, state) for i, state in enumerate(rest))
        else:
            _append(events, when, action, system, parameters)
    corners = model.constants(model.kinks, parameters) if model.kinks else {}
    events.extend((np.broadcast_to(c, (n,)), BREAK, 0, np.zeros(n)) for c in corners.values())
    at = np.asarray(times, dtype=np.float64)
    time = np.array([e[0] for e in events]).reshape(len(events), n).T
    order = np.argsort(time, axis=1, kind="stable")
    time = np.take_along_axis(time, order, axis=1)
    inside = (time >= start[:, None]) & (time <= at[:, -1:])
    kind = np.array([e[1] for e in events], dtype=np.int64)[order]
    index = np.array([e[2] for e in events], dtype=np.int64)[order]
    value = np.array([e[3] for e in events]).reshape(len(events), n).T
    value = np.take_along_axis(value, order, axis=1)
    return Problem(
        parameters=own_values(system, model, values),
        parameter_row=np.arange(n),
        initial=state,
        initial_row=np.arange(n),
        start=np.ascontiguousarray(start, dtype=np.float64),
        times=at.ravel(),
        times_from=np.arange(n + 1) * at.shape[1],
        event_time=time[inside],
        event_kind=kind[inside],
        event_index=index[inside],
        event_value=value[inside],
        event_from=np.concatenate(([0], np.cumsum(inside.sum(axis=1)))),
        scale=scales(system, model),
        initial_tangents=tangents,
    )


def _append(
    events: list[tuple[FloatArray, int, int, FloatArray]],
    when: FloatArray,
    action: Action,
    system: System,
    parameters: Mapping[str, FloatArray],
) -> None:
    names = system.state_names if action.kind == ADD else system.parameter_names
    if action.target not in names:
        return  # an input no equation of this system reads
    index = names.index(action.target)
    value = np.full(len(when), action.value)
    if action.factor:
        value = value * system.assembly.constants([action.factor], parameters)[action.factor]
    events.append((when, action.kind, index, value))


@lru_cache(maxsize=256)
def scales(system: System, model: Model) -> FloatArray:
    """Return the size that sets the absolute tolerance of each state; not to be written to.

    It is the baseline of a state of the body. A drug compartment, empty at the baseline, is
    followed to ``rtol`` of its typical amount and not beyond: the last traces decide nothing.
    """
    defaults = model.all_parameters.internal()[None, :]
    at_baseline = np.abs(baseline(system, model, defaults, np.zeros(1))[0])
    typical = np.array([system.state(name).typical for name in system.state_names])
    sizes = np.where(at_baseline > 0, at_baseline, typical / ATOL_SHARE)
    sizes.setflags(write=False)
    return sizes
