"""Figures of women: truth and readings apart, and the numbers in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import remodel as rm
from remodel.errors import ConfigError
from remodel.plots.women import quantiles

SPINE = "bmd_lumbar_spine_percent_change"
RNG = np.random.default_rng(8)


@pytest.fixture(scope="module")
def courses():
    """Return 400 women in two arms: a line each, and readings that err by 2 %."""
    n, months = 400, np.arange(0, 25, 12.0)
    arm = np.repeat(["alone", "protected"], n // 2)
    slope = RNG.normal(np.where(arm == "alone", -2.0, 1.0), 1.0)
    truth = slope[:, None] * months / 12
    read = truth + RNG.normal(0, 2.0, truth.shape)
    attrs = {"units": "percent", "long_name": "BMD, lumbar spine, change from start"}
    who = {"arm": ("simulation", arm), "woman": ("simulation", np.arange(n) % (n // 2)),
           "weight": ("simulation", np.ones(n))}  # fmt: skip
    ds = xr.Dataset(
        {SPINE: (("simulation", "time"), truth, attrs)}, coords={**who, "time": months * 30.4375}
    )
    seen = xr.Dataset(
        {
            SPINE: (("simulation", "visit"), truth, attrs),
            f"{SPINE}_reading": (("simulation", "visit"), read, attrs),
        },
        coords={**who, "visit": months},
    )
    return ds, seen.assign_coords(month=(("simulation", "visit"), np.tile(months, (n, 1))))


def test_the_fan_has_the_percentiles_of_truth_and_of_readings(courses):
    ds, seen = courses
    figure, table = rm.plots.women_fan(ds, SPINE, readings=seen)
    assert len(figure.axes) == 2
    rows = table[(table["arm"] == "alone") & (table["months"] == 24)].set_index("kind")
    true = ds[SPINE].to_numpy()[:200, -1]
    assert rows.loc["truth", "median"] == pytest.approx(np.median(true), abs=0.1)
    assert rows.loc["truth", "low_90"] == pytest.approx(np.quantile(true, 0.05), abs=0.3)
    width = rows["high_90"] - rows["low_90"]
    assert width["reading"] > 1.2 * width["truth"]


def test_the_waterfall_counts_who_loses(courses):
    _, seen = courses
    figure, table = rm.plots.waterfall(seen, SPINE, 24)
    assert len(figure.axes) == 4
    true = table[(table["arm"] == "alone") & (table["kind"] == "truth")].iloc[0]
    values = seen[SPINE].to_numpy()[:200, -1]
    assert true["share_losing"] == pytest.approx((values < 0).mean())
    assert true["sd"] == pytest.approx(values.std())
    read = table[(table["arm"] == "alone") & (table["kind"] == "reading")].iloc[0]
    assert read["sd"] > true["sd"]


def test_all_panels_of_a_waterfall_show_nearly_all_women(courses):
    _, seen = courses
    figure, _ = rm.plots.waterfall(seen, SPINE, 24)
    read = seen[f"{SPINE}_reading"].sel(visit=24).to_numpy()
    low, high = np.quantile(read[:200], 0.005), np.quantile(read[200:], 0.995)
    for axes in figure.axes:
        bottom, top = axes.get_ylim()
        assert bottom <= low
        assert top >= high


def test_spaghetti_is_of_the_women_asked_for(courses):
    ds, seen = courses
    figure, table = rm.plots.spaghetti(ds, SPINE, readings=seen, women=5)
    assert len(figure.axes) == 2
    assert table.groupby(["arm", "kind"])["woman"].nunique().eq(5).all()


def test_quantiles_count_weights():
    values, weights = np.array([1.0, 2.0, np.nan, 3.0]), np.array([1.0, 8.0, 5.0, 1.0])
    assert quantiles(values, weights, [0.5])[0] == pytest.approx(2.0)
    assert np.isnan(quantiles(np.array([np.nan]), np.ones(1), [0.5])).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda ds, seen: rm.plots.women_fan(ds, "bmd"), "no variable 'bmd'"),
        (lambda ds, seen: rm.plots.women_fan(ds, SPINE, arms=["alne"]), "Did you mean 'alone'"),
        (lambda ds, seen: rm.plots.waterfall(seen, SPINE, 18), "visits are at months 0, 12, 24"),
    ],
)
def test_wrong_figures_are_one_sentence(courses, call, words):
    with pytest.raises(ConfigError, match=words):
        call(*courses)


@pytest.mark.parametrize(("number", "columns"), [(3, 3), (4, 4), (5, 3), (7, 4)])
def test_thresholds_stand_in_rows_of_four_at_most(number, columns):
    events = [("t_score_total_hip", f"< {-k / 10:g}") for k in range(number)]
    table = pd.DataFrame(
        [
            {"option": "none", "endpoint": e, "threshold": t, "months": m, "probability": m / 100}
            for e, t in events
            for m in (0.0, 60.0)
        ]
    )
    figure, drawn = rm.plots.her_thresholds(table, ["t_score_total_hip"])
    assert len(drawn) == 2 * number
    assert len(figure.axes) == number
    boxes = [axes.get_position() for axes in figure.axes]
    assert len({round(box.x0, 3) for box in boxes}) == columns
    assert len({round(box.y0, 3) for box in boxes}) == -(-number // 4)
    labelled = [axes for axes in figure.axes if axes.get_xlabel()]
    assert len(labelled) == columns
