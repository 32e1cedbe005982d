"""What is known of each woman so far, as the conditions of a rule see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.fracture import ten_year_probability
from remodel.monitoring.cohort import Cohort
from remodel.monitoring.design import MONTHS_PER_YEAR
from remodel.monitoring.load import DENSITY
from remodel.rules.names import FLAGS, PROBABILITIES, READING_OF, RISK_FACTORS
from remodel.rules.policy import Policy
from remodel.units import PERCENT_CHANGE

_SCORES = (-6.0, 6.0)  # that the gradients are published for
_OLDEST = 100.0
_NEVER = -1


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Readings of one endpoint, shape (n,) each; NaN before the first."""

    first: FloatArray
    before: FloatArray
    last: FloatArray
    before_month: FloatArray
    last_month: FloatArray

    @classmethod
    def nothing(cls, n: int) -> Seen:
        """Return no readings of n women."""
        return cls(*(np.full(n, np.nan) for _ in range(5)))

    def then(self, month: float, level: FloatArray, chosen: BoolArray) -> Seen:
        """Return the readings with one more of some of the women."""
        is_first = chosen & np.isnan(self.first)
        return Seen(
            np.where(is_first, level, self.first),
            np.where(chosen, self.last, self.before),
            np.where(chosen, level, self.last),
            np.where(chosen, self.last_month, self.before_month),
            np.where(chosen, float(month), self.last_month),
        )

    @property
    def percent_change(self) -> FloatArray:
        """Change of the last reading from the first [%]."""
        change: FloatArray = 100 * (self.last / self.first - 1)
        return change

    def change_per_year(self, month: int) -> FloatArray:
        """Return the change since the reading before [%/y]; NaN unless one was taken now."""
        with np.errstate(divide="ignore", invalid="ignore"):
            years = (self.last_month - self.before_month) / MONTHS_PER_YEAR
            change = 100 * (self.last / self.before - 1) / years
        return np.where(self.last_month == month, change, np.nan)


@dataclass(frozen=True, eq=False)
class Record:
    """All readings of the women of a cohort.

    Attributes
    ----------
    cohort : Cohort
    seen : mapping of str to Seen
        By endpoint.
    """

    cohort: Cohort
    seen: Mapping[str, Seen] = field(default_factory=dict)

    @classmethod
    def of(cls, cohort: Cohort, *, true: bool = False) -> Record:
        """Return what was read before month 0; what was so instead, if ``true``."""
        record, everyone = cls(cohort), np.ones(len(cohort), dtype=bool)
        for endpoint in cohort.levels:
            for reading in cohort.earlier(endpoint):
                level = reading.true if true else reading.read
                record = record.then(endpoint, reading.months, level, everyone)
        return record

    def then(self, endpoint: str, month: float, level: FloatArray, chosen: BoolArray) -> Record:
        """Return the record with one more reading of some of the women."""
        readings = self.seen.get(endpoint) or Seen.nothing(len(self.cohort))
        return replace(self, seen={**self.seen, endpoint: readings.then(month, level, chosen)})

    def values(self, month: int, treated: BoolArray) -> dict[str, FloatArray]:
        """Return what conditions look at, shape (n,), by name; NaN where nothing is known.

        Parameters
        ----------
        month : int
            Now.
        treated : ndarray of bool, shape (n,)
            Who takes a bone drug.
        """
        cohort, n = self.cohort, len(self.cohort)
        columns = cohort.people.columns
        values = {name: np.full(n, np.nan) for name in READING_OF if name != RISK_FACTORS}
        values |= {name: columns[name] for name in (*FLAGS, "menopause_age", "bmi")
                   if name in columns}  # fmt: skip
        values["age"] = columns["age"] + month / MONTHS_PER_YEAR
        values["months"] = np.full(n, float(month))
        values["treated"] = treated.astype(np.float64)
        for endpoint, readings in self.seen.items():
            values[endpoint + PERCENT_CHANGE] = readings.percent_change
            if endpoint.startswith(DENSITY):
                site = endpoint.removeprefix(DENSITY)
                values[f"{endpoint}_change_per_year"] = readings.change_per_year(month)
                values[f"t_score_{site}"] = cohort.t_scores(endpoint, readings.last)
            else:
                values[endpoint] = readings.last
        return values

    def with_probabilities(
        self, values: dict[str, FloatArray], names: frozenset[str]
    ) -> dict[str, FloatArray]:
        """Return values with the ten-year probabilities that a rule looks at."""
        known: dict[str, Any] = {name: values[name] for name in FLAGS if name != "treated"}
        score = np.clip(values["t_score_femoral_neck"], *_SCORES)
        for name in set(PROBABILITIES) & names:
            values[name] = np.where(
                np.isnan(score),
                np.nan,
                ten_year_probability(
                    np.minimum(values["age"], _OLDEST),
                    score,
                    name.removeprefix("ten_year_probability_"),
                    country=self.cohort.design.country,
                    bmi=values["bmi"],
                    **known,
                ),
            )
        return values

    def decisions(
        self, policy: Policy, month: int, treated: BoolArray
    ) -> tuple[IntArray, FloatArray]:
        """Return the rule that changes what each woman takes, and months to the next visit.

        Returns
        -------
        rule : ndarray of int, shape (n,)
            Position of a rule that treats or stops; -1 where she goes on as before.
        next_months : ndarray, shape (n,)
        """
        values = self.with_probabilities(self.values(month, treated), policy.names)
        decided = policy.decide(values, len(self.cohort))
        watches = np.array([rule.action == "watch" for rule in policy.rules] + [True])
        return np.where(watches[decided.rule], _NEVER, decided.rule), decided.next_months
