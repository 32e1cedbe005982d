"""Plans with rules: women read when they are due, and treated as the rules say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.decisions.outcome import HIP, Outcome
from remodel.decisions.people import PopulationPeople, Taken
from remodel.decisions.plans import Plan
from remodel.errors import ConfigError, nearest
from remodel.measurement.instruments import load_instruments
from remodel.monitoring.cohort import Cohort
from remodel.monitoring.design import MONTHS_PER_YEAR
from remodel.monitoring.design import Design as MonitoringDesign
from remodel.monitoring.follow import Follow, followed
from remodel.monitoring.load import Plan as Visits
from remodel.parameters import load_parameters
from remodel.patient import SITES
from remodel.rules import Policy
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH

_DENSITIES = tuple(f"bmd_{site}" for site in SITES)
_SCORES = tuple(f"t_score_{site}" for site in SITES)


@dataclass(frozen=True, eq=False)
class DrawnCohort(Cohort):
    """A cohort whose women keep their draws of what is uncertain."""

    drawn: PopulationPeople | None = None

    def under(self, schedule: Schedule, chosen: IntArray) -> dict[str, FloatArray]:
        """Return the true course of some of the women, given something else as well."""
        assert self.drawn is not None  # noqa: S101 # cohort_of has seen to it
        people = self.drawn.some(chosen)
        levels = people.levels([self.schedule & schedule], _months(self.design), tuple(self.levels))
        return {name: level[0] for name, level in levels.items()}


def check_policy(policy: Policy) -> None:
    """Raise unless visits are at whole months, and read what has an instrument.

    Raises
    ------
    ConfigError
    """
    for interval in [policy.interval_months, *(rule.next_months for rule in policy.rules)]:
        if interval is not None and interval != int(interval):
            raise ConfigError(f"an interval of {interval:g} months: must be whole months.")
    tools = load_instruments()
    known = (*tools.scans, *tools.samples)
    for endpoint in policy.endpoints:
        if endpoint not in known:
            raise ConfigError(f"'{endpoint}' is not measured.{nearest(endpoint, known)}")


def outcome_of_rules(
    people: PopulationPeople,
    plan: Plan,
    times: FloatArray,
    names: tuple[str, ...],
    twins: Mapping[str, FloatArray],
    *,
    seed: int,
) -> Outcome:
    """Return what a plan with rules does to every woman.

    Parameters
    ----------
    people : PopulationPeople
    plan : Plan
        With a policy.
    times : ndarray, shape (n_times,)
        Days, at whole months.
    names : tuple of str
        Levels that are asked for.
    twins : mapping of str to ndarray
        The women without treatment.
    seed : int
        Of the errors of readings.
    """
    policy = plan.policy
    assert policy is not None  # noqa: S101 # the caller has seen to it
    months = np.round(times / DAYS_PER_MONTH).astype(np.int64)
    years = int(np.ceil(months[-1] / MONTHS_PER_YEAR))
    plain = [n.removeprefix("mechanism_") for n in names if not n.startswith("t_score_")]
    cohort = _cohort(people, plan.schedule, (*plain, *policy.endpoints), years, seed)
    steps = range(0, cohort.design.horizon + 1, int(policy.interval_months))
    visits = Visits(policy.name, dict.fromkeys(steps, policy.endpoints), policy, is_guideline=True)
    state = followed(cohort, visits)
    levels = {name: _level(name, cohort, state, months, people)[None] for name in names}
    return Outcome(
        people,
        times,
        [_taken(people, plan.schedule, state)],
        levels,
        twins,
        {"scans": state.scans[None], "samples": state.samples[None]},
    )


def _months(design: MonitoringDesign) -> FloatArray:
    return np.arange(design.horizon + 1, dtype=np.float64) * DAYS_PER_MONTH


def _cohort(
    people: PopulationPeople, schedule: Schedule, names: tuple[str, ...], years: int, seed: int
) -> DrawnCohort:
    design = MonitoringDesign(seed=seed, horizon_years=years)
    wanted = tuple(dict.fromkeys((*_DENSITIES, *names)))
    levels = people.levels([schedule], _months(design), (*wanted, *_SCORES))
    course = {name: level[0] for name, level in levels.items()}
    sd = {name: load_parameters("reference")[f"{name}_reference_sd"].value for name in _DENSITIES}
    at_zero = {
        density: course[score][:, 0] - course[density][:, 0] / sd[density]
        for density, score in zip(_DENSITIES, _SCORES, strict=True)
    }
    return DrawnCohort(
        people=people.population,
        schedule=schedule,
        levels={name: course[name] for name in wanted},
        score_at_zero=at_zero,
        design=design,
        tools=load_instruments(),
        threads=people.threads,
        drawn=people,
    )


def _level(
    name: str, cohort: DrawnCohort, state: Follow, months: IntArray, people: PopulationPeople
) -> FloatArray:
    """Return a level at the times of the outcome, shape (n, n_times)."""
    if name == HIP:
        hip = state.levels["bmd_total_hip"]
        return people.without_wander(hip, "total_hip", _months(cohort.design))[:, months]
    if name in _SCORES:
        density = _DENSITIES[_SCORES.index(name)]
        course = state.levels[density][:, months]
        return np.stack([cohort.t_scores(density, level) for level in course.T], axis=1)
    return state.levels[name][:, months]


def _taken(people: PopulationPeople, schedule: Schedule, state: Follow) -> Taken:
    """Return what each woman is given, as she takes it."""
    patterns = people.population.definition.adherence
    ways = tuple(
        pattern.edited(schedule & course.schedule)
        for course in state.courses
        for pattern in patterns
    )
    return Taken(ways, state.course_of * len(patterns) + people.population.pattern)
