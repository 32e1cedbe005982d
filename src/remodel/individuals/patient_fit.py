"""The posterior of one woman, and her course under any schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.errors import ConfigError, SolverError, nearest
from remodel.individuals.courses import Courses, Draws, patients_of, simulated
from remodel.individuals.covariance import Points
from remodel.individuals.mode import Mode, most_likely
from remodel.individuals.posterior import (
    Posterior,
    course_of,
    readings_at,
    truth_at,
)
from remodel.individuals.prior import Prior
from remodel.individuals.readings import Reference, possible
from remodel.individuals.woman import Woman
from remodel.measurement.instruments import Instruments
from remodel.patient import SITES
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import xarray as xr

_LEAST_MONTHS = 1.0
ENDPOINTS = (*(f"bmd_{site}" for site in SITES), "ctx", "p1np")
_OUTLYING = 3.0


@dataclass(frozen=True, slots=True)
class Outlier:
    """A reading that the others contradict.

    Attributes
    ----------
    endpoint : str
    months : float
    size : float
        Counts usual errors of it.
    scanner : str
        Its scanner, where others read the same endpoint; empty where all are of one.
    """

    endpoint: str
    months: float
    size: float
    scanner: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class PatientFit:
    """The posterior of one woman.

    Attributes
    ----------
    woman : Woman
    prior : Prior
    draws : Draws
        What was simulated.
    posterior : Posterior
        Draws of equal weight.
    rounds : int
        How often draws were added where she is.
    instruments : Instruments
    threads : int or None
    """

    woman: Woman
    prior: Prior
    draws: Draws
    posterior: Posterior
    rounds: int
    instruments: Instruments
    threads: int | None = None

    def __repr__(self) -> str:
        return (
            f"<PatientFit of {len(self.woman.readings)} readings, effective size "
            f"{self.effective_size:.0f}, Pareto k {self.pareto_k:.2f}>"
        )

    @property
    def effective_size(self) -> float:
        """Number of draws of equal weight that would say as much."""
        return self.posterior.effective_size

    @property
    def pareto_k(self) -> float:
        """Shape of the tail of the weights; above 0.7 do not trust them."""
        return self.posterior.pareto_k

    @property
    def outliers(self) -> tuple[Outlier, ...]:
        """Readings that the others contradict by more than three of their errors."""
        observed = self.posterior.observed
        sizes = self.posterior.error.mean(axis=0) / np.sqrt(np.diag(observed.noise))
        scanners: dict[str, set[str]] = {}
        for r in observed.readings:
            scanners.setdefault(r.endpoint, set()).add(r.scanner)
        return tuple(
            Outlier(
                r.endpoint,
                r.months,
                float(size),
                (r.scanner or "her usual one") if len(scanners[r.endpoint]) > 1 else "",
            )
            for r, size in zip(observed.readings, sizes, strict=True)
            if abs(size) > _OUTLYING
        )

    @cached_property
    def pattern(self) -> IntArray:
        """Number of the pattern of each draw, shape (m,)."""
        return self.draws.pattern[self.posterior.draw]

    @property
    def adherence(self) -> dict[str, float]:
        """Probability of each way she may have taken her drugs."""
        names = [pattern.name for pattern in self.woman.patterns]
        return {name: float(np.mean(self.pattern == i)) for i, name in enumerate(names)}

    @cached_property
    def traits(self) -> dict[str, FloatArray]:
        """Values of everything that differs between women, shape (m,), by name."""
        columns = self.prior.columns(self.draws.scores[self.posterior.draw])
        chosen = {name: columns[name] for name in self.prior.nonlinear}
        linear = np.exp(self.posterior.linear)
        return chosen | {name: linear[:, i] for i, name in enumerate(self.prior.linear)}

    def most_likely(self, pattern: int = 0) -> Mode:
        """Return the mode of her posterior, if she took her drugs in one way.

        Gauss-Newton on exact derivatives of her course: a quick answer, for usual tails of
        errors. Draws and forecasts do not use it.

        Parameters
        ----------
        pattern : int
            Number of the way; 0 is as prescribed.

        Raises
        ------
        ConfigError
            If there is no such way.
        SolverError
            If she cannot be simulated.
        """
        woman, prior = self.woman, self.prior
        if not 0 <= pattern < len(woman.patterns):
            raise ConfigError(
                f"pattern = {pattern}: must be from 0 to {len(woman.patterns) - 1}.",
                field="pattern",
            )
        levels = np.exp(np.log(self.draws.levels).mean(axis=0, keepdims=True))
        usual = replace(
            self.draws.rows(np.zeros(1, dtype=np.int64)),
            scores=np.zeros((1, len(prior.nonlinear))),
            levels=levels,
        )
        columns = prior.columns(usual.scores)
        patient = patients_of(prior, usual, columns, woman.age, woman.menopause_age, woman.sex)
        taken = woman.taken_as(pattern)
        return most_likely(prior, self.posterior.observed, patient, taken, woman.is_male)

    def predict(
        self,
        schedule: str | Schedule | None = None,
        years: float = 5.0,
        *,
        endpoints: Sequence[str] = ENDPOINTS,
        step_months: float = 6.0,
    ) -> xr.Dataset:
        """Return her course from month 0, under a schedule from now on.

        Options that are predicted from one fit share its draws, so that their difference is hers.

        Parameters
        ----------
        schedule : str or Schedule, optional
            From now on; none by default.
        years : float
            From now on.
        endpoints : sequence of str
        step_months : float

        Returns
        -------
        xarray.Dataset
            Dimensions ``draw`` and ``months`` (since month 0; the coordinate ``now`` says when now
            is). ``<endpoint>`` is the truth, ``<endpoint>_reading`` what would be read;
            ``t_score_<site>`` of both.

        Raises
        ------
        ConfigError
            If an endpoint is unknown, a dose lies before now, or a number is out of bounds.
        """
        later = schedule if isinstance(schedule, Schedule) else Schedule.parse(schedule or "none")
        _check_option(later, endpoints, years, step_months)
        until = self.woman.now + 12 * years
        steps = np.arange(self.woman.now, until + 1e-9, step_months)
        past = np.arange(0.0, self.woman.now, 3.0)
        months = np.unique(np.round(np.concatenate([past, steps, [until]]), 6))
        courses = self.log_courses(later, months, endpoints)
        failed: BoolArray = np.logical_or.reduce(np.isnan(courses), axis=(1, 2))
        if failed.any():
            raise SolverError(
                f"{np.count_nonzero(failed)} of {len(failed)} draws could not be simulated under "
                "this schedule."
            )
        return _dataset(self, courses, months, endpoints)

    def log_courses(
        self,
        later: Schedule,
        months: FloatArray,
        endpoints: Sequence[str],
        chosen: IntArray | None = None,
    ) -> FloatArray:
        """Return logarithms of courses without levels, scales and wander.

        Parameters
        ----------
        later : Schedule
            From now on.
        months : ndarray, shape (n_months,)
            Since month 0, rising.
        endpoints : sequence of str
        chosen : ndarray of int, shape (n,), optional
            Draws of the posterior; all by default.

        Returns
        -------
        ndarray, shape (n, n_endpoints, n_months)
            NaN where a draw could not be simulated.
        """
        draw = self.posterior.draw if chosen is None else self.posterior.draw[chosen]
        used, position = np.unique(draw, return_inverse=True)
        draws = self.draws.rows(used)
        patterns = range(len(self.woman.patterns))
        schedules = [self.woman.taken_as(i, later) for i in patterns]
        grid = output_months(months)
        courses = simulated_for(
            self.woman, self.prior, draws, schedules, grid, endpoints, self.threads
        )
        peers = self.prior.peers(self.woman.age, male=self.woman.is_male)
        each = [course_of(courses, Points((n,) * len(months), months), peers) for n in endpoints]
        levels = np.stack(each, axis=1)
        levels[~courses.possible] = np.nan
        return levels[position]


def simulated_for(
    woman: Woman,
    prior: Prior,
    draws: Draws,
    schedules: Sequence[Schedule],
    grid: FloatArray,
    endpoints: Sequence[str],
    threads: int | None,
) -> Courses:
    """Simulate draws of a woman, each under the schedule of its pattern."""
    return simulated(
        prior,
        draws,
        schedules,
        grid,
        endpoints,
        age=woman.age,
        menopause_age=woman.menopause_age,
        sex=woman.sex,
        threads=threads,
    )


def output_months(months: FloatArray) -> FloatArray:
    """Return output times that hold some months, and month 0 [months]."""
    return np.unique(np.round(np.concatenate([[0.0, _LEAST_MONTHS], months]), 6))


def _check_option(
    schedule: Schedule, endpoints: Sequence[str], years: float, step_months: float
) -> None:
    if not 0 < years <= 50:
        raise ConfigError(f"years = {years:g}: must be above 0 and at most 50.", field="years")
    if not 0.25 <= step_months <= 12 * years:
        raise ConfigError(
            f"step_months = {step_months:g}: must be from 0.25 to the whole forecast, "
            f"{12 * years:g}.",
            field="step_months",
        )
    for name in endpoints:
        if name not in possible():
            raise ConfigError(
                f"'{name}' is not read of a woman.{nearest(name, possible())}", field="endpoints"
            )
    early = min((dose.time for dose in schedule.doses), default=0.0)
    if early < 0:
        raise ConfigError(
            f"this schedule starts {-early / DAYS_PER_MONTH:.3g} months before now; what was given "
            "before the last reading belongs into taken.",
            field="schedule",
        )


def _dataset(
    fit: PatientFit, log_courses: FloatArray, months: FloatArray, endpoints: Sequence[str]
) -> xr.Dataset:
    import xarray as xr

    from remodel.observations.endpoints import endpoints as known

    n = len(months)
    points = Points(
        tuple(name for name in endpoints for _ in range(n)), np.tile(months, len(endpoints))
    )
    truth = truth_at(fit.posterior, points, log_courses.reshape(len(log_courses), -1))
    read = readings_at(fit.posterior, points, truth, fit.instruments)
    reference = Reference.of(fit.woman.model)
    variables: dict[str, Any] = {}
    for kind, values in (("", np.exp(truth)), ("_reading", np.exp(read))):
        for i, name in enumerate(endpoints):
            level = values[:, i * n : (i + 1) * n]
            note = {"units": known()[name].level_unit, "long_name": known()[name].long_name}
            variables[name + kind] = (("draw", "months"), level, note)
            site = name.removeprefix("bmd_")
            if site in SITES:
                score = (level - reference.mean[site]) / reference.sd[site]
                title = {"units": "1", "long_name": f"T-score of {note['long_name']}"}
                variables[f"t_score_{site}{kind}"] = (("draw", "months"), score, title)
    dataset = xr.Dataset(variables, coords={"months": months, "draw": np.arange(len(truth))})
    return dataset.assign_coords(now=fit.woman.now)
