"""Who and what a call simulates, and when: arguments read and checked once."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, ParameterError, PatientError, ScheduleError
from remodel.models import Model
from remodel.parameters import ParameterSet, load_parameters
from remodel.patient import Patient
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR, read_time

Values = float | Sequence[float] | FloatArray
ScheduleLike = str | Schedule | None
Schedules = ScheduleLike | Sequence[ScheduleLike] | Mapping[str, ScheduleLike]
Parameters = ParameterSet | Mapping[str, Values] | str | Path | None
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
        One, or one per simulation.
    patients : tuple of Patient
        One, or one per simulation.
    parameters : ParameterSet
        Values shared by all simulations.
    varied : mapping of str to ndarray, shape (size,)
        Parameters that differ between simulations, in their own units.
    given : frozenset of str
        Parameters that the caller set by name.
    arms : tuple of str
        Names of the simulations, empty where they have none.
    """

    size: int
    schedules: tuple[Schedule, ...]
    patients: tuple[Patient, ...]
    parameters: ParameterSet
    varied: Mapping[str, FloatArray]
    given: frozenset[str]
    arms: tuple[str, ...] = ()

    @classmethod
    def read(
        cls,
        model: Model,
        schedule: Schedules = None,
        patient: Patient | Sequence[Patient] | None = None,
        parameters: Parameters = None,
    ) -> Self:
        """Check the arguments of a simulation and find the size of the batch.

        Parameters
        ----------
        model : Model
        schedule : str, Schedule, sequence of these or mapping from names of arms, optional
        patient : Patient or sequence of Patient, optional
        parameters : ParameterSet, mapping of str to float or array_like, str or Path, optional
            Text is the name or the file of a parameter set.

        Raises
        ------
        ParameterError, PatientError, ScheduleError, ModelError
            If a name is unknown, a value is not allowed, or lengths differ.
        """
        if isinstance(parameters, str | Path):
            parameters = load_parameters(parameters)
        arms = tuple(schedule) if isinstance(schedule, Mapping) else ()
        if not all(isinstance(arm, str) and arm for arm in arms):
            raise ScheduleError(f"schedule: the name of each arm is text, got {arms!r}.")
        schedules = _schedules(model, schedule)
        patients = tuple(
            Patient() if person is None else person
            for person in _listed(patient, (Patient, type(None)))
        )
        if not patients or not all(isinstance(person, Patient) for person in patients):
            raise PatientError(f"patient: expected a Patient or a list of them, got {patient!r}.")
        fixed, varied = _parameters(model, parameters)
        lengths = {"schedule": len(schedules), "patient": len(patients)}
        lengths.update({name: len(values) for name, values in varied.items()})
        size = _common_length(lengths)
        if patient is not None and not model.follows_age:
            raise PatientError(
                f"model '{model.name}' has no patient: it knows neither age nor menopause."
            )
        is_set = parameters is None or isinstance(parameters, ParameterSet)
        return cls(
            size=size,
            schedules=schedules,
            patients=patients,
            parameters=fixed,
            varied={name: np.broadcast_to(v, (size,)) for name, v in varied.items()},
            given=frozenset() if is_set else frozenset(parameters or ()),
            arms=arms * (size if len(arms) == 1 else 1),
        )

    def schedule(self, i: int) -> Schedule:
        """Schedule of one simulation."""
        return self.schedules[i if len(self.schedules) > 1 else 0]

    def patient(self, i: int) -> Patient:
        """Patient of one simulation."""
        return self.patients[i if len(self.patients) > 1 else 0]


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


def _schedules(model: Model, schedule: Schedules) -> tuple[Schedule, ...]:
    values = schedule.values() if isinstance(schedule, Mapping) else schedule
    listed = _listed(values, (str, Schedule, type(None)))
    if not listed or not all(isinstance(one, str | Schedule | None) for one in listed):
        raise ScheduleError(
            f"schedule: expected a sentence, a Schedule, or a list or mapping of these, got "
            f"{schedule!r}."
        )
    return tuple(_schedule(model, one) for one in listed)


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
    model: Model, parameters: ParameterSet | Mapping[str, Values] | None
) -> tuple[ParameterSet, dict[str, FloatArray]]:
    base = model.all_parameters
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
            _check_array(base, name, array)
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


def _check_array(base: ParameterSet, name: str, values: FloatArray) -> None:
    parameter = base[name]
    allowed = np.isfinite(values) & (values >= parameter.lower) & (values <= parameter.upper)
    if not np.all(allowed):
        worst = int(np.argmin(allowed))
        try:
            parameter.check(float(values[worst]))
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
