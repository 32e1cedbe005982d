"""A cohort of one woman: the draws of her posterior, each with its own course from now on.

Month 0 of the plan is now. What was read of her before stands: a change counts from her last
reading of an endpoint, and what was never read is read at month 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.individuals.covariance import Points
from remodel.individuals.patient_fit import PatientFit
from remodel.individuals.posterior import truth_at
from remodel.individuals.readings import Reading, Reference
from remodel.individuals.report import fit_sentences
from remodel.measurement.instruments import Instruments
from remodel.monitoring.cohort import Cohort, Earlier, Levels
from remodel.monitoring.design import MONTHS_PER_YEAR, Design
from remodel.monitoring.load import DENSITY
from remodel.patient import SITES
from remodel.populations.definition import RISKS
from remodel.populations.population import Population
from remodel.schedules import Schedule


@dataclass(frozen=True, eq=False, kw_only=True)
class WomanCohort(Cohort):
    """Draws of one woman as a cohort.

    Attributes
    ----------
    fit : PatientFit
    months : ndarray, shape (n_months,)
        Every month from now on, since month 0 of her readings.
    steady : ndarray, shape (n_draws, n_endpoints, n_months)
        Levels, scales and wander of all draws, which do not depend on what she takes; logarithms.
    offsets : mapping of str to ndarray, shape (n_draws,)
        Of the machine she is scanned on, logarithms.
    past : mapping of str to tuple of Earlier
        Of all draws.
    """

    fit: PatientFit
    months: FloatArray
    steady: FloatArray
    offsets: Levels
    past: Mapping[str, tuple[Earlier, ...]]

    @property
    def independent(self) -> float:
        """Number of independent draws."""
        return min(float(len(self.people)), self.fit.effective_size)

    @property
    def notes(self) -> tuple[str, ...]:
        """How many readings there are, which contradict the others, how good the draws are."""
        return tuple(fit_sentences(self.fit))

    def earlier(self, endpoint: str) -> Sequence[Earlier]:
        """Return what was read of her before, in the order of time."""
        draw = self.people.woman
        return [
            Earlier(reading.months, reading.read[draw], reading.true[draw])
            for reading in self.past.get(endpoint, ())
        ]

    def under(self, schedule: Schedule, chosen: IntArray) -> dict[str, FloatArray]:
        """Return the true course of some of the draws, given something else as well."""
        used, position = np.unique(self.people.woman[chosen], return_inverse=True)
        names, both = tuple(self.levels), self.schedule & schedule
        courses = self.fit.log_courses(both, self.months, names, used)
        levels = np.exp(courses + self.steady[used])[position]
        return {name: levels[:, i] for i, name in enumerate(names)}

    def errors(self, numbers: IntArray, months: Sequence[int]) -> dict[str, FloatArray]:
        """Return the logarithm of reading over truth, shape (n, n_months), by endpoint."""
        draw = self.people.woman
        return {
            name: error + self.offsets[name][draw][:, None] if name in self.offsets else error
            for name, error in super().errors(numbers, months).items()
        }


def woman_cohort(
    fit: PatientFit, schedule: Schedule, endpoints: Sequence[str], design: Design
) -> WomanCohort:
    """Return the draws of a woman as the cohort of a plan from now on.

    Parameters
    ----------
    fit : PatientFit
    schedule : Schedule
        From now on.
    endpoints : sequence of str
        What is read.
    design : Design
    """
    densities = tuple(f"{DENSITY}{site}" for site in SITES)
    names = tuple(dict.fromkeys((*densities, *endpoints)))
    now, n = fit.woman.now, len(fit.posterior)
    before = np.unique([round(r.months, 6) for r in fit.woman.readings if r.endpoint in names])
    months = np.unique(np.round(np.concatenate([before, now + np.arange(design.horizon + 1)]), 6))
    steady = _steady(fit, names, months)
    true = np.exp(fit.log_courses(schedule, months, names) + steady)
    from_now = np.searchsorted(months, round(now, 6))
    levels = {name: true[:, i, from_now:] for i, name in enumerate(names)}
    usable: BoolArray = np.logical_and.reduce(np.isfinite(true), axis=(1, 2))
    return WomanCohort(
        people=_people(fit).where(usable),
        schedule=schedule,
        levels={name: values[usable] for name, values in levels.items()},
        score_at_zero=_score_at_zero(fit, int(usable.sum())),
        design=design,
        tools=_without_offsets(fit.instruments),
        failed=n - int(usable.sum()),
        fit=fit,
        months=months[from_now:],
        steady=steady[:, :, from_now:],
        offsets=_offsets(fit, densities),
        past=_past(fit, names, months, true),
    )


def _past(
    fit: PatientFit, names: Sequence[str], months: FloatArray, true: FloatArray
) -> dict[str, tuple[Earlier, ...]]:
    past: dict[str, tuple[Earlier, ...]] = {}
    for reading in fit.woman.readings:
        if reading.endpoint not in names:
            continue
        at = np.searchsorted(months, round(reading.months, 6))
        level = true[:, names.index(reading.endpoint), at]
        value = np.full(len(level), _as_usual(reading, fit.instruments))
        earlier = Earlier(reading.months - fit.woman.now, value, level)
        past[reading.endpoint] = (*past.get(reading.endpoint, ()), earlier)
    return past


def _as_usual(reading: Reading, tools: Instruments) -> float:
    """Return what would have been read fasting at 8 in the morning, as all later samples are."""
    if reading.endpoint not in tools.samples:
        return reading.value
    sample = tools.samples[reading.endpoint]
    return reading.value / sample.rhythm(reading.hour) / (1 if reading.fasting else 1 + sample.food)


def _people(fit: PatientFit) -> Population:
    """Return the draws as people who share what is known of her; unknown risks are not there."""
    woman, n = fit.woman, len(fit.posterior)
    columns = {"age": np.full(n, woman.age + woman.now / MONTHS_PER_YEAR)}
    columns |= {name: np.full(n, float(woman.risks.get(name, False))) for name in RISKS}
    bmi = woman.bmi
    if bmi is None and "bmi" in fit.prior.definition.patient:
        bmi = fit.prior.definition.patient["bmi"].center
    known = {"bmi": bmi, "menopause_age": woman.menopause_age}
    columns |= {name: np.full(n, value) for name, value in known.items() if value is not None}
    number = np.arange(n)
    return Population(
        fit.prior.definition, woman.seed, number, np.ones(n), columns, np.zeros_like(number)
    )


def _score_at_zero(fit: PatientFit, n: int) -> dict[str, FloatArray]:
    reference = Reference.of(fit.woman.model)
    return {
        f"{DENSITY}{site}": np.full(n, -reference.mean[site] / reference.sd[site]) for site in SITES
    }


def _steady(fit: PatientFit, names: Sequence[str], months: FloatArray) -> FloatArray:
    points = Points(tuple(name for name in names for _ in months), np.tile(months, len(names)))
    flat = truth_at(fit.posterior, points, np.zeros((len(fit.posterior), len(points.months))))
    return flat.reshape(len(flat), len(names), len(months))


def _offsets(fit: PatientFit, densities: Sequence[str]) -> dict[str, FloatArray]:
    """Return the offset of the machine she was scanned on last, or of any other."""
    scanners = fit.posterior.observed.scanners
    last = {endpoint: i for i, (endpoint, _) in enumerate(scanners)}
    rng = np.random.default_rng([fit.woman.seed, 5])
    unknown = {name: rng.standard_normal(len(fit.posterior)) for name in densities}
    return {
        name: fit.posterior.offsets[:, last[name]]
        if name in last
        else unknown[name] * fit.instruments.scans[name].scanner
        for name in densities
    }


def _without_offsets(tools: Instruments) -> Instruments:
    """Return instruments whose scanners are all alike; the offset of hers is known apart."""
    scans = {name: scan.model_copy(update={"scanner": 0.0}) for name, scan in tools.scans.items()}
    return tools.model_copy(update={"scans": scans})
