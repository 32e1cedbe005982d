"""The untreated twin: the same woman without drugs, simulated from what a dataset remembers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, RemodelError
from remodel.patient import Patient
from remodel.schedules import Schedule
from remodel.simulation.simulate import simulate

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class Origin:
    """Who and what the simulations of a dataset are.

    Attributes
    ----------
    model : str
    patients : tuple of Patient
        One a simulation.
    schedules : tuple of Schedule
        One a simulation.
    parameters : mapping of str to float or ndarray
        Values that differ from those of the model.
    settings : mapping
        Method and tolerance.
    """

    model: str
    patients: tuple[Patient, ...]
    schedules: tuple[Schedule, ...]
    parameters: Mapping[str, Any]
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, dataset: xr.Dataset) -> Self:
        """Read the provenance of a dataset; simulations may have been selected since.

        Raises
        ------
        ConfigError
            If the dataset was not made by ``remodel.simulate``.
        """
        try:
            record = json.loads(dataset.attrs["provenance"])
            positions = [int(i) for i in np.atleast_1d(dataset["simulation"].to_numpy())]
            patients = tuple(_patient(record["patient"], i) for i in positions)
            parameters = dict(record["changed"])
            for name in record["varied"]:
                parameters[name] = dataset[name].to_numpy()
            schedules = _schedules(dataset, record["schedule"], len(positions))
            settings = {name: record[name] for name in ("method", "rtol")}
            return cls(record["model"], patients, schedules, parameters, settings)
        except (KeyError, TypeError, ValueError, IndexError, RemodelError) as error:
            raise ConfigError(
                "the dataset does not say whom it simulates, so that the untreated twin cannot be "
                "simulated; give untreated= (the same women without drugs) and women={'age': ...}."
            ) from error

    @property
    def ages(self) -> FloatArray:
        """Age at the start of treatment [y]."""
        return np.array([patient.age for patient in self.patients])


def untreated_twins(dataset: xr.Dataset) -> xr.Dataset:
    """Return the women of a dataset without drugs; menopause and surgery stay.

    Women who are alike are simulated once.

    Raises
    ------
    ConfigError
        If the dataset does not say whom it simulates.
    """
    origin = Origin.of(dataset)
    if not any(schedule.doses for schedule in origin.schedules):
        return dataset[["bmd_total_hip", "ctx"]]
    bare = [Schedule((), schedule.interventions) for schedule in origin.schedules]
    varied = {n: v for n, v in origin.parameters.items() if np.ndim(v)}
    keys = [
        (patient, repr(schedule), *(float(values[i]) for values in varied.values()))
        for i, (patient, schedule) in enumerate(zip(origin.patients, bare, strict=True))
    ]
    first = _first(keys)
    rows = list(first.values())
    numbers = {key: k for k, key in enumerate(first)}
    twins = simulate(
        origin.model,
        schedule=[bare[i] for i in rows],
        patient=[origin.patients[i] for i in rows],
        parameters={n: v[rows] if np.ndim(v) else v for n, v in origin.parameters.items()},
        times=dataset["time"].to_numpy(),
        outputs=["bmd_total_hip", "ctx"],
        **origin.settings,
    )
    return twins.isel(simulation=[numbers[key] for key in keys])


def _first(keys: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    """Return the first position of each key."""
    positions: dict[tuple[Any, ...], int] = {}
    for i, key in enumerate(keys):
        positions.setdefault(key, i)
    return positions


def _patient(record: Mapping[str, Any], i: int) -> Patient:
    """Return one patient of the table in a record: shared values, and lists of others."""
    return Patient(**{k: v[i] if isinstance(v, list) else v for k, v in record.items()})


def _schedules(dataset: xr.Dataset, shared: str, n: int) -> tuple[Schedule, ...]:
    """Return the schedule of each simulation, from sentences."""
    if "schedule" not in dataset.coords:
        return (Schedule.parse(shared) if shared else Schedule(),) * n
    sentences = [str(sentence) for sentence in np.atleast_1d(dataset["schedule"].to_numpy())]
    read = {text: Schedule.parse(text) if text else Schedule() for text in dict.fromkeys(sentences)}
    return tuple(read[sentence] for sentence in sentences)
