"""What the data say of the parameters at the optimum, direction by direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from remodel._arrays import FloatArray
from remodel.calibration.objective import Objective

if TYPE_CHECKING:
    import pandas as pd

_LEADING = 3  # parameters named for each direction


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
