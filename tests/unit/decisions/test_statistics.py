"""Means, quantiles and shares with their standard errors, against sampling again and again."""

from __future__ import annotations

import numpy as np
import pytest

from remodel.decisions.statistics import Statistic, standard_error
from remodel.errors import ConfigError

RNG = np.random.default_rng(5)


@pytest.mark.parametrize(
    ("text", "truth"),
    [("mean", 2.0), ("median", 2.0), ("quantile 0.9", 2.0 + 3.0 * 1.2816),
     ("probability below 0.5", 30.854), ("probability above 5", 15.866)],
)  # fmt: skip
def test_standard_errors_are_those_of_sampling_again(text: str, truth: float) -> None:
    statistic, n = Statistic.read(text), 400
    samples = 2.0 + 3.0 * RNG.standard_normal((600, n))
    values, influence = statistic.of(samples, np.full(n, 1.0 / n))
    errors = standard_error(influence)
    assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(600) + 0.02 * abs(truth)
    assert np.isclose(errors.mean(), values.std(), rtol=0.12)
    assert np.allclose(influence.sum(axis=-1), 0.0, atol=1e-9)


def test_weights_count() -> None:
    values = np.array([[1.0, 5.0, 9.0]])
    weights = np.array([0.5, 0.5, 0.0])
    assert Statistic.read("mean").of(values, weights)[0][0] == 3.0
    assert Statistic.read("probability above 4").of(values, weights)[0][0] == 50.0


def test_women_whose_simulation_failed_are_left_out() -> None:
    values = np.array([[1.0, np.nan, 9.0]])
    mean, influence = Statistic.read("mean").of(values, np.full(3, 1 / 3))
    assert mean[0] == 5.0
    assert influence[0, 1] == 0.0


def test_equal_numbers_have_no_error() -> None:
    weights = RNG.random(197)
    mean, influence = Statistic.read("mean").of(np.full((1, 197), 6.0), weights)
    assert mean[0] == 6.0
    assert standard_error(influence)[0] == 0.0


@pytest.mark.parametrize(
    ("text", "message"),
    [("middle", "is not one of"), ("mean 3", "takes no number"), ("quantile", "followed by"),
     ("quantile 1.5", "between 0 and 1"), ("probability below x", "followed by a number")],
)  # fmt: skip
def test_other_texts_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Statistic.read(text)


@pytest.mark.parametrize("text", ["quantile 0.02", "quantile 0.98"])
def test_a_woman_whose_simulation_failed_is_at_no_end(text: str) -> None:
    """A quantile is that of the others, whichever sign the values have."""
    statistic = Statistic.read(text)
    for sign in (1.0, -1.0):
        known = sign * np.linspace(1.0, 2.0, 10)
        alone = statistic.of(known[None], np.full(10, 0.1))[0]
        with_failed = np.append(known, np.nan)
        values, influence = statistic.of(with_failed[None], np.full(11, 1 / 11))
        assert values == pytest.approx(alone)
        assert influence[0, -1] == 0.0
