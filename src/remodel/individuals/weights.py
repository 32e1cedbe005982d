"""Weights of draws: how likely they make the readings, and whether they can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.individuals.covariance import Observed, linear_columns
from remodel.individuals.prior import Prior
from remodel.measurement.instruments import Instruments

_USUAL, _BENT = 0.8, 3.0  # share of usual tails, and how far the others lean to wide ones
_LEAST_TAIL = 5
ENOUGH = 200.0
"""Effective draws of one woman; with fewer, more are made."""


@dataclass(frozen=True, slots=True, eq=False)
class Tails:
    """Draws of how far scans and wander reach, relative to a normal distribution.

    Attributes
    ----------
    wander : ndarray, shape (s,)
        Factors of the standard deviation.
    scans : ndarray, shape (s, n_scans)
    log_weights : ndarray, shape (s,)
    """

    wander: FloatArray
    scans: FloatArray
    log_weights: FloatArray

    @classmethod
    def drawn(cls, n: int, scans: int, prior: Prior, tools: Instruments, seed: int) -> Tails:
        """Return draws, wide tails more often than they are and weighted for it."""
        freedoms = (prior.wander.freedom, *[tools.scan.freedom] * scans)
        scale, log_weights = _tails(n, freedoms, seed)
        return cls(scale[:, 0], scale[:, 1:], log_weights)


@lru_cache(maxsize=16)
def _tails(n: int, freedoms: tuple[float, ...], seed: int) -> tuple[FloatArray, FloatArray]:
    from scipy.stats import qmc

    power = math.ceil(math.log2(max(n, 2)))
    rng = np.random.default_rng([seed, 1])
    at = qmc.Sobol(len(freedoms), rng=rng).random_base2(power)[:n]
    # the lowest shares are the widest tails; a fifth of all draws lean towards them
    bent = np.clip((at - _USUAL) / (1 - _USUAL), 1e-9, 1.0) ** _BENT
    share = np.clip(np.where(at < _USUAL, at / _USUAL, bent), 1e-12, 1 - 1e-12)
    density = _USUAL + (1 - _USUAL) / _BENT * share ** (1 / _BENT - 1)
    scale = np.column_stack([_scale(f, share[:, i]) for i, f in enumerate(freedoms)])
    log_weights = -np.log(density).sum(axis=1)
    scale.setflags(write=False)
    log_weights.setflags(write=False)
    return scale, log_weights


def _scale(freedom: float, share: FloatArray) -> FloatArray:
    from scipy.special import gammaincinv

    if math.isinf(freedom):
        return np.ones_like(share)
    scale: FloatArray = np.sqrt((freedom / 2 - 1) / gammaincinv(freedom / 2, share))
    return scale


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """Covariance of the readings of a woman, for every draw of the tails.

    Attributes
    ----------
    columns : ndarray, shape (d, n_linear + n_scanners)
        What is linear: levels and scales, then offsets of scanners.
    linear : ndarray, shape (n_linear + n_scanners, n_linear + n_scanners)
        Its covariance.
    wander : ndarray, shape (..., d, d)
        Of unit tails; of many women, one after the other.
    noise : ndarray, shape (s, d, d)
    inverse : ndarray, shape (..., s, d, d)
        Of the whole covariance.
    log_determinant : ndarray, shape (..., s)
    """

    columns: FloatArray
    linear: FloatArray
    wander: FloatArray
    noise: FloatArray
    inverse: FloatArray
    log_determinant: FloatArray

    @classmethod
    def of(
        cls,
        prior: Prior,
        observed: Observed,
        covariance: FloatArray,
        tails: Tails,
        wander: FloatArray,
    ) -> Fields:
        """Return the covariances of readings.

        Parameters
        ----------
        prior : Prior
        observed : Observed
        covariance : ndarray, shape (n_linear, n_linear)
            Of levels and scales.
        tails : Tails
        wander : ndarray, shape (..., d, d)
            Covariance of wander at the readings, of one woman or of many.
        """
        levels = linear_columns(prior, observed.points)
        columns = np.column_stack([levels, observed.scanner_columns()])
        linear = np.zeros((columns.shape[1],) * 2)
        k = len(covariance)
        linear[:k, :k] = covariance
        linear[k:, k:] = np.diag(observed.scanner_sd**2)
        ones = np.ones((len(tails.wander), 1))
        scale = np.concatenate([tails.scans, ones], axis=1)[:, observed.scan]
        noise = observed.noise * scale[:, :, None] * scale[:, None, :]
        shared = columns @ linear @ columns.T
        reach = tails.wander[:, None, None] ** 2
        whole = shared + reach * wander[..., None, :, :] + noise
        lower = np.linalg.cholesky(whole)
        root = np.linalg.inv(lower)
        diagonal = np.diagonal(lower, axis1=-2, axis2=-1)
        return cls(
            columns,
            linear,
            wander,
            noise,
            np.swapaxes(root, -2, -1) @ root,
            2 * np.log(diagonal).sum(axis=-1),
        )

    def factors(self, by_tail: FloatArray) -> FloatArray:
        """Return what products of residuals are multiplied by, shape (..., d (d + 1) / 2 + 2, s).

        Parameters
        ----------
        by_tail : ndarray, shape (s,)
            Added for each draw of the tails.
        """
        left, right = _pairs(self.inverse.shape[-1])
        squares = np.where(left == right, -0.5, -1.0) * self.inverse[..., left, right]
        added = by_tail - 0.5 * self.log_determinant
        ends = np.stack([np.ones_like(added), added], axis=-1)
        return np.ascontiguousarray(np.swapaxes(np.concatenate([squares, ends], axis=-1), -2, -1))


def log_density(
    residuals: FloatArray,
    by_draw: FloatArray,
    factors: FloatArray,
    out: FloatArray | None = None,
) -> FloatArray:
    """Return the logarithm of the density of readings, shape (n, s), without a constant.

    Parameters
    ----------
    residuals : ndarray, shape (n, d)
        Readings less the mean of each draw.
    by_draw : ndarray, shape (n,)
        Added for each draw; finite.
    factors : ndarray
        Of ``Fields`` of one woman.
    out : ndarray, shape (n, s), optional
        Where the result is put.
    """
    # one product of matrices: squares of readings, and what is added, beside each other
    left, right = _pairs(residuals.shape[1])
    m, rows = len(left), residuals.T
    terms = np.empty((m + 2, len(residuals)))
    np.multiply(rows[left], rows[right], out=terms[:m])
    terms[m], terms[m + 1] = by_draw, 1.0
    density: FloatArray = np.matmul(terms.T, factors, out=out)
    return density


@lru_cache(maxsize=64)
def _pairs(d: int) -> tuple[IntArray, IntArray]:
    left, right = np.triu_indices(d)
    return left, right


def effective_size(log_weights: FloatArray) -> float:
    """Return the number of draws of equal weight that would say as much (Kish)."""
    weights = np.exp(log_weights - log_weights.max())
    return float(weights.sum() ** 2 / np.square(weights).sum())


def pareto_k(log_weights: FloatArray) -> float:
    """Return the shape of the tail of weights; above 0.7 they should not be trusted.

    Fitted to the largest weights as Zhang and Stephens do (2009, Technometrics 51:316), with the
    weak prior of Vehtari et al. (2024, J Mach Learn Res 25:72).
    """
    finite = np.sort(log_weights[np.isfinite(log_weights)])
    n = len(finite)
    m = int(min(0.2 * n, 3 * math.sqrt(n)))
    if m < _LEAST_TAIL:
        return math.nan
    weights = np.exp(finite - finite[-1])
    excess = weights[-m:] - weights[-m - 1]
    if excess[-1] <= 0 or excess[m // 4] <= 0:
        return -math.inf  # equal weights
    return _generalized_pareto(excess)


def _generalized_pareto(excess: FloatArray) -> float:
    m = len(excess)
    count = 30 + int(math.sqrt(m))
    steps = np.arange(1, count + 1)
    quarter = excess[int(m / 4 + 0.5) - 1]
    trial = 1 / excess[-1] + (1 - np.sqrt(count / (steps - 0.5))) / 3 / quarter
    shape = np.log1p(-trial[:, None] * excess).mean(axis=1)
    profile = m * (np.log(-trial / shape) - shape - 1)
    with np.errstate(over="ignore"):  # infinite for what is not likely at all
        weights = 1 / np.exp(profile - profile[:, None]).sum(axis=1)
    b = float((trial * weights).sum() / weights.sum())
    k = float(np.log1p(-b * excess).mean())
    return (m * k + 5.0) / (m + 10)


def resampled(log_weights: FloatArray, n: int, at: float) -> IntArray:
    """Return positions of draws of equal weight, drawn systematically, shape (n,).

    Parameters
    ----------
    log_weights : ndarray
        Of any shape; positions count in its flat order.
    n : int
    at : float
        Where the comb of positions begins, from 0 to 1.
    """
    weights = np.exp(log_weights - log_weights.max()).ravel()
    ends = np.cumsum(weights)
    comb = (np.arange(n) + at) * (ends[-1] / n)
    chosen: IntArray = np.minimum(np.searchsorted(ends, comb), len(ends) - 1)
    return chosen
