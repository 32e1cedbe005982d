"""More draws where a woman is: adaptive importance sampling with the tails of Student's t."""

from __future__ import annotations

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.individuals.courses import Draws, shared_draws, sobol_normals
from remodel.individuals.prior import Prior
from remodel.individuals.weights import effective_size

_FREEDOM = 5.0
_DEFENSIVE = 0.1  # share of draws that stay with the prior, so that no weight is unbounded
_PER_DIMENSION = 5  # effective draws behind a center and a covariance
_INFLATION = 1.3
_SPREAD_OUT = 0.4  # share of draws over all values of what women share


def focused(
    prior: Prior,
    draws: Draws,
    log_weights: FloatArray,
    patterns: FloatArray,
    n: int,
    seed: int,
) -> Draws:
    """Return draws near where the weights of earlier draws are.

    The proposal is a t distribution with center and covariance of the weighted draws, tempered
    until these have an effective size, mixed with the prior. The densities of both are exact.

    Parameters
    ----------
    prior : Prior
    draws : Draws
    log_weights : ndarray, shape (len(draws),)
        Of ``fitted``.
    patterns : ndarray, shape (n_patterns,)
        Prior probability of each.
    n : int
    seed : int
    """
    k = draws.scores.shape[1]
    tempered = _tempered(log_weights, _PER_DIMENSION * (k + 1))
    center = tempered @ draws.scores
    off = draws.scores - center
    correlation = prior.nonlinear_correlation()
    spread = _INFLATION * (off * tempered[:, None]).T @ off + 1e-4 * correlation
    lower = np.linalg.cholesky(spread)
    normal = sobol_normals(n, k + 1, seed)
    rng = np.random.default_rng([seed, 7])
    scale = np.sqrt(_FREEDOM / rng.chisquare(_FREEDOM, n))
    scores = center + (normal[:, :k] @ lower.T) * scale[:, None]
    stays = rng.random(n) < _DEFENSIVE
    usual = normal[:, :k] @ np.linalg.cholesky(correlation).T
    scores[stays] = usual[stays]
    share = np.bincount(draws.pattern, weights=tempered, minlength=len(patterns))
    share = 0.8 * share / share.sum() + 0.2 * patterns
    pattern = rng.choice(len(patterns), size=n, p=share)
    target = _log_normal(scores, np.zeros(k), correlation)
    proposal = np.logaddexp(
        np.log(1 - _DEFENSIVE) + _log_t(scores, center, spread), np.log(_DEFENSIVE) + target
    )
    number, log_shared = _shared(prior, draws, tempered, n, rng)
    log_ratio = target - proposal + np.log(patterns[pattern] / share[pattern]) + log_shared
    levels = draws.levels[rng.choice(len(draws), size=n, p=tempered)]
    return Draws(scores, log_ratio, pattern, levels, number)


def _shared(
    prior: Prior, draws: Draws, weights: FloatArray, n: int, rng: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """Return which values of what all women share each draw has, and the logarithm of weights.

    Some of them suit her readings better than others: these are drawn more often.
    """
    count = shared_draws(prior.model)
    share = np.bincount(draws.number % count, weights=weights, minlength=count)
    share = (1 - _SPREAD_OUT) * share / share.sum() + _SPREAD_OUT / count
    number = rng.choice(count, size=n, p=share)
    return number, -np.log(count * share[number])


def _tempered(log_weights: FloatArray, least: float) -> FloatArray:
    """Return weights that sum to 1, flattened until their effective size is large enough."""
    power = 1.0
    while power > 1e-3 and effective_size(power * log_weights) < least:
        power *= 0.7
    weights = np.exp(power * (log_weights - log_weights.max()))
    normalized: FloatArray = weights / weights.sum()
    return normalized


def _log_normal(x: FloatArray, center: FloatArray, covariance: FloatArray) -> FloatArray:
    distance, log_determinant = _distance(x, center, covariance)
    k = x.shape[1]
    density: FloatArray = -0.5 * (distance + log_determinant + k * np.log(2 * np.pi))
    return density


def _log_t(x: FloatArray, center: FloatArray, scale: FloatArray) -> FloatArray:
    from scipy.special import gammaln

    distance, log_determinant = _distance(x, center, scale)
    k, f = x.shape[1], _FREEDOM
    constant = gammaln((f + k) / 2) - gammaln(f / 2) - 0.5 * k * np.log(f * np.pi)
    density: FloatArray = constant - 0.5 * log_determinant - 0.5 * (f + k) * np.log1p(distance / f)
    return density


def _distance(
    x: FloatArray, center: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, float]:
    lower = np.linalg.cholesky(covariance)
    standard = np.linalg.solve(lower, (x - center).T)
    return np.square(standard).sum(axis=0), float(2 * np.log(np.diag(lower)).sum())
