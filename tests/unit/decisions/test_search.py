"""The search finds the known optimum of analytic problems, and is the same every time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from remodel.decisions.front import hypervolume
from remodel.decisions.search import Score, Values, chosen_method, search
from remodel.decisions.variables import Variable
from remodel.errors import ConfigError

COUNT = Variable("count", 0.0, 10.0, 1.0)
DRUG = Variable("drug", 0.0, 2.0, 1.0, ("a", "b", "c"), ("a", "b", "c"))
X, Y = Variable("x", -2.0, 2.0, None), Variable("y", -1.0, 3.0, None)


def mixed(values: Values) -> tuple[float, ...]:
    """Least 0 at x = 0.6, four doses of b."""
    x, count = float(values["x"]), float(values["count"])
    return ((x - 0.6) ** 2 + 0.1 * (count - 4.0) ** 2 + (values["drug"] != "b"),)


def valley(values: Values) -> tuple[float, ...]:
    x, y = float(values["x"]), float(values["y"])
    return ((1.0 - x) ** 2 + 100.0 * (y - x * x) ** 2,)


def two(values: Values) -> tuple[float, ...]:
    """Doses against loss: the front is loss = 1 / (1 + doses) of drug b, x = 0."""
    count, x = float(values["count"]), float(values["x"])
    return count, 1.0 / (1.0 + count) + x * x + 0.5 * (values["drug"] != "b")


def searched(
    value: Callable[[Values], tuple[float, ...]],
    variables: Sequence[Variable],
    evaluations: int,
    *,
    objectives: int = 1,
    seed: int = 1,
    misses: Callable[[Values], float] = lambda _: 0.0,
) -> list[tuple[Values, Score]]:
    seen: list[tuple[Values, Score]] = []

    def scored(asked: Sequence[Values]) -> list[Score]:
        scores = [Score(value(values), (misses(values),)) for values in asked]
        seen.extend(zip(asked, scores, strict=True))
        return scores

    method = chosen_method(variables, "auto", evaluations)
    search(variables, objectives, scored, method=method, evaluations=evaluations, seed=seed)
    return seen


def least(seen: list[tuple[Values, Score]]) -> float:
    return min(score.losses[0] for _, score in seen if not any(score.misses))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_mixed_optimum_is_found(seed: int) -> None:
    assert least(searched(mixed, (X, COUNT, DRUG), 150, seed=seed)) < 0.02


def test_a_curved_valley_is_followed() -> None:
    assert least(searched(valley, (X, Y), 200)) < 0.15


def test_a_front_of_two_objectives_is_found() -> None:
    seen = searched(two, (X, COUNT, DRUG), 200, objectives=2)
    losses = np.array([score.losses for _, score in seen])
    truth = np.array([(n, 1.0 / (1.0 + n)) for n in range(11)])
    corner = np.array([10.5, 2.0])
    assert hypervolume(losses, corner) > 0.99 * hypervolume(truth, corner)


def test_constraints_are_met() -> None:
    """With four doses or more forbidden, the best has three: 0.1."""
    seen = searched(
        mixed, (X, COUNT, DRUG), 120, misses=lambda v: max(0.0, float(v["count"]) - 3.0)
    )
    assert 0.1 <= least(seen) < 0.12
    later = [not any(score.misses) for _, score in seen[60:]]
    assert np.mean(later) > 0.6  # it stays where they are met


def test_small_grids_are_looked_at_whole() -> None:
    seen = searched(lambda v: (float(v["count"]),), (COUNT, DRUG), 33)
    assert len({tuple(values.values()) for values, _ in seen}) == 33


def test_the_same_seed_asks_for_the_same_plans() -> None:
    first, again = (searched(mixed, (X, COUNT, DRUG), 40, seed=3) for _ in range(2))
    other = searched(mixed, (X, COUNT, DRUG), 40, seed=4)
    assert [values for values, _ in first] == [values for values, _ in again]
    assert [values for values, _ in first] != [values for values, _ in other]


def test_plans_that_failed_or_are_infinite_stop_nothing() -> None:
    def value(values: Values) -> tuple[float, ...]:
        count = float(values["count"])
        return (math.nan if count < 2 else math.inf if count > 8 else abs(count - 5.0),)

    seen = searched(value, (X, COUNT), 60)
    assert min(s.losses[0] for _, s in seen if s.losses[0] == s.losses[0]) == 0.0


def test_all_plans_of_a_large_grid_are_refused() -> None:
    with pytest.raises(ConfigError, match="33 plans, more than evaluations = 10"):
        chosen_method((COUNT, DRUG), "exhaustive", 10)
    with pytest.raises(ConfigError, match="infinitely many"):
        chosen_method((X,), "exhaustive", 10)
