"""Why a number is what it is: the terms of a derivative, or what a quantity is computed from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from remodel.equations import TIME, Equation
from remodel.equations.assembly import Assembly
from remodel.errors import ConfigError, ModelError, nearest
from remodel.models import Model, load_model
from remodel.parameters import ParameterSet
from remodel.patient import Patient
from remodel.protocol import protocol
from remodel.schedules import Schedule
from remodel.simulation import simulate
from remodel.solvers.problem import SET
from remodel.units import days, in_days


@dataclass(frozen=True, slots=True)
class Term:
    """One line of an explanation.

    Attributes
    ----------
    name : str
    value : float
    unit : str
        Empty where it follows from the equation.
    share : float
        Of all gains or of all losses of a state, between 0 and 1; NaN for arguments.
    meaning : str
    """

    name: str
    value: float
    unit: str
    share: float
    meaning: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A number and where it comes from.

    Attributes
    ----------
    name : str
    kind : str
        ``state``: the terms are those of its derivative. ``product`` or ``sum``: the terms are
        multiplied or added. ``quantity``: the terms are the arguments of its equation.
    value : float
    unit : str
    meaning, reference : str
    rate : float
        Derivative of a state [unit/d], the sum of its terms; NaN otherwise.
    terms : tuple of Term
    """

    name: str
    kind: str
    value: float
    unit: str
    meaning: str
    reference: str
    rate: float
    terms: tuple[Term, ...]


def explain(
    name: str,
    *,
    model: str | Model = "reference",
    schedule: str | Schedule | None = None,
    patient: Patient | None = None,
    parameters: Mapping[str, float] | None = None,
    at: float = 0.0,
) -> Explanation:
    """Explain a state or quantity at one time.

    Parameters
    ----------
    name : str
        Any state or quantity, such as ``osteoclasts`` or ``ctx``.
    model : str or Model
    schedule : str or Schedule, optional
    patient : Patient, optional
    parameters : mapping of str to float, optional
        Values that replace the model's.
    at : float
        Time from the start of treatment [d], before any dose given then.

    Raises
    ------
    ModelError
        If the model has no state or quantity of that name.
    ConfigError
        If the time is before the start.
    SolverError
        If the simulation fails.
    """
    chosen = load_model(model)
    plan = schedule if isinstance(schedule, Schedule) else Schedule.parse(schedule or "none")
    drugs = chosen.with_drugs(plan.drugs)
    assembly = chosen.assembly(drugs)
    known = (*assembly.states, *assembly.equations, *assembly.ports)
    if name not in known:
        message = f"model '{chosen.name}' has no state or quantity '{name}'.{nearest(name, known)}"
        raise ModelError(message)
    if at < 0:
        message = f"at = {at:g} d: must not be before the start of treatment."
        raise ConfigError(message)
    result = simulate(
        chosen, schedule=plan, patient=patient, parameters=parameters, outputs=known,
        times=[at], strict=True,
    )  # fmt: skip
    values = {n: float(result[n].to_numpy()[0, -1]) for n in known}
    values.update(_parameter_values(chosen, plan, patient, parameters or {}, at))
    born = (patient or Patient()).age * chosen.days_per_year if chosen.follows_age else 0.0
    values[TIME] = born + at
    return _explained(name, assembly, values, _units(chosen, assembly))


def _parameter_values(
    model: Model,
    schedule: Schedule,
    patient: Patient | None,
    changed: Mapping[str, float],
    at: float,
) -> dict[str, float]:
    """Return every parameter as the equations see it at a time, dosing rates included."""
    chosen: ParameterSet = model.all_parameters.replace(changed)
    values = {n: p.value * p.factor for n, p in chosen.items()}
    plan = protocol(model, schedule, chosen, until=at + 1.0)
    for action in plan.actions:
        if action.kind == SET and action.time < max(at, 1e-9):
            values[action.target] = action.value
    age = (patient or Patient()).age_at_menopause
    if model.menopause_age:
        limit = chosen[model.menopause_age]
        values[model.menopause_age] = (limit.upper if age is None else age) * limit.factor
    return values


def _units(model: Model, assembly: Assembly) -> dict[str, str]:
    units = {name: state.unit for name, state in assembly.states.items()}
    units |= {name: port.unit for name, port in assembly.ports.items()}
    units |= {name: e.unit for name, e in assembly.equations.items()}
    units |= {name: _in_days(p.unit) for name, p in model.all_parameters.items()}
    return {**units, TIME: "d"}


def _in_days(unit: str) -> str:
    """Return a parameter's unit as the equations use it."""
    return "-" if unit in ("-", "") else in_days(unit)[1]


def _explained(
    name: str, assembly: Assembly, values: Mapping[str, float], units: Mapping[str, str]
) -> Explanation:
    if name in assembly.states:
        return _state(name, assembly, values)
    if name in assembly.ports:
        port = assembly.ports[name]
        parts = assembly.contributions_to(name)
        terms = _terms(parts, assembly, values, units, shared=port.combine == "sum")
        return Explanation(
            name, port.combine, values[name], port.unit, port.meaning, "", float("nan"), terms
        )
    equation = assembly.equations[name]
    terms = _terms(dict.fromkeys(assembly.arguments_of(name)), assembly, values, units)
    return Explanation(
        name, "quantity", values[name], units[name], equation.long_name or equation.meaning,
        equation.reference, float("nan"), terms,
    )  # fmt: skip


def _state(name: str, assembly: Assembly, values: Mapping[str, float]) -> Explanation:
    state = assembly.states[name]
    signed: list[tuple[str, float]] = []
    for flow in assembly.equations:
        source, target = assembly.flow_of(flow)
        if source == name:
            signed.append((flow, -values[flow]))
        if target == name:
            signed.append((flow, values[flow]))
    gains = sum(v for _, v in signed if v > 0)
    losses = -sum(v for _, v in signed if v < 0)
    unit = f"{state.unit}/d" if state.unit != "-" else "1/d"
    terms = tuple(
        Term(
            flow, value, unit, _share(value, gains if value > 0 else losses),
            assembly.equations[flow].meaning,
        )
        for flow, value in signed
    )  # fmt: skip
    rate = sum(term.value for term in terms)
    return Explanation(name, "state", values[name], state.unit, state.meaning, "", rate, terms)


def _share(value: float, whole: float) -> float:
    return abs(value) / whole if whole else 0.0


def _terms(
    names: Iterable[str],
    assembly: Assembly,
    values: Mapping[str, float],
    units: Mapping[str, str],
    *,
    shared: bool = False,
) -> tuple[Term, ...]:
    listed = tuple(names)
    whole = sum(abs(values[n]) for n in listed)
    return tuple(
        Term(
            name,
            values[name],
            units.get(name, ""),
            _share(values[name], whole) if shared else float("nan"),
            _meaning(name, assembly),
        )
        for name in listed
    )


def _meaning(name: str, assembly: Assembly) -> str:
    for table in (assembly.states, assembly.ports, assembly.equations):
        part = table.get(name)
        if isinstance(part, Equation):
            return part.long_name or part.meaning
        if part is not None:
            return str(part.meaning)
    return "time" if name == TIME else ""


def read_time(text: str) -> float:
    """Return a time such as ``12mo`` or ``2.5 y`` in days.

    Raises
    ------
    ConfigError
        If it is not a number with a unit of time.
    """
    found = re.fullmatch(r"\s*([0-9.]+)\s*([A-Za-z]+)\s*", text)
    try:
        if found:
            return days(float(found.group(1)), found.group(2))
    except ValueError:
        pass
    message = f"'{text}' is not a time; write for example 12mo, 2.5y or 90d."
    raise ConfigError(message)
