"""The untreated twin: the same woman without drugs, simulated from what a dataset remembers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.errors import ConfigError, RemodelError
from remodel.patients import Patients
from remodel.schedules import Schedule
from remodel.simulation.simulate import simulate

if TYPE_CHECKING:
    import xarray as xr

INPUTS = ("bmd_total_hip", "ctx", "t_score_femoral_neck")
"""Outputs of a simulation that fracture risk is computed from."""
TWIN_OUTPUTS = INPUTS[:2]
"""Those of the untreated twin."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who and what the simulations of a dataset are.

    Attributes
    ----------
    model : str
    patients : Patients
        One a simulation.
    schedules : tuple of Schedule
        Each different one once.
    schedule_of : ndarray of int
        Which of them each simulation has.
    parameters : mapping of str to float or ndarray
        Values that differ from those of the model.
    settings : mapping
        Method, tolerance and bounds.
    """

    model: str
    patients: Patients
    schedules: tuple[Schedule, ...]
    schedule_of: IntArray
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
            if record.get("start"):
                raise ConfigError("it starts from a snapshot.")
            parameters = dict(record["changed"])
            parameters |= {name: dataset[name].to_numpy() for name in record["varied"]}
            schedules, schedule_of = _schedules(dataset, record["schedule"])
            settings = {name: record[name] for name in ("method", "rtol")}
            settings["bounds"] = "population"  # wider than any that the dataset had
            patients = _patients(dataset, record["patient"])
            return cls(record["model"], patients, schedules, schedule_of, parameters, settings)
        except (KeyError, TypeError, ValueError, RemodelError) as error:
            raise ConfigError(
                "the dataset does not say whom it simulates, so that the untreated twin cannot be "
                "simulated; give untreated= (the same women without drugs) and women={'age': ...}."
            ) from error


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
        return _without_wander(dataset[list(TWIN_OUTPUTS)])
    bare = [Schedule((), schedule.interventions) for schedule in origin.schedules]
    first, twin_of = _alike(origin, [repr(schedule) for schedule in bare])
    twins = simulate(
        origin.model,
        schedule=[bare[origin.schedule_of[i]] for i in first],
        patient=list(origin.patients[first]),
        parameters={n: v[first] if np.ndim(v) else v for n, v in origin.parameters.items()},
        times=dataset["time"].to_numpy(),
        outputs=TWIN_OUTPUTS,
        **origin.settings,
    )
    return twins.isel(simulation=twin_of)


def _without_wander(dataset: xr.Dataset) -> xr.Dataset:
    """Return untreated women as the mechanism alone has them."""
    if "wander_total_hip" not in dataset.coords:
        return dataset
    hip = dataset["bmd_total_hip"] / (1.0 + dataset["wander_total_hip"])
    return dataset.assign(bmd_total_hip=hip)


def _alike(origin: Origin, interventions: list[str]) -> tuple[IntArray, IntArray]:
    """Return the first simulation of each different woman, and which of them each one is."""
    numbers = np.unique(interventions, return_inverse=True)[1][origin.schedule_of]
    columns: list[FloatArray] = [numbers.astype(np.float64)]
    columns += [np.asarray(v) for v in origin.parameters.values() if np.ndim(v)]
    for item in fields(Patients):
        column = getattr(origin.patients, item.name)
        codes = np.unique(column, return_inverse=True, equal_nan=column.dtype.kind == "f")[1]
        columns.append(codes.astype(np.float64))
    _, first, twin_of = np.unique(
        np.column_stack(columns), axis=0, return_index=True, return_inverse=True
    )
    return first, twin_of.ravel()


def _patients(dataset: xr.Dataset, record: Mapping[str, Any]) -> Patients:
    """Return the patient of each simulation, from coordinates and what all of them share."""
    n = dataset.sizes["simulation"]
    columns: dict[str, Any] = {}
    for name, value in record.items():
        label = f"given_{name}" if name.startswith("t_score") else name
        if label in dataset.coords:
            columns[name] = dataset[label].to_numpy()
        elif name not in ("name", "population"):
            columns[name] = np.nan if value is None else value
    columns["age"] = np.broadcast_to(columns["age"], (n,))
    return Patients(**columns)


def _schedules(dataset: xr.Dataset, shared: str) -> tuple[tuple[Schedule, ...], IntArray]:
    """Return the different schedules, read from sentences, and which each simulation has."""
    if "schedule" not in dataset.coords:
        return (Schedule.parse(shared),), np.zeros(dataset.sizes["simulation"], dtype=np.int64)
    sentences, schedule_of = np.unique(dataset["schedule"].to_numpy(), return_inverse=True)
    return tuple(Schedule.parse(str(text)) for text in sentences), schedule_of
