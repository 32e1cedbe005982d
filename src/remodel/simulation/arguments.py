"""Arguments of a simulation as people write them, read and checked: who, what, which values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.errors import ConfigError, ParameterError, PatientError, ScheduleError
from remodel.models import Model
from remodel.parameters import Parameter, ParameterSet
from remodel.patient import Patient
from remodel.patients import Patients, VariedPatients
from remodel.populations.population import Population
from remodel.schedules import Schedule

Values = float | Sequence[float] | FloatArray
ScheduleLike = str | Schedule | None
Schedules = ScheduleLike | Sequence[ScheduleLike] | Mapping[str, ScheduleLike]
Parameters = ParameterSet | Mapping[str, Values] | str | Path | None
People = Patient | Sequence[Patient] | VariedPatients | Population | None
Bounds = Literal["typical", "population"] | None
Times = float | str


def listed(value: Any, single: tuple[type, ...]) -> tuple[Any, ...]:
    """Return a value as a tuple: of its entries, or of itself where it is a single one."""
    if isinstance(value, Iterable) and not isinstance(value, single):
        return tuple(value)
    return (value,)


def patients_of(patient: Any) -> Patients:
    """Return the patients of an argument as columns; a woman of 62 where there is none."""
    if isinstance(patient, Patients):
        return patient
    people = [
        Patient() if person is None else person for person in listed(patient, (Patient, type(None)))
    ]
    if not people or not all(isinstance(person, Patient) for person in people):
        raise PatientError(f"patient: expected a Patient or a list of them, got {patient!r}.")
    return Patients.of(people)


def has_population_bounds(bounds: Any, patient: Any) -> bool:
    """Return whether parameters have the bounds of a population."""
    if bounds not in (None, "typical", "population"):
        raise ConfigError(f"bounds = {bounds!r}: must be 'typical' or 'population'.")
    return bounds == "population" or (bounds is None and isinstance(patient, VariedPatients))


def joined_parameters(
    of_population: Mapping[str, FloatArray], parameters: Any
) -> Mapping[str, Values]:
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


def different_schedules(model: Model, schedule: Schedules) -> tuple[tuple[Schedule, ...], IntArray]:
    """Return each different schedule once, and which of them each entry is."""
    values = schedule.values() if isinstance(schedule, Mapping) else schedule
    entries = listed(values, (str, Schedule, type(None)))
    if not entries or not all(isinstance(one, str | Schedule | None) for one in entries):
        raise ScheduleError(
            f"schedule: expected a sentence, a Schedule, or a list or mapping of these, got "
            f"{schedule!r}."
        )
    numbers: dict[object, int] = {}
    different: list[Schedule] = []
    schedule_of = np.zeros(len(entries), dtype=np.int64)
    for i, one in enumerate(entries):
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


def shared_and_varied(
    model: Model, base: ParameterSet, parameters: ParameterSet | Mapping[str, Values] | None
) -> tuple[ParameterSet, dict[str, FloatArray]]:
    """Return parameters that all simulations share, and those that differ between them.

    Values of the latter are not checked against their bounds.
    """
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


def _check_units(base: ParameterSet, replacing: ParameterSet) -> None:
    for name, parameter in replacing.items():
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


def outside_bounds(parameter: Parameter, values: FloatArray) -> BoolArray:
    """Return which values are not finite or not within the bounds."""
    is_allowed = np.isfinite(values) & (values >= parameter.lower) & (values <= parameter.upper)
    outside: BoolArray = ~is_allowed
    return outside


def refuse_outside(
    base: ParameterSet, varied: Mapping[str, FloatArray], outside: Mapping[str, BoolArray]
) -> None:
    """Raise for the first value outside the bounds of a typical patient."""
    for name, is_outside in outside.items():
        for worst in np.flatnonzero(is_outside)[:1]:
            try:
                base[name].check(float(varied[name][worst]))
            except ParameterError as error:
                raise ParameterError(f"simulation {worst}: {error}") from error


def common_length(lengths: Mapping[str, int]) -> int:
    """Return the length of a batch, from the lengths of its arguments, 1 where one is shared."""
    size = max(lengths.values())
    for name, length in lengths.items():
        if length not in (1, size):
            longest = max(lengths, key=lambda n: lengths[n])
            raise ParameterError(
                f"{name} has {length} entries and {longest} has {size}; "
                "lists and arrays of a batch must have one length."
            )
    return size
