"""One simulation, made ready to be run by another program: equations, numbers and events."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from remodel.equations.system import System
from remodel.errors import ConfigError, SolverError
from remodel.exchange.statements import Statements
from remodel.models import Model
from remodel.parameters import ParameterSet
from remodel.patient import Patient
from remodel.schedules import Schedule
from remodel.simulation.arguments import Parameters, ScheduleLike
from remodel.simulation.batch import Batch
from remodel.simulation.dosing import Action
from remodel.simulation.history import Bodies
from remodel.simulation.inputs import Inputs, output_times
from remodel.simulation.packing import columns, own_values
from remodel.simulation.treatment import Group, at_day_zero
from remodel.solvers.problem import ADD, PUT, SET

_RTOL = 1e-10  # of the history before day 0


@dataclass(frozen=True, slots=True)
class Change:
    """What happens at one time from day 0 [d].

    Attributes
    ----------
    time : float
    added : mapping of str to float
        To states.
    set : mapping of str to float
        Parameters and states that become a value. All changes of one time are one; states are set
        before anything is added to them.
    """

    time: float
    added: Mapping[str, float]
    set: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Case:
    """A model with its numbers at day 0, and what happens after.

    Attributes
    ----------
    model : Model
    system : System
        With the drugs of the schedule.
    statements : Statements
    schedule : Schedule
    patient : Patient or None
        None in a model that knows no age.
    start : float
        Model time at day 0 [d].
    parameters : dict of str to float
        As the equations use them at day 0, time in days; all that the statements use.
    states : dict of str to float
        At day 0.
    at_baseline : bool
        Whether the states at day 0 are the baseline that follows from the parameters.
    changes : tuple of Change
        In the order of time.
    corners : tuple of float
        Times after day 0 at which an equation has a corner [d].
    end : float
        Of the simulation [d].
    given : ParameterSet
        All parameters of the model in their own units, before the patient sets any.
    """

    model: Model
    system: System
    statements: Statements
    schedule: Schedule
    patient: Patient | None
    start: float
    parameters: dict[str, float]
    states: dict[str, float]
    at_baseline: bool
    changes: tuple[Change, ...]
    corners: tuple[float, ...]
    end: float
    given: ParameterSet

    @classmethod
    def of(
        cls,
        model: Model,
        schedule: ScheduleLike = None,
        patient: Patient | None = None,
        parameters: Parameters = None,
        years: float | str | None = None,
        *,
        exact_doses: bool | None = None,
    ) -> Case:
        """Return a simulation at day 0.

        Parameters
        ----------
        model : Model
        schedule : str or Schedule, optional
        patient : Patient, optional
        parameters : mapping of str to float, ParameterSet, str or Path, optional
        years : float or str, optional
            Length, as in ``simulate``; later doses are left out.
        exact_doses : bool, optional
            Each dose of a daily or weekly regimen by itself; as the model needs it by default.

        Raises
        ------
        RemodelError
            One of its subclasses, if an argument is not allowed.
        """
        inputs = Inputs.read(model, schedule, patient, parameters)
        if inputs.size != 1:
            raise ConfigError(
                f"an export holds one simulation, and these are {inputs.size}; give one schedule, "
                "one patient and one value for each parameter."
            )
        times = output_times(inputs, years, None)
        batch = Batch.build(model, inputs, times, rtol=_RTOL, exact_doses=exact_doses)
        group = _at_day_zero(batch)
        start = float(group.start[0])
        statements = Statements.of(group.system.assembly)
        named = dict(zip(columns(model), group.values[0].tolist(), strict=True))
        states = dict(zip(group.system.state_names, group.state[0].tolist(), strict=True))
        baseline = group.system.baseline(own_values(group.system, model, group.values), group.start)
        _check_finite({**states, **{n: named[n] for n in statements.parameters}})
        corners = model.constants(model.kinks, named) if model.kinks else {}
        end = float(batch.times[-1])
        return cls(
            model=model,
            system=group.system,
            statements=statements,
            schedule=inputs.schedule(0),
            patient=inputs.patient(0) if model.follows_age else None,
            start=start,
            parameters={n: v for n, v in named.items() if n in statements.parameters},
            states=states,
            at_baseline=bool(np.array_equal(baseline[0], group.state[0])),
            changes=_changes(model, group, named, end),
            corners=tuple(sorted(c - start for c in corners.values() if 0 < c - start < end)),
            end=end,
            given=inputs.parameters,
        )

    @property
    def varying(self) -> frozenset[str]:
        """Parameters that an event sets."""
        return frozenset(n for change in self.changes for n in change.set) - self.states.keys()


def _at_day_zero(batch: Batch) -> Group:
    chosen = np.zeros(1, dtype=np.int64)
    bodies = Bodies.of(batch, chosen)
    _, group, before = next(at_day_zero(batch, chosen, bodies))
    if any(solution.status[0] for solution in (bodies.reached, *before)):
        raise SolverError("what is before day 0 cannot be simulated; see what simulate says of it.")
    return group


def _check_finite(values: Mapping[str, float]) -> None:
    """Refuse numbers that another program cannot read."""
    for name, value in values.items():
        if not math.isfinite(value):
            raise ConfigError(f"{name} = {value}: only finite numbers can be exported.")


def _changes(
    model: Model, group: Group, values: Mapping[str, float], end: float
) -> tuple[Change, ...]:
    """Return what a dosing does from day 0 on, one entry a time."""
    start = float(group.start[0])
    timed = [(float(action.time), action) for action in group.dosing.actions]
    timed += [(float(when[0]) - start, action) for when, action in group.at_age]
    assembly = group.system.assembly
    by_time: dict[float, list[Action]] = {}
    for time, action in timed:
        if 0 <= time < end:
            by_time.setdefault(time, []).append(action)
    changes = []
    for time in sorted(by_time):
        added: dict[str, float] = {}
        put: dict[str, float] = {}
        for action in by_time[time]:
            value = float(action.value)
            if action.kind == ADD:
                factor = assembly.constants([action.factor], values) if action.factor else {}
                value *= float(factor.get(action.factor, 1.0))
                added[action.target] = added.get(action.target, 0.0) + value
            elif action.kind == SET and action.target in group.system.parameter_names:
                put[action.target] = value
            elif action.kind == PUT:
                parameters = own_values(group.system, model, group.values)
                rest = group.system.baseline(parameters, group.start + time)[0]
                put.update(zip(group.system.state_names, rest.tolist(), strict=True))
        added = {name: value for name, value in added.items() if value}
        if added or put:
            changes.append(Change(time, added, put))
    return tuple(changes)
