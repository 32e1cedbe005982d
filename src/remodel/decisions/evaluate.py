"""What plans are worth: every plan on the same women with the same draws, with standard errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.decisions.load import Problem, Question
from remodel.decisions.need import in_need, needed_levels
from remodel.decisions.outcome import EXPOSED, Outcome
from remodel.decisions.people import People, PopulationPeople, Taken, with_densities
from remodel.decisions.plans import Plan
from remodel.decisions.ruled import outcome_of_rules
from remodel.decisions.statistics import Statistic, standard_error
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_YEAR

STEP = DAYS_PER_YEAR / 4.0
"""Days between the times at which courses are looked at."""
_CELLS = 6_000_000  # numbers of a level that are held at once
_MEAN = Statistic("mean")
_BAND = (0.05, 0.95)


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What one plan is worth.

    Attributes
    ----------
    answers : ndarray, shape (n_questions,)
        Objectives, then constraints.
    influence : ndarray, shape (n_questions, n_women)
        What every woman adds to the error.
    failed : int
        Women whose simulation failed under this plan.
    """

    answers: FloatArray
    influence: FloatArray
    failed: int = 0

    @property
    def errors(self) -> FloatArray:
        """Standard errors of the answers."""
        return standard_error(self.influence)

    def less(self, other: Evaluation) -> tuple[FloatArray, FloatArray]:
        """Return the difference to another plan, and its standard error, woman by woman."""
        return self.answers - other.answers, standard_error(self.influence - other.influence)


@dataclass(frozen=True, eq=False)
class Evaluator:
    """A problem with its women, ready to value plans.

    Attributes
    ----------
    problem : Problem
    people : People
    """

    problem: Problem
    people: People

    @cached_property
    def times(self) -> FloatArray:
        """Days at which courses are looked at."""
        horizon = self.problem.design.horizon_years * DAYS_PER_YEAR
        steps = np.arange(0.0, horizon + STEP / 2, STEP)
        days = [question.day for question in self.problem.questions]
        return np.unique(np.round(np.concatenate([steps[steps < horizon], [horizon], days]), 6))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Endpoints that are simulated under each plan."""
        asked = [
            q.quantity.subject
            for q in self.problem.questions
            if q.quantity.kind in ("level", "change")
        ]
        exposed = EXPOSED if self._asks_for_fractures or not asked else ()
        return with_densities((*asked, *exposed))

    @property
    def _asks_for_fractures(self) -> bool:
        return any("fracture" in q.quantity.name or "needed" in q.quantity.name
                   for q in self.problem.questions)  # fmt: skip

    @cached_property
    def twins(self) -> Mapping[str, FloatArray]:
        """The same women without treatment."""
        if not self._asks_for_fractures:
            return {}
        levels = self.people.levels([Schedule()], self.times, EXPOSED)
        return {name: level[0] for name, level in levels.items()}

    @cached_property
    def reference(self) -> Outcome:
        """What all are compared with."""
        return next(self._outcomes([Plan({}, self.problem.against)]))[1]

    @cached_property
    def needy(self) -> BoolArray:
        """Who needs a drug, by the course under what all are compared with."""
        need = self.problem.need
        assert need is not None  # noqa: S101 # loading has seen to it
        names = with_densities(needed_levels(need))
        levels = self.people.levels([self.problem.against], self.times, names)
        course = {name: level[0] for name, level in levels.items()}
        return in_need(need, course, self.times, self.people.columns)

    def evaluate(self, plans: Sequence[Plan]) -> Iterator[tuple[list[int], list[Evaluation]]]:
        """Yield positions of plans, and what these are worth, a few at a time.

        Parameters
        ----------
        plans : sequence of Plan
            All different.
        """
        for positions, outcome in self._outcomes(plans):
            yield positions, self.valued(outcome)

    def _outcomes(self, plans: Sequence[Plan]) -> Iterator[tuple[list[int], Outcome]]:
        """Yield positions and outcomes: plans with rules one by one, schedules together."""
        fixed = [i for i, plan in enumerate(plans) if plan.policy is None]
        at_once = max(1, _CELLS // (len(self.people) * len(self.times)))
        for first in range(0, len(fixed), at_once):
            positions = fixed[first : first + at_once]
            schedules = [plans[i].schedule for i in positions]
            taken = [self.people.as_taken(schedule) for schedule in schedules]
            levels = self.people.levels(schedules, self.times, self.names)
            yield positions, Outcome(self.people, self.times, taken, levels, self.twins)
        for i, plan in enumerate(plans):
            if plan.policy is not None:
                yield [i], self._ruled(plan)

    def _ruled(self, plan: Plan) -> Outcome:
        assert isinstance(self.people, PopulationPeople)  # noqa: S101 # loading has seen to it
        seed = self.problem.design.seed
        return outcome_of_rules(self.people, plan, self.times, self.names, self.twins, seed=seed)

    def valued(self, outcome: Outcome) -> list[Evaluation]:
        """Return what the plans of an outcome are worth."""
        each = [self._answered(question, outcome) for question in self.problem.questions]
        values = np.stack([value for value, _ in each], axis=1)
        influence = np.stack([influence for _, influence in each], axis=1)
        failed = outcome.failures().sum(axis=-1)
        scale = self.people.inflation
        return [
            Evaluation(values[i], scale * influence[i], int(failed[i])) for i in range(len(values))
        ]

    def _answered(self, question: Question, outcome: Outcome) -> tuple[FloatArray, FloatArray]:
        """Return the answer for each plan, and the influence of each woman."""
        quantity = question.quantity
        if quantity.kind == "needed_to_treat":
            return self._needed_to_treat(question, outcome)
        return self._over_people(question, self._values(question, outcome))

    def _values(self, question: Question, outcome: Outcome) -> FloatArray:
        """Return what is asked of every woman under every plan, shape (n_plans, n)."""
        quantity = question.quantity
        if quantity.kind == "fractures_prevented":
            return 10.0 * self._prevented(quantity.subject, outcome, question.day)
        if quantity.kind == "need":
            treated = outcome.amounts("treated", question.day) > 0
            wrong = treated & ~self.needy if quantity.subject != "missed" else ~treated & self.needy
            return np.where(wrong, 100.0, 0.0)
        return outcome.values(quantity, question.day)

    def taken(self, plan: Plan) -> Taken:
        """Return what women are given under a plan."""
        if plan.policy is None:
            return self.people.as_taken(plan.schedule)
        return self._ruled(plan).taken[0]

    def bands(self, plan: Plan) -> FloatArray:
        """Return between which numbers each answer is in 90 % of draws, shape (n_questions, 2).

        Of one woman, whose draws are rows, only means have such a band; shares of her draws are
        what they are.
        """
        outcome = next(self._outcomes([plan]))[1]
        bands = np.empty((len(self.problem.questions), 2))
        for band, question in zip(bands, self.problem.questions, strict=True):
            if question.quantity.kind == "needed_to_treat":
                gain = self._prevented(question.quantity.subject, outcome, question.day)
                treated = outcome.amounts("treated", question.day)
                answers = _ratio(
                    self._by_draw(_MEAN, treated),
                    self._by_draw(_MEAN, gain),
                    self._position_of_draw,
                )[0]
            else:
                values = self._values(question, outcome)
                answers = self._by_draw(question.statistic, values)[0]
                if self.people.rows_are_draws:
                    is_mean = question.statistic.kind == "mean"
                    answers = values.T if is_mean else self._answered(question, outcome)[0]
            band[:] = np.nanquantile(answers, _BAND, axis=0).ravel()
        return bands

    def _prevented(self, site: str, outcome: Outcome, day: float) -> FloatArray:
        """Return the probability that is lost against what all are compared with [%]."""
        last = int(np.searchsorted(self.times, day - 1e-6))
        prevented: FloatArray = (
            self.reference.chances(site)[..., last] - outcome.chances(site)[..., last]
        )
        return prevented

    def _needed_to_treat(
        self, question: Question, outcome: Outcome
    ) -> tuple[FloatArray, FloatArray]:
        """Return the number treated for each fracture prevented, infinite where none is."""
        prevented = self._prevented(question.quantity.subject, outcome, question.day)
        treated = outcome.amounts("treated", question.day)
        if self.problem.robust is None:
            weights = self.people.weights
            number, influence = _ratio(_MEAN.of(treated, weights), _MEAN.of(prevented, weights))
            return number, self._by_member(influence)
        numbers, influence = _ratio(
            self._by_draw(_MEAN, treated), self._by_draw(_MEAN, prevented), self._position_of_draw
        )
        return self._over_draws(question, numbers, influence)

    def _over_people(self, question: Question, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return a statistic over women, and its quantile over draws where that is asked for."""
        if self.problem.robust is not None:
            return self._over_draws(question, *self._by_draw(question.statistic, values))
        value, influence = question.statistic.of(values, self.people.weights)
        return value, self._by_member(influence)

    def _by_member(self, influence: FloatArray) -> FloatArray:
        """Return influences, shape (n_plans, n), summed over rows that count as one."""
        whole = np.zeros((len(influence), int(self.people.member_of.max()) + 1))
        for row, each in zip(whole, influence, strict=True):
            np.add.at(row, self.people.member_of, each)
        return whole

    def _over_draws(
        self, question: Question, answers: FloatArray, influence: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the quantile over draws of answers of each, straight between draws.

        A high quantile is that of the unfavourable side, whichever this is.
        """
        level = self.problem.robust
        assert level is not None  # noqa: S101 # the caller has seen to it
        level = 1.0 - level if question.is_low_worse else level
        draws = len(answers)
        order = np.argsort(answers, axis=0, kind="stable")
        rank = level * (draws - 1)
        low = int(rank)
        high, share = min(low + 1, draws - 1), rank - low
        result, kept = np.zeros(answers.shape[1]), np.zeros_like(influence)
        for position, part_of in ((low, 1.0 - share), (high, share)):
            if part_of == 0:
                continue  # the answer may be infinite
            chosen = order[position]
            result += part_of * answers[chosen, np.arange(answers.shape[1])]
            is_chosen = self._position_of_draw == chosen[:, None]
            kept += part_of * np.where(is_chosen, influence, 0.0)
        return result, self._by_member(np.where(np.isfinite(result)[:, None], kept, 0.0))

    @property
    def _position_of_draw(self) -> IntArray:
        """Which of the draws that have women each row has."""
        return np.unique(self.people.draw_of, return_inverse=True)[1]

    def _by_draw(self, statistic: Statistic, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return a statistic over the women of each draw, and the influence of each row."""
        draw_of, weights = self.people.draw_of, self.people.weights
        draws = np.unique(draw_of)
        means, influence = np.empty((len(draws), len(values))), np.zeros_like(values)
        for i, draw in enumerate(draws):
            rows = np.flatnonzero(draw_of == draw)
            means[i], influence[:, rows] = statistic.of(values[:, rows], weights[rows])
        return means, influence


def _ratio(
    above: tuple[FloatArray, FloatArray],
    below: tuple[FloatArray, FloatArray],
    position_of_draw: IntArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return a ratio of two answers with its influences; infinite unless the second is above 0.

    Parameters
    ----------
    above, below : tuple of ndarray
        Answers of shape (n_plans,) or (n_draws, n_plans), influences of shape (n_plans, n).
    position_of_draw : ndarray of int, shape (n,), optional
        Which of the draws each row has.
    """
    (value, of_value), (divisor, of_divisor) = above, below
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(divisor > 0, value / divisor, np.inf)
        if position_of_draw is None:
            each, divisor_of_each = ratio[:, None], divisor[:, None]
        else:
            each, divisor_of_each = ratio.T[:, position_of_draw], divisor.T[:, position_of_draw]
        influence = (of_value - each * of_divisor) / divisor_of_each
    return ratio, np.where(np.isfinite(each), influence, 0.0)
