"""Who and what a call simulates, and when: arguments read and checked once."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.errors import ConfigError, PatientError, ScheduleError
from remodel.models import Model
from remodel.parameters import ParameterSet, load_parameters
from remodel.patient import Patient
from remodel.patients import Patients, VariedPatients
from remodel.schedules import MENOPAUSE, Schedule
from remodel.simulation.arguments import (
    Bounds,
    Parameters,
    People,
    Schedules,
    Times,
    common_length,
    different_schedules,
    has_population_bounds,
    joined_parameters,
    listed,
    outside_bounds,
    patients_of,
    refuse_outside,
    shared_and_varied,
)
from remodel.simulation.snapshot import Snapshot
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR, read_time

_LONGEST = 120.0 * DAYS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Inputs:
    """A batch before it is translated into numbers of a model.

    Attributes
    ----------
    size : int
        Number of simulations.
    schedules : tuple of Schedule
        Each different one once.
    schedule_of : ndarray of int, shape (size,)
        Which of them each simulation has.
    patients : Patients
        One, or one a woman.
    patient_of : ndarray of int, shape (size,)
    parameters : ParameterSet
        Values shared by all simulations.
    varied : mapping of str to ndarray, shape (size,)
        Parameters that differ between simulations, in their own units.
    given : frozenset of str
        Parameters that the caller set by name.
    arms : tuple of str
        Names of the simulations, empty where they have none.
    outside : mapping of str to ndarray of bool, shape (size,)
        Which simulations have a parameter outside the bounds of a population, by its name.
    is_population : bool
        Whether such simulations are marked; otherwise the bounds are those of a typical patient,
        and the batch is refused.
    """

    size: int
    schedules: tuple[Schedule, ...]
    schedule_of: IntArray
    patients: Patients
    patient_of: IntArray
    parameters: ParameterSet
    varied: Mapping[str, FloatArray]
    given: frozenset[str]
    arms: tuple[str, ...] = ()
    outside: Mapping[str, BoolArray] = field(default_factory=dict)
    is_population: bool = False

    @classmethod
    def read(
        cls,
        model: Model,
        schedule: Schedules = None,
        patient: People = None,
        parameters: Parameters = None,
        bounds: Bounds = None,
    ) -> Self:
        """Check the arguments of a simulation and find the size of the batch.

        Parameters
        ----------
        model : Model
        schedule : str, Schedule, sequence of these or mapping from names of arms, optional
        patient : Patient, sequence of Patient or Population, optional
            ``Patients`` and populations are given every arm of a mapping.
        parameters : ParameterSet, mapping of str to float or array_like, str or Path, optional
            Text is the name or the file of a parameter set.
        bounds : {"typical", "population"}, optional
            Of parameters; by default those of a population where one is simulated.

        Raises
        ------
        ParameterError, PatientError, ScheduleError, ModelError, ConfigError
            If a name is unknown, a value is not allowed, or lengths differ.
        """
        if isinstance(parameters, str | Path):
            parameters = load_parameters(parameters)
        is_by_name = isinstance(parameters, Mapping) and not isinstance(parameters, ParameterSet)
        named = frozenset(parameters or ()) if is_by_name else frozenset()
        is_population = has_population_bounds(bounds, patient)
        if isinstance(patient, VariedPatients):
            population: VariedPatients = patient
            named |= population.parameters.keys()
            parameters = joined_parameters(population.parameters, parameters)
            patient = population.patients
        if patient is not None and not model.follows_age:
            raise PatientError(
                f"model '{model.name}' has no patient: it knows neither age nor menopause."
            )
        patients = patients_of(patient)
        base = model.all_parameters.widened() if is_population else model.all_parameters
        fixed, varied = shared_and_varied(model, base, parameters)
        outside = {name: outside_bounds(base[name], values) for name, values in varied.items()}
        if not is_population:
            refuse_outside(base, varied, outside)
        return cls._combined(
            model,
            schedule,
            patients,
            fixed,
            varied,
            for_each=isinstance(patient, Patients),
            given=named,
            outside={name: rows for name, rows in outside.items() if np.any(rows)},
            is_population=is_population,
        )

    @classmethod
    def continued(cls, snapshot: Snapshot, schedule: Schedules = None) -> Self:
        """Return inputs of people as they are now; each of them is given every arm of a mapping.

        Parameters
        ----------
        snapshot : Snapshot
        schedule : str, Schedule, sequence of these or mapping from names of arms, optional
            From now on.

        Raises
        ------
        ParameterError, ScheduleError
            If lengths differ, or menopause is among what is scheduled.
        """
        is_outside = snapshot.outside
        inputs = cls._combined(
            snapshot.model,
            schedule,
            snapshot.patients,
            snapshot.parameters,
            snapshot.varied,
            for_each=True,
            given=frozenset(),
            outside={"start": is_outside} if np.any(is_outside) else {},
            is_population=True,
        )
        if any(e.name == MENOPAUSE for plan in inputs.schedules for e in plan.interventions):
            raise ScheduleError(
                "menopause belongs to the people a simulation starts from; give it where the "
                "snapshot is taken."
            )
        return inputs

    @classmethod
    def _combined(
        cls,
        model: Model,
        schedule: Schedules,
        patients: Patients,
        parameters: ParameterSet,
        varied: Mapping[str, FloatArray],
        *,
        for_each: bool,
        given: frozenset[str],
        outside: Mapping[str, BoolArray],
        is_population: bool,
    ) -> Self:
        """Combine schedules with people, each of whom may be given every arm, arm by arm."""
        arms = tuple(schedule) if isinstance(schedule, Mapping) else ()
        if not all(isinstance(arm, str) and arm for arm in arms):
            raise ScheduleError(f"schedule: the name of each arm is text, got {arms!r}.")
        schedules, schedule_of = different_schedules(model, schedule)
        lengths = {"patient": len(patients), **{name: len(v) for name, v in varied.items()}}
        people = common_length(lengths)
        if arms and for_each:
            size, schedule_of = people * len(arms), np.repeat(schedule_of, people)
            arms = tuple(arm for arm in arms for _ in range(people))
        else:
            size = common_length({"schedule": len(schedule_of), **lengths})
            arms *= size if len(arms) == 1 else 1
        person = np.arange(size) % people
        return cls(
            size=size,
            schedules=schedules,
            schedule_of=np.broadcast_to(schedule_of, (size,)),
            patients=patients,
            patient_of=person % len(patients),
            parameters=parameters,
            varied={name: values[person % len(values)] for name, values in varied.items()},
            given=given,
            arms=arms,
            outside={name: rows[person % len(rows)] for name, rows in outside.items()},
            is_population=is_population,
        )

    def schedule(self, i: int) -> Schedule:
        """Schedule of one simulation."""
        return self.schedules[int(self.schedule_of[i])]

    def patient(self, i: int) -> Patient:
        """Patient of one simulation."""
        return self.patients[int(self.patient_of[i])]

    def patients_of(self, chosen: IntArray) -> Patients:
        """Patients of some simulations."""
        return self.patients[self.patient_of[chosen]]


def output_times(inputs: Inputs, years: Times | None, times: Any) -> FloatArray:
    """Return output times [d], checked.

    Parameters
    ----------
    inputs : Inputs
    years : float or str, optional
        Length, a number in years; output once a month and at the end. By default until two years
        after the last dose, at least five.
    times : sequence of float or str, optional
        Instead of ``years``, numbers in days.

    Raises
    ------
    ConfigError
        If ``years`` is not positive, or ``times`` are not finite, rising and from 0 on, or both
        are given.
    """
    if times is None:
        length = _default_years(inputs) if years is None else years
        end = read_time(length, "y", "years")
        if not 0 < end <= _LONGEST:
            raise ConfigError(
                f"years = {length!r}: must be above 0 and at most {_LONGEST / DAYS_PER_YEAR:g} y."
            )
        return _monthly(end)
    if years is not None:
        raise ConfigError("give either years or times, not both.")
    try:
        is_text = not isinstance(times, np.ndarray) and any(isinstance(t, str) for t in times)
        days = [read_time(t, "d", "times") for t in listed(times, (str,))] if is_text else times
        at = np.asarray(days, dtype=np.float64)
    except ConfigError:
        raise
    except (TypeError, ValueError):
        at = np.zeros(0, dtype=np.float64)
    if at.ndim != 1 or not len(at) or not np.all(np.isfinite(at)):
        raise ConfigError("times: must be a list of finite numbers [d].")
    if at[0] < 0 or np.any(np.diff(at) <= 0) or at[-1] > _LONGEST:
        raise ConfigError(
            f"times: must rise from 0 or later to at most {_LONGEST / DAYS_PER_YEAR:g} y, "
            "without repeats [d]."
        )
    return at


def _monthly(end: float) -> FloatArray:
    """Return every month until a time [d], and that time."""
    months = math.floor(end / DAYS_PER_MONTH + 1e-9)
    monthly = np.arange(months + 1, dtype=np.float64) * DAYS_PER_MONTH
    return monthly if end - monthly[-1] < 1e-6 * end else np.append(monthly, end)


def _default_years(inputs: Inputs) -> float:
    ends = [schedule.end for schedule in inputs.schedules if math.isfinite(schedule.end)]
    return max(5.0, 2.0 + max(ends, default=0.0) / DAYS_PER_YEAR)


def check_count(name: str, value: int | None) -> None:
    """Raise unless a number of threads or steps is a whole number from 1, or left open.

    Raises
    ------
    ConfigError
    """
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if value is not None and not (is_whole and value >= 1):
        raise ConfigError(f"{name} = {value!r}: must be a whole number from 1.")
