"""What visits show, against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from remodel.measurement.instruments import load_instruments
from remodel.monitoring.design import Reading
from remodel.monitoring.information import (
    Information,
    Regression,
    chosen_visits,
    first_visits,
    least_significant_change,
)
from remodel.monitoring.load import Plan
from remodel.rules.files import load_policy

HIP = "bmd_total_hip"


def _plan(months, policy=None, endpoints=(HIP,)):
    return Plan("scans", {0: endpoints} | dict.fromkeys(months, endpoints), policy)


def test_the_least_significant_change_is_2_77_times_the_precision():
    tools = load_instruments()
    limit = least_significant_change(HIP, tools, Reading())
    assert limit == pytest.approx(2.7718 * 100 * tools.scans[HIP].long_term, rel=1e-4)
    same_day = least_significant_change(HIP, tools, Reading(assumed_precision="same_day"))
    assert same_day == pytest.approx(2.7718 * 100 * tools.scans[HIP].same_day, rel=1e-4)
    assert least_significant_change(HIP, tools, Reading(samples=4)) == pytest.approx(limit / 2)


def test_the_least_significant_change_of_ctx_is_near_the_published_56_percent():
    assert 40 < least_significant_change("ctx", load_instruments(), Reading()) < 60


def test_without_a_true_change_one_reading_in_twenty_is_beyond(make_cohort):
    information = Information.of(make_cohort(0.0), [12])
    (row,) = information.rows(_plan([12]))
    assert row["probability_beyond"] == pytest.approx(0.05, abs=0.01)
    assert row["false_alarm"] == row["probability_beyond"]
    assert row["sd_reading"] == pytest.approx(100 * math.sqrt(2) * 0.018, rel=0.04)
    assert row["expected_change"] == pytest.approx(0.0, abs=1e-9)


def test_a_common_loss_is_read_beyond_as_often_as_a_normal_error_says(make_cohort):
    information = Information.of(make_cohort(-3.0), [12, 24])
    rows = information.rows(_plan([12, 24]))
    for row, true in zip(rows, (-3.0, -6.0), strict=True):
        shift, spread = math.log1p(true / 100), math.sqrt(2) * 0.018
        limit = row["least_significant_change"] / 100
        expected = norm.cdf((math.log1p(-limit) - shift) / spread)
        expected += norm.sf((math.log1p(limit) - shift) / spread)
        assert row["probability_beyond"] == pytest.approx(expected, abs=0.015)
    assert rows[0]["false_alarm"] == rows[0]["probability_beyond"]  # 3 % is below the limit
    assert rows[1]["false_alarm"] == 0.0  # 6 % is above it


def test_the_variance_of_the_forecast_falls_as_regression_theory_says(make_cohort):
    rng = np.random.default_rng(1)
    slope = rng.normal(-1.0, 1.0, 2000)
    # the first density differs so much that its reading does not tell its error
    information = Information.of(make_cohort(slope, spread=0.3), [24])
    (row,) = information.rows(_plan([24]))
    true, error = (2 * 1.0) ** 2, 2 * 1.8**2  # variance of change at 24 months and of its reading
    assert row["variance_reduction"] == pytest.approx(true / (true + error), abs=0.03)
    assert row["sd_between"] == pytest.approx(2.0, rel=0.05)


def test_a_second_scan_never_hurts_and_the_later_one_is_chosen_first(make_cohort):
    slope = np.random.default_rng(1).normal(-1.0, 1.0, 2000)
    information = Information.of(make_cohort(slope), [12, 24, 48])
    rows = information.rows(_plan([12, 24, 48]))
    gains = [row["variance_reduction"] for row in rows]
    assert gains == sorted(gains)
    best = chosen_visits(information, _plan([12, 24, 48]), 1)
    assert list(best.visits) == [0, 48]


def test_a_residual_variance_is_corrected_for_its_predictors():
    rng = np.random.default_rng(2)
    columns = {name: rng.normal(size=60) for name in "abcdefghij"}
    columns["y"] = rng.normal(size=60)
    weights = np.full(60, 1 / 60)
    regression = Regression.of(columns, weights, 60)
    design = np.column_stack([np.ones(60), *(columns[name] for name in "abcdefghij")])
    rest = columns["y"] - design @ np.linalg.lstsq(design, columns["y"], rcond=None)[0]
    expected = rest @ rest / (60 - 11) * 59 / 60
    assert regression.residual_variance("y", list("abcdefghij")) == pytest.approx(expected)
    assert math.isnan(regression.residual_variance("y", list("abcdefghij") * 6))


def test_a_rule_on_yearly_loss_is_misled_early_and_helped_late(make_cohort):
    policy = load_policy("australia2019")
    information = Information.of(make_cohort(0.0), [3, 12])
    plan = _plan([3, 12], policy, policy.endpoints)
    early, *_, late = information.rows(plan)
    assert early["decision_change"] > 0.1  # 5 % a year is 1.25 % in three months
    assert early["decision_improved"] < 0 < early["decision_change"]
    assert late["decision_change"] < early["decision_change"]


def test_without_a_rule_no_decision_changes(make_cohort):
    (row,) = Information.of(make_cohort(0.0, n=50), [12]).rows(_plan([12]))
    assert math.isnan(row["decision_change"])


def test_the_first_visit_that_pays_is_the_earliest_above_the_threshold():
    visits = pd.DataFrame(
        {
            "plan": "a",
            "endpoint": HIP,
            "months": [12, 24, 36],
            "probability_beyond": [0.2, 0.5, 0.7],
        }
    )
    assert first_visits(visits, {"probability_beyond": 0.5})["months"].item() == 24
    assert math.isnan(first_visits(visits, {"probability_beyond": 0.9})["months"].item())


def test_few_women_are_said_to_be_few(make_cohort):
    assert make_cohort(-1.0, n=50).notes == ()
    assert "49 women are few" in make_cohort(-1.0, n=49).notes[0]
