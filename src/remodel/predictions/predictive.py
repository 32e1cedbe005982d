"""Predictive distributions of published numbers: quantiles, log score, CRPS, coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray

BANDS = {"50": (0.25, 0.75), "90": (0.05, 0.95)}
COVERAGES = (0.50, 0.80, 0.90, 0.95)
_HALVINGS = 50  # of the interval that holds a quantile: to 1e-15 of its width
_REACH = 40.0  # standard deviations from the outermost draw, in which quantiles are looked for
_NODES = 501  # of the integral of CRPS


@dataclass(frozen=True, slots=True)
class Predictive:
    """What is expected of published numbers: draws of the parameters, and a spread about each.

    Attributes
    ----------
    centers : ndarray, shape (draws, n)
        Predictions of each draw; equally likely.
    sd : ndarray, shape (n,)
        Standard deviation of a number about its prediction: spread between trials, and the
        standard error of its mean. 0 where only the parameters are uncertain.
    degrees : float
        Of freedom of Student's t, whose scale is ``sd``; infinite for normal deviations.
    """

    centers: FloatArray
    sd: FloatArray
    degrees: float = np.inf

    def cdf(self, values: FloatArray) -> FloatArray:
        """Return the probability of a number at most as large, shape of ``values``, (..., n)."""
        from scipy.special import ndtr, stdtr

        z = self._standardized(values)
        shares = np.asarray(ndtr(z) if np.isinf(self.degrees) else stdtr(self.degrees, z))
        mean: FloatArray = shares.mean(axis=-2)
        return mean

    def quantiles(self, shares: Sequence[float]) -> FloatArray:
        """Return the numbers below which shares of the distribution lie, shape (shares, n)."""
        if not self.sd.any():
            ends: FloatArray = np.quantile(self.centers, shares, axis=0)
            return ends
        target = np.asarray(shares, dtype=np.float64)[:, None]
        reach = _REACH * self.sd
        low = np.broadcast_to(self.centers.min(axis=0) - reach, (len(target), len(self.sd)))
        high = np.broadcast_to(self.centers.max(axis=0) + reach, low.shape)
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            is_below = self.cdf(middle) < target
            low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
        halfway: FloatArray = 0.5 * (low + high)
        return halfway

    def log_scores(self, observed: FloatArray) -> FloatArray:
        """Return the logarithm of the density at the observed numbers, shape (n,)."""
        from scipy.special import logsumexp
        from scipy.stats import norm, t

        family = norm() if np.isinf(self.degrees) else t(self.degrees)
        density = family.logpdf(self._standardized(observed)) - np.log(self.sd)
        scores: FloatArray = logsumexp(density, axis=0) - np.log(len(self.centers))
        return scores

    def crps(self, observed: FloatArray) -> FloatArray:
        """Return the continuous ranked probability score, shape (n,), in the numbers' unit.

        It is the integral over x of the squared difference between the distribution function and
        a step at the observed number: 0 at best, the absolute error of a prediction without
        spread (Gneiting and Raftery 2007, J Am Stat Assoc 102:359, doi:10.1198/016214506000001437).
        """
        if len(self.centers) == 1:
            return self._crps_about_one_center(observed)
        ends = self.quantiles((1e-4, 1.0 - 1e-4))
        scores = np.empty(len(observed))
        for column, value in enumerate(observed):
            low, high = min(ends[0, column], value), max(ends[1, column], value)
            if low == high:
                scores[column] = 0.0
                continue
            nodes = np.linspace(low, high, _NODES)
            one = Predictive(self.centers[:, [column]], self.sd[[column]], self.degrees)
            gap = one.cdf(nodes[:, None])[:, 0] - (nodes >= value)
            scores[column] = np.trapezoid(gap**2, nodes)
        return scores

    def _crps_about_one_center(self, observed: FloatArray) -> FloatArray:
        """Return the score in closed form.

        Jordan, Krueger and Lerch 2019, J Stat Softw 90(12), doi:10.18637/jss.v090.i12.
        """
        from scipy.special import beta
        from scipy.stats import norm, t

        nu = self.degrees
        z = np.where(self.sd > 0.0, self._standardized(observed)[0], 0.0)
        if np.isinf(nu):
            below, wide, spread = norm.cdf(z), 2.0 * norm.pdf(z), 1.0 / np.sqrt(np.pi)
        else:
            below, wide = t.cdf(z, nu), 2.0 * t.pdf(z, nu) * (nu + z**2) / (nu - 1.0)
            spread = 2.0 * np.sqrt(nu) / (nu - 1.0) * beta(0.5, nu - 0.5) / beta(0.5, 0.5 * nu) ** 2
        scores = self.sd * (z * (2.0 * below - 1.0) + wide - spread)
        misses = np.abs(observed - self.centers[0])
        whole: FloatArray = np.where(self.sd == 0.0, misses, scores)
        return whole

    def _standardized(self, values: FloatArray) -> FloatArray:
        deviations = values[..., None, :] - self.centers
        with np.errstate(divide="ignore", invalid="ignore"):
            z: FloatArray = deviations / self.sd
        return np.where(deviations == 0.0, 0.0, z)


def clustered_interval(
    hits: FloatArray, clusters: Sequence[object], level: float = 0.95
) -> tuple[float, float]:
    """Return the interval of a share whose numbers come in clusters, such as trials.

    Wilson's interval, with the number of observations divided by the design effect: the variance
    of the share between clusters over that of independent observations, at least 1. One cluster
    alone counts as one observation.

    Parameters
    ----------
    hits : ndarray, shape (n,)
        1 or 0.
    clusters : sequence, length n
        Which cluster each belongs to.
    """
    n, share = len(hits), float(np.mean(hits))
    _, index = np.unique([str(cluster) for cluster in clusters], return_inverse=True)
    sizes = np.bincount(index)
    independent = n * share * (1.0 - share)
    effect = float(np.sum(sizes**2)) / n  # where every cluster is all hits or none
    if independent > 0.0 and len(sizes) > 1:
        between = float(np.sum((np.bincount(index, hits) - share * sizes) ** 2))
        few = len(sizes) / (len(sizes) - 1.0)  # clusters lie about their own mean
        effect = max(1.0, few * between / independent)
    return wilson_interval(share, n / effect, level)


def wilson_interval(share: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share of n, between 0 and 1.

    Wilson 1927, J Am Stat Assoc 22:209.
    """
    from scipy.stats import norm

    z = norm.ppf(0.5 + 0.5 * level)
    middle = (share + z**2 / (2.0 * n)) / (1.0 + z**2 / n)
    half = z / (1.0 + z**2 / n) * np.sqrt(share * (1.0 - share) / n + (z / (2.0 * n)) ** 2)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
