"""Women followed by a plan: read when due, treated when a rule says so, and what comes of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.monitoring.cohort import Cohort
from remodel.monitoring.design import MONTHS_PER_YEAR
from remodel.monitoring.load import DENSITY, Plan
from remodel.monitoring.record import Record
from remodel.rules import Condition, Rule
from remodel.rules.names import with_lowest
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH

COLUMNS = (
    "plan",
    "scans",
    "samples",
    "treated",
    "treated_without_need",
    "missed",
    "months_to_detection",
    "in_need",
    "change_at_horizon",
)


@dataclass(frozen=True, slots=True)
class Course:
    """What is given beside the schedule of all, since a rule began or ended it."""

    schedule: Schedule = field(default_factory=Schedule)
    sentence: str = ""

    def is_treated(self, month: int) -> bool:
        """Whether a bone drug is being given."""
        return bool(self.sentence) and self.schedule.end > month * DAYS_PER_MONTH

    def after(self, rule: Rule, month: int, last_month: float = math.inf) -> Course:
        """Return what is given from a visit on, until all bone drugs end."""
        if rule.action == "treat" and rule.schedule == self.sentence and self.is_treated(month):
            return self
        day = month * DAYS_PER_MONTH
        before = self.schedule.stopped(day)
        if rule.action == "stop":
            return Course(before)
        following = Schedule.parse(rule.schedule).delayed(day)
        return Course(before & following.stopped(last_month * DAYS_PER_MONTH), rule.schedule)


@dataclass(eq=False)
class Follow:
    """The state of a cohort while it is followed; a plan changes it month by month.

    Attributes
    ----------
    cohort : Cohort
    levels : dict of str to ndarray, shape (n, n_months)
        True course of each as she is treated.
    course_of : ndarray of int, shape (n,)
        Position in ``courses``.
    courses : list of Course
    due : ndarray, shape (n,)
        Month of the next visit.
    began : ndarray, shape (n,)
        Month in which a bone drug began first; infinite for none.
    scans, samples : ndarray, shape (n,)
        Visits at which any density, any marker was read.
    """

    cohort: Cohort
    levels: dict[str, FloatArray]
    course_of: IntArray
    due: FloatArray
    began: FloatArray
    scans: FloatArray
    samples: FloatArray
    record: Record
    courses: list[Course] = field(default_factory=lambda: [Course()])

    @classmethod
    def of(cls, cohort: Cohort) -> Follow:
        """Return a cohort at month 0."""
        n = len(cohort)
        return cls(
            cohort,
            {name: values.copy() for name, values in cohort.levels.items()},
            np.zeros(n, dtype=np.int64),
            np.zeros(n),
            np.full(n, np.inf),
            np.zeros(n),
            np.zeros(n),
            Record.of(cohort),
        )

    def read(self, month: int, endpoints: tuple[str, ...], errors: Mapping[str, Any]) -> None:
        """Read the women who are due; at month 0, only what was not read before."""
        is_due = self.due == month
        if month == 0:
            endpoints = tuple(e for e in endpoints if not self.cohort.earlier(e))
        for endpoint in endpoints:
            level = self.cohort.read(
                endpoint, self.levels[endpoint][:, month], errors[endpoint][:, month]
            )
            self.record = self.record.then(endpoint, month, level, is_due)
        is_scan = [endpoint.startswith(DENSITY) for endpoint in endpoints]
        self.scans += is_due & any(is_scan)
        self.samples += is_due & (not all(is_scan))

    def decide(self, plan: Plan, month: int) -> None:
        """Begin and end drugs as the rules say, and set the next visit."""
        is_due = self.due == month
        later = [visit for visit in plan.visits if visit > month]
        following = np.full(len(is_due), float(later[0]) if later else np.inf)
        if plan.policy is not None:
            is_treated = np.array([c.is_treated(month) for c in self.courses])[self.course_of]
            rule, next_months = self.record.decisions(plan.policy, month, is_treated)
            if plan.is_guideline:
                following = month + next_months
            for position in np.unique(rule[is_due & (rule >= 0)]):
                self._change(plan.policy.rules[position], month, is_due & (rule == position))
        following = np.where(following < self.cohort.design.last_month, following, np.inf)
        self.due = np.where(is_due, following, self.due)

    def _change(self, rule: Rule, month: int, chosen: BoolArray) -> None:
        """Give some of the women what a rule says, and simulate what comes of it."""
        for before in np.unique(self.course_of[chosen]):
            after = self.courses[before].after(rule, month, self.cohort.design.last_month)
            if after is self.courses[before]:
                continue
            women = np.flatnonzero(chosen & (self.course_of == before))
            self.courses.append(after)
            self.course_of[women] = len(self.courses) - 1
            if rule.action == "treat":
                self.began[women] = np.minimum(self.began[women], month)
            if month < self.cohort.design.horizon:
                for name, values in self.cohort.under(after.schedule, women).items():
                    self.levels[name][women] = values


def followed(cohort: Cohort, plan: Plan) -> Follow:
    """Follow every woman of a cohort by a plan until the horizon.

    Parameters
    ----------
    cohort : Cohort
    plan : Plan
    """
    state = Follow.of(cohort)
    months = range(cohort.design.horizon + 1)
    errors = cohort.errors(cohort.people.woman, months)
    for month in months:
        if not np.any(state.due == month):
            continue
        endpoints = plan.policy.endpoints if plan.is_guideline and plan.policy else ()
        state.read(month, endpoints or plan.visits[month], errors)
        state.decide(plan, month)
    return state


def months_of_need(cohort: Cohort, need: Condition) -> FloatArray:
    """Return the month in which each woman is first in need, looked at every year, by her truth.

    Parameters
    ----------
    cohort : Cohort
        Under the schedule of all, without a bone drug of a rule.
    need : Condition

    Returns
    -------
    ndarray, shape (n,)
        Infinite for who never is.
    """
    n = len(cohort)
    first, everyone = np.full(n, np.inf), np.ones(n, dtype=bool)
    record = Record.of(cohort, true=True)
    nobody = np.zeros(n, dtype=bool)
    for month in range(0, cohort.design.horizon + 1, MONTHS_PER_YEAR):
        for endpoint, levels in cohort.levels.items():
            record = record.then(endpoint, month, levels[:, month], everyone)
        values = record.with_probabilities(record.values(month, nobody), need.names)
        first[np.isinf(first) & need.holds(with_lowest(values), n)] = month
    return first


def outcome(cohort: Cohort, plan: Plan, need: FloatArray) -> dict[str, Any]:
    """Return the row of a plan in ``plans.csv``; numbers are means and shares of all women.

    Parameters
    ----------
    cohort : Cohort
    plan : Plan
    need : ndarray, shape (n,)
        Of ``months_of_need``.
    """
    state, weights = followed(cohort, plan), cohort.weights
    is_treated, is_needy = np.isfinite(state.began), np.isfinite(need)
    detected = is_treated & is_needy
    level = state.levels[cohort.design.forecast]
    change = 100 * (level[:, -1] / level[:, 0] - 1)
    usable = np.isfinite(change)
    return {
        "plan": plan.name,
        "scans": float(state.scans @ weights),
        "samples": float(state.samples @ weights),
        "treated": float(is_treated @ weights),
        "treated_without_need": float((is_treated & ~is_needy) @ weights),
        "missed": float((is_needy & ~is_treated) @ weights),
        "months_to_detection": (
            float(np.average(state.began[detected], weights=weights[detected]))
            if detected.any()
            else math.nan
        ),
        "in_need": float(is_needy @ weights),
        "change_at_horizon": float(np.average(change[usable], weights=weights[usable])),
    }
