"""Errors, counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from remodel.observations import Arm, Observation
from remodel.predictions import Target, prediction_table, scorecard, totals
from remodel.schedules import Schedule

ARM = Arm("s", "a", Schedule.parse("denosumab 60 mg every 6 mo"))


def table(*rows_and_predictions):
    targets = [
        Target(
            "t",
            Observation("s", "a", **{"endpoint": "bmd_total_hip", **row}),
            ((ARM, 1.0),),
            "denosumab",
        )
        for row, _ in rows_and_predictions
    ]
    return prediction_table(targets, np.array([p for _, p in rows_and_predictions], dtype=float))


BASELINE = {"time_months": 0, "value": 0.0, "error_low": 0.0, "error_high": 0.0}
SIX = {"time_months": 6, "value": 2.0, "error_low": 1.0, "error_high": 3.0, "error_kind": "95ci"}
TWELVE = {"time_months": 12, "value": 4.0, "error_low": 3.5, "error_high": 4.5, "error_kind": "se",
          "n": 50}  # fmt: skip
BARE = {"time_months": 24, "value": 5.0, "n": 100}


def test_a_scorecard_has_the_columns_of_the_contract_and_leaves_the_baseline_out():
    found = scorecard(table((BASELINE, 0.0), (SIX, 2.5), (TWELVE, 5.0), (BARE, 3.0)))
    assert list(found.columns) == [
        "study_id", "arm", "endpoint", "n", "mae", "rmse", "bias", "mape", "within_error",
    ]  # fmt: skip
    (row,) = found.to_dict("records")
    assert row["n"] == 3
    assert row["mae"] == pytest.approx((0.5 + 1.0 + 2.0) / 3)
    assert row["rmse"] == pytest.approx(math.sqrt((0.25 + 1.0 + 4.0) / 3))
    assert row["bias"] == pytest.approx((0.5 + 1.0 - 2.0) / 3)
    assert row["mape"] == pytest.approx(100 * (0.5 / 2 + 1 / 4 + 2 / 5) / 3)
    assert row["within_error"] == pytest.approx(0.5)  # of the two that have an interval


def test_a_column_of_ones_own_never_replaces_a_result():
    extra = {"error": "0.5", "group": "mine", "predicted": "7", "assay": "ECLIA"}
    found = table(({**BARE, "extra": extra}, 6.0))
    (row,) = found.to_dict("records")
    assert (row["error"], row["group"], row["predicted"]) == (1.0, "BMD", 6.0)
    assert row["assay"] == "ECLIA"
    assert scorecard(found)["mae"].tolist() == [1.0]


def test_share_within_the_confidence_interval():
    found = totals(table((SIX, 2.9), (TWELVE, 4.9), (BARE, 6.6), (BARE, 6.4)))
    (row,) = found.to_dict("records")
    assert (row["drug_class"], row["group"], row["n"]) == ("denosumab", "BMD", 4)
    assert row["within_95"] == pytest.approx(0.75)  # 0.9 < 1; 0.9 < 1.96 * 0.5; 1.6 > 1.5; 1.4


@pytest.mark.parametrize(
    "row",
    [
        {"endpoint": "ctx", "value": -80.0, "time_months": 6},
        {"endpoint": "bmd_total_hip", "value": 0.7, "unit": "g/cm2", "kind": "level",
         "time_months": 0},
        {"endpoint": "bmd_total_hip", "value": -1.0, "unit": "percent_per_year",
         "kind": "rate_per_year", "time_months": 24},
    ],
)  # fmt: skip
def test_within_means_nothing_without_an_interval_but_for_changes_of_bmd(row):
    found = table((row, row["value"] + 0.1))
    assert math.isnan(found["within_95"].iloc[0])
    assert math.isnan(totals(found)["within_95"].iloc[0])
    sure = {**row, "error_low": row["value"] - 1, "error_high": row["value"] + 1,
            "error_kind": "95ci"}  # fmt: skip
    assert table((sure, row["value"] + 0.1))["within_95"].iloc[0] == 1.0


def test_totals_count_the_points_with_a_published_interval():
    flat = {**SIX, "error_low": 2.0, "error_high": 2.0}
    found = totals(table((SIX, 2.9), (TWELVE, 4.9), (BARE, 6.6), (flat, 2.0), (BASELINE, 0.0)))
    assert found["n"].tolist() == [4]
    assert found["n_interval"].tolist() == [2]


def test_a_value_of_zero_has_no_percentage_error():
    (row,) = scorecard(table(({**BARE, "value": 0.0}, 1.0))).to_dict("records")
    assert math.isnan(row["mape"])
    assert math.isnan(row["within_error"])


def test_a_failed_prediction_is_not_counted_as_good():
    found = table((SIX, math.nan), (BARE, 5.0))
    assert math.isnan(found["within_95"].iloc[0])
    assert scorecard(found)["mae"].iloc[0] == 0.0
    assert scorecard(found)["n"].iloc[0] == 2


def test_a_level_is_scored_in_percent_of_the_observed_value():
    level = {"endpoint": "estradiol", "kind": "level", "value": 20.0, "unit": "pmol/L",
             "time_months": 0}  # fmt: skip
    found = table((level, 25.0))
    assert found["residual"].iloc[0] == 5.0
    assert found["error"].iloc[0] == pytest.approx(25.0)
    assert found["scored"].iloc[0]


def test_carried_columns_come_last():
    found = table(({**BARE, "extra": {"flag": "shared"}}, 5.0))
    assert found.columns[-1] == "flag"
    assert found["flag"].iloc[0] == "shared"


def test_nothing_predicted_gives_empty_tables_with_all_columns():
    nothing = table()
    assert list(nothing.columns) == list(table((SIX, 2.0)).columns)
    assert len(scorecard(nothing)) == len(totals(nothing)) == 0


def test_nothing_to_score_gives_empty_tables():
    assert len(scorecard(table((BASELINE, 0.0)))) == 0
    assert len(totals(table((BASELINE, 0.0)))) == 0
