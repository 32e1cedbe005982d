"""Who and what a call simulates, checked and spread over the simulations of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ParameterError, PatientError, ScheduleError
from remodel.models import Model
from remodel.parameters import ParameterSet
from remodel.patient import Patient
from remodel.schedules import Schedule

Schedules = str | Schedule | None
Values = float | Sequence[float] | FloatArray


@dataclass(frozen=True, slots=True)
class Cohort:
    """A batch before it is translated into numbers of a model.

    Attributes
    ----------
    size : int
    schedules : tuple of Schedule
        One, or one a simulation.
    patients : tuple of Patient
        One, or one a simulation.
    parameters : ParameterSet
        Values shared by all simulations.
    varied : mapping of str to ndarray, shape (size,)
        Parameters that differ between simulations, in their own units.
    given : frozenset of str
        Parameters that the caller set by name.
    """

    size: int
    schedules: tuple[Schedule, ...]
    patients: tuple[Patient, ...]
    parameters: ParameterSet
    varied: Mapping[str, FloatArray]
    given: frozenset[str]

    def schedule(self, i: int) -> Schedule:
        """Schedule of one simulation."""
        return self.schedules[i if len(self.schedules) > 1 else 0]

    def patient(self, i: int) -> Patient:
        """Patient of one simulation."""
        return self.patients[i if len(self.patients) > 1 else 0]


def cohort(
    model: Model,
    schedule: Schedules | Sequence[Schedules],
    patient: Patient | Sequence[Patient] | None,
    parameters: ParameterSet | Mapping[str, Values] | None,
) -> Cohort:
    """Check the arguments of a simulation and find the size of the batch.

    Raises
    ------
    ParameterError, PatientError, ScheduleError, ModelError
        If a name is unknown, a value is not allowed, or lengths differ.
    """
    listed = _many(schedule, (str, Schedule, type(None)))
    if not listed or not all(isinstance(one, str | Schedule | None) for one in listed):
        raise ScheduleError(
            f"schedule: expected a sentence, a Schedule or a list of these, got {schedule!r}."
        )
    schedules = tuple(_schedule(one, model) for one in listed)
    people = tuple(Patient() if p is None else p for p in _many(patient, (Patient, type(None))))
    if not people or not all(isinstance(person, Patient) for person in people):
        raise PatientError(f"patient: expected a Patient or a list of them, got {patient!r}.")
    fixed, varied = _parameters(model, parameters)
    lengths = {"schedule": len(schedules), "patient": len(people)}
    lengths.update({name: len(values) for name, values in varied.items()})
    size = _common_length(lengths)
    if patient is not None and not model.follows_age:
        raise PatientError(
            f"model '{model.name}' has no patient: it knows neither age nor menopause."
        )
    return Cohort(
        size=size,
        schedules=schedules,
        patients=people,
        parameters=fixed,
        varied={n: np.broadcast_to(v, (size,)) for n, v in varied.items()},
        given=frozenset() if isinstance(parameters, ParameterSet) else frozenset(parameters or ()),
    )


def _many(value: Any, single: tuple[type, ...]) -> tuple[Any, ...]:
    return (
        tuple(value) if isinstance(value, Iterable) and not isinstance(value, single) else (value,)
    )


def _schedule(value: Schedules, model: Model) -> Schedule:
    if value is None:
        return Schedule()
    if isinstance(value, Schedule):
        return value
    known = set(model.drugs) | _all_drugs()
    return Schedule.parse(value, drugs=known)


def _all_drugs() -> set[str]:
    """Names a sentence may use; which of them a model has is checked with a better message."""
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
