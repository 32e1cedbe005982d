"""What a search gave: plans, what they are worth, and which of them no other beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray
from remodel.decisions.evaluate import Evaluation
from remodel.decisions.load import Problem
from remodel.decisions.people import People, Taken
from remodel.decisions.plans import Plan
from remodel.decisions.search import Score


@dataclass(frozen=True, eq=False)
class Result:
    """Plans that were valued for a problem, and the one that is chosen.

    Attributes
    ----------
    problem : Problem
    plans : tuple of Plan
        All that were valued, each different one once.
    evaluations : tuple of Evaluation
        Of these.
    on_front : tuple of int
        Positions of those that no other beats, the best of the first objective first.
    position : int
        Of the plan that is chosen: the best; among several objectives the one that is nearest to
        the best of each.
    people : People
    method : str
        ``exhaustive`` or ``tpe``.
    bands : ndarray, shape (n_questions, 2)
        Between which the answers of the chosen plan are in 90 % of draws of what is uncertain.
    taken : Taken
        What women are given under the chosen plan.
    """

    problem: Problem
    plans: tuple[Plan, ...]
    evaluations: tuple[Evaluation, ...]
    on_front: tuple[int, ...]
    position: int
    people: People
    method: str
    bands: FloatArray
    taken: Taken

    @property
    def chosen(self) -> Plan:
        """The plan that is chosen."""
        return self.plans[self.position]

    @property
    def failed(self) -> int:
        """Simulations that failed under any plan."""
        return sum(evaluation.failed for evaluation in self.evaluations)

    @property
    def losses(self) -> FloatArray:
        """Objectives of all plans, small is good, shape (n_plans, n_objectives)."""
        return losses_of(self.problem, self.evaluations)

    def meets(self, position: int) -> bool:
        """Whether a plan meets all constraints."""
        return sum(misses_of(self.problem, self.evaluations[position])) == 0


def score_of(problem: Problem, evaluation: Evaluation) -> Score:
    """Return how good a plan is."""
    losses = losses_of(problem, [evaluation])[0]
    return Score(tuple(map(float, losses)), tuple(misses_of(problem, evaluation)))


def losses_of(problem: Problem, evaluations: Sequence[Evaluation]) -> FloatArray:
    """Return objectives, small is good, shape (n_plans, n_objectives)."""
    signs = np.array([objective.sign for objective in problem.objectives])
    answers = np.stack([evaluation.answers for evaluation in evaluations])
    losses: FloatArray = signs * answers[:, : len(signs)]
    return losses


def misses_of(problem: Problem, evaluation: Evaluation) -> list[float]:
    """Return by how much a plan misses each constraint, relative to the size of its limit."""
    answers = evaluation.answers[len(problem.objectives) :]
    return [
        constraint.miss(float(answer)) / constraint.size
        for constraint, answer in zip(problem.constraints, answers, strict=True)
    ]
