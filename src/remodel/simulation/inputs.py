"""Who and what a call simulates, and when: arguments read and checked once."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.errors import ConfigError, ParameterError, PatientError, ScheduleError
from remodel.models import Model
from remodel.parameters import Parameter, ParameterSet, load_parameters
from remodel.patient import Patient
from remodel.patients import Patients, Population
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR, read_time

Values = float | Sequence[float] | FloatArray
ScheduleLike = str | Schedule | None
Schedules = ScheduleLike | Sequence[ScheduleLike] | Mapping[str, ScheduleLike]
Parameters = ParameterSet | Mapping[str, Values] | str | Path | None
People = Patient | Sequence[Patient] | Population | None
Bounds = Literal["typical", "population"] | None
Times = float | str
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
        given = frozenset(parameters or ()) if is_by_name else frozenset()
        is_population = _is_population(bounds, patient)
        if isinstance(patient, Population):
            population: Population = patient
            given |= population.parameters.keys()
            parameters = _joined(population.parameters, parameters)
            patient = population.patients
        arms = tuple(schedule) if isinstance(schedule, Mapping) else ()
        if not all(isinstance(arm, str) and arm for arm in arms):
            raise ScheduleError(f"schedule: the name of each arm is text, got {arms!r}.")
        schedules, schedule_of = _schedules(model, schedule)
        if patient is not None and not model.follows_age:
            raise PatientError(
                f"model '{model.name}' has no patient: it knows neither age nor menopause."
            )
        patients = _patients(patient)
        base = model.all_parameters.widened() if is_population else model.all_parameters
        fixed, varied = _parameters(model, base, parameters)
        outside = {name: _outside(base[name], values) for name, values in varied.items()}
        if not is_population:
            _refuse_outside(base, varied, outside)
        lengths = {"patient": len(patients), **{name: len(v) for name, v in varied.items()}}
        people = _common_length(lengths)
        if arms and isinstance(patient, Patients):  # every arm for each of them, arm by arm
            size, schedule_of = people * len(arms), np.repeat(schedule_of, people)
            arms = tuple(arm for arm in arms for _ in range(people))
        else:
            size = _common_length({"schedule": len(schedule_of), **lengths})
            arms *= size if len(arms) == 1 else 1
        person = np.arange(size) % people
        return cls(
            size=size,
            schedules=schedules,
            schedule_of=np.broadcast_to(schedule_of, (size,)),
            patients=patients,
            patient_of=person % len(patients),
            parameters=fixed,
            varied={name: values[person % len(values)] for name, values in varied.items()},
            given=given,
            arms=arms,
            outside={n: v[person % len(v)] for n, v in outside.items() if np.any(v)},
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
        days = [read_time(t, "d", "times") for t in _listed(times, (str,))] if is_text else times
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


def _listed(value: Any, single: tuple[type, ...]) -> tuple[Any, ...]:
    if isinstance(value, Iterable) and not isinstance(value, single):
        return tuple(value)
    return (value,)


def _patients(patient: Any) -> Patients:
    """Return the patients of an argument as columns; a woman of 62 where there is none."""
    if isinstance(patient, Patients):
        return patient
    listed = [
        Patient() if person is None else person
        for person in _listed(patient, (Patient, type(None)))
    ]
    if not listed or not all(isinstance(person, Patient) for person in listed):
        raise PatientError(f"patient: expected a Patient or a list of them, got {patient!r}.")
    return Patients.of(listed)


def _is_population(bounds: Any, patient: Any) -> bool:
    """Return whether parameters have the bounds of a population."""
    if bounds not in (None, "typical", "population"):
        raise ConfigError(f"bounds = {bounds!r}: must be 'typical' or 'population'.")
    return bounds == "population" or (bounds is None and isinstance(patient, Population))


def _joined(of_population: Mapping[str, FloatArray], parameters: Any) -> Mapping[str, Values]:
    """Return parameters of a population together with those of the call, each set once."""
    shared = parameters.natural() if isinstance(parameters, ParameterSet) else parameters or {}
    if not isinstance(shared, Mapping):
        raise ParameterError(
            f"parameters: expected a mapping from names to values, got {shared!r}."
        )
    if not isinstance(parameters, ParameterSet):
        for name in sorted(shared.keys() & of_population.keys()):
            raise ParameterError(
                f"{name} differs between the women of the population; say it once."
            )
    return {**shared, **of_population}


def _schedules(model: Model, schedule: Schedules) -> tuple[tuple[Schedule, ...], IntArray]:
    """Return each different schedule once, and which of them each entry is."""
    values = schedule.values() if isinstance(schedule, Mapping) else schedule
    listed = _listed(values, (str, Schedule, type(None)))
    if not listed or not all(isinstance(one, str | Schedule | None) for one in listed):
        raise ScheduleError(
            f"schedule: expected a sentence, a Schedule, or a list or mapping of these, got "
            f"{schedule!r}."
        )
    numbers: dict[object, int] = {}
    different: list[Schedule] = []
    schedule_of = np.zeros(len(listed), dtype=np.int64)
    for i, one in enumerate(listed):
        key = id(one) if isinstance(one, Schedule) else one
        if key not in numbers:
            numbers[key] = len(different)
            different.append(_schedule(model, one))
        schedule_of[i] = numbers[key]
    return tuple(different), schedule_of


def _schedule(model: Model, value: ScheduleLike) -> Schedule:
    if value is None:
        return Schedule()
    if isinstance(value, Schedule):
        return value
    return Schedule.parse(value, drugs=set(model.drugs) | _all_drugs())


def _all_drugs() -> set[str]:
    """Names a sentence may use; whether the model has them is checked later, by name."""
    from remodel.models import load_model, model_names

    return set(load_model("reference").drugs) if "reference" in model_names() else set()


def _parameters(
    model: Model, base: ParameterSet, parameters: ParameterSet | Mapping[str, Values] | None
) -> tuple[ParameterSet, dict[str, FloatArray]]:
    if parameters is None:
        return base, {}
    if isinstance(parameters, ParameterSet):
        _check_units(base, parameters)
        return base.replace(parameters.natural()), {}
    if not isinstance(parameters, Mapping):
        raise ParameterError(
            f"parameters: expected a mapping from names to values, got {parameters!r}."
        )
    shared, varied = {}, {}
    for name, value in parameters.items():
        array = _numbers(name, value)
        if array.ndim > 1:
            raise ParameterError(
                f"{name}: expected a number or a one-dimensional array, got {array.ndim}-d."
            )
        if array.ndim == 0:
            shared[name] = float(array)
        elif name in model.structural:
            raise ParameterError(
                f"{name} is written into the compiled code; give one value for the batch."
            )
        else:
            base[name]  # raises with the nearest name
            varied[name] = array
    return base.replace(shared), varied


def _check_units(base: ParameterSet, given: ParameterSet) -> None:
    for name, parameter in given.items():
        if parameter.unit != base[name].unit:
            raise ParameterError(
                f"{name}: expected in {base[name].unit}, got it in {parameter.unit}."
            )


def _numbers(name: str, value: Any) -> FloatArray:
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError(
            f"{name}: expected a number or an array of numbers, got {value!r}."
        ) from None


def _outside(parameter: Parameter, values: FloatArray) -> BoolArray:
    """Return which values are not finite or not within the bounds."""
    is_allowed = np.isfinite(values) & (values >= parameter.lower) & (values <= parameter.upper)
    outside: BoolArray = ~is_allowed
    return outside


def _refuse_outside(
    base: ParameterSet, varied: Mapping[str, FloatArray], outside: Mapping[str, BoolArray]
) -> None:
    """Raise for the first value outside the bounds of a typical patient."""
    for name, is_outside in outside.items():
        for worst in np.flatnonzero(is_outside)[:1]:
            try:
                base[name].check(float(varied[name][worst]))
            except ParameterError as error:
                raise ParameterError(f"simulation {worst}: {error}") from error


def _common_length(lengths: Mapping[str, int]) -> int:
    size = max(lengths.values())
    for name, length in lengths.items():
        if length not in (1, size):
            longest = max(lengths, key=lambda n: lengths[n])
            raise ParameterError(
                f"{name} has {length} entries and {longest} has {size}; "
                "lists and arrays of a batch must have one length."
            )
    return size
