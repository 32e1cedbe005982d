"""A quadratic approximation of all predictions, thousands of times faster than the simulations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from remodel._arrays import FloatArray

_RIDGE = (1e-6, 1e-3, 1.0)  # on constants, slopes and curvatures, of standardized predictions


@dataclass(frozen=True, slots=True)
class Emulator:
    """Second-order polynomials in all parameters, one a prediction.

    Attributes
    ----------
    center : ndarray, shape (n,)
        Of the inner coordinates.
    inverse_root : ndarray, shape (n, n)
        Takes distances from the center to ones of order 1.
    coefficients : ndarray, shape (terms, numbers)
    """

    center: FloatArray
    inverse_root: FloatArray
    coefficients: FloatArray

    @classmethod
    def fitted(
        cls,
        center: FloatArray,
        root: FloatArray,
        sigma: FloatArray,
        thetas: FloatArray,
        predictions: FloatArray,
    ) -> Self:
        """Return the polynomials closest to predictions, of points that could be simulated.

        Parameters
        ----------
        root : ndarray, shape (n, n)
            Root of a covariance of the points.
        sigma : ndarray, shape (numbers,)
            Scale of each prediction.
        thetas : ndarray, shape (points, n)
        predictions : ndarray, shape (points, numbers)
        """
        simulated = np.isfinite(predictions).all(axis=1)
        inverse_root = np.asarray(np.linalg.inv(root), dtype=np.float64)
        terms = _terms((thetas[simulated] - center) @ inverse_root.T)
        n = len(center)
        constant, slope, curvature = _RIDGE
        penalties = np.full(terms.shape[1], curvature)
        penalties[0], penalties[1 : n + 1] = constant, slope
        coefficients = np.linalg.solve(
            terms.T @ terms + np.diag(penalties), terms.T @ (predictions[simulated] / sigma)
        )
        return cls(center, inverse_root, coefficients * sigma)

    def predictions(self, thetas: FloatArray) -> FloatArray:
        """Return approximate predictions, shape (points, numbers)."""
        predictions: FloatArray = (
            _terms((thetas - self.center) @ self.inverse_root.T) @ self.coefficients
        )
        return predictions


def terms_of(parameters: int) -> int:
    """Return the number of terms of a polynomial of second order."""
    return (parameters + 1) * (parameters + 2) // 2


def _terms(steps: FloatArray) -> FloatArray:
    """Return 1, all coordinates and all products of two of them, shape (points, terms)."""
    first, second = np.triu_indices(steps.shape[1])
    ones = np.ones((len(steps), 1))
    return np.concatenate((ones, steps, steps[:, first] * steps[:, second]), axis=1)
