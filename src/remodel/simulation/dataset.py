"""Results as labelled arrays: units, long names, status and where they come from."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import BoolArray, IntArray
from remodel.equations import State
from remodel.errors import ModelError, SolverError, nearest
from remodel.models import Model
from remodel.patient import SITES
from remodel.patients import Patients
from remodel.simulation.batch import Batch
from remodel.simulation.inputs import Inputs
from remodel.simulation.trajectories import Trajectories
from remodel.solvers.status import Status
from remodel.units import DAYS_PER_MONTH, PERCENT_CHANGE, has_percent_change

if TYPE_CHECKING:
    import xarray as xr


class SimulationWarning(UserWarning):
    """Some simulations of a batch did not reach their end."""


def default_outputs(model: Model) -> tuple[str, ...]:
    """Return every endpoint of a model, each followed by its percent change where it has one.

    A model without endpoints, such as one from an SBML file, has its states instead.
    """
    names: list[str] = []
    for name in model.endpoints or model.system().state_names:
        names.append(name)
        if has_percent_change(name):
            names.append(name + PERCENT_CHANGE)
    return tuple(names)


def known_outputs(available: Sequence[str]) -> set[str]:
    """Return what can be asked of a system: its outputs, and the percent changes of these."""
    return {*available, *(n + PERCENT_CHANGE for n in available if has_percent_change(n))}


def checked_outputs(model: Model, available: Sequence[str], outputs: Sequence[str]) -> None:
    """Raise if an output is unknown, or none is asked for.

    Raises
    ------
    ModelError
        Naming the nearest output the model has.
    """
    if not outputs:
        raise ModelError("outputs: name at least one, or leave it out for all endpoints.")
    known = known_outputs(available)
    for name in outputs:
        if name not in known:
            short = sorted(model.endpoints) or sorted(available)
            # without the ending, which would make names alike that have nothing else in common
            base = name.removesuffix(PERCENT_CHANGE)
            hint = nearest(base, available) or f" Endpoints: {', '.join(short)}."
            raise ModelError(f"model '{model.name}' has no output '{name}'.{hint}")


def base_outputs(outputs: Sequence[str]) -> tuple[str, ...]:
    """Return the outputs to compute, percent changes replaced by what they are changes of."""
    return tuple(dict.fromkeys(name.removesuffix(PERCENT_CHANGE) for name in outputs))


def describe(model: Model, states: Mapping[str, State], name: str) -> dict[str, str]:
    """Return ``units`` and ``long_name`` of an output."""
    if name.endswith(PERCENT_CHANGE):
        level = describe(model, states, name.removesuffix(PERCENT_CHANGE))
        return {"units": "percent", "long_name": f"{level['long_name']}, change from start"}
    if name in model.endpoints:
        endpoint = model.endpoints[name]
        return {"units": _written(endpoint.unit), "long_name": endpoint.long_name}
    if name in states:
        state = states[name]
        return {"units": _written(state.unit), "long_name": state.meaning}
    return {"units": "1", "long_name": name.replace("_", " ")}


def _written(unit: str) -> str:
    return "1" if unit in ("-", "") else unit


def to_dataset(
    batch: Batch,
    trajectories: Trajectories,
    names: Sequence[str],
    *,
    states: Mapping[str, State],
    manifest: Mapping[str, Any],
) -> xr.Dataset:
    """Return a dataset with dimensions ``simulation`` and ``time``.

    Parameters
    ----------
    batch : Batch
    trajectories : Trajectories
        Of the whole batch.
    names : sequence of str
        Outputs, and percent changes of outputs.
    states : mapping of str to State
        States of the model with its drugs, by name.
    manifest : mapping
        How the result was made.
    """
    import xarray as xr

    from remodel.simulation import accessor  # noqa: F401  (what makes ``ds.remodel``)

    model, times = batch.model, batch.times
    data: dict[str, Any] = {
        name: (("simulation", "time"), trajectories.variable(name), describe(model, states, name))
        for name in names
    }
    for name in names if batch.sensitivities else ():
        note = {
            "long_name": f"derivative of {name} by each parameter",
            "units": f"{data[name][2]['units']} per parameter unit",
        }
        values = trajectories.derivative(name)
        data[f"{name}_sensitivity"] = (("parameter", "simulation", "time"), values, note)
    data.update(_outcomes(trajectories))
    in_months = {"units": "month", "long_name": "months from start"}
    coords: dict[str, Any] = {
        "simulation": ("simulation", np.arange(batch.size)),
        "time": ("time", times, {"units": "d", "long_name": "time from start of treatment"}),
        "month": ("time", times / DAYS_PER_MONTH, in_months),
    }
    if batch.sensitivities:
        coords["parameter"] = ("parameter", list(batch.sensitivities))
    coords.update({name: ("simulation", values) for name, values in _labels(batch.inputs).items()})
    attrs = {
        "title": model.title,
        "model": model.name,
        "citation": model.citation,
        "provenance": json.dumps(manifest, sort_keys=True, default=str),
    }
    made = {name: _variable(content) for name, content in data.items()}
    return xr.Dataset(made, coords={n: _coordinate(n, c) for n, c in coords.items()}, attrs=attrs)


def _variable(content: tuple[Any, ...]) -> xr.Variable:
    """Return an array of numpy with its dimensions and attributes.

    Otherwise xarray imports every library whose arrays it knows, to see whether this is one of
    them: most of a second where Dask and Pint are installed.
    """
    import xarray as xr

    dims, values, attrs = (*content, None)[:3]
    return xr.Variable(dims, np.asarray(values), attrs, fastpath=True)


def _coordinate(name: str, content: tuple[Any, ...]) -> xr.Variable:
    """Return a coordinate, with an index where it is that of a dimension."""
    import pandas as pd
    import xarray as xr

    variable = _variable(content)
    if variable.dims != (name,) or variable.dtype.kind == "U":
        return variable
    index: Any = xr.IndexVariable  # has no types
    coordinate: xr.Variable = index(name, pd.Index(variable.values), variable.attrs)
    return coordinate


def _outcomes(trajectories: Trajectories) -> dict[str, Any]:
    """Return how each simulation ended."""
    flags = {
        "long_name": "outcome of the simulation",
        "flag_values": [int(s) for s in Status],
        "flag_meanings": " ".join(s.name.lower() for s in Status),
    }
    reached = trajectories.stopped - trajectories.start
    counters = {
        name: ("simulation", trajectories.counters[:, k], {"units": "1", "long_name": name})
        for k, name in enumerate(("steps", "rejected_steps", "factorizations"))
    }
    return {
        "status": ("simulation", trajectories.status, flags),
        "stopped_at": ("simulation", reached, {"units": "d", "long_name": "time reached"}),
        **counters,
    }


def _labels(inputs: Inputs) -> dict[str, Any]:
    """Return what tells the simulations of a batch apart."""
    labels: dict[str, Any] = dict(inputs.varied)
    if inputs.arms:
        labels["arm"] = list(inputs.arms)
    if len(inputs.schedules) > 1:
        sentences = [str(schedule) for schedule in inputs.schedules]
        labels["schedule"] = [sentences[number] for number in inputs.schedule_of]
    if len(inputs.patients) > 1:
        labels["woman"] = inputs.patient_of
        labels |= _differences(inputs.patients, inputs.patient_of)
        if np.any(inputs.patients.name != ""):
            labels["patient"] = inputs.patients.name[inputs.patient_of]
    return labels


def _differences(patients: Patients, patient_of: IntArray) -> dict[str, Any]:
    """Return the age of patients, and what else tells them apart, so that they can be made again.

    T-scores are those that were given, as ``given_t_score_<site>``.
    """
    labels = {"age": patients.age[patient_of]}
    for name in ("menopause_age", "menopause", "sex", *(f"t_score_{site}" for site in SITES)):
        column = getattr(patients, name)
        if np.any((column != column[0]) & ~((column != column) & (column[0] != column[0]))):  # noqa: PLR0124
            labels[f"given_{name}" if name.startswith("t_score") else name] = column[patient_of]
    return labels


def report_failures(
    trajectories: Trajectories, *, strict: bool, outside: Mapping[str, BoolArray] | None = None
) -> None:
    """Warn of simulations that failed, or raise if ``strict``; say what was outside its bounds.

    Raises
    ------
    SolverError
        If ``strict`` and any simulation failed.
    """
    failed = trajectories.failed
    if not len(failed):
        return
    causes = {Status(int(trajectories.status[i])) for i in failed}
    counts = [
        f"{np.count_nonzero(trajectories.status == c)} {c.name.lower()}" for c in sorted(causes)
    ]
    first = Status(int(trajectories.status[failed[0]]))
    message = (
        f"{len(failed)} of {len(trajectories.status)} simulations failed ({', '.join(counts)}); "
        f"the first is number {failed[0]}. {first.sentence}"
    )
    if outside:
        named = ", ".join(f"{name} {np.count_nonzero(rows)}" for name, rows in outside.items())
        message += f" Outside: {named}."
    if strict:
        raise SolverError(message)
    warnings.warn(message, SimulationWarning, stacklevel=4)
