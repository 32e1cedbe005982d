"""Early markers: correlation and area against closed forms; signs that biology gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import remodel as rm
from remodel.errors import ConfigError
from remodel.virtual_trials.early_markers import auc, auc_error, correlation, is_worst

RNG = np.random.default_rng(4)
AI = "anastrozole 1 mg daily for 5 y"


def test_correlation_and_area_are_those_of_libraries():
    x, y = RNG.normal(size=(2, 400))
    ones = np.ones(400)
    assert correlation(x, y, ones) == pytest.approx(stats.pearsonr(x, y).statistic)
    case = y < np.quantile(y, 0.25)
    rank = stats.mannwhitneyu(x[case], x[~case]).statistic / (case.sum() * (~case).sum())
    assert auc(x, case, ones) == pytest.approx(rank)


def test_ties_count_half():
    score, case = np.array([1.0, 1.0, 2.0]), np.array([True, False, False])
    assert auc(score, case, np.ones(3)) == pytest.approx(0.25)


def test_a_weight_of_two_is_two_women():
    x, y = RNG.normal(size=(2, 50))
    weights = np.where(np.arange(50) < 20, 2.0, 1.0)
    twice = np.concatenate([np.arange(50), np.arange(20)])
    assert correlation(x, y, weights) == pytest.approx(correlation(x[twice], y[twice], np.ones(70)))
    case = y < 0
    assert auc(x, case, weights) == pytest.approx(auc(x[twice], case[twice], np.ones(70)))


def test_the_worst_are_a_share_of_the_weight():
    late = RNG.normal(size=1000)
    chosen = is_worst(late, np.ones(1000), 0.25)
    assert chosen.sum() == 250
    assert late[chosen].max() < late[~chosen].min()


def test_the_error_of_an_area_is_that_of_repeated_samples():
    areas = []
    for _ in range(400):
        x = np.concatenate([RNG.normal(0.7, 1, 50), RNG.normal(0, 1, 150)])
        areas.append(auc(x, np.arange(200) < 50, np.ones(200)))
    assert auc_error(float(np.mean(areas)), 50, 150) == pytest.approx(np.std(areas), rel=0.2)


def test_a_reading_tells_less_than_the_truth():
    women = rm.population(150, like="aromatase_inhibitor", seed=2)
    table = rm.early_markers(
        women, AI, markers=["ctx"], months=[3], outcome_months=[24], samples=(1, 4), seed=1
    )
    change = table[(table["quantity"] == "change")].set_index(["kind", "samples"])
    true, one, four = (change.loc[key] for key in (("truth", 0), ("reading", 1), ("reading", 4)))
    assert true["r"] < 0  # CTX rises most where most is lost
    assert abs(one["r"]) < abs(four["r"]) < abs(true["r"])
    assert true["auc"] > one["auc"]
    assert (table["n"] == 150).all()
    assert set(table["months"]) == {0.0, 3.0}


def test_arms_are_shown_apart_and_together():
    women = rm.population(40, like="aromatase_inhibitor", seed=2)
    schedules = {"alone": AI, "both": f"{AI}; zoledronic acid 4 mg every 6 mo for 5 y"}
    table = rm.early_markers(
        women, schedules, markers=["ctx"], months=[3], outcome_months=[24], samples=(1,)
    )
    assert list(dict.fromkeys(table["arm"])) == ["alone", "both", "all arms"]
    together = table[(table["arm"] == "all arms") & (table["kind"] == "truth")]
    assert (together["n"] == 80).all()


def test_two_women_say_nothing_and_stop_nothing():
    women = rm.population(2, like="aromatase_inhibitor", seed=2)
    table = rm.early_markers(women, AI, markers=["ctx"], months=[3], outcome_months=[24])
    assert table["r"].abs().to_numpy() == pytest.approx(1.0)
    assert (table["r_low_95"] < table["r_high_95"]).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"markers": ["cxt"]}, "'cxt' is no marker"),
        ({"outcome": "ctx"}, "no density"),
        ({"worst": 1.5}, "between 0 and 1"),
        ({"months": [36]}, "not earlier than the outcome"),
        ({"outcome_months": []}, "expected months"),
    ],
)
def test_wrong_questions_are_one_sentence(options, words):
    women = rm.population(5, like="aromatase_inhibitor", seed=2)
    with pytest.raises(ConfigError, match=words):
        rm.early_markers(women, AI, **options)
