"""Forecasts of later readings of women who share a stored population.

Given a draw of what is simulated, and how far her wander and her scans reach, everything else is
linear and normal. A later reading is a mixture of normals over draws and tails, and only that
mixture is drawn from: nothing else of the posterior of the woman is made.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
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
    wander_covariances,
)
from remodel.individuals.focus import focused
from remodel.individuals.patient_fit import output_months
from remodel.individuals.prior import Prior
from remodel.individuals.weights import Fields, Tails, log_density
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

    @cached_property
    def bmi_given(self) -> tuple[FloatArray, float]:
        """Mean, shape (n,), and variance of the score of BMI, given the draws."""
        return self.prior.bmi_given(self.draws.scores)

    @cached_property
    def impossible(self) -> IntArray:
        """Draws that could not be simulated."""
        return np.flatnonzero(~self.courses.possible)

    @cached_property
    def _rows(self) -> tuple[FloatArray, dict[str, int]]:
        """Courses, one row a time, and the row at which each endpoint begins."""
        log = self.courses.log
        begin = {name: i * len(self.courses.months) for i, name in enumerate(log)}
        return np.concatenate([values.T for values in log.values()]), begin

    def places(
        self, points: Points, months: FloatArray, since: FloatArray
    ) -> tuple[IntArray, FloatArray]:
        """Return the rows before and at which to read courses, and how far between them.

        Parameters
        ----------
        points : Points
        months : ndarray, shape (n, n_points)
            Of each woman, in place of those of the points.
        since : ndarray, shape (n,)
            Month of the courses that is her month 0.

        Returns
        -------
        ndarray of int, shape (n, n_points + n_densities)
            Later row of each; the last are those of densities at her month 0.
        ndarray, of the same shape
        """
        begin = np.array([self._rows[1][name] for name in points.endpoint])
        density = np.flatnonzero(points.site >= 0)
        start = np.broadcast_to(since[:, None], (len(since), len(density)))
        at = np.concatenate([months + since[:, None], start], axis=1)
        grid = self.courses.months
        right = np.clip(np.searchsorted(grid, at - 1e-9), 1, len(grid) - 1)
        share = np.clip((at - grid[right - 1]) / (grid[right] - grid[right - 1]), 0.0, 1.0)
        return right + np.concatenate([begin, begin[density]]), share[:, :, None]

    def between(self, row: IntArray, share: FloatArray) -> FloatArray:
        """Return courses of one woman at ``places``, shape (n_places, n)."""
        rows = self._rows[0]
        low, values = rows[row - 1], rows[row]
        values -= low
        values *= share
        values += low
        return values


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
class Sought:
    """What was read of a woman, and what is asked.

    Attributes
    ----------
    observed : Observed
    points : Points
    age : float
        At her month 0 [y].
    bmi : float or None
        [kg/m2].
    """

    observed: Observed
    points: Points
    age: float
    bmi: float | None

    @property
    def pattern(self) -> Hashable:
        """Everything but numbers; women of one pattern are computed side by side."""
        scan, machines = (
            self.observed.scan.tobytes(),
            tuple(r.scanner for r in self.observed.readings),
        )
        endpoints = self.observed.points.endpoint, self.points.endpoint
        return endpoints, scan, machines, self.bmi is None


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


def later_readings(
    stored: Stored, observed: Observed, points: Points, *, age: float, bmi: float | None
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
    """
    return next(later_of_many(stored, [Sought(observed, points, age, bmi)]))


def later_of_many(stored: Stored, women: Sequence[Sought]) -> Iterator[Later]:
    """Yield what would be read of women of one pattern; none notices the others.

    Parameters
    ----------
    stored : Stored
    women : sequence of Sought
        All of equal ``pattern``.
    """
    observed, points = women[0].observed, women[0].points
    priors = [stored.prior.with_bmi(her.bmi) for her in women]
    d, prior, tools = len(observed.log), priors[0], stored.tools
    ages = np.array([her.age for her in women])
    months = np.array([[*her.observed.points.months, *her.points.months] for her in women])
    both = Points((*observed.points.endpoint, *points.endpoint), months[0])
    linear = stored.unknown_bmi if prior.bmi_score is None else stored.known_bmi
    columns = linear_columns(prior, both)
    tails = Tails.drawn(_TAILS, observed.scans, prior, tools, stored.seed)
    wander = wander_covariances(prior.wander, ages, months, both.site)
    fields = Fields.of(prior, observed, linear.covariance, tails, wander[:, :d, :d])
    factors = fields.factors(tails.log_weights)
    across, alone = wander[:, d:, :d], np.diagonal(wander, axis1=1, axis2=2)[:, d:]
    gain, variance = _gain(prior, observed, points, fields, tails, tools, across, alone)
    density, q = np.flatnonzero(both.site >= 0), months.shape[1]
    level = np.zeros(months.shape)
    peers = np.log([prior.peers(age, male=stored.male) for age in ages.tolist()])
    level[:, density] = peers[:, both.site[density]]
    level += np.outer([her.bmi_score or 0.0 for her in priors], columns @ linear.by_bmi)
    center = columns @ linear.center.T
    row, share = stored.places(both, months, (ages - stored.age) * 12)
    joint = np.empty((len(stored.draws), _TAILS))  # memory costs more to get than to fill
    for i, her in enumerate(women):
        course = stored.between(row[i], share[i])
        mean = course[:q]
        mean[density] -= course[q:]
        mean += center
        mean += level[i][:, None]
        residuals = her.observed.log[:, None] - mean[:d]
        each = stored.draws.log_weights + priors[i].log_weight_given(*stored.bmi_given)
        log_density(residuals.T, each, factors[i], out=joint)
        joint[stored.impossible] = -np.inf
        largest = joint.max()
        joint -= largest
        weights = np.exp(joint, out=joint)
        by_draw = np.einsum("ns->n", weights)
        draw, tail = _resampled(weights, by_draw)
        log = mean[d:, draw]
        log += np.einsum("mpd,dm->pm", gain[i].take(tail, axis=0), residuals[:, draw])
        _add_errors(log, variance[i].take(tail, axis=0).T, points, tools, stored.seed)
        with np.errstate(divide="ignore"):
            log_weights = np.log(by_draw) + largest
        yield Later(log.T, log_weights, float(by_draw.sum() ** 2 / np.square(by_draw).sum()))


def focused_readings(stored: Stored, later: Later, her: Sought, *, enough: float) -> Later:
    """Return later readings of a woman from draws of her own, made where the weights are.

    Parameters
    ----------
    stored, later, her
        What left too few effective draws.
    enough : float
        Effective draws, with which no more are made.
    """
    draws, patterns, one = stored.draws, np.ones(1), later
    observed, points = her.observed.points, her.points
    months = output_months(np.concatenate([observed.months, points.months]))
    names = sorted({*observed.endpoint, *points.endpoint})
    for number in range(1, _ROUNDS + 1):
        seed = stored.seed + number
        draws = focused(stored.prior, draws, one.log_weights, patterns, len(draws), seed)
        courses = simulated(
            stored.prior,
            draws,
            [stored.schedule],
            months,
            names,
            age=her.age,
            menopause_age=stored.menopause_age,
            sex="male" if stored.male else "female",
            threads=stored.threads,
        )
        if not courses.possible.any():
            break
        hers = replace(stored, draws=draws, courses=courses, age=her.age)
        one = next(later_of_many(hers, [her]))
        if one.effective_size >= enough:
            break
    return max(later, one, key=lambda readings: readings.effective_size)


def _resampled(weights: FloatArray, by_draw: FloatArray) -> tuple[IntArray, IntArray]:
    """Return draws and tails of equal weight, systematically, shapes (m,)."""
    ends = np.cumsum(by_draw)
    comb = (np.arange(_SIZE) + 0.5) * (ends[-1] / _SIZE)
    draw = np.minimum(np.searchsorted(ends, comb), len(ends) - 1)
    is_first = np.concatenate([[True], draw[1:] != draw[:-1]])
    number, chosen = np.cumsum(is_first) - 1, draw[is_first]
    # ends of the tails of the chosen draws, one draw after the other
    tails = weights.shape[1]
    inside = np.cumsum(weights[chosen])
    before = np.concatenate([[0.0], inside[tails - 1 : -1 : tails]])
    target = comb - (ends - by_draw)[draw] + before[number]
    flat = np.searchsorted(inside, target)
    return draw, np.clip(flat - number * tails, 0, tails - 1)


def _gain(
    prior: Prior,
    observed: Observed,
    points: Points,
    fields: Fields,
    tails: Tails,
    tools: Instruments,
    across: FloatArray,
    alone: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return what readings add to later ones, shape (b, s, p, d), and the variance left, (b, s, p).

    Wander is that of b women: ``across`` points and readings, (b, p, d), and at points, (b, p).

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
    whole = shared @ fields.columns.T + reach[:, :, None] * across[:, None]
    gain = whole @ fields.inverse
    variance = (shared * columns).sum(axis=1) + unknown + reach * alone[:, None]
    left: FloatArray = variance - (gain * whole).sum(axis=3)
    return gain, np.maximum(left, 0.0)


def _add_errors(
    log: FloatArray, variance: FloatArray, points: Points, tools: Instruments, seed: int
) -> None:
    """Add what is left unknown, and the error of a reading, to its mean, in place."""
    normal, reach = _noise(log.shape[1], tools.scan.freedom, seed)
    for i, name in enumerate(points.endpoint):
        error = np.square(noise_sd(name, tools))
        if name not in tools.scans:
            log[i] -= error / 2
        size = error * np.square(reach) if name in tools.scans else error
        log[i] += np.sqrt(variance[i] + size) * normal


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
