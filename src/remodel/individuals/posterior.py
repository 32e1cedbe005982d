"""The posterior of one woman: draws of what is simulated, and exact draws of all that is linear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.individuals.courses import Courses, Draws
from remodel.individuals.covariance import (
    Observed,
    Points,
    linear_columns,
    noise_sd,
    wander_covariance,
)
from remodel.individuals.prior import Prior
from remodel.individuals.weights import (
    Fields,
    Tails,
    effective_size,
    log_density,
    pareto_k,
    resampled,
)
from remodel.measurement.instruments import Instruments
from remodel.patient import SITES

_DENSITY = tuple(f"bmd_{site}" for site in SITES)


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Draws of one woman, all of equal weight.

    Attributes
    ----------
    prior : Prior
    observed : Observed
    age : float
        At month 0 [y].
    draw : ndarray of int, shape (m,)
        Which of the draws each comes from.
    log_weights : ndarray, shape (n,)
        Of the draws, tails summed over.
    wander_scale : ndarray, shape (m,)
        How far her wander reaches.
    linear : ndarray, shape (m, n_linear)
        Logarithms of levels and scales.
    offsets : ndarray, shape (m, n_scanners)
        Of the logarithm of density.
    pull : ndarray, shape (m, d)
        Inverse covariance times what is left of the readings; carries them to other times.
    error : ndarray, shape (m, d)
        Of the readings.
    wander_start : ndarray, shape (m, d)
        Wander at the readings before they are looked at.
    effective_size, pareto_k : float
    rng_key : tuple of int
    """

    prior: Prior
    observed: Observed
    age: float
    draw: IntArray
    log_weights: FloatArray
    wander_scale: FloatArray
    linear: FloatArray
    offsets: FloatArray
    pull: FloatArray
    error: FloatArray
    wander_start: FloatArray
    effective_size: float
    pareto_k: float
    rng_key: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.draw)


def fitted(
    prior: Prior,
    draws: Draws,
    courses: Courses,
    observed: Observed,
    tools: Instruments,
    *,
    age: float,
    male: bool = False,
    size: int,
    tails: int,
    seed: tuple[int, ...],
) -> Posterior:
    """Return the posterior of a woman.

    Parameters
    ----------
    prior : Prior
    draws : Draws
    courses : Courses
        Of the draws, under what she took.
    observed : Observed
    tools : Instruments
    age : float
        At month 0 [y].
    male : bool
    size : int
        Draws of the posterior.
    tails : int
        Draws of tails.
    seed : tuple of int
    """
    means = _means(prior, draws, courses, observed, prior.peers(age, male=male))
    drawn_tails = Tails.drawn(tails, observed.scans, prior, tools, seed[0])
    covariance = prior.linear_given(draws.scores[:1])[1]
    wander = wander_covariance(prior.wander, age, observed.points, observed.points)
    fields = Fields.of(prior, observed, covariance, drawn_tails, wander)
    residuals = observed.log - means
    each = draws.log_weights + prior.log_weight_of_bmi(draws.scores)
    joint = log_density(residuals, each, fields.factors(drawn_tails.log_weights))
    joint[~courses.possible] = -np.inf
    largest = joint.max(axis=1, keepdims=True)
    safe = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore"):
        marginal = np.log(np.exp(joint - safe).sum(axis=1)) + safe[:, 0]
    rng = np.random.default_rng(seed)
    flat = resampled(joint, size, rng.random())
    draw, tail = np.divmod(flat, tails)
    center = prior.linear_given(draws.scores[draw])[0]
    linear = _linear_given_readings(fields, drawn_tails, residuals[draw], tail, rng)
    k = len(prior.linear)
    return Posterior(
        prior=prior,
        observed=observed,
        age=age,
        draw=draw,
        log_weights=marginal,
        wander_scale=drawn_tails.wander[tail],
        linear=center + linear.shared[:, :k],
        offsets=linear.shared[:, k:],
        pull=linear.pull,
        error=linear.error,
        wander_start=linear.wander,
        effective_size=effective_size(marginal),
        pareto_k=pareto_k(marginal),
        rng_key=seed,
    )


def _means(
    prior: Prior, draws: Draws, courses: Courses, observed: Observed, peers: FloatArray
) -> FloatArray:
    """Return the mean of the logarithm of readings of each draw, shape (n, d)."""
    center, _ = prior.linear_given(draws.scores)
    return center @ linear_columns(prior, observed.points).T + course_of(
        courses, observed.points, peers
    )


def course_of(
    courses: Courses, points: Points, peers: FloatArray, *, since: float = 0.0
) -> FloatArray:
    """Return the logarithm of points, levels and scales being those of peers, shape (n, d).

    Parameters
    ----------
    courses : Courses
    points : Points
    peers : ndarray, shape (3,)
        Their density [g/cm2].
    since : float
        Month of the courses that is her month 0.
    """
    values = np.empty((len(courses.possible), len(points.months)))
    for name in dict.fromkeys(points.endpoint):
        chosen = np.array([other == name for other in points.endpoint])
        values[:, chosen] = courses.at(name, points.months[chosen] + since)
        if name in _DENSITY:
            level = np.log(peers[_DENSITY.index(name)])
            values[:, chosen] += level - courses.at(name, np.array([since]))
    return values


@dataclass(frozen=True, slots=True, eq=False)
class _Linear:
    """Draws of what is linear; fields as those of ``Posterior``."""

    shared: FloatArray
    pull: FloatArray
    error: FloatArray
    wander: FloatArray


def _linear_given_readings(
    fields: Fields, tails: Tails, residuals: FloatArray, tail: IntArray, rng: np.random.Generator
) -> _Linear:
    """Draw what is linear, given readings: a prior draw, corrected by what the readings say.

    Matheron's rule: the correction is the same linear map as that of the mean, so that draws
    have exactly the covariance of the posterior.
    """
    m, d = residuals.shape
    shared = rng.standard_normal((m, len(fields.linear))) @ _root(fields.linear).T
    wander = rng.standard_normal((m, d)) @ _root(fields.wander).T * tails.wander[tail][:, None]
    roots = np.linalg.cholesky(fields.noise)[tail]
    noise = np.einsum("mij,mj->mi", roots, rng.standard_normal((m, d)))
    left = residuals - shared @ fields.columns.T - wander - noise
    pull = np.einsum("mij,mj->mi", fields.inverse[tail], left)
    return _Linear(
        shared + pull @ fields.columns @ fields.linear,
        pull,
        noise + np.einsum("mij,mj->mi", fields.noise[tail], pull),
        wander,
    )


def _root(covariance: FloatArray) -> FloatArray:
    """Return a factor of a covariance that may be singular."""
    if not covariance.size:
        return covariance
    values, vectors = np.linalg.eigh(covariance)
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def truth_at(posterior: Posterior, points: Points, course: FloatArray) -> FloatArray:
    """Return the logarithm of her truth, shape (m, n_points).

    Parameters
    ----------
    posterior : Posterior
    points : Points
    course : ndarray, shape (m, n_points)
        Of ``course_of``, of the draws of the posterior.
    """
    level = posterior.linear @ linear_columns(posterior.prior, points).T
    return course + level + _wander_at(posterior, points)


def _wander_at(posterior: Posterior, points: Points) -> FloatArray:
    """Return wander at points: a prior path through that at the readings, pulled to them."""
    prior, observed = posterior.prior, posterior.observed
    at_readings = wander_covariance(prior.wander, posterior.age, observed.points, observed.points)
    across = wander_covariance(prior.wander, posterior.age, points, observed.points)
    alone = wander_covariance(prior.wander, posterior.age, points, points)
    scale = posterior.wander_scale[:, None]
    # the prior path at the readings is fixed already: continue it from there
    slope = across @ np.linalg.pinv(at_readings, hermitian=True) if len(observed.log) else across
    rest = alone - slope @ across.T
    rng = np.random.default_rng([*posterior.rng_key, 2])
    path = rng.standard_normal((len(posterior), len(points.months))) @ _root(rest).T * scale
    path += posterior.wander_start @ slope.T
    moved: FloatArray = path + scale**2 * (posterior.pull @ across.T)
    return moved


def readings_at(
    posterior: Posterior, points: Points, truth: FloatArray, tools: Instruments
) -> FloatArray:
    """Return the logarithm of what a reading would be at points, shape (m, n_points).

    Scans are those of the machine she was scanned on last.

    Parameters
    ----------
    posterior : Posterior
    points : Points
    truth : ndarray, shape (m, n_points)
    tools : Instruments
    """
    rng = np.random.default_rng([*posterior.rng_key, 3])
    m, observed = len(posterior), posterior.observed
    score = rng.standard_normal(truth.shape)
    half = tools.scan.freedom / 2
    months = np.unique(points.months)
    each = (m, len(months))
    is_heavy = np.isfinite(half)
    tails = np.sqrt((half - 1) / rng.standard_gamma(half, each)) if is_heavy else np.ones(each)
    read = truth.copy()
    last = {endpoint: i for i, (endpoint, _) in enumerate(observed.scanners)}
    offsets = {
        name: posterior.offsets[:, last[name]]
        if name in last
        else rng.standard_normal(m) * tools.scans[name].scanner
        for name in dict.fromkeys(points.endpoint)
        if name in tools.scans
    }
    for i, name in enumerate(points.endpoint):
        error = score[:, i] * noise_sd(name, tools)
        if name in tools.scans:
            error = error * tails[:, np.searchsorted(months, points.months[i])]
            read[:, i] += offsets[name]
        else:
            error = error - noise_sd(name, tools) ** 2 / 2
        read[:, i] += error
    return read
