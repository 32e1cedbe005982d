"""Readings beside the truth: precision, assays, tails, missed visits, the hour of the day."""

import math

import numpy as np
import pytest
import xarray as xr

import remodel as rm
from remodel.errors import ConfigError
from remodel.measurement.instruments import load_instruments
from remodel.units import DAYS_PER_MONTH

N = 20_000
EXACT = {
    "scan": {"freedom": math.inf},
    "scans": {"bmd_total_hip": {"long_term": 0.0, "same_day": 0.0, "drift": 0.0, "scanner": 0.0}},
    "samples": {"ctx": {"within": 0.0, "analytical": 0.0}},
}


def women(n=N, **variables):
    """Return women whose hip loses 1 % a year and whose CTX stays."""
    time = np.array([0.0, 6.0, 12.0, 24.0]) * DAYS_PER_MONTH
    hip = np.broadcast_to(0.8 * (1 - 0.01 * time / 365.25), (n, 4))
    dims = ("simulation", "time")
    data = {
        "bmd_total_hip": (dims, hip.copy()),
        "bmd_femoral_neck": (dims, hip * 0.8),
        "bmd_total_hip_percent_change": (dims, 100 * (hip / hip[:, :1] - 1)),
        "ctx": (dims, np.full((n, 4), 0.4)),
        "ctx_percent_change": (dims, np.zeros((n, 4))),
        "t_score_total_hip": (dims, (hip - 0.942) / 0.122),
        **variables,
    }
    coords = {"simulation": np.arange(n), "time": time, "woman": ("simulation", np.arange(n))}
    return xr.Dataset(data, coords=coords)


def test_truth_and_reading_are_two_variables():
    seen = rm.measure(women(50), [0, 12, 24], seed=1)
    assert seen["bmd_total_hip"].dims == ("simulation", "visit")
    assert seen["visit"].values.tolist() == [0, 12, 24]
    assert np.allclose(seen["bmd_total_hip"].values[:, 1], 0.8 * (1 - 0.01 * 365.25 / 365.25))
    assert not np.any(seen["bmd_total_hip_reading"] == seen["bmd_total_hip"])
    assert "woman" in seen.coords
    change = 100 * (seen["bmd_total_hip_reading"] / seen["bmd_total_hip_reading"][:, :1].values - 1)
    assert np.allclose(seen["bmd_total_hip_percent_change_reading"], change)
    off = (seen["bmd_total_hip_reading"] - seen["bmd_total_hip"]) / 0.122
    assert np.allclose(seen["t_score_total_hip_reading"] - seen["t_score_total_hip"], off)


def test_errors_have_the_spread_of_the_instruments():
    tools = load_instruments()
    seen = rm.measure(women(), [0, 24], seed=1)
    error = np.log(seen["bmd_total_hip_reading"] / seen["bmd_total_hip"]).values
    both = np.diff(error, axis=1)
    assert both.std() == pytest.approx(
        math.sqrt(2) * tools.scans["bmd_total_hip"].long_term, rel=0.04
    )
    ctx = (seen["ctx_reading"] / seen["ctx"]).values
    cv = math.hypot(tools.samples["ctx"].within, tools.samples["ctx"].analytical)
    assert ctx.std() == pytest.approx(cv, rel=0.04)
    assert ctx.mean() == pytest.approx(1, abs=0.005)
    neck = np.diff(np.log(seen["bmd_femoral_neck_reading"] / seen["bmd_femoral_neck"]).values)
    r = np.corrcoef(both[:, 0], neck[:, 0])[0, 1]
    assert r == pytest.approx(tools.scan.correlation, abs=0.04)


def test_scans_have_heavy_tails_and_normal_ones_do_not():
    def share_beyond_three(freedom):
        instruments = {"scan": {"freedom": freedom}, "scans": EXACT["scans"] | {
            "bmd_total_hip": {"long_term": 0.02, "scanner": 0.0}}}  # fmt: skip
        seen = rm.measure(women(), [0], seed=1, instruments=instruments)
        error = np.log(seen["bmd_total_hip_reading"] / seen["bmd_total_hip"]).values
        assert error.std() == pytest.approx(0.02, rel=0.05)
        return np.mean(np.abs(error) > 0.06)

    assert share_beyond_three(4.5) > 0.009
    assert share_beyond_three(math.inf) < 0.0045


def test_exact_instruments_read_the_truth():
    seen = rm.measure(women(20), [0, 6], seed=1, instruments=EXACT)
    assert np.array_equal(seen["bmd_total_hip_reading"], seen["bmd_total_hip"])
    assert np.allclose(seen["ctx_reading"], seen["ctx"], rtol=1e-12)


def test_a_reading_is_the_same_whatever_else_is_read():
    whole = rm.measure(women(40), [0, 6, 12, 24], seed=3)
    few = rm.measure(women(40).isel(simulation=[5, 9]), [12], seed=3)
    for name in ("bmd_total_hip_reading", "ctx_reading", "bmd_total_hip_percent_change_reading"):
        assert np.array_equal(few[name].values[:, 0], whole[name].values[[5, 9], 2])
    other = rm.measure(women(40), [0, 12], seed=4)
    assert not np.any(other["ctx_reading"].values[:, 1] == whole["ctx_reading"].values[:, 2])


def test_visits_are_missed_and_not_the_first():
    seen = rm.measure(women(2000), [0, 12, 24], seed=1, missed=0.2)
    missing = np.isnan(seen["ctx_reading"]).values.mean(axis=0)
    assert missing[0] == 0
    assert missing[1:] == pytest.approx(0.2, abs=0.03)
    assert np.array_equal(np.isnan(seen["ctx_reading"]), np.isnan(seen["bmd_total_hip_reading"]))
    assert not np.any(np.isnan(seen["ctx"]))


def test_visits_lie_within_their_window():
    seen = rm.measure(women(500), [0, 12], seed=1, window_months=2.0, instruments=EXACT)
    month = seen["month"].values
    assert np.all(month[:, 0] == 0)
    assert month[:, 1].min() < 10.5 < 13.5 < month[:, 1].max()
    assert np.allclose(
        seen["bmd_total_hip_reading"].values[:, 1], 0.8 * (1 - 0.01 * month[:, 1] / 12)
    )


def test_food_and_the_hour_lower_ctx():
    late = rm.measure(women(10), [0], instruments=EXACT, hour=14.0)["ctx_reading"].values
    fed = rm.measure(women(10), [0], instruments=EXACT, fasting=False)["ctx_reading"].values
    assert np.all(late < 0.3)
    assert fed == pytest.approx(0.4 * 0.8)


def test_a_reading_below_the_limit_is_the_limit():
    low = {"ctx": (("simulation", "time"), np.full((50, 4), 0.001))}
    seen = rm.measure(women(50, **low), [0, 12], seed=1)
    assert np.all(seen["ctx_reading"] == 0.01)
    assert np.all(seen["ctx_percent_change_reading"] == 0)


def test_the_mean_of_two_samples_errs_less():
    one, two = (rm.measure(women(5000), [12], seed=1, samples=n) for n in (1, 2))
    spreads = [float(np.log(s["ctx_reading"]).std()) for s in (one, two)]
    assert spreads[1] / spreads[0] == pytest.approx(math.sqrt(0.5), abs=0.04)


def test_another_scanner_shifts_readings():
    changed = rm.measure(women(5000), [0, 12, 24], seed=1, scanners=[0, 0, 1],
                         instruments={"scans": {"bmd_total_hip": {"long_term": 0.0}}})  # fmt: skip
    change = changed["bmd_total_hip_percent_change_reading"].values
    assert change[:, 1].std() < 1e-9
    assert change[:, 2].std() == pytest.approx(math.sqrt(2), rel=0.05)


def test_same_day_precision_comes_with_drift():
    only = {"scans": {"bmd_total_hip": {"same_day": 0.0, "drift": 0.002, "scanner": 0.0}}}
    seen = rm.measure(women(4000), [0, 12, 24], precision="same_day", instruments=only)
    error = np.log(seen["bmd_total_hip_reading"] / seen["bmd_total_hip"]).values
    assert np.allclose(error[:, 2], 2 * error[:, 1])
    assert error[:, 1].std() == pytest.approx(0.002, rel=0.05)


WRONG = [
    ({"visits": [0, 36]}, "month 36 is outside the simulated 24 months"),
    ({"visits": [12, 0]}, "must rise"),
    ({"visits": ["a"]}, "list of finite numbers"),
    ({"visits": [0], "missed": 1.2}, "missed = 1.2"),
    ({"visits": [0], "hour": 25}, "hour = 25"),
    ({"visits": [0], "window_months": -1}, "window_months = -1"),
    ({"visits": [0], "precision": "best"}, "long_term"),
    ({"visits": [0, 6], "scanners": [1]}, "1 numbers for 2 visits"),
    ({"visits": [0], "samples": 0}, "samples = 0"),
    ({"visits": [0], "seed": -1}, "seed = -1"),
    ({"visits": [0], "instruments": {"samples": {"ctx": {"witin": 0.1}}}}, "Did you mean 'within'"),
    ({"visits": [0], "instruments": {"samples": {"ctx": {"within": -0.1}}}}, "from 0"),
    ({"visits": [0], "instruments": {"sample": {}}}, "Did you mean"),
]


@pytest.mark.parametrize(("options", "sentence"), WRONG)
def test_wrong_options_are_refused_in_one_sentence(options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        rm.measure(women(3), **options)


def test_a_dataset_with_nothing_to_measure_is_refused():
    with pytest.raises(ConfigError, match="nothing that is measured"):
        rm.measure(women(3)[["t_score_total_hip"]], [0])
