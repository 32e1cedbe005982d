"""The true course of women: what the mechanism gives them, and their wander."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.models import Model
from remodel.patient import SITES
from remodel.populations.population import Population
from remodel.units import PERCENT_CHANGE

if TYPE_CHECKING:
    import xarray as xr

_CHUNK = 8192  # women
_CARRIED = ("age", "menopause_age", "bmi", "prior_fracture", "parental_fracture", "smoking",
            "glucocorticoids")  # fmt: skip


def needed_outputs(model: Model, women: Population, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return densities that the wander of asked outputs is computed from, beyond those asked."""
    if women.definition.wander is None:
        return ()
    sites = [s for s in SITES if {f"t_score_{s}", f"z_score_{s}"} & set(names)]
    needed = (f"bmd_{site}" for site in sites)
    return tuple(name for name in needed if name in model.endpoints and name not in names)


def completed(dataset: xr.Dataset, model: Model, women: Population) -> xr.Dataset:
    """Return simulations of women with who they are, and with their wander.

    Parameters
    ----------
    dataset : xarray.Dataset
        Every woman under one schedule or several, arm by arm.
    model : Model
    women : Population
    """
    arms = dataset.sizes["simulation"] // len(women)

    def tiled(values: Any) -> Any:
        return "simulation", np.tile(values, arms)

    coords = {"woman": tiled(women.woman), "weight": tiled(women.weights)}
    coords |= {name: tiled(women[name]) for name in _CARRIED if name in women.columns}
    if len(women.definition.adherence) > 1:
        coords["adherence"] = tiled(women.adherence.astype(str))
    dataset = dataset.assign_coords(coords)
    if women.definition.wander is not None:
        _wander(dataset, model, women, arms)
    return dataset


def _wander(dataset: xr.Dataset, model: Model, women: Population, arms: int) -> None:
    """Add to densities, scores and changes of a dataset what is no mechanism, in place.

    That of the total hip is kept as a coordinate: treatment is compared with an untreated twin,
    who has the same wander.
    """
    wander, times = women.definition.wander, dataset["time"].to_numpy()
    assert wander is not None  # noqa: S101 # the caller has seen to it
    n = len(women)
    kept = np.zeros((arms * n, len(times)))
    for first in range(0, n, _CHUNK):
        rows = slice(first, min(first + _CHUNK, n))
        paths = wander.paths(women.seed, women.woman[rows], women["age"][rows], times)
        for site, path in paths.items():
            growth = np.expm1(path)
            for arm in range(arms):
                chosen = slice(arm * n + rows.start, arm * n + rows.stop)
                _grow(dataset, model, site, chosen, growth)
                if site == "total_hip":
                    kept[chosen] = growth
    note = {"units": "1", "long_name": "relative part of total hip density that is wander"}
    dataset.coords["wander_total_hip"] = (("simulation", "time"), kept, note)


def _grow(dataset: xr.Dataset, model: Model, site: str, rows: slice, growth: FloatArray) -> None:
    density = f"bmd_{site}"
    names = model.density[site]
    for score in (f"t_score_{site}", f"z_score_{site}"):
        if score in dataset:
            sd = model.all_parameters[names.reference_sd].value
            dataset[score].values[rows] += dataset[density].values[rows] * growth / sd
    if density in dataset:
        dataset[density].values[rows] *= 1 + growth
    change = density + PERCENT_CHANGE
    if change in dataset:
        values = dataset[change].values[rows]
        dataset[change].values[rows] = values + (100 + values) * growth
