"""Why two simulations differ: a difference traced from a number back to mechanisms.

A quantity differs because its arguments do; each argument gets the part of the difference that
replacing it makes, the mean of replacing the arguments in both orders, so that the parts add up.
A state differs because its flows have differed from the start on; the parts are their integrals,
and each flow in turn differs because of the states, inputs and drugs it reads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from remodel.cohort import cohort
from remodel.course import Course
from remodel.equations import TIME
from remodel.equations.assembly import Assembly
from remodel.errors import ConfigError, ModelError, nearest
from remodel.explanation import parameters_at
from remodel.models import Model, load_model
from remodel.patient import Patient
from remodel.schedules import Schedule
from remodel.simulation import simulate
from remodel.solvers.problem import SET, FloatArray

_POINTS = 800
_SMALLEST_SHARE = 0.01
Values = Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class Cause:
    """A part of a difference.

    Attributes
    ----------
    name : str
        A state, flow, quantity or input; ``start`` is the difference there was at the start,
        ``doses`` what was given.
    value : float
        In the unit of the difference; the parts at one level add up to the whole.
    share : float
        Of the whole difference; negative where it works against it.
    meaning : str
    causes : tuple of Cause
        Where this part comes from in turn, the largest first.
    """

    name: str
    value: float
    share: float
    meaning: str
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A number in two simulations and where the difference comes from.

    Attributes
    ----------
    name : str
    value, versus : float
        In the simulation that is explained, and in the one it is held against.
    unit, meaning : str
    causes : tuple of Cause
        The largest first.
    """

    name: str
    value: float
    versus: float
    unit: str
    meaning: str
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class _Runs:
    """Two simulations on one grid of times, with everything the equations say."""

    assembly: Assembly
    times: FloatArray
    one: Values
    other: Values
    meanings: Mapping[str, str]

    def change(self, name: str) -> FloatArray:
        """Return the difference of a name at every time."""
        return np.broadcast_to(np.subtract(self.one[name], self.other[name]), self.times.shape)


def explain_difference(
    name: str,
    *,
    model: str | Model = "reference",
    schedule: str | Schedule | None = None,
    versus: str | Schedule | None = None,
    patient: Patient | None = None,
    versus_patient: Patient | None = None,
    parameters: Mapping[str, float] | None = None,
    versus_parameters: Mapping[str, float] | None = None,
    at: float = 0.0,
) -> Difference:
    """Explain why a state or quantity differs between two simulations at one time.

    Parameters
    ----------
    name : str
        Any state or quantity, such as ``bmd_total_hip`` or ``ctx``.
    model : str or Model
    schedule, versus : str or Schedule, optional
        Of the simulation that is explained, and of the one it is held against.
    patient, versus_patient : Patient, optional
        The second is the first unless given.
    parameters, versus_parameters : mapping of str to float, optional
        Values that replace the model's; the second are the first unless given.
    at : float
        Time from the start of treatment [d].

    Raises
    ------
    ModelError
        If the model has no state or quantity of that name.
    ConfigError
        If the time is before the start.
    SolverError
        If a simulation fails.
    """
    chosen = load_model(model)
    plans = [_schedule(schedule), _schedule(versus)]
    assembly = chosen.assembly({drug for plan in plans for drug in plan.drugs})
    known = (*assembly.states, *assembly.equations, *assembly.ports)
    if name not in known:
        message = f"model '{chosen.name}' has no state or quantity '{name}'.{nearest(name, known)}"
        raise ModelError(message)
    if not at >= 0:
        message = f"at = {at:g} d: must not be before the start of treatment."
        raise ConfigError(message)
    people = [patient, patient if versus_patient is None else versus_patient]
    changed = [
        parameters or {},
        (parameters if versus_parameters is None else versus_parameters) or {},
    ]
    times = np.unique([*np.linspace(0.0, at, _POINTS if at else 1), *_edges(chosen, plans, at)])
    one, other = (
        _values(chosen, assembly, plan, person, values, times)
        for plan, person, values in zip(plans, people, changed, strict=True)
    )
    runs = _Runs(assembly, times, one, other, _meanings(chosen, assembly))
    whole = float(runs.change(name)[-1])
    causes = _causes_of_state if name in assembly.states else _causes_of_quantity
    value, against = (float(np.broadcast_to(run[name], times.shape)[-1]) for run in (one, other))
    return Difference(
        name, value, against, _unit(assembly, name), runs.meanings[name],
        causes(runs, name, whole, whole),
    )  # fmt: skip


def _schedule(given: str | Schedule | None) -> Schedule:
    return given if isinstance(given, Schedule) else Schedule.parse(given or "none")


def _unit(assembly: Assembly, name: str) -> str:
    part = assembly.states.get(name) or assembly.ports.get(name) or assembly.equations[name]
    return part.unit


def _meanings(model: Model, assembly: Assembly) -> dict[str, str]:
    found = {name: parameter.meaning for name, parameter in model.all_parameters.items()}
    for table in (assembly.states, assembly.ports, assembly.equations):
        found.update({name: part.meaning for name, part in table.items()})
    return {**found, TIME: "time"}


# ---------------------------------------------------------------- two simulations on one grid


def _edges(model: Model, plans: list[Schedule], at: float) -> list[float]:
    """Return the times just before and after every dose, where states and inputs jump."""
    found: set[float] = set()
    for plan in plans:
        for dose in plan.stopped(max(at, 1e-9)).single_doses(until=max(at, 1e-9)):
            found |= {dose.time, dose.time + 1e-3}
        for event in plan.interventions:
            if event.time is not None:
                found |= {event.time, event.time + 1e-3}
    inside = sorted(time for time in found if 0 < time < at)
    return inside if len(inside) <= _POINTS else []


def _values(
    model: Model,
    assembly: Assembly,
    plan: Schedule,
    patient: Patient | None,
    changed: Mapping[str, float],
    times: FloatArray,
) -> dict[str, FloatArray]:
    """Return every parameter, state and quantity of a simulation at every time."""
    values = _inputs(model, plan, patient, changed, times)
    names = model.system(plan.drugs).state_names
    result = simulate(
        model, schedule=plan, patient=patient, parameters=changed, outputs=names, times=times,
        strict=True,
    )  # fmt: skip
    values.update(assembly.evaluate_initial(values))  # drugs that only the other simulation has
    values.update({name: result[name].to_numpy()[0] for name in names})
    with np.errstate(all="ignore"):
        values.update(assembly.evaluate(values).quantities)
    return values


def _inputs(
    model: Model,
    plan: Schedule,
    patient: Patient | None,
    changed: Mapping[str, float],
    times: FloatArray,
) -> dict[str, Any]:
    """Return parameters and inputs; those that the schedule sets have a value at each time."""
    course = Course(
        model=model, cohort=cohort(model, plan, patient, changed), times=times[-1:] + 1.0,
        outputs=(), method="batch", rtol=1e-6, threads=None, exact_doses=False, max_steps=1,
    )  # fmt: skip
    actions = course.prepare().protocols[0]
    changes = {0.0, *(a.time for a in actions.actions if a.kind == SET)}
    inside = sorted(time for time in changes if 0 <= time <= times[-1])
    levels = [parameters_at(model, plan, patient, changed, time + 1e-6) for time in inside]
    place = np.searchsorted(np.asarray(inside) + 1e-6, times, side="right").clip(1) - 1
    found: dict[str, Any] = {}
    for name in levels[0]:
        column = np.array([level[name] for level in levels])
        found[name] = column[place] if np.ptp(column) else float(column[0])
    found[TIME] = levels[0][TIME] - 1e-6 + times
    return found


# ---------------------------------------------------------------- causes


def _parts(runs: _Runs, name: str) -> dict[str, FloatArray]:
    """Return what each argument of a quantity contributes to its difference, at every time."""
    equation: Callable[..., Any]
    if name in runs.assembly.ports:
        arguments = runs.assembly.contributions_to(name)
        combine = np.prod if runs.assembly.ports[name].combine == "product" else np.sum
        equation = lambda *values: combine(np.broadcast_arrays(*values), axis=0)  # noqa: E731
    else:
        arguments, equation = runs.assembly.arguments_of(name), runs.assembly.equations[name]
    moved = [a for a in dict.fromkeys(arguments) if np.any(runs.change(a))]
    parts = {a: np.zeros(runs.times.shape) for a in moved}
    for order in (moved, moved[::-1]):
        now = {a: runs.other[a] for a in arguments}
        before = equation(*(now[a] for a in arguments))
        for argument in order:
            now[argument] = runs.one[argument]
            after = equation(*(now[a] for a in arguments))
            parts[argument] += (after - before) / 2.0
            before = after
    return parts


def _leaves(runs: _Runs, name: str, part: FloatArray) -> Iterator[tuple[str, FloatArray]]:
    """Yield the states and inputs behind a part of a difference, and what each has in it."""
    assembly = runs.assembly
    if name not in assembly.equations and name not in assembly.ports:
        yield name, part
        return
    whole = runs.change(name)
    with np.errstate(all="ignore"):
        weight = np.where(whole == 0, 0.0, part / np.where(whole == 0, 1.0, whole))
    for argument, own in _parts(runs, name).items():
        yield from _leaves(runs, argument, weight * own)


def _gathered(
    runs: _Runs, name: str, part: FloatArray, weigh: Callable[[FloatArray], float]
) -> dict[str, float]:
    found: dict[str, float] = {}
    for leaf, own in _leaves(runs, name, part):
        found[leaf] = found.get(leaf, 0.0) + weigh(own)
    return found


def _causes_of_quantity(runs: _Runs, name: str, value: float, whole: float) -> tuple[Cause, ...]:
    """Return the states and inputs behind a quantity at the end, each with its own causes."""
    parts = _gathered(runs, name, runs.change(name), lambda own: float(own[-1]))
    made = [
        Cause(
            leaf, part, _share(part, whole), runs.meanings[leaf],
            _causes_of_state(runs, leaf, part, whole) if leaf in runs.assembly.states else (),
        )
        for leaf, part in parts.items()
    ]  # fmt: skip
    return _largest(made, whole)


def _causes_of_state(runs: _Runs, name: str, value: float, whole: float) -> tuple[Cause, ...]:
    """Return the flows behind a part ``value`` of a difference that a state has at the end."""
    change = runs.change(name)
    scale = value / change[-1] if change[-1] else 0.0
    made = [Cause("start", scale * change[0], _share(scale * change[0], whole), "At the start.")]
    for flow in runs.assembly.equations:
        source, target = runs.assembly.flow_of(flow)
        sign = (target == name) - (source == name)
        if not sign or not np.any(runs.change(flow)):
            continue
        parts = _gathered(
            runs, flow, runs.change(flow),
            lambda own, sign=sign: sign * scale * float(np.trapezoid(own, runs.times)),
        )  # fmt: skip
        total = sum(parts.values())
        inner = [Cause(n, v, _share(v, whole), runs.meanings[n]) for n, v in parts.items()]
        made.append(
            Cause(flow, total, _share(total, whole), runs.meanings[flow], _largest(inner, whole))
        )
    rest = value - sum(cause.value for cause in made)
    made.append(Cause("doses", rest, _share(rest, whole), "Given at once, or between the times."))
    return _largest(made, whole)


def _largest(causes: list[Cause], whole: float) -> tuple[Cause, ...]:
    kept = [cause for cause in causes if abs(cause.share) >= _SMALLEST_SHARE]
    return tuple(sorted(kept, key=lambda cause: -abs(cause.value)))


def _share(value: float, whole: float) -> float:
    return value / whole if whole else math.nan
