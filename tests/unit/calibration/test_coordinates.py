"""Inner scales: natural values in, natural values out, never outside the bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remodel.calibration.coordinates import Coordinates
from remodel.calibration.search import starting_points
from remodel.errors import ParameterError
from remodel.models import load_model
from remodel.parameters import Parameter, Prior

ALL = Coordinates.of(tuple(load_model("reference").parameters.select(status="estimated").values()))


def one(lower: float, upper: float, prior: Prior, value: float = 1.0):
    found = Coordinates.of([Parameter("p", value, "-", lower, upper, "p", "made up", prior=prior)])
    return found, found.each[0]


def test_a_lognormal_prior_counts_in_its_standard_deviations():
    _, c = one(0.01, 100.0, Prior("lognormal", 2.0, 0.5))
    assert c.inner(2.0 * math.exp(0.5)) == pytest.approx(1.0)
    assert c.natural(-2.0) == pytest.approx(2.0 * math.exp(-1.0))
    assert c.has_prior


def test_a_normal_prior_is_linear():
    _, c = one(0.0, 10.0, Prior("normal", 3.0, 0.5))
    assert c.natural(2.0) == pytest.approx(4.0)
    assert (c.lower, c.upper) == (-6.0, 8.0)


def test_without_a_prior_the_bounds_give_the_scale():
    _, wide = one(0.01, 100.0, Prior("uniform"))
    assert wide.is_log
    assert not wide.has_prior
    assert wide.natural(wide.lower) == pytest.approx(0.01)
    _, narrow = one(-1.0, 3.0, Prior("uniform"))
    assert not narrow.is_log
    assert narrow.natural(narrow.upper) == pytest.approx(3.0)


def test_a_bound_at_zero_is_no_obstacle_to_a_logarithm():
    every, c = one(0.0, 10.0, Prior("lognormal", 1.0, 0.5))
    assert c.lower == -8.0
    assert c.inner(0.0) == -8.0
    assert every.natural(np.array([-8.0]))["p"] == pytest.approx(math.exp(-4))


def test_a_lower_bound_that_is_almost_zero_gives_no_logarithm():
    """On it nothing would change with the coordinate, and a search would end where it began."""
    for lower in (1e-9, 1e-300):
        _, c = one(lower, 0.9, Prior("uniform"), value=0.5)
        assert not c.is_log
        assert c.derivative(c.lower) > 0.1


def test_a_lognormal_prior_needs_a_center_above_zero():
    with pytest.raises(ParameterError, match="p: a lognormal prior about 0; its center must be"):
        one(0.0, 10.0, Prior("lognormal", 0.0, 0.5), value=0.0)


@given(st.lists(st.floats(-3, 3), min_size=len(ALL), max_size=len(ALL)))
def test_natural_values_stay_within_bounds_and_come_back(steps):
    theta = np.clip(np.array(steps), *ALL.bounds)
    natural = ALL.natural(theta)
    for p in (c.parameter for c in ALL.each):
        p.check(natural[p.name])
    np.testing.assert_allclose(ALL.inner(natural), theta, atol=1e-9)


@given(st.floats(-2, 2))
def test_slopes_are_derivatives(step):
    theta = np.clip(np.full(len(ALL), step), *ALL.bounds)
    for c, t, slope in zip(ALL.each, theta, ALL.derivatives(theta), strict=True):
        near = (c.natural(t + 1e-5) - c.natural(t - 1e-5)) / 2e-5
        assert slope == pytest.approx(near, rel=1e-6)


def test_starting_points_are_reproducible_spread_and_within_bounds():
    first = np.zeros(len(ALL))
    points = starting_points(ALL, first, 16, seed=3)
    assert points.shape == (16, len(first))
    np.testing.assert_array_equal(points[0], first)
    np.testing.assert_array_equal(points, starting_points(ALL, first, 16, seed=3))
    assert not np.array_equal(points, starting_points(ALL, first, 16, seed=4))
    lower, upper = ALL.bounds
    assert np.all((points >= lower) & (points <= upper))
    assert np.all(points.std(axis=0) > 0.4)
