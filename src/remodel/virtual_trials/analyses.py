"""How trialists compare two arms at a visit, for many replicates at once.

All are two-sided. ``t_test`` has a common variance. ``ancova`` regresses change on arm, baseline
reading and stratum. ``responders`` compares shares by a pooled z test. ``mixed_model`` is in
``mixed_model.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray

_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Result:
    """Comparison of two arms in each replicate, shape (n_replicates,).

    Attributes
    ----------
    effect : ndarray
        First minus second arm, in percent of change, or in percentage points of responders.
    sd : ndarray
        Within arms, of what the analysis leaves unexplained.
    p : ndarray
        NaN where an arm has too few readings.
    """

    effect: FloatArray
    sd: FloatArray
    p: FloatArray


@dataclass(frozen=True, slots=True)
class Data:
    """Readings of two arms at one visit, shape (n_replicates, n).

    Attributes
    ----------
    change : ndarray
        [%], NaN where there is none.
    is_first : ndarray of bool
    is_second : ndarray of bool
    baseline : ndarray
    stratum : ndarray of int
    """

    change: FloatArray
    is_first: BoolArray
    is_second: BoolArray
    baseline: FloatArray
    stratum: IntArray


def t_test(data: Data) -> Result:
    """Return Student's test."""
    return _regression(data, [])


def ancova(data: Data) -> Result:
    """Return the difference of arms at equal baseline reading and stratum."""
    covariates = [_standard(data)]
    levels = np.unique(data.stratum)
    covariates += [(data.stratum == level).astype(np.float64) for level in levels[1:]]
    return _regression(data, covariates)


def responders(data: Data, threshold: float) -> Result:
    """Return the difference of shares whose change is at least a threshold [%]."""
    from scipy.special import ndtr

    response = data.change >= threshold
    first = np.isfinite(data.change) & data.is_first
    second = np.isfinite(data.change) & data.is_second
    n, m = first.sum(axis=1), second.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (response & first).sum(axis=1) / n, (response & second).sum(axis=1) / m
        pooled = (n * a + m * b) / (n + m)
        sd = np.sqrt(pooled * (1 - pooled))
        z = (a - b) / (sd * np.sqrt(1 / n + 1 / m))
    p = np.where(sd > 0, 2 * ndtr(-np.abs(z)), 1.0)
    return Result(100 * (a - b), 100 * sd, np.where((n > 0) & (m > 0), p, np.nan))


def _standard(data: Data) -> FloatArray:
    """Return baseline readings with a mean of 0 and a spread of 1 in each replicate."""
    mean = data.baseline.mean(axis=1, keepdims=True)
    spread = data.baseline.std(axis=1, keepdims=True)
    apart: FloatArray = (data.baseline - mean) / np.where(spread > 0, spread, 1.0)
    return apart


def _regression(data: Data, covariates: list[FloatArray]) -> Result:
    """Return the coefficient of the first arm in least squares, for each replicate."""
    from scipy.special import stdtr

    usable = np.isfinite(data.change) & (data.is_first | data.is_second)
    x = np.stack([np.ones(usable.shape), data.is_first.astype(np.float64), *covariates], axis=-1)
    x *= usable[..., None]
    y = np.where(usable, data.change, 0.0)
    across = np.swapaxes(x, 1, 2)
    inverse = np.linalg.pinv(across @ x, rcond=_TINY, hermitian=True)
    rank = np.rint(np.trace(inverse @ across @ x, axis1=1, axis2=2))
    slopes = inverse @ (across @ y[..., None])
    left = y - (x @ slopes)[..., 0]
    freedom = usable.sum(axis=1) - rank
    both = np.stack([(usable & side).sum(axis=1) for side in (data.is_first, data.is_second)])
    enough = (freedom > 0) & (both.min(axis=0) > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (left**2).sum(axis=1) / freedom
        error = np.sqrt(variance * inverse[:, 1, 1])
        p = 2 * stdtr(freedom, -np.abs(slopes[:, 1, 0] / error))
    return Result(
        np.where(enough, slopes[:, 1, 0], np.nan),
        np.where(enough, np.sqrt(variance), np.nan),
        np.where(enough, p, np.nan),
    )


def expected_power(effect: float, sd: float, n: float, m: float, alpha: float = 0.05) -> float:
    """Return the power of Student's test by the noncentral t distribution.

    Parameters
    ----------
    effect, sd : float
        Difference of means, and standard deviation within arms.
    n, m : float
        Women with a reading in each arm.
    alpha : float
        Two-sided.
    """
    from scipy import stats

    freedom, shift = n + m - 2, effect / (sd * np.sqrt(1 / n + 1 / m))
    limit = stats.t.ppf(1 - alpha / 2, freedom)
    above, below = stats.nct.sf(limit, freedom, shift), stats.nct.cdf(-limit, freedom, shift)
    return float(above + below)


def expected_size(effect: float, sd: float, power: float, alpha: float = 0.05) -> float:
    """Return women in each of two equal arms that a normal test of this power needs."""
    from scipy.special import ndtri

    return float(2 * ((ndtri(1 - alpha / 2) + ndtri(power)) * sd / effect) ** 2)
