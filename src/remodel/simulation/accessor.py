"""What a dataset of simulations can do itself: ``ds.remodel`` after ``import remodel``."""

from __future__ import annotations

import importlib
from typing import Any

import xarray as xr

from remodel.errors import ConfigError, nearest
from remodel.solvers.status import Status
from remodel.units import PERCENT_CHANGE, has_percent_change, percent_change


class Simulations:
    """Questions about simulated datasets, as ``ds.remodel.percent_change("ctx")``.

    Parameters
    ----------
    dataset : xarray.Dataset
        From ``remodel.simulate``.
    """

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    def __repr__(self) -> str:
        """Return how many simulations there are, and how many of them failed."""
        return f"<Simulations: {self.failed.size:,}, of which {int(self.failed.sum()):,} failed>"

    @property
    def failed(self) -> xr.DataArray:
        """Which simulations did not reach their end, as booleans along ``simulation``."""
        failed: xr.DataArray = self._dataset["status"] != int(Status.OK)
        failed.attrs = {"long_name": "the simulation did not reach its end"}  # not those of status
        return failed.rename("failed")

    def percent_change(self, name: str) -> xr.DataArray:
        """Return the change of a variable from the start of treatment [%].

        Parameters
        ----------
        name : str
            Such as ``ctx`` or ``bmd_total_hip``.

        Returns
        -------
        xarray.DataArray, dims (simulation, time)

        Raises
        ------
        ConfigError
            If there is no such variable, it is a score, or the start of treatment is not among
            the times.
        """
        dataset = self._dataset
        if name + PERCENT_CHANGE in dataset:
            return dataset[name + PERCENT_CHANGE]
        if name not in dataset or "time" not in dataset[name].dims:
            known = [str(n) for n, v in dataset.data_vars.items() if "time" in v.dims]
            raise ConfigError(
                f"the dataset has no variable '{name}' over time.{nearest(name, known)}",
                field="name",
                value=name,
                allowed=known,
            )
        if not has_percent_change(name):
            raise ConfigError(f"'{name}' is a score, and a score has no change in percent.")
        values = dataset[name].transpose("simulation", "time")
        if float(values["time"][0]) != 0.0:
            raise ConfigError(
                f"'{name}' has no value at the start of treatment; simulate with a time of 0, or "
                f"with outputs=['{name}{PERCENT_CHANGE}']."
            )
        numbers = values.to_numpy()
        change = values.copy(data=percent_change(numbers, numbers[:, :1]))
        long_name = f"{values.attrs.get('long_name', name)}, change from start"
        return change.rename(name + PERCENT_CHANGE).assign_attrs(
            units="percent", long_name=long_name
        )

    def plot(self, variables: Any = None, **options: Any) -> Any:
        """Draw arms over time, and over published points with ``observed``.

        Parameters
        ----------
        variables : sequence of str, optional
        **options
            As of ``remodel.plots.trial_overlay``.

        Returns
        -------
        matplotlib.figure.Figure
        """
        # drawing is a layer above simulations, so it is looked up when it is asked for
        plots = importlib.import_module("remodel.plots")
        return plots.trial_overlay(self._dataset, variables, **options)[0]


register: Any = xr.register_dataset_accessor  # has no types
register("remodel")(Simulations)
