"""What each visit can show, of women who are followed under one schedule."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.measurement.instruments import Instruments
from remodel.monitoring.cohort import Cohort
from remodel.monitoring.design import Reading
from remodel.monitoring.load import Plan, with_start
from remodel.monitoring.record import Record
from remodel.rules import Policy

if TYPE_CHECKING:
    import pandas as pd

_Z = 1.959963984540054
COLUMNS = (
    "plan",
    "months",
    "endpoint",
    "expected_change",
    "sd_between",
    "sd_reading",
    "least_significant_change",
    "probability_beyond",
    "false_alarm",
    "variance_reduction",
    "decision_change",
    "decision_improved",
    "true_loss",
    "reads_loss",
    "false_loss",
)
_NO_SPREAD = 1e-12  # of the forecast: all women change alike
_LEAST_GAIN = 0.01  # of the variance of the forecast, below which a search ends


def least_significant_change(endpoint: str, tools: Instruments, reading: Reading) -> float:
    """Return the change that two readings of the same truth exceed in 5 of 100 women [%].

    It is 1.96 times the square root of 2, or 2.77, times the precision, as a percentage.
    """
    if endpoint in tools.scans:
        precision = getattr(tools.scans[endpoint], reading.assumed_precision)
    else:
        sample = tools.samples[endpoint]
        precision = math.hypot(sample.within, sample.analytical)
    return 100 * _Z * math.sqrt(2) * float(precision) / math.sqrt(reading.samples)


@dataclass(frozen=True, slots=True)
class Regression:
    """Weighted sums of products of columns, from which any of them is regressed on any others.

    Attributes
    ----------
    products : ndarray, shape (n_columns, n_columns)
        Of weights of sum 1.
    position : mapping of str to int
        Of each column.
    women : float
        Independent ones.
    """

    products: FloatArray
    position: Mapping[Any, int]
    women: float

    @classmethod
    def of(cls, columns: Mapping[Any, FloatArray], weights: FloatArray, women: float) -> Regression:
        """Return the sums of columns, shape (n,) each, about their means."""
        names = list(columns)
        matrix = np.stack([columns[name] for name in names])
        matrix = matrix - (matrix @ weights)[:, None]
        return cls((matrix * weights) @ matrix.T, {n: i for i, n in enumerate(names)}, women)

    def residual_variance(self, outcome: Any, predictors: Sequence[Any]) -> float:
        """Return the variance that is left, corrected for the number of predictors."""
        chosen = [self.position[name] for name in predictors]
        last = self.position[outcome]
        total = self.products[last, last]
        across = self.products[chosen, last]
        slopes = np.linalg.lstsq(self.products[np.ix_(chosen, chosen)], across, rcond=1e-12)[0]
        free = self.women - 1 - len(chosen)
        if free < 1:
            return math.nan
        return float((total - across @ slopes) * (self.women - 1) / free)


@dataclass(frozen=True, eq=False)
class Information:
    """What readings at some months show, each woman read several times.

    Attributes
    ----------
    cohort : Cohort
        Every woman as many times as she is read.
    women : float
        Independent ones.
    months : tuple of int
        At which anything is read, rising from 0.
    """

    cohort: Cohort
    women: float
    months: tuple[int, ...]

    @classmethod
    def of(cls, cohort: Cohort, months: Sequence[int]) -> Information:
        """Return the information of a cohort whose women are listed once."""
        tiled = cohort.tiled(cohort.design.reading.repeats)
        return cls(tiled, cohort.independent, tuple(sorted({0, *months})))

    @cached_property
    def readings(self) -> dict[str, FloatArray]:
        """What is read, shape (n, n_months), by endpoint."""
        cohort = self.cohort
        errors = cohort.errors(np.arange(len(cohort)), self.months)
        truth = {name: cohort.levels[name][:, self.months] for name in errors}
        return {name: cohort.read(name, truth[name], error) for name, error in errors.items()}

    def read(self, endpoint: str, month: int) -> FloatArray:
        """Return what is read at a month, shape (n,); the last reading before it at month 0."""
        earlier = self.cohort.earlier(endpoint)
        if month == 0 and earlier:
            return earlier[-1].read
        return self.readings[endpoint][:, self.months.index(month)]

    def true_change(self, endpoint: str, month: int) -> FloatArray:
        """Return the true change since month 0, or the last reading before [%], shape (n,)."""
        level, earlier = self.cohort.levels[endpoint], self.cohort.earlier(endpoint)
        start = earlier[-1].true if earlier else level[:, 0]
        change: FloatArray = 100 * (level[:, month] / start - 1)
        return change

    @cached_property
    def regression(self) -> Regression:
        """Regression of the forecast on what is known at the start and on all readings."""
        people, design = self.cohort.people, self.cohort.design
        columns: dict[Any, FloatArray] = {
            name: people[name] for name in ("age", "bmi", "menopause_age") if name in people.columns
        }
        for endpoint in self.readings:
            start = np.log(self.read(endpoint, 0))
            columns[endpoint, 0] = start
            for month in self.months[1:]:
                columns[endpoint, month] = np.log(self.read(endpoint, month)) - start
        level = self.cohort.levels[design.forecast]
        columns["forecast"] = 100 * (level[:, design.horizon] / level[:, 0] - 1)
        constant = [n for n, v in columns.items() if n != "forecast" and np.ptp(v) == 0]
        for name in constant:
            del columns[name]
        return Regression.of(columns, self.cohort.weights, self.women)

    def left_after(self, endpoints: Sequence[str], readings: Sequence[tuple[str, int]]) -> float:
        """Return the variance of the forecast once some readings are known.

        Parameters
        ----------
        endpoints : sequence of str
            Read at month 0.
        readings : sequence of (endpoint, month)
            Later ones.
        """
        position = self.regression.position
        known: list[Any] = [
            name for name in position if isinstance(name, str) and name != "forecast"
        ]
        known += [(endpoint, 0) for endpoint in endpoints]
        chosen = [name for name in (*known, *readings) if name in position]
        return self.regression.residual_variance("forecast", chosen)

    def rows(self, plan: Plan) -> list[dict[str, Any]]:
        """Return the rows of a plan, in the order of its visits."""
        start = self.left_after(plan.endpoints, [])
        records = Record.of(self.cohort), Record.of(self.cohort, true=True)
        rows: list[dict[str, Any]] = []
        so_far: list[tuple[str, int]] = []
        for month, endpoints in plan.visits.items():
            before, records = records[0], self._after(records, month, endpoints)
            if not month:
                continue
            decided = self._decided(plan.policy, month, before, records, endpoints)
            for endpoint in endpoints:
                so_far.append((endpoint, month))
                row = {"plan": plan.name, "months": month, "endpoint": endpoint}
                row |= self._shown(endpoint, month)
                left = self.left_after(plan.endpoints, so_far)
                row["variance_reduction"] = 1 - left / start if start > _NO_SPREAD else math.nan
                rows.append(row | decided[endpoint])
        return rows

    def _after(
        self, records: tuple[Record, Record], month: int, endpoints: Sequence[str]
    ) -> tuple[Record, Record]:
        """Return what is read and what is true, with one more visit."""
        everyone = np.ones(len(self.cohort), dtype=bool)
        read, true = records
        for endpoint in endpoints:
            if month == 0 and self.cohort.earlier(endpoint):
                continue
            read = read.then(endpoint, month, self.read(endpoint, month), everyone)
            truth = self.cohort.levels[endpoint][:, month]
            true = true.then(endpoint, month, truth, everyone)
        return read, true

    def _shown(self, endpoint: str, month: int) -> dict[str, float]:
        """Return what a reading shows of the change since month 0."""
        true = self.true_change(endpoint, month)
        read = 100 * (self.read(endpoint, month) / self.read(endpoint, 0) - 1)
        limit = least_significant_change(endpoint, self.cohort.tools, self.cohort.design.reading)
        beyond = np.abs(read) > limit
        return {
            "expected_change": self._mean(true),
            "sd_between": math.sqrt(self._mean((true - self._mean(true)) ** 2)),
            "sd_reading": math.sqrt(self._mean((read - true - self._mean(read - true)) ** 2)),
            "least_significant_change": limit,
            "probability_beyond": self._mean(beyond),
            "false_alarm": self._mean(beyond & (np.abs(true) <= limit)),
            "true_loss": self._mean(true < 0),
            "reads_loss": self._mean(read < 0),
            "false_loss": self._mean((read < 0) & (true >= 0)),
        }

    def _decided(
        self,
        policy: Policy | None,
        month: int,
        before: Record,
        after: tuple[Record, Record],
        endpoints: Sequence[str],
    ) -> dict[str, dict[str, float]]:
        """Return how often a decision is another one, and a better one, by a reading of a visit."""
        if policy is None:
            unknown = {"decision_change": math.nan, "decision_improved": math.nan}
            return dict.fromkeys(endpoints, unknown)
        treated = np.zeros(len(self.cohort), dtype=bool)
        with_it, right = (
            actions(policy, record.decisions(policy, month, treated)[0]) for record in after
        )
        shares = {}
        for endpoint in endpoints:
            seen = dict(after[0].seen)
            del seen[endpoint]
            if endpoint in before.seen:
                seen[endpoint] = before.seen[endpoint]
            record = Record(self.cohort, seen)
            without = actions(policy, record.decisions(policy, month, treated)[0])
            better = (with_it == right).astype(np.float64) - (without == right)
            shares[endpoint] = {
                "decision_change": self._mean(with_it != without),
                "decision_improved": self._mean(better),
            }
        return shares

    def _mean(self, values: FloatArray | BoolArray) -> float:
        return float(np.asarray(values, dtype=np.float64) @ self.cohort.weights)


def actions(policy: Policy, rule: IntArray) -> IntArray:
    """Return a number for what each rule does, so that two rules which do the same are equal."""
    done = [f"{rule.action} {rule.schedule}" for rule in policy.rules] + [""]
    numbers = np.array([done.index(words) for words in done], dtype=np.int64)
    chosen: IntArray = numbers[rule]
    return chosen


def chosen_visits(information: Information, plan: Plan, number: int) -> Plan:
    """Return the plan of the visits that say most of the forecast, chosen one after the other.

    It ends when the next takes off less than 1 % of the variance.

    Parameters
    ----------
    information : Information
    plan : Plan
        Whose visits are the candidates.
    number : int
        How many to choose at most.
    """
    candidates = [month for month in plan.visits if month]
    chosen: list[int] = []

    def left(months: Sequence[int]) -> float:
        readings = [(e, month) for month in sorted(months) for e in plan.visits[month]]
        return information.left_after(plan.endpoints, readings)

    start = before = left([])
    while len(chosen) < min(number, len(candidates)):
        rest = {month: left([*chosen, month]) for month in candidates if month not in chosen}
        best = min(rest, key=lambda month: rest[month])
        if chosen and before - rest[best] < _LEAST_GAIN * start:
            break
        chosen.append(best)
        before = rest[best]
    visits = with_start({month: plan.visits[month] for month in chosen})
    return Plan(f"best {len(chosen)} of the search", visits, plan.policy)


def first_visits(visits: pd.DataFrame, thresholds: Mapping[str, float]) -> pd.DataFrame:
    """Return the first visit that pays, by plan, endpoint and measure; NaN where none does.

    Parameters
    ----------
    visits : DataFrame
        ``visits.csv``.
    thresholds : mapping of str to float
        Of its columns.
    """
    import pandas as pd

    rows = []
    for (plan, endpoint), group in visits.groupby(["plan", "endpoint"], sort=False):
        for measure, threshold in thresholds.items():
            months = group.loc[group[measure] >= threshold, "months"]
            first = float(months.min()) if len(months) else math.nan
            rows.append((plan, endpoint, measure, threshold, first))
    return pd.DataFrame(rows, columns=["plan", "endpoint", "measure", "threshold", "months"])
