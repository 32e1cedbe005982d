"""From a schedule to what a solver needs: doses in mg as events on the states of a model."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from remodel._arrays import IntArray
from remodel.drugs import Drug
from remodel.errors import ScheduleError, nearest
from remodel.models import Model
from remodel.parameters import ParameterSet
from remodel.schedules import (
    INTERVENTIONS,
    MENOPAUSE,
    RESET,
    Dose,
    Infusion,
    Intervention,
    Schedule,
    dosing_plan,
    with_past,
)
from remodel.solvers.problem import ADD, PUT, SET
from remodel.units import dose_in_mg


@dataclass(frozen=True, slots=True)
class Action:
    """One change at one time from the start of treatment [d].

    ``target`` is the state to which ``value`` is added, or the parameter that becomes ``value``.
    An action that puts states back to their baseline (PUT) has no target: it means all of them.
    ``factor`` names a constant of the model that multiplies the value, if there is one.
    Where simulations are integrated side by side, time and value are arrays, one entry each.
    """

    time: float
    kind: int
    target: str
    value: float
    factor: str = ""


@dataclass(frozen=True, slots=True)
class Dosing:
    """A schedule made ready for one model.

    Attributes
    ----------
    drugs : tuple of str
        Drugs given in any amount, in the model's order.
    actions : tuple of Action
        Sorted by time.
    at_age : tuple of (float, Action)
        Interventions tied to an age [d], with the change they make.
    steady_state : tuple of Dose or Infusion
        Regimens at steady state when they begin, which is at ``first``; none in a model that
        follows age, where their past is among the actions.
    later : tuple of Dose or Infusion
        Those that begin later and add what endless dosing leaves to what is there.
    first : float
        Time of the first dose, 0 if there is none before the start [d].
    """

    drugs: tuple[str, ...]
    actions: tuple[Action, ...]
    at_age: tuple[tuple[float, Action], ...]
    steady_state: tuple[Dose | Infusion, ...]
    later: tuple[Dose | Infusion, ...]
    first: float

    @classmethod
    def of(
        cls,
        model: Model,
        schedule: Schedule,
        parameters: ParameterSet,
        *,
        until: float,
        exact_doses: bool = False,
        lived: float = math.inf,
    ) -> Dosing:
        """Translate a schedule into events of a model.

        Parameters
        ----------
        model : Model
        schedule : Schedule
        parameters : ParameterSet
            Gives molar masses.
        until : float
            End of the simulation [d].
        exact_doses : bool
            Give every dose of dense regimens as a jump instead of their mean rate.
        lived : float
            In a model that follows age, time before day 0 in which a regimen at steady state can
            have been given [d].

        Raises
        ------
        ModelError
            If the model lacks a drug.
        ScheduleError
            If a route or intervention is not known for it, or a steady state comes too late.
        UnitError
            If a dose cannot be converted to mg.
        """
        model.with_drugs(schedule.drugs)
        if model.follows_age:
            schedule = with_past(schedule, lived)
        plan = dosing_plan(schedule, exact=exact_doses, until=until)
        timed, at_age = _interventions(model, schedule, parameters)
        actions = (*give(model, parameters, plan), *timed)
        begun = [begin_of(regimen) for regimen in plan]
        first = min((0.0, *begun, *(action.time for action in timed)))
        steady = [regimen for regimen in plan if regimen.steady_state]
        return cls(
            drugs=model.with_drugs({regimen.drug for regimen in plan}),
            actions=in_order(actions),
            at_age=at_age,
            steady_state=tuple(regimen for regimen in steady if begin_of(regimen) == first),
            later=tuple(regimen for regimen in steady if begin_of(regimen) != first),
            first=first,
        )


def side_by_side(
    dosings: Sequence[Dosing], dosing_of: IntArray
) -> Iterator[tuple[Dosing, IntArray]]:
    """Yield dosings, and the simulations each of them is for.

    Dosings of the same drugs become one, whose actions have a time and a value for each of its
    simulations. One that begins before day 0 or at steady state stays by itself.

    Parameters
    ----------
    dosings : sequence of Dosing
    dosing_of : ndarray of int, shape (n,)
        Which dosing each simulation has.

    Yields
    ------
    Dosing
    ndarray of int
        Positions of its simulations.
    """
    alike: dict[Hashable, list[int]] = {}
    for number in np.unique(dosing_of).tolist():
        dosing = dosings[number]
        alone = dosing.steady_state or dosing.later or dosing.first < 0
        alike.setdefault(number if alone else (dosing.drugs, dosing.at_age), []).append(number)
    for numbers in alike.values():
        members = np.flatnonzero(np.isin(dosing_of, numbers))
        dosing = dosings[numbers[0]]
        if len(numbers) > 1:
            rows = np.searchsorted(numbers, dosing_of[members])
            dosing = _joined([dosings[number] for number in numbers], rows)
        yield dosing, members


def _joined(dosings: Sequence[Dosing], rows: IntArray) -> Dosing:
    """Join dosings; where one has fewer actions of a kind, the missing ones are at infinity."""
    kinds: dict[tuple[int, str, str], list[list[Action]]] = defaultdict(
        lambda: [[] for _ in dosings]
    )
    for row, dosing in enumerate(dosings):
        for action in dosing.actions:
            kinds[action.kind, action.target, action.factor][row].append(action)
    actions: list[Action] = []
    time: Any
    value: Any
    for (kind, target, factor), lists in sorted(kinds.items(), key=_put_first):
        longest = max(map(len, lists))
        time, value = np.full((len(dosings), longest), np.inf), np.zeros((len(dosings), longest))
        for row, listed in enumerate(lists):
            time[row, : len(listed)] = [action.time for action in listed]
            value[row, : len(listed)] = [action.value for action in listed]
        actions += [
            Action(time[rows, k], kind, target, value[rows, k], factor) for k in range(longest)
        ]
    return replace(dosings[0], actions=tuple(actions))


def _put_first(kind: tuple[tuple[int, str, str], list[list[Action]]]) -> tuple[object, ...]:
    return (kind[0][0] != PUT, *kind[0])


def begin_of(regimen: Dose | Infusion) -> float:
    """Return when a regimen, or its steady state, begins [d]."""
    return regimen.time - regimen.lead if isinstance(regimen, Dose) else regimen.start


def in_order(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Return actions in the order of time; what puts states back comes before what adds to them."""
    return tuple(sorted(actions, key=lambda action: (action.time, action.kind != PUT)))


def give(model: Model, parameters: ParameterSet, plan: Iterable[Dose | Infusion]) -> list[Action]:
    """Return the jumps and dosing rates of a plan, not sorted."""
    actions: list[Action] = []
    steps: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for regimen in plan:
        _give(model, parameters, regimen, actions, steps)
    for name, changes in steps.items():
        actions.extend(_levels(name, changes))
    return actions


def _give(
    model: Model,
    parameters: ParameterSet,
    regimen: Dose | Infusion,
    actions: list[Action],
    steps: dict[str, list[tuple[float, float]]],
) -> None:
    """Add a dose as a jump of a state, or as steps of a dosing rate."""
    drug = model.drugs[regimen.drug]
    route = checked_route(drug, regimen.route)
    amount = regimen.amount if isinstance(regimen, Dose) else regimen.amount_per_day
    mg = in_mg(drug, amount, regimen.unit, parameters)
    rate_name = drug.input_parameter(route)
    if isinstance(regimen, Infusion):
        steps[rate_name] += [(regimen.start, mg), (regimen.end, -mg)]
    elif regimen.infusion > 0:
        steps[rate_name] += [(regimen.time, mg / regimen.infusion)]
        steps[rate_name] += [(regimen.time + regimen.infusion, -mg / regimen.infusion)]
    else:
        state, factor = model.dose_target(drug.name, route)
        actions.append(Action(regimen.time, ADD, state, mg, factor))


def checked_route(drug: Drug, route: str | None) -> str:
    """Return the route of a dose, the drug's usual one by default."""
    if route is None:
        return drug.default_route
    if route not in drug.routes:
        known = ", ".join(drug.routes)
        raise ScheduleError(f"{drug.name} cannot be given by '{route}'; allowed: {known}.")
    return route


def in_mg(drug: Drug, amount: float, unit: str, parameters: ParameterSet) -> float:
    """Return a dose in mg, by the drug's molar mass or units per mg where needed."""
    mass, units = f"{drug.name}_molar_mass", f"{drug.name}_units_per_mg"
    return dose_in_mg(
        amount,
        unit,
        drug.name,
        molar_mass=parameters[mass].value if mass in parameters else None,
        iu_per_mg=parameters[units].value if units in parameters else None,
    )


def _levels(name: str, changes: Iterable[tuple[float, float]]) -> list[Action]:
    """Return the levels of a rate that is the sum of overlapping constant inputs."""
    at: dict[float, float] = defaultdict(float)
    for time, change in changes:
        at[time] += change
    size = sum(abs(change) for _, change in changes)
    level, actions = 0.0, []
    for time in sorted(at):
        level += at[time]
        if abs(level) < 1e-12 * size:
            level = 0.0  # what went in has come out
        actions.append(Action(time, SET, name, level))
    return actions


def _interventions(
    model: Model, schedule: Schedule, parameters: ParameterSet
) -> tuple[list[Action], tuple[tuple[float, Action], ...]]:
    timed, at_age = [], []
    for event in schedule.interventions:
        if event.name == RESET:
            timed.append(_reset(model, event))
            continue
        switch = model.interventions.get(event.name)
        if switch is None:
            hint = nearest(event.name, model.interventions)
            raise ScheduleError(f"model '{model.name}' has no intervention '{event.name}'.{hint}")
        if INTERVENTIONS[event.name].in_history:
            continue
        value = switch.value if switch.value is not None else (event.value or 0.0)
        parameter = parameters[switch.parameter]
        parameter.check(value)
        levels = [(0.0, value)]
        if event.duration is not None:
            levels.append((event.duration, parameter.value))  # as it was before
        for after, level in levels:
            begin = (event.time or 0.0) + after
            action = Action(begin, SET, switch.parameter, level * parameter.factor)
            if event.age is not None:
                at_age.append((event.age + after, action))
            else:
                timed.append(action)
    return timed, tuple(at_age)


def _reset(model: Model, event: Intervention) -> Action:
    if event.time is None:
        raise ScheduleError("reset has a time and no age; write for example 'reset from 1 y'.")
    if model.follows_age:
        raise ScheduleError(
            f"model '{model.name}' cannot be reset at {event.time:g} d: a patient keeps her bone. "
            "In a table of doses, EVID 3 and 4 reset, and SS 1 after other doses."
        )
    return Action(event.time, PUT, "", 0.0)


def menopause_of(schedule: Schedule, age: float) -> float | None:
    """Return the age [d] of a menopause that the schedule names.

    Parameters
    ----------
    schedule : Schedule
    age : float
        Of the patient at the start of treatment [d], to which a time of menopause is added.
    """
    for event in schedule.interventions:
        if event.name == MENOPAUSE:
            return event.age if event.time is None else age + event.time
    return None
