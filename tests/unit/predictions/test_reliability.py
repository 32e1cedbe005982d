"""Coverage, drift and contrasts on tables whose answer is known."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import linregress

from remodel.predictions.reliability import contrasts, coverage, drift


def table(n=400, seed=2, **columns):
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "study_id": rng.integers(0, 80, n),
            "drug_class": np.where(np.arange(n) % 2, "denosumab", "untreated"),
            "probability_below": rng.random(n),
            "log_score": -1.0,
            "crps": 0.5,
            "error": rng.normal(size=n),
            "time_months": rng.integers(3, 60, n),
            "scored": True,
        }
    )
    return rows.assign(**columns)


def test_a_calibrated_forecast_covers_what_it_says():
    rows = coverage(table(4000))
    assert list(rows["drug_class"]) == ["denosumab", "untreated"]
    assert rows["within_50"].to_numpy() == pytest.approx(0.5, abs=0.04)
    assert rows["within_90"].to_numpy() == pytest.approx(0.9, abs=0.03)
    assert (rows["within_90_low"] < 0.9).all()
    assert (rows["within_90_high"] > 0.9).all()


def test_a_band_that_is_too_narrow_is_seen():
    narrow = table(400)
    narrow["probability_below"] = np.where(narrow.index % 3, 0.5, 0.999)
    rows = coverage(narrow)
    assert rows["within_90"].to_numpy() == pytest.approx(2 / 3, abs=0.02)
    assert (rows["within_90_high"] < 0.8).all()


def test_rows_that_are_not_scored_do_not_count():
    rows = table(40)
    assert len(coverage(rows.assign(scored=False))) == 0
    assert len(coverage(rows.assign(probability_below=np.nan))) == 0


def test_a_drift_is_measured_in_points_a_year():
    rows = table()
    rows["error"] = 0.3 * rows["time_months"] / 12.0 + np.sign(rows["error"]) * 0.1
    lines = drift(rows)
    assert lines["slope"].to_numpy() == pytest.approx(0.3, abs=0.02)
    assert (lines["slope_se"] < 0.02).all()
    assert len(drift(rows.assign(time_months=12))) == 0


def test_one_trial_says_nothing_of_how_drifts_of_trials_differ():
    rows = table(40).assign(drug_class="denosumab")
    (alone,) = drift(rows.assign(study_id="own")).to_dict("records")
    assert np.isfinite(alone["slope"])
    assert np.isnan(alone["slope_se"])
    (apart,) = drift(rows.assign(study_id=range(40))).to_dict("records")
    years = rows["time_months"] / 12.0
    line = linregress(years, rows["error"])
    residuals = rows["error"] - line.intercept - line.slope * years
    scores = (years - years.mean()) * residuals
    se = np.sqrt(40 / 39 * (scores**2).sum()) / ((years - years.mean()) ** 2).sum()
    assert apart["slope_se"] == pytest.approx(se)


def test_what_arms_of_a_trial_share_cancels():
    rows = pd.DataFrame(
        {
            "study_id": "own",
            "arm": ["treated", "placebo", "treated", "placebo"],
            "endpoint": "bmd_total_hip",
            "time_months": [12, 12, 24, 24],
            "value": [3.0, -1.0, 4.0, -2.0],
            "predicted": [4.0, 0.0, 4.5, -2.0],
            "kind": "change",
            "relative_to": "baseline",
            "scored": True,
        }
    )
    pairs = contrasts(rows)
    assert list(pairs["value"]) == [4.0, 6.0]
    assert list(pairs["error"]) == [0.0, 0.5]
    assert contrasts(rows.assign(relative_to="month_6")).empty
