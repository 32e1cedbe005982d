"""Posterior: draws about the optimum, weighed by how much the true density differs there.

Laplace's approximation is the normal density with the covariance of data and priors at the optimum.
Importance weights correct it for the shape of the objective; the effective number of draws says
how well that worked.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from remodel.calibration.information import Information
from remodel.calibration.objective import Objective
from remodel.solvers.problem import FloatArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Posterior:
    """Weighted draws.

    Attributes
    ----------
    names : tuple of str
    values : ndarray, shape (draws, n)
        In the units of the parameters.
    weights : ndarray, shape (draws,)
        Sum 1.
    """

    names: tuple[str, ...]
    values: FloatArray
    weights: FloatArray

    @property
    def effective_draws(self) -> float:
        """Number of equal draws that would tell as much."""
        return float(1.0 / np.sum(self.weights**2))

    def interval(self, share: float = 0.95) -> pd.DataFrame:
        """Return median and interval of each parameter."""
        import pandas as pd

        ends = (0.5, 0.5 - share / 2, 0.5 + share / 2)
        rows = [[_quantile(column, self.weights, end) for end in ends] for column in self.values.T]
        return pd.DataFrame(rows, index=list(self.names), columns=["median", "lower", "upper"])

    def resampled(self, count: int, seed: int = 0) -> FloatArray:
        """Return equally likely draws, shape (count, n)."""
        chosen = np.random.default_rng(seed).choice(len(self.weights), count, p=self.weights)
        found: FloatArray = self.values[chosen]
        return found

    def to_csv(self, path: str | Path, count: int, seed: int = 0) -> None:
        """Write equally likely draws, one column a parameter."""
        import pandas as pd

        frame = pd.DataFrame(self.resampled(count, seed), columns=list(self.names))
        frame.to_csv(path, index=False, float_format="%.6g")


def sample_posterior(
    objective: Objective, info: Information, *, draws: int = 400, seed: int = 0, spread: float = 1.0
) -> Posterior:
    """Return weighted draws from the posterior.

    Parameters
    ----------
    objective : Objective
    info : Information
        At the optimum.
    draws : int
    seed : int
    spread : float
        Width of the normal density that is drawn from, over that of Laplace's approximation.
    """
    values, vectors = np.linalg.eigh(info.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0)) * spread
    normal = np.random.default_rng(seed).standard_normal((draws, len(info.names)))
    thetas = info.theta + normal @ root.T
    lower, upper = objective.coordinates.bounds
    inside = np.all((thetas >= lower) & (thetas <= upper), axis=1)
    thetas[~inside] = info.theta
    costs = np.where(inside, objective.costs(thetas), np.inf)
    logarithm = 0.5 * np.sum(normal**2, axis=1) - costs
    weights = np.exp(logarithm - logarithm[np.isfinite(logarithm)].max())
    natural = objective.coordinates.natural_many(thetas)
    return Posterior(
        names=info.names,
        values=np.stack([natural[name] for name in info.names], axis=1),
        weights=weights / weights.sum(),
    )


def _quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    order = np.argsort(values)
    along = np.cumsum(weights[order]) - 0.5 * weights[order]
    return float(np.interp(share, along, values[order]))
