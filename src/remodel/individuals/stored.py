"""Forecasts of later readings of women who share a stored population.

Given a draw of what is simulated, and how far her wander and her scans reach, everything else is
linear and normal. A later reading is a mixture of normals over draws and tails, and only that
mixture is drawn from: nothing else of the posterior of the woman is made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.individuals.courses import Courses, Draws, simulated
from remodel.individuals.covariance import (
    Observed,
    Points,
    linear_columns,
    noise_sd,
    wander_covariance,
)
from remodel.individuals.focus import focused
from remodel.individuals.patient_fit import output_months
from remodel.individuals.posterior import course_of
from remodel.individuals.prior import Prior
from remodel.individuals.weights import Fields, Tails
from remodel.measurement.instruments import Instruments
from remodel.schedules import Schedule

_TAILS = 32
_ROUNDS = 4  # of draws of one woman
_SIZE = 1024  # draws of a later reading
_STEPS = 1 / 1.32471795724 ** np.arange(1, 3)  # powers of the plastic number fill a square evenly


@dataclass(frozen=True, eq=False)
class Stored:
    """A stored population.

    Attributes
    ----------
    prior : Prior
        Of women whose BMI is unknown.
    draws : Draws
    courses : Courses
    age : float
        At the start of the courses [y].
    male : bool
    schedule : Schedule
        From the start of the courses on.
    menopause_age : float or None
    tools : Instruments
    seed : int
    threads : int or None
    """

    prior: Prior
    draws: Draws
    courses: Courses
    age: float
    male: bool
    schedule: Schedule
    menopause_age: float | None
    tools: Instruments
    seed: int
    threads: int | None

    @cached_property
    def unknown_bmi(self) -> Linear:
        """What is linear in women whose BMI is unknown."""
        return Linear(*self.prior.linear_given(self.draws.scores), np.zeros(len(self.prior.linear)))

    @cached_property
    def known_bmi(self) -> Linear:
        """What is linear in women whose BMI is known, at the usual BMI."""
        usual, more = (replace(self.prior, bmi_score=score) for score in (0.0, 1.0))
        center, covariance = usual.linear_given(self.draws.scores)
        by_bmi = more.linear_given(self.draws.scores[:1])[0][0] - center[0]
        return Linear(center, covariance, by_bmi)


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Log levels and scales in a stored population.

    Attributes
    ----------
    center : ndarray, shape (n, n_linear)
        Mean of each draw.
    covariance : ndarray, shape (n_linear, n_linear)
    by_bmi : ndarray, shape (n_linear,)
        What a standard deviation of BMI adds to the mean.
    """

    center: FloatArray
    covariance: FloatArray
    by_bmi: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Later:
    """Draws of later readings of one woman.

    Attributes
    ----------
    log : ndarray, shape (m, n_points)
        Logarithm of the reading at each point; points are drawn one by one.
    log_weights : ndarray, shape (n,)
        Of the draws of the stored population, tails summed over.
    effective_size : float
    """

    log: FloatArray
    log_weights: FloatArray
    effective_size: float


def scratch_of(stored: Stored) -> FloatArray:
    """Return memory for ``later_readings``, which costs more to get than to fill."""
    return np.empty((2, len(stored.draws), _TAILS))


def later_readings(
    stored: Stored,
    observed: Observed,
    points: Points,
    *,
    age: float,
    bmi: float | None,
    scratch: FloatArray | None = None,
) -> Later:
    """Return what would be read of a woman at points, given what was read.

    Parameters
    ----------
    stored : Stored
    observed : Observed
    points : Points
    age : float
        At her month 0 [y].
    bmi : float, optional
        [kg/m2].
    scratch : ndarray, optional
        Of ``scratch_of``; what it holds is lost.
    """
    joint, ends = scratch_of(stored) if scratch is None else scratch
    prior, tools = stored.prior.with_bmi(bmi), stored.tools
    d = len(observed.log)
    both = Points(
        (*observed.points.endpoint, *points.endpoint),
        np.concatenate([observed.points.months, points.months]),
    )
    peers = prior.peers(age, male=stored.male)
    mean = course_of(stored.courses, both, peers, since=(age - stored.age) * 12)
    linear = stored.unknown_bmi if prior.bmi_score is None else stored.known_bmi
    columns = linear_columns(prior, both).T
    mean += linear.center @ columns + (prior.bmi_score or 0.0) * (linear.by_bmi @ columns)
    tails = Tails.drawn(_TAILS, observed.scans, prior, tools, stored.seed)
    fields = Fields.of(prior, observed, linear.covariance, tails, age)
    residuals = observed.log - mean[:, :d]
    each = stored.draws.log_weights + prior.log_weight_of_bmi(stored.draws.scores)
    fields.log_density(residuals, each, tails.log_weights, out=joint)
    joint[~stored.courses.possible] = -np.inf
    largest = joint.max()
    joint -= largest
    weights = np.exp(joint, out=joint)
    by_draw = weights.sum(axis=1)
    draw, tail = _resampled(weights, ends)
    gain, variance = _gain(prior, observed, points, fields, tails, tools, age)
    log = mean[draw, d:] + np.einsum("mpd,md->mp", gain[tail], residuals[draw])
    _add_errors(log, variance[tail], points, tools, stored.seed)
    with np.errstate(divide="ignore"):
        log_weights = np.log(by_draw) + largest
    return Later(log, log_weights, float(by_draw.sum() ** 2 / np.square(by_draw).sum()))


def focused_readings(
    stored: Stored,
    later: Later,
    observed: Observed,
    points: Points,
    *,
    age: float,
    bmi: float | None,
    enough: float,
) -> Later:
    """Return later readings of a woman from draws of her own, made where the weights are.

    Parameters
    ----------
    stored, later, observed, points
        What left too few effective draws.
    age, bmi
        As those of ``later_readings``.
    enough : float
        Effective draws, with which no more are made.
    """
    draws, patterns, one = stored.draws, np.ones(1), later
    months = output_months(np.concatenate([observed.points.months, points.months]))
    names = sorted({*observed.points.endpoint, *points.endpoint})
    for number in range(1, _ROUNDS + 1):
        seed = stored.seed + number
        draws = focused(stored.prior, draws, one.log_weights, patterns, len(draws), seed)
        courses = simulated(
            stored.prior,
            draws,
            [stored.schedule],
            months,
            names,
            age=age,
            menopause_age=stored.menopause_age,
            sex="male" if stored.male else "female",
            threads=stored.threads,
        )
        if not courses.possible.any():
            break
        hers = replace(stored, draws=draws, courses=courses, age=age)
        one = later_readings(hers, observed, points, age=age, bmi=bmi)
        if one.effective_size >= enough:
            break
    return max(later, one, key=lambda readings: readings.effective_size)


def _resampled(weights: FloatArray, scratch: FloatArray) -> tuple[IntArray, IntArray]:
    """Return draws and tails of equal weight, systematically, shapes (m,)."""
    ends = np.cumsum(weights, out=scratch.reshape(-1))
    comb = (np.arange(_SIZE) + 0.5) * (ends[-1] / _SIZE)
    flat = np.minimum(np.searchsorted(ends, comb), len(ends) - 1)
    return np.divmod(flat, weights.shape[1])


def _gain(
    prior: Prior,
    observed: Observed,
    points: Points,
    fields: Fields,
    tails: Tails,
    tools: Instruments,
    age: float,
) -> tuple[FloatArray, FloatArray]:
    """Return what readings add to later ones, shape (s, p, d), and the variance left, (s, p).

    The variance is that of the truth and of the offset of the scanner: her last one at the site,
    or one that she was never on.
    """
    machines = np.zeros((len(points.endpoint), len(observed.scanners)))
    unknown = np.zeros(len(points.endpoint))
    last = {endpoint: i for i, (endpoint, _) in enumerate(observed.scanners)}
    for i, name in enumerate(points.endpoint):
        if name in last:
            machines[i, last[name]] = 1.0
        elif name in tools.scans:
            unknown[i] = tools.scans[name].scanner ** 2
    columns = np.column_stack([linear_columns(prior, points), machines])
    shared = columns @ fields.linear
    reach = tails.wander[:, None] ** 2
    across = wander_covariance(prior.wander, age, points, observed.points)
    whole = shared @ fields.columns.T + reach[:, :, None] * across
    gain = whole @ fields.inverse
    alone = np.diagonal(wander_covariance(prior.wander, age, points, points))
    variance = (shared * columns).sum(axis=1) + unknown + reach * alone
    left: FloatArray = variance - (gain * whole).sum(axis=2)
    return gain, np.maximum(left, 0.0)


def _add_errors(
    log: FloatArray, variance: FloatArray, points: Points, tools: Instruments, seed: int
) -> None:
    """Add what is left unknown, and the error of a reading, to its mean, in place."""
    normal, reach = _noise(len(log), tools.scan.freedom, seed)
    for i, name in enumerate(points.endpoint):
        error = np.square(noise_sd(name, tools))
        if name not in tools.scans:
            log[:, i] -= error / 2
        size = error * np.square(reach) if name in tools.scans else error
        log[:, i] += np.sqrt(variance[:, i] + size) * normal


@lru_cache(maxsize=8)
def _noise(n: int, freedom: float, seed: int) -> tuple[FloatArray, FloatArray]:
    """Return quasi-random normal errors, and how far the tail of each reaches.

    A Kronecker sequence: even together with its number, by which draws are counted.
    """
    from scipy.special import gammaincinv, ndtri

    start = np.random.default_rng([seed, 6]).random(2)
    share = (start + np.outer(np.arange(n), _STEPS)) % 1.0
    share = np.clip(share, 1e-9, 1 - 1e-9)
    normal = np.asarray(ndtri(share[:, 0]))
    if np.isinf(freedom):
        return normal, np.ones(n)
    half = freedom / 2
    return normal, np.sqrt((half - 1) / gammaincinv(half, share[:, 1]))
