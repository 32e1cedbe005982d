"""Fronts, hypervolumes and the plan that is chosen."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from remodel.decisions.front import hypervolume, is_on_front, knee
from remodel.plots.decisions import front_figure


def test_the_front_is_what_nothing_beats() -> None:
    losses = np.array([[1.0, 5.0], [2.0, 2.0], [2.0, 3.0], [5.0, 1.0], [2.0, 2.0], [np.nan, 0.0]])
    assert is_on_front(losses).tolist() == [True, True, False, True, False, False]


def test_with_one_objective_the_front_is_the_best() -> None:
    assert is_on_front(np.array([[3.0], [1.0], [2.0]])).tolist() == [False, True, False]


def test_hypervolume_of_boxes() -> None:
    corner = np.array([4.0, 4.0])
    assert hypervolume(np.array([[1.0, 3.0], [3.0, 1.0]]), corner) == 3.0 + 3.0 - 1.0
    assert hypervolume(np.array([[5.0, 1.0]]), corner) == 0.0
    cube = np.array([[1.0, 1.0, 1.0], [0.0, 2.0, 1.0], [1.0, 1.0, 0.0]])
    # the second adds a column of 1 x 1 x 2 beside the first, the third a floor below it
    assert hypervolume(cube, np.array([3.0, 3.0, 3.0])) == 8.0 + 2.0 + 4.0


def test_hypervolume_of_three_objectives_is_that_of_sampling() -> None:
    rng = np.random.default_rng(1)
    losses, points = rng.random((12, 3)), rng.random((40_000, 3))
    behind = np.any(np.all(losses[:, None] <= points, axis=2), axis=0).mean()
    assert np.isclose(hypervolume(losses, np.ones(3)), behind, atol=0.01)


def test_the_knee_is_near_the_best_of_each() -> None:
    assert knee(np.array([[0.0, 10.0], [1.0, 1.0], [10.0, 0.0]])) == 1
    assert knee(np.array([[2.0]])) == 0


def test_what_is_infinite_is_far_and_no_error() -> None:
    assert knee(np.array([[np.inf, 0.0], [1.0, 0.5], [2.0, 0.2]])) == 1


def test_axes_are_those_of_the_front_and_plans_outside_are_counted() -> None:
    """A plan of 260 doses does not squeeze those of up to four into a corner."""
    doses = np.array([0.0, 2.0, 4.0, 3.0, 260.0])
    table = pd.DataFrame(
        {"plan": range(1, 6), "schedule": "none", "doses": doses, "risk": [9.0, 7.0, 6.0, 8.0, 7.5],
         "doses_standard_error": 0.0, "risk_standard_error": 0.1, "meets": True,
         "on_front": [True, True, True, False, False], "chosen": [False, True, False, False, False]}
    )  # fmt: skip
    objectives = [SimpleNamespace(name=n, words=n, unit="1", sign=1.0) for n in ("risk", "doses")]
    figure, drawn = front_figure(table, objectives)
    (axes,) = figure.axes
    assert len(drawn) == 5
    assert axes.get_ylim()[1] < 10
    assert axes.get_title("right") == "1 other plan lies outside"
    figure, _ = front_figure(table.iloc[:4], objectives)
    assert figure.axes[0].get_title("right") == ""
