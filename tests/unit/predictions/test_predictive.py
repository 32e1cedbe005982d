"""Predictive distributions against closed forms."""

import numpy as np
import pytest
from scipy.stats import norm, t

from remodel.predictions.predictive import Predictive, clustered_interval


def normal(mean, sd):
    return Predictive(np.full((3, 1), mean), np.array([sd]))


def test_quantiles_of_one_normal_and_one_t():
    shares = (0.05, 0.25, 0.5, 0.95)
    assert normal(2.0, 0.5).quantiles(shares)[:, 0] == pytest.approx(norm(2.0, 0.5).ppf(shares))
    heavy = Predictive(np.full((3, 1), 2.0), np.array([0.5]), degrees=4.0)
    assert heavy.quantiles(shares)[:, 0] == pytest.approx(t(4.0, 2.0, 0.5).ppf(shares))


def test_draws_without_spread_are_their_sample():
    centers = np.arange(11.0)[:, None]
    alone = Predictive(centers, np.zeros(1))
    assert alone.quantiles((0.0, 0.5, 1.0))[:, 0] == pytest.approx([0.0, 5.0, 10.0])
    assert alone.cdf(np.array([4.5]))[0] == pytest.approx(5 / 11)


def test_two_far_draws_with_a_spread_are_a_mixture():
    pair = Predictive(np.array([[-10.0], [10.0]]), np.array([1.0]))
    assert pair.quantiles((0.25, 0.75))[:, 0] == pytest.approx([-10.0, 10.0], abs=1e-9)
    expected = np.log(0.5 * norm.pdf(0.3))
    assert pair.log_scores(np.array([10.3]))[0] == pytest.approx(expected)


@pytest.mark.parametrize("miss", [-3.0, 0.0, 0.4])
def test_crps_of_a_normal_has_its_closed_form(miss):
    sd = 0.7
    z = miss / sd
    closed = sd * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
    assert normal(1.0, sd).crps(np.array([1.0 + miss]))[0] == pytest.approx(closed, rel=2e-3)


def test_crps_without_any_spread_is_the_absolute_error():
    point = Predictive(np.full((2, 2), 1.0), np.zeros(2))
    assert point.crps(np.array([3.0, 1.0])) == pytest.approx([2.0, 0.0], abs=0.01)


def test_numbers_of_few_trials_say_less_than_their_count():
    rng = np.random.default_rng(1)
    hits = (rng.random(200) < 0.9).astype(float)
    alone = clustered_interval(hits, range(200))
    assert alone[0] < 0.9 < alone[1]
    together = clustered_interval(np.repeat([1.0, 1.0, 1.0, 0.0], 50), np.repeat(range(4), 50))
    few = clustered_interval(np.array([1.0, 1.0, 1.0, 0.0]), range(4))
    assert together == pytest.approx(few)
    assert clustered_interval(np.ones(40), np.repeat(range(2), 20))[0] < 0.4


def test_one_trial_alone_is_one_observation():
    assert clustered_interval(np.repeat([1.0, 0.0], (9, 1)), ["own"] * 10) == pytest.approx(
        clustered_interval(np.array([0.9]), ["own"])
    )


def test_hits_of_few_trials_have_the_variance_of_their_mean():
    shares, size = np.array([0.2, 0.9, 0.7]), 10
    hits = np.concatenate([np.arange(size) < share * size for share in shares]).astype(float)
    share, z = shares.mean(), norm.ppf(0.975)
    n = share * (1 - share) / (shares.var(ddof=1) / len(shares))
    low, high = clustered_interval(hits, np.repeat(range(3), size))
    assert 0.5 * (low + high) == pytest.approx((share + z**2 / (2 * n)) / (1 + z**2 / n))
