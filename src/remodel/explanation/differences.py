"""Why two simulations differ: a difference between two numbers, and what makes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations import TIME
from remodel.equations.assembly import Assembly
from remodel.errors import ConfigError, ModelError, nearest
from remodel.explanation.attribution import Cause, Pair, Tracer
from remodel.explanation.explain import parameters_at, unit_after, words_of
from remodel.models import Model, load_model
from remodel.patient import Patient
from remodel.schedules import Schedule
from remodel.simulation.batch import Course
from remodel.simulation.inputs import cohort
from remodel.simulation.simulate import simulate
from remodel.solvers.problem import SET

if TYPE_CHECKING:
    import pandas as pd

_POINTS = 1500
_MOMENT = 1e-3  # days after a jump


@dataclass(frozen=True, slots=True, repr=False)
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

    def __repr__(self) -> str:
        """Return both numbers and how many causes there are; ``print`` shows them."""
        return f"<Difference {self._numbers}, {len(self.causes)} causes>"

    def __str__(self) -> str:
        """Return the sentence and the causes of the difference."""
        table = self.table().to_string(index=False, float_format="%.4g")
        return f"{self._numbers}. {self.meaning}\n\n{table}"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        table = self.table().to_html(index=False, float_format="%.4g")
        return f"<p>{escape(f'{self._numbers}. {self.meaning}')}</p>{table}"

    def table(self) -> pd.DataFrame:
        """Return the causes as rows: ``level``, ``cause``, ``effect``, ``share``, ``meaning``.

        What moved a state of level 0 follows it at level 1, and so on.
        """
        import pandas as pd

        columns = ["level", "cause", "effect", "share", "meaning"]
        return pd.DataFrame(list(_rows(self.causes, 0)), columns=columns)

    @property
    def _numbers(self) -> str:
        unit = unit_after(self.unit)
        return f"{self.name} = {self.value:.4g}{unit} against {self.versus:.4g}{unit}"


def _rows(causes: tuple[Cause, ...], level: int) -> Iterator[tuple[int, str, float, float, str]]:
    for cause in causes:
        yield level, cause.name, cause.value, cause.share, cause.meaning
        yield from _rows(cause.causes, level + 1)


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
    depth: int = 1,
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
    depth : int
        How many times to look behind the states that make the difference.

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
        raise ModelError(
            f"model '{chosen.name}' has no state or quantity '{name}'.{nearest(name, known)}"
        )
    if not at >= 0:
        raise ConfigError(f"at = {at:g} d: must not be before the start of treatment.")
    people = [patient, patient if versus_patient is None else versus_patient]
    changed = [
        parameters or {},
        (parameters if versus_parameters is None else versus_parameters) or {},
    ]
    times = np.unique([*np.linspace(0.0, at, _POINTS if at else 1), *_edges(plans, at)])
    one, other = (
        _values(chosen, assembly, plan, person, values, times)
        for plan, person, values in zip(plans, people, changed, strict=True)
    )
    meanings = words_of(chosen, assembly, patient).meanings
    pair = Pair(assembly, times, one, other, meanings)
    value, against = (float(np.broadcast_to(run[name], times.shape)[-1]) for run in (one, other))
    causes = Tracer(pair).causes_of(name, depth)
    return Difference(name, value, against, _unit(assembly, name), meanings[name], causes)


def _schedule(given: str | Schedule | None) -> Schedule:
    return given if isinstance(given, Schedule) else Schedule.parse(given or "none")


def _unit(assembly: Assembly, name: str) -> str:
    part = assembly.states.get(name) or assembly.ports.get(name) or assembly.equations[name]
    return part.unit


# ---------------------------------------------------------------- two simulations on one grid


def _edges(plans: list[Schedule], at: float) -> list[float]:
    """Return the times of doses and interventions, and just after, where states and inputs jump."""
    found: set[float] = set()
    for plan in plans:
        for dose in plan.stopped(max(at, 1e-9)).single_doses(until=max(at, 1e-9)):
            found |= {dose.time, dose.time + _MOMENT}
        for event in plan.interventions:
            if event.time is not None:
                found |= {event.time, event.time + _MOMENT}
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
        outputs=(), method="rodas5p", rtol=1e-6, threads=None, exact_doses=False, max_steps=1,
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
