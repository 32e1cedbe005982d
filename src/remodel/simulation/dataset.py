"""Results as labelled arrays: units, long names, status and where they come from."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations import State
from remodel.errors import ModelError, SolverError, nearest
from remodel.models import Model
from remodel.solvers.problem import Solution
from remodel.solvers.status import Status
from remodel.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import xarray as xr

PERCENT_CHANGE = "_percent_change"
_SCORES = ("t_score_", "z_score_")


class SimulationWarning(UserWarning):
    """Some simulations of a batch did not reach their end."""


def has_percent_change(endpoint: str) -> bool:
    """Whether a change in percent makes sense: not for a score, whose zero is arbitrary."""
    return not endpoint.startswith(_SCORES)


def default_outputs(model: Model) -> tuple[str, ...]:
    """Return every endpoint of a model, each followed by its percent change where it has one."""
    names: list[str] = []
    for name in model.endpoints:
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


def percent_change(values: FloatArray, baseline: FloatArray) -> FloatArray:
    """Return 100 (value / baseline - 1); NaN where the baseline is zero.

    Parameters
    ----------
    values : ndarray, shape (n, n_times)
    baseline : ndarray, shape (n,)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        change: FloatArray = 100.0 * (values / baseline[:, None] - 1.0)
    change[~np.isfinite(change)] = np.nan
    return change


def percent_change_slope(
    values: FloatArray, baseline: FloatArray, slope: FloatArray, slope_at_baseline: FloatArray
) -> FloatArray:
    """Return the derivative of :func:`percent_change`.

    Parameters
    ----------
    values : ndarray, shape (n, n_times)
    baseline : ndarray, shape (n,)
    slope : ndarray, shape (n_parameters, n, n_times)
    slope_at_baseline : ndarray, shape (n_parameters, n)
    """
    of = baseline[None, :, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        change: FloatArray = 100.0 * (slope - values / of * slope_at_baseline[:, :, None]) / of
    change[~np.isfinite(change)] = np.nan
    return change


def describe(model: Model, states: Mapping[str, State], name: str) -> dict[str, str]:
    """Return ``units`` and ``long_name`` of an output."""
    if name.endswith(PERCENT_CHANGE):
        of = describe(model, states, name.removesuffix(PERCENT_CHANGE))
        return {"units": "percent", "long_name": f"{of['long_name']}, change from start"}
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
    model: Model,
    times: FloatArray,
    variables: Mapping[str, FloatArray],
    solution: Solution,
    *,
    start: FloatArray,
    states: Mapping[str, State],
    labels: Mapping[str, Sequence[Any]],
    manifest: Mapping[str, Any],
    slopes: Mapping[str, FloatArray] | None = None,
    parameters: Sequence[str] = (),
) -> xr.Dataset:
    """Return a dataset with dimensions ``simulation`` and ``time``.

    Parameters
    ----------
    times : ndarray, shape (n_times,)
        From the start of treatment [d].
    variables : mapping of str to ndarray, shape (n, n_times)
    solution : Solution
        Status and counters; ``stopped`` in model time.
    start : ndarray, shape (n,)
        Model time at the start of treatment [d].
    states : mapping of str to State
        States of the model with its drugs, by name.
    labels : mapping of str to sequence, length n
        Coordinates along ``simulation``.
    slopes : mapping of str to ndarray, shape (n_parameters, n, n_times)
        Sensitivities of variables to ``parameters``.
    """
    import xarray as xr

    n = len(solution.status)
    data: dict[str, Any] = {
        name: (("simulation", "time"), values, describe(model, states, name))
        for name, values in variables.items()
    }
    for name, values in (slopes or {}).items():
        long_name = f"derivative of {name} by each parameter"
        note = {"long_name": long_name, "units": f"{data[name][2]['units']} per parameter unit"}
        data[f"{name}_sensitivity"] = (("parameter", "simulation", "time"), values, note)
    along = ("simulation",)
    flags = {
        "long_name": "outcome of the simulation",
        "flag_values": [int(s) for s in Status],
        "flag_meanings": " ".join(s.name.lower() for s in Status),
    }
    data["status"] = (along, solution.status, flags)
    data["stopped_at"] = (
        along,
        solution.stopped - start,
        {"units": "d", "long_name": "time reached"},
    )
    for k, name in enumerate(("steps", "rejected_steps", "factorizations")):
        data[name] = (along, solution.counters[:, k], {"units": "1", "long_name": name})
    coords: dict[str, Any] = {
        "simulation": np.arange(n),
        "time": ("time", times, {"units": "d", "long_name": "time from start of treatment"}),
        "month": (
            "time",
            times / DAYS_PER_MONTH,
            {"units": "month", "long_name": "months from start"},
        ),
    }
    if parameters:
        coords["parameter"] = list(parameters)
    coords.update({name: (along, list(values)) for name, values in labels.items()})
    attrs = {
        "title": model.title,
        "model": model.name,
        "citation": model.citation,
        "provenance": json.dumps(manifest, sort_keys=True, default=str),
    }
    return xr.Dataset(data, coords=coords, attrs=attrs)


def report_failures(solution: Solution, *, strict: bool) -> None:
    """Warn of simulations that failed, or raise if ``strict``.

    Raises
    ------
    SolverError
        If ``strict`` and any simulation failed.
    """
    failed = solution.failed
    if not len(failed):
        return
    causes = {Status(int(solution.status[i])) for i in failed}
    counts = [f"{np.count_nonzero(solution.status == c)} {c.name.lower()}" for c in sorted(causes)]
    first = Status(int(solution.status[failed[0]]))
    message = (
        f"{len(failed)} of {len(solution.status)} simulations failed ({', '.join(counts)}); "
        f"the first is number {failed[0]}. {first.sentence}"
    )
    if strict:
        raise SolverError(message)
    warnings.warn(message, SimulationWarning, stacklevel=3)
