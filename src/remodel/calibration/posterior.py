"""Draws from the posterior: what they say of each parameter, how far to trust them, their files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import BoolArray, FloatArray
from remodel.errors import require
from remodel.files import write_csv

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from remodel.calibration.coordinates import Coordinates
    from remodel.calibration.objective import Objective

LARGEST_R_HAT = 1.02
_TAILS = (0.05, 0.95)
_AXES = {"chain_axis": 0, "draw_axis": 1}


@dataclass(frozen=True, slots=True)
class Posterior:
    """Equally likely draws of several Markov chains.

    Attributes
    ----------
    names : tuple of str
    values : ndarray, shape (chains, draws, n)
        In the units of the parameters.
    costs : ndarray, shape (chains, draws)
        Objective: the negative logarithm of the posterior density, up to a constant.
    accepted : ndarray of bool, shape (chains, draws)
        Which draws are not their predecessor once more.
    predictions : ndarray, shape (chains, fewer draws, numbers)
        Of the published numbers, at draws spread evenly: the last of every ``draws / fewer``.
    """

    names: tuple[str, ...]
    values: FloatArray
    costs: FloatArray
    accepted: BoolArray
    predictions: FloatArray

    @property
    def size(self) -> int:
        """Number of draws of all chains."""
        return self.costs.size

    @property
    def r_hat(self) -> float:
        """Largest R-hat of the parameters."""
        return float(_statistic("rhat", self.values, method="rank").max())

    @property
    def effective(self) -> float:
        """Smallest effective number of draws of a parameter, in the bulk or in the tails."""
        return float(min(_bulk(self.values).min(), _tail(self.values).min()))

    @property
    def converged(self) -> bool:
        """Whether the chains agree on every parameter."""
        return self.r_hat < LARGEST_R_HAT

    def summary(self) -> pd.DataFrame:
        """Return a row a parameter: its distribution, and how well the chains know it.

        R-hat is split and rank-normalized; effective draws are those of the bulk, and the fewer of
        those of the 5 % and the 95 % quantile (Vehtari et al. 2021, doi:10.1214/20-BA1221).
        """
        import pandas as pd

        pooled = self.values.reshape(-1, len(self.names))
        quantiles = np.quantile(pooled, (0.5, 0.025, 0.975), axis=0)
        return pd.DataFrame(
            {
                "parameter": self.names,
                **dict(zip(("median", "lower", "upper"), quantiles, strict=True)),
                "sd": pooled.std(axis=0, ddof=1),
                "r_hat": _statistic("rhat", self.values, method="rank"),
                "ess_bulk": _bulk(self.values),
                "ess_tail": _tail(self.values),
            }
        )

    def inner(self, coordinates: Coordinates) -> FloatArray:
        """Return all draws on the inner scale, shape (chains * draws, n)."""
        columns = zip(coordinates.each, self.values.reshape(-1, len(self.names)).T, strict=True)
        return np.array([[c.inner(value) for value in column] for c, column in columns]).T

    def thinned(self, count: int) -> FloatArray:
        """Return draws of all chains in turn, spread evenly over each, shape (count, n)."""
        rows = self.values.swapaxes(0, 1).reshape(-1, len(self.names))
        chosen: FloatArray = rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]
        return chosen

    def to_csv(self, path: str | Path, count: int) -> None:
        """Write draws, one column per parameter."""
        import pandas as pd

        frame = pd.DataFrame(self.thinned(count), columns=list(self.names))
        write_csv(path, frame, float_format="%.6g")

    def tree(self, objective: Objective, seed: int = 0) -> xr.DataTree:
        """Return the draws in the groups that ArviZ reads.

        Parameters
        ----------
        objective : Objective
        seed : int
            Of the errors of replicated numbers.

        Returns
        -------
        xarray.DataTree
            ``posterior`` with a variable for each parameter; ``sample_stats`` with ``lp``, up to a
            constant, and ``accepted``; ``observed_data``, the published numbers; and at fewer draws
            ``posterior_predictive``, those numbers ``expected`` and with their errors
            (``value``), and ``log_likelihood``, of each given those before it in its cohort.
        """
        import xarray as xr

        every = self.costs.shape[1] // self.predictions.shape[1]
        chains, draws = (np.arange(size) for size in self.costs.shape)
        numbers = _published(objective)
        all_draws: dict[str, Any] = {"chain": chains, "draw": draws}
        fewer = {"chain": chains, "draw": draws[every - 1 :: every], **numbers}
        columns = zip(self.names, np.moveaxis(self.values, -1, 0), strict=True)
        units = {c.name: {"units": c.unit} for c in objective.coordinates.each}
        whole, thin = ("chain", "draw"), ("chain", "draw", "number")
        published = {
            "value": (thin, objective.replicated(self.predictions, np.random.default_rng(seed))),
            "expected": (thin, self.predictions),
        }
        likelihood = {"value": (thin, objective.log_likelihood(self.predictions))}
        groups: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
            "posterior": ({n: (whole, v, units[n]) for n, v in columns}, all_draws),
            "sample_stats": (
                {"lp": (whole, -self.costs), "accepted": (whole, self.accepted)},
                all_draws,
            ),
            "posterior_predictive": (published, fewer),
            "log_likelihood": (likelihood, fewer),
            "observed_data": ({"value": ("number", objective.observed)}, numbers),
        }
        return xr.DataTree.from_dict(
            {name: xr.Dataset(data, coords) for name, (data, coords) in groups.items()}
        )


def _published(objective: Objective) -> dict[str, Any]:
    """Return what the published numbers are, as coordinates."""
    rows = [target.observation for target in objective.predictor.targets]
    columns = ("study_id", "arm", "endpoint", "time_months", "kind", "unit")
    return {name: ("number", np.array([getattr(row, name) for row in rows])) for name in columns}


def _bulk(values: FloatArray) -> FloatArray:
    return _statistic("ess", values, method="bulk")


def _tail(values: FloatArray) -> FloatArray:
    return _statistic("ess", values, method="tail", prob=_TAILS)


def _statistic(name: str, values: FloatArray, **options: Any) -> FloatArray:
    """Return a statistic of ArviZ for each parameter, from draws of shape (chains, draws, n)."""
    statistics = require("arviz_stats.base", "fit").array_stats
    statistic: FloatArray = getattr(statistics, name)(values, **_AXES, **options)
    return statistic
