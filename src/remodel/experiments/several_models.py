"""Arms of several models in one dataset: what is simulated together, and what is put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from remodel.experiments.schema import ExperimentArm
from remodel.models import Model

if TYPE_CHECKING:
    import xarray as xr


def alike(arms: Sequence[ExperimentArm]) -> list[list[int]]:
    """Return the positions of arms that one call can simulate: same model, same way of dosing."""
    groups: dict[tuple[str, bool], list[int]] = {}
    for position, arm in enumerate(arms):
        groups.setdefault((arm.model, arm.exact_doses), []).append(position)
    return list(groups.values())


def varied_parameters(model: Model, arms: Sequence[ExperimentArm]) -> dict[str, list[float]]:
    """Return every parameter that an arm sets, with a value for each arm."""
    names = dict.fromkeys(name for arm in arms for name in arm.parameters)
    return {
        name: [arm.parameters.get(name, model.all_parameters[name].value) for arm in arms]
        for name in names
    }


def joined(parts: Sequence[xr.Dataset], groups: Sequence[Sequence[int]]) -> xr.Dataset:
    """Return one dataset of several models, NaN where a model does not have an output.

    Parameters
    ----------
    parts : sequence of Dataset
    groups : sequence of sequence of int
        For each, the positions of its simulations among all.
    """
    import xarray as xr

    if len(parts) == 1:
        return parts[0]
    shared = ("simulation", "time", "month")
    bare = [part.drop_vars([name for name in part.coords if name not in shared]) for part in parts]
    whole = xr.concat(
        bare,
        dim="simulation",
        data_vars="all",
        coords="minimal",
        compat="override",
        join="override",
        combine_attrs="override",
    )
    order = np.argsort(np.concatenate([np.asarray(group) for group in groups]))
    found = whole.isel(simulation=order).assign_coords(simulation=np.arange(len(order)))
    found.attrs = {
        "title": "several models",
        "model": ", ".join(part.attrs["model"] for part in parts),
        "citation": "; ".join(dict.fromkeys(part.attrs["citation"] for part in parts)),
        "provenance": "[" + ", ".join(part.attrs["provenance"] for part in parts) + "]",
    }
    return found
