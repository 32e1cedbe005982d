"""Posterior: draws about the optimum, weighed by how much the true density differs there.

Laplace's approximation is the normal density with the covariance of data and priors at the optimum.
Draws from it are led to the posterior in rounds, each a little nearer to it: a weight for how much
the density changed, and a random step that is taken or not (annealed importance sampling). The
effective number of draws says how well that worked.

References
----------
Neal RM (2001) Annealed importance sampling. Stat Comput 11:125-139, doi:10.1023/A:1008923215028.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.calibration.information import Information
from remodel.calibration.objective import Objective
from remodel.errors import SolverError

if TYPE_CHECKING:
    import pandas as pd

_TRIES = 500
_ROUNDS_A_PARAMETER = 6
_STEP = 2.38  # over the root of the number of parameters (Roberts 1997, Ann Appl Probab 7:110)
_ROUNDING = 1e-9


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
        """Return equally likely draws, shape (count, n).

        All of them differ if there are as many effective draws; a draw too heavy for one place
        then counts a little less than its weight. Otherwise heavy draws repeat.
        """
        random = np.random.default_rng(seed)
        places = count * self.weights
        if count <= self.effective_draws:
            places = _at_most_one(places)
        order = random.permutation(len(places))
        ends = np.cumsum(places[order])
        marks = (np.arange(count) + random.random()) * (ends[-1] / count)
        found: FloatArray = self.values[order[np.searchsorted(ends, marks, side="right")]]
        return found

    def to_csv(self, path: str | Path, count: int, seed: int = 0) -> None:
        """Write equally likely draws, one column a parameter."""
        import pandas as pd

        frame = pd.DataFrame(self.resampled(count, seed), columns=list(self.names))
        frame.to_csv(path, index=False, float_format="%.6g")


def sample_posterior(
    objective: Objective,
    info: Information,
    *,
    draws: int = 400,
    rounds: int | None = None,
    seed: int = 0,
    spread: float = 1.0,
) -> Posterior:
    """Return weighted draws from the posterior.

    Parameters
    ----------
    objective : Objective
    info : Information
        At the optimum.
    draws : int
    rounds : int, optional
        From Laplace's approximation to the posterior; six a parameter by default. With one, draws
        are weighed and stay where they are.
    seed : int
    spread : float
        Width of the normal density that is drawn from, over that of Laplace's approximation.
    """
    random = np.random.default_rng(seed)
    normal, root = _inside(objective, info, draws, random, spread)
    costs = objective.costs(info.theta + normal @ root.T)
    count = _ROUNDS_A_PARAMETER * len(info.names) if rounds is None else rounds
    logarithm = np.zeros(draws)
    for share in np.arange(1, count + 1) / count:
        logarithm += (_gauss(normal) - costs) / count
        if share < 1.0:
            normal, costs = _stepped(objective, info.theta, root, normal, costs, share, random)
    weights = np.exp(logarithm - logarithm.max())
    natural = objective.coordinates.natural_many(info.theta + normal @ root.T)
    return Posterior(
        names=info.names,
        values=np.stack([natural[name] for name in info.names], axis=1),
        weights=weights / weights.sum(),
    )


def _gauss(normal: FloatArray) -> FloatArray:
    """Return the negative logarithm of the standard normal density, but for a constant."""
    found: FloatArray = 0.5 * np.sum(normal**2, axis=1)
    return found


def _stepped(
    objective: Objective,
    center: FloatArray,
    root: FloatArray,
    normal: FloatArray,
    costs: FloatArray,
    share: float,
    random: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Return draws and their costs after a step under the mixture of both densities."""
    lower, upper = objective.coordinates.bounds
    size = _STEP / np.sqrt(normal.shape[1])
    tried = normal + size * random.standard_normal(normal.shape)
    thetas = center + tried @ root.T
    inside = np.all((thetas >= lower) & (thetas <= upper), axis=1)
    new = np.full(len(costs), np.inf)
    if np.any(inside):
        new[inside] = objective.costs(thetas[inside])
    rise = share * (new - costs) + (1.0 - share) * (_gauss(tried) - _gauss(normal))
    taken = np.log(random.random(len(costs))) < -rise
    return np.where(taken[:, None], tried, normal), np.where(taken, new, costs)


def _inside(
    objective: Objective, info: Information, draws: int, random: np.random.Generator, spread: float
) -> tuple[FloatArray, FloatArray]:
    """Return standard normal draws whose points lie within the bounds, and the root of the spread.

    Raises
    ------
    SolverError
        If hardly a draw lies within the bounds.
    """
    values, vectors = np.linalg.eigh(info.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0)) * spread
    lower, upper = objective.coordinates.bounds
    normal = np.zeros((0, len(info.names)))
    for _ in range(_TRIES):
        more = random.standard_normal((draws, len(info.names)))
        thetas = info.theta + more @ root.T
        within = np.all((thetas >= lower) & (thetas <= upper), axis=1)
        normal = np.concatenate((normal, more[within]))[:draws]
        if len(normal) == draws:
            return normal, root
    raise SolverError("hardly a draw from the posterior lies within the bounds of the parameters.")


def _at_most_one(places: FloatArray) -> FloatArray:
    """Return places with the same sum, none above 1: what is cut off goes to the others."""
    total, heavy = places.sum(), np.zeros(len(places), dtype=bool)
    while np.any(places[~heavy] > 1.0 + _ROUNDING):
        heavy |= places >= 1.0
        light = places[~heavy]
        places = np.where(heavy, 1.0, places * ((total - heavy.sum()) / light.sum()))
    return places


def _quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    order = np.argsort(values)
    along = np.cumsum(weights[order]) - 0.5 * weights[order]
    return float(np.interp(share, along, values[order]))
