"""A stored population: the courses of draws from the prior, which many women can share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.individuals.prior import Prior
from remodel.models import Model
from remodel.models.draws import posterior_draws
from remodel.patient import SITES
from remodel.patients import Patients
from remodel.populations.population import parameter_values
from remodel.progress import progress_of
from remodel.schedules import Schedule
from remodel.simulation.batch import Batch
from remodel.simulation.dataset import report_failures
from remodel.simulation.inputs import Inputs
from remodel.simulation.simulate import in_chunks
from remodel.simulation.unusual import warn_of_unusual
from remodel.solvers.status import Status
from remodel.units import DAYS_PER_MONTH

RTOL = 1e-4  # costs 0.001 % of density and halves the time
_WIDEST = 5.9  # T-scores that a patient may have
_LEVELS = 0.45, 1.7  # relative to peers, at which a course is simulated


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Values of what is simulated, one row a draw.

    Attributes
    ----------
    scores : ndarray, shape (n, n_nonlinear)
    log_weights : ndarray, shape (n,)
        Prior over the density they were drawn from.
    pattern : ndarray of int, shape (n,)
        How the drugs were taken.
    levels : ndarray, shape (n, 3)
        Density relative to peers at which each is simulated.
    number : ndarray of int, shape (n,)
        By which each keeps its values of the parameters that all women share.
    """

    scores: FloatArray
    log_weights: FloatArray
    pattern: IntArray
    levels: FloatArray
    number: IntArray

    def __len__(self) -> int:
        return len(self.log_weights)

    def rows(self, chosen: IntArray) -> Draws:
        """Return some of the draws."""
        return Draws(
            self.scores[chosen],
            self.log_weights[chosen],
            self.pattern[chosen],
            self.levels[chosen],
            self.number[chosen],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Courses:
    """Courses of draws, without their levels and scales.

    Attributes
    ----------
    months : ndarray, shape (n_times,)
        Since the start of the simulation.
    log : mapping of str to ndarray, shape (n, n_times)
        Logarithm by endpoint; of density relative to the start.
    possible : ndarray of bool, shape (n,)
        Which draws could be simulated.
    """

    months: FloatArray
    log: Mapping[str, FloatArray]
    possible: BoolArray

    def at(self, endpoint: str, months: FloatArray) -> FloatArray:
        """Return an endpoint at some months, straight between output times, shape (n, n_at)."""
        values, grid = self.log[endpoint], self.months
        right = np.clip(np.searchsorted(grid, months - 1e-9), 1, len(grid) - 1)
        share = np.clip((months - grid[right - 1]) / (grid[right] - grid[right - 1]), 0.0, 1.0)
        low, high = values[:, right - 1], values[:, right]
        between: FloatArray = np.where(share == 1, high, low + share * (high - low))
        return between

    def rows(self, chosen: IntArray) -> Courses:
        """Return the courses of some of the draws."""
        log = {name: values[chosen] for name, values in self.log.items()}
        return Courses(self.months, log, self.possible[chosen])


def drawn(prior: Prior, n: int, patterns: Sequence[float], seed: int) -> Draws:
    """Return draws from the prior: the same for every pattern of adherence.

    Parameters
    ----------
    prior : Prior
    n : int
        Of each pattern.
    patterns : sequence of float
        Probability of each.
    seed : int
    """
    scores = sobol_normals(n, len(prior.nonlinear) + 3, seed)
    k = len(prior.nonlinear)
    mixed = scores[:, :k] @ np.linalg.cholesky(prior.nonlinear_correlation()).T
    center, covariance = prior.linear_given(mixed)
    sites = len(SITES)
    spread = np.linalg.cholesky(covariance[:sites, :sites])
    levels = np.exp(center[:, :sites] + scores[:, k:] @ spread.T)
    m = len(patterns)
    return Draws(
        np.tile(mixed, (m, 1)),
        np.repeat(np.log(np.maximum(patterns, 1e-300)), n),
        np.repeat(np.arange(m), n),
        np.tile(levels, (m, 1)),
        np.tile(np.arange(n), m),
    )


@lru_cache(maxsize=8)
def sobol_normals(n: int, dimensions: int, seed: int) -> FloatArray:
    """Return quasi-random standard normal numbers, shape (n, dimensions)."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    power = max(0, int(np.ceil(np.log2(n))))
    points = qmc.Sobol(dimensions, rng=np.random.default_rng(seed)).random_base2(power)[:n]
    normals: FloatArray = ndtri(np.clip(points, 1e-12, 1 - 1e-12))
    normals.setflags(write=False)
    return normals


def simulated(
    prior: Prior,
    draws: Draws,
    schedules: Sequence[Schedule],
    months: FloatArray,
    endpoints: Sequence[str],
    *,
    age: float,
    menopause_age: float | None,
    sex: str = "female",
    threads: int | None = None,
) -> Courses:
    """Simulate draws, each under the schedule of its pattern.

    Parameters
    ----------
    prior : Prior
    draws : Draws
    schedules : sequence of Schedule
        What is taken in each pattern.
    months : ndarray, shape (n_times,)
        From 0 on.
    endpoints : sequence of str
    age : float
        At month 0 [y].
    menopause_age : float, optional
    sex : str
    threads : int, optional
    """
    n = len(draws)
    columns = prior.columns(draws.scores)
    possible = prior.possible(columns, age) if prior.nonlinear else np.ones(n, dtype=bool)
    log = {name: np.zeros((n, len(months))) for name in endpoints}
    patients = patients_of(prior, draws, columns, age, menopause_age, sex)
    parameters = _parameters(prior, columns, draws.number)
    for name, values in parameters.items():
        bounds = prior.model.all_parameters[name].widened()
        possible &= (values >= bounds.lower) & (values <= bounds.upper)
    for number, schedule in enumerate(schedules):
        rows = np.flatnonzero(possible & (draws.pattern == number))
        if not len(rows) or not endpoints:
            continue
        varied = {name: values[rows] for name, values in parameters.items()}
        inputs = Inputs.read(prior.model, schedule, patients[rows], varied, "population")
        batch = Batch.build(
            prior.model, inputs, months * DAYS_PER_MONTH, endpoints, rtol=RTOL, threads=threads
        )
        warn_of_unusual(prior.model, inputs)
        courses = in_chunks(batch, progress_of(None))  # labels would cost a third of the rest
        report_failures(courses, strict=False, outside=batch.outside)
        reached = courses.status == Status.OK
        possible[rows[~reached]] = False
        for name in endpoints:
            values = np.log(courses.variable(name)[reached])
            start = values[:, :1] if name.startswith("bmd_") else 0.0
            log[name][rows[reached]] = values - start
    for i, site in enumerate(SITES):
        if f"bmd_{site}" in log:
            log[f"bmd_{site}"] += prior.wander.mean(i, age, months / 12)
    return Courses(months, log, possible)


def no_draw_text(age: float, knows_menopause: bool) -> str:
    """Return what to say where no draw of an age could be simulated."""
    if knows_menopause:
        return f"no draw of age {age:g} y could be simulated; are age and menopause right?"
    return (
        f"nobody in the population is {age:g} y with menopause behind her; give menopause_age, "
        "which may lie ahead."
    )


def patients_of(
    prior: Prior,
    draws: Draws,
    columns: Mapping[str, FloatArray],
    age: float,
    menopause_age: float | None,
    sex: str,
) -> Patients:
    """Return one patient a draw, with the densities at which it is simulated.

    Parameters
    ----------
    prior : Prior
    draws : Draws
    columns : mapping of str to ndarray, shape (n,)
        Values of what differs.
    age : float
    menopause_age : float, optional
    sex : str
    """
    from remodel.individuals.readings import Reference

    n, reference = len(draws), Reference.of(prior.model)
    peers = prior.peers(age, male=sex == "male")
    scores = {}
    for i, site in enumerate(SITES):
        level = np.clip(draws.levels[:, i], *_LEVELS)
        t_score = (level * peers[i] - reference.mean[site]) / reference.sd[site]
        scores[f"t_score_{site}"] = np.clip(t_score, -_WIDEST, _WIDEST)
    people: Any = sex
    menopause: Any = np.nan if menopause_age is None else menopause_age
    if "menopause_age" in columns and sex != "male":
        # who is impossible is left out later, and must only be a person here
        menopause = np.clip(columns["menopause_age"], 20.0, 70.0)
    return Patients(np.full(n, age), menopause_age=menopause, sex=people, **scores)


def _parameters(
    prior: Prior, columns: Mapping[str, FloatArray], number: IntArray
) -> dict[str, FloatArray]:
    """Return parameters of the model, those of all women drawn from their posterior, if it has."""
    shared = {
        name: values[number % len(values)] for name, values in _shared_draws(prior.model).items()
    }
    differing = parameter_values(prior.definition, prior.model, columns, shared)  # type: ignore[arg-type]
    return shared | differing


def shared_draws(model: Model) -> int:
    """Return how many draws there are of what all women share; 1 where nothing is uncertain."""
    return len(next(iter(_shared_draws(model).values()), np.zeros(1)))


@lru_cache(maxsize=4)
def _shared_draws(model: Model) -> Mapping[str, FloatArray]:
    return posterior_draws(model)
