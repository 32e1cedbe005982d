"""Policies: rules in order, when to read again, and what they decide for many women at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.errors import ConfigError
from remodel.rules.condition import Condition
from remodel.rules.names import READING_OF, RISK_FACTORS, with_lowest

Action = Literal["treat", "stop", "watch"]
ACTIONS: tuple[Action, ...] = get_args(Action)
NEVER = 0.0
"""Months to the next visit that stand for none."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done when a condition holds.

    Attributes
    ----------
    name : str
    when : Condition
    action : {"treat", "stop", "watch"}
        Begin a drug, end the bone drugs, or go on as before.
    schedule : str
        What is begun, counted from the visit; empty unless it treats.
    next_months : float or None
        To the next visit; 0 for none any more, None for the interval of the policy.
    source : str
    provenance : str
        ``read``, or ``recalled`` from memory.
    """

    name: str
    when: Condition
    action: Action
    schedule: str = ""
    next_months: float | None = None
    source: str = ""
    provenance: str = ""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a policy decides at one visit.

    Attributes
    ----------
    rule : ndarray of int, shape (women,)
        Position of the rule that held first; -1 where none did.
    next_months : ndarray, shape (women,)
        To the next visit; infinite for none any more.
    """

    rule: IntArray
    next_months: FloatArray


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules in order: the first that holds for a woman decides.

    Attributes
    ----------
    name, title : str
    rules : tuple of Rule
    endpoints : tuple of str
        What is read at each visit.
    interval_months : float
        Between visits, unless a rule says otherwise.
    risk_factors : tuple of Condition
        Those that ``risk_factors`` counts.
    citation : str
    note : str
    """

    name: str
    title: str
    rules: tuple[Rule, ...]
    endpoints: tuple[str, ...]
    interval_months: float
    risk_factors: tuple[Condition, ...] = ()
    citation: str = ""
    note: str = ""

    @property
    def names(self) -> frozenset[str]:
        """What its conditions look at."""
        conditions = [rule.when for rule in self.rules]
        if any(RISK_FACTORS in condition.names for condition in conditions):
            conditions += self.risk_factors
        return frozenset().union(*(condition.names for condition in conditions))

    def check_readings(self, endpoints: Collection[str]) -> None:
        """Check that somebody takes the readings it looks at.

        Parameters
        ----------
        endpoints : collection of str
            What is read.

        Raises
        ------
        ConfigError
            If a rule looks at a reading that is not among them.
        """
        for rule in self.rules:
            names = rule.when.names
            if RISK_FACTORS in names:
                names = names.union(*(factor.names for factor in self.risk_factors))
            for name in sorted(names):
                reading = READING_OF[name]
                is_read = any(e == reading or e.startswith(f"{reading}_") for e in endpoints)
                if reading and not is_read:
                    raise ConfigError(
                        f"policy '{self.name}', rule '{rule.name}': '{name}' needs a reading of "
                        f"{reading}, which no visit takes; visits read {', '.join(endpoints)}."
                    )

    def decide(self, values: Mapping[str, FloatArray], women: int) -> Decisions:
        """Return what it decides for each woman.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (women,)
            Traits and readings; NaN where there is none.
        women : int
        """
        complete = with_lowest(values)
        counts = [factor.holds(complete, women) for factor in self.risk_factors]
        complete[RISK_FACTORS] = np.sum(counts, axis=0, dtype=np.float64) * np.ones(women)
        first = np.full(women, -1, dtype=np.int64)
        intervals = np.full(women, self.interval_months)
        for position, rule in enumerate(self.rules):
            is_new = (first < 0) & rule.when.holds(complete, women)
            first[is_new] = position
            if rule.next_months is not None:
                intervals[is_new] = rule.next_months
        intervals[intervals == NEVER] = np.inf
        return Decisions(first, intervals)
