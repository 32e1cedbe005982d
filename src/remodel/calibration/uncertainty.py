"""What is known after a fit: the information of the data at the optimum, and the posterior.

Laplace's approximation is the normal density with the covariance of data and priors at the optimum.
Draws from it are moved toward the posterior by annealed importance sampling: in each round a draw
is weighted by how much the density changes, and a random step is accepted or rejected. The
effective number of draws says how well that worked.

References
----------
Neal RM (2001) Annealed importance sampling. Stat Comput 11:125-139, doi:10.1023/A:1008923215028.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from remodel._arrays import FloatArray
from remodel.calibration.objective import Objective
from remodel.errors import SolverError
from remodel.files import write_csv

if TYPE_CHECKING:
    import pandas as pd

_LEADING = 3  # parameters named for each direction
_TRIES = 500
_ROUNDS_A_PARAMETER = 6
_STEP = 2.38  # over the root of the number of parameters (Roberts 1997, Ann Appl Probab 7:110)
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Information:
    """Information of the data on the inner scale, where a prior has standard deviation 1.

    Attributes
    ----------
    names : tuple of str
    theta : ndarray, shape (n,)
        Point at which it was calculated.
    matrix : ndarray, shape (n, n)
        Of the data alone (Gauss-Newton, outliers weighed down).
    eigenvalues : ndarray, shape (n,)
        Falling. A direction with a value above 1 is known better from the data than from the
        prior.
    eigenvectors : ndarray, shape (n, n)
        One column per direction.
    covariance : ndarray, shape (n, n)
        Of data and priors together.
    """

    names: tuple[str, ...]
    theta: FloatArray
    matrix: FloatArray
    eigenvalues: FloatArray
    eigenvectors: FloatArray
    covariance: FloatArray

    @classmethod
    def at(cls, objective: Objective, theta: FloatArray) -> Self:
        """Return the information of the data at a point.

        Parameters
        ----------
        objective : Objective
        theta : ndarray, shape (n,)
            On the inner scale, such as the end of a fit.
        """
        residuals, jacobian = objective.residuals_and_jacobian(theta)
        weight = objective.losses(residuals**2)[1][: objective.size]
        data = jacobian[: objective.size] * np.sqrt(weight)[:, None]
        matrix = data.T @ data
        values, vectors = np.linalg.eigh(matrix)
        order = np.argsort(-values)
        with_priors = matrix + np.diag(objective.coordinates.has_prior)
        return cls(
            names=objective.coordinates.names,
            theta=theta,
            matrix=matrix,
            eigenvalues=np.maximum(values[order], 0.0),
            eigenvectors=vectors[:, order],
            covariance=np.linalg.pinv(with_priors, hermitian=True),
        )

    @property
    def informed(self) -> int:
        """Number of directions that the data know better than the priors do."""
        return int((self.eigenvalues > 1.0).sum())

    @property
    def shrinkage(self) -> FloatArray:
        """Posterior over prior standard deviation of each parameter; near 1: not informed."""
        shrinkage: FloatArray = np.sqrt(np.diag(self.covariance))
        return shrinkage

    def spectrum(self) -> pd.DataFrame:
        """Return the directions, best known first, with the parameters that lead them."""
        import pandas as pd

        rows = []
        for value, vector in zip(self.eigenvalues, self.eigenvectors.T, strict=True):
            order = np.argsort(-np.abs(vector))[:_LEADING]
            leading = ", ".join(f"{vector[j]:+.2f} {self.names[j]}" for j in order)
            sd = 1.0 / np.sqrt(1.0 + value)  # along the direction, prior included
            rows.append({"information": value, "sd_over_prior": sd, "leading": leading})
        return pd.DataFrame(rows)

    def correlations(self, least: float = 0.7) -> pd.DataFrame:
        """Return pairs of parameters that the data can hardly tell apart."""
        import pandas as pd

        sd = self.shrinkage
        correlation = self.covariance / np.outer(sd, sd)
        pairs = [
            {"first": self.names[i], "second": self.names[j], "correlation": correlation[i, j]}
            for i in range(len(sd))
            for j in range(i)
            if abs(correlation[i, j]) >= least
        ]
        return pd.DataFrame(pairs, columns=["first", "second", "correlation"])


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

    @classmethod
    def sample(
        cls,
        objective: Objective,
        information: Information,
        *,
        draws: int = 400,
        rounds: int | None = None,
        seed: int = 0,
        spread: float = 1.0,
    ) -> Self:
        """Return weighted draws from the posterior.

        Parameters
        ----------
        objective : Objective
        information : Information
            At the optimum.
        draws : int
        rounds : int, optional
            From Laplace's approximation to the posterior; six a parameter by default. With one,
            draws are weighted and stay where they are.
        seed : int
        spread : float
            Width of the normal density that is drawn from, over that of Laplace's approximation.

        Raises
        ------
        SolverError
            If hardly a draw lies within the bounds.
        """
        random, center = np.random.default_rng(seed), information.theta
        normal, root = _inside(objective, information, draws, random, spread)
        costs = objective.costs(center + normal @ root.T)
        count = _ROUNDS_A_PARAMETER * len(center) if rounds is None else rounds
        logarithm = np.zeros(draws)
        for share in np.arange(1, count + 1) / count:
            logarithm += (_gauss(normal) - costs) / count
            if share < 1.0:
                normal, costs = _stepped(objective, center, root, normal, costs, share, random)
        weights = np.exp(logarithm - logarithm.max())
        natural = objective.coordinates.natural_many(center + normal @ root.T)
        return cls(
            names=information.names,
            values=np.stack([natural[name] for name in information.names], axis=1),
            weights=weights / weights.sum(),
        )

    @property
    def effective_draws(self) -> float:
        """Number of equally weighted draws that would carry as much information."""
        return float(1.0 / np.sum(self.weights**2))

    def interval(self, share: float = 0.95) -> pd.DataFrame:
        """Return median and interval of each parameter."""
        import pandas as pd

        ends = (0.5, 0.5 - share / 2, 0.5 + share / 2)
        rows = [[_quantile(column, self.weights, end) for end in ends] for column in self.values.T]
        return pd.DataFrame(rows, index=list(self.names), columns=["median", "lower", "upper"])

    def resampled(self, count: int, seed: int = 0) -> FloatArray:
        """Return equally likely draws, shape (count, n).

        All of them differ if there are as many effective draws; a draw that would be taken more
        than once then counts a little less than its weight. Otherwise heavy draws repeat.
        """
        random = np.random.default_rng(seed)
        copies = count * self.weights
        if count <= self.effective_draws:
            copies = _at_most_one(copies)
        order = random.permutation(len(copies))
        ends = np.cumsum(copies[order])
        marks = (np.arange(count) + random.random()) * (ends[-1] / count)
        rows: FloatArray = self.values[order[np.searchsorted(ends, marks, side="right")]]
        return rows

    def to_csv(self, path: str | Path, count: int, seed: int = 0) -> None:
        """Write equally likely draws, one column per parameter."""
        import pandas as pd

        frame = pd.DataFrame(self.resampled(count, seed), columns=list(self.names))
        write_csv(path, frame, float_format="%.6g")


def _gauss(normal: FloatArray) -> FloatArray:
    """Return the negative logarithm of the standard normal density, up to a constant."""
    negative_log: FloatArray = 0.5 * np.sum(normal**2, axis=1)
    return negative_log


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
    proposed = normal + size * random.standard_normal(normal.shape)
    thetas = center + proposed @ root.T
    inside = np.all((thetas >= lower) & (thetas <= upper), axis=1)
    new = np.full(len(costs), np.inf)
    if np.any(inside):
        new[inside] = objective.costs(thetas[inside])
    rise = share * (new - costs) + (1.0 - share) * (_gauss(proposed) - _gauss(normal))
    accepted = np.log(random.random(len(costs))) < -rise
    return np.where(accepted[:, None], proposed, normal), np.where(accepted, new, costs)


def _inside(
    objective: Objective,
    information: Information,
    draws: int,
    random: np.random.Generator,
    spread: float,
) -> tuple[FloatArray, FloatArray]:
    """Return standard normal draws whose points lie within the bounds, and the root of the spread.

    Raises
    ------
    SolverError
        If hardly a draw lies within the bounds.
    """
    values, vectors = np.linalg.eigh(information.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0)) * spread
    lower, upper = objective.coordinates.bounds
    normal = np.zeros((0, len(information.names)))
    for _ in range(_TRIES):
        more = random.standard_normal((draws, len(information.names)))
        thetas = information.theta + more @ root.T
        within = np.all((thetas >= lower) & (thetas <= upper), axis=1)
        normal = np.concatenate((normal, more[within]))[:draws]
        if len(normal) == draws:
            return normal, root
    raise SolverError("hardly a draw from the posterior lies within the bounds of the parameters.")


def _at_most_one(copies: FloatArray) -> FloatArray:
    """Return numbers of copies with the same sum, none above 1: the excess goes to the others."""
    total, heavy = copies.sum(), np.zeros(len(copies), dtype=bool)
    while np.any(copies[~heavy] > 1.0 + _ROUNDING):
        heavy |= copies >= 1.0
        scale = (total - heavy.sum()) / copies[~heavy].sum()
        copies = np.where(heavy, 1.0, copies * scale)
    return copies


def _quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order]) - 0.5 * weights[order]
    return float(np.interp(share, cumulative, values[order]))
