"""Why two simulations differ: a difference between two numbers, and what makes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations.assembly import Assembly
from remodel.explanation.attribution import Cause, Pair, Tracer
from remodel.explanation.evaluation import checked_day, checked_name, simulated
from remodel.explanation.explain import unit_after, words_of
from remodel.models import Model, load_model
from remodel.patient import Patient
from remodel.schedules import Schedule
from remodel.simulation.arguments import Parameters, ScheduleLike
from remodel.simulation.inputs import Inputs

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
    schedule: ScheduleLike = None,
    versus: ScheduleLike = None,
    patient: Patient | None = None,
    versus_patient: Patient | None = None,
    parameters: Parameters = None,
    versus_parameters: Parameters = None,
    at: float | str = 0.0,
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
    parameters, versus_parameters : ParameterSet, mapping of str to float, str or Path, optional
        Values that replace the model's; the second are the first unless given.
    at : float or str
        Time from the start of treatment [d], or text such as ``"12 mo"``.
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
    chosen, day = load_model(model), checked_day(at)
    one = Inputs.read(chosen, schedule, patient, parameters)
    other = Inputs.read(
        chosen,
        versus,
        patient if versus_patient is None else versus_patient,
        parameters if versus_parameters is None else versus_parameters,
    )
    schedules = (*one.schedules, *other.schedules)
    assembly = chosen.assembly({drug for plan in schedules for drug in plan.drugs})
    checked_name(name, chosen, assembly)
    times = np.unique([*np.linspace(0.0, day, _POINTS if day else 1), *_edges(schedules, day)])
    meanings = words_of(chosen, assembly, patient).meanings
    pair = Pair(
        assembly,
        times,
        _values(chosen, assembly, one, times),
        _values(chosen, assembly, other, times),
        meanings,
    )
    value, against = (
        float(np.broadcast_to(run[name], times.shape)[-1]) for run in (pair.one, pair.other)
    )
    causes = Tracer(pair).causes_of(name, depth)
    return Difference(name, value, against, _unit(assembly, name), meanings[name], causes)


def _unit(assembly: Assembly, name: str) -> str:
    named = assembly.states.get(name) or assembly.ports.get(name) or assembly.equations[name]
    return named.unit


# ---------------------------------------------------------------- two simulations on one grid


def _edges(schedules: Iterable[Schedule], at: float) -> list[float]:
    """Return the times of doses and interventions, and just after, where states and inputs jump."""
    jumps: set[float] = set()
    for schedule in schedules:
        for dose in schedule.stopped(max(at, 1e-9)).single_doses(until=max(at, 1e-9)):
            jumps |= {dose.time, dose.time + _MOMENT}
        for event in schedule.interventions:
            if event.time is not None:
                jumps |= {event.time, event.time + _MOMENT}
    inside = sorted(time for time in jumps if 0 < time < at)
    return inside if len(inside) <= _POINTS else []


def _values(model: Model, assembly: Assembly, inputs: Inputs, times: FloatArray) -> dict[str, Any]:
    """Return every parameter, state and quantity of a simulation at every time."""
    names = model.system(inputs.schedules[0].drugs).state_names
    values, states = simulated(model, inputs, names, times)
    values.update(assembly.evaluate_initial(values))  # drugs that only the other simulation has
    values.update(states)
    with np.errstate(all="ignore"):
        values.update(assembly.evaluate(values).quantities)
    return values
