"""Figures of a fit and of a study: what their axes hold and what their words say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from remodel.calibration import Profile, StartResult
from remodel.plots.calibration import profiles, waterfall
from remodel.plots.study_overlay import study_overlay


def start(index: int, cost: float, history=(40.0, 20.0)) -> StartResult:
    return StartResult(
        index=index, start={"k": 1.0}, end={"k": 1.0}, cost=cost, converged=True, message="",
        evaluations=len(history), seconds=1.0, history=[*history, cost],
    )  # fmt: skip


def test_equal_optima_look_equal_in_a_waterfall():
    figure, table = waterfall([start(i, 15.0 + 1e-11 * i) for i in range(4)])
    left, _ = figure.axes
    low, high = left.get_ylim()
    assert low <= 14.5
    assert high >= 15.5
    figure.draw_without_rendering()
    assert all(tick == round(tick) for tick in left.get_xticks())
    assert table["rank"].tolist() == [1, 2, 3, 4]


def test_a_waterfall_shows_all_that_could_be_simulated():
    figure, _ = waterfall([start(0, 15.0), start(1, 60.0), start(2, np.inf)])
    low, high = figure.axes[0].get_ylim()
    assert low < 15.0
    assert high > 60.0
    bottom, top = figure.axes[1].get_ylim()
    assert bottom < 15.0
    assert top > 60.0


def test_a_waterfall_without_any_end_can_be_drawn():
    figure, _ = waterfall([start(0, np.inf, (np.inf,))])
    figure.draw_without_rendering()


@pytest.mark.parametrize(("unit", "below"), [("mg/L", "value [mg/L]"), ("-", "value")])
def test_a_profile_says_what_it_shows(unit, below):
    found = Profile("half_effect", unit, 1.0, 0.5, None, (0.5, 1.0, 2.0), (3.84, 0.0, 1.0),
                    "one-sided", 3.84)  # fmt: skip
    (figure,), _ = profiles([found])
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "half effect\none-sided"
    assert axes.get_xlabel() == below
    assert axes.get_ylabel() == "2 × rise of objective"


def simulated(months: float, level: float, *, bands: bool = False) -> xr.Dataset:
    time = np.linspace(0.0, months * 30.4375, 5)
    names = ["a", "b", "c"]
    curve = np.tile(np.array([level, 0.01, 0.01, 0.01, 0.01]) * np.ones(5), (3, 1))
    labels = {"long_name": "Serum estradiol", "units": "pmol/L"}
    variables = {"estradiol": (("simulation", "time"), curve, labels)}
    if bands:
        variables["estradiol_low"] = (("simulation", "time"), curve * 0.9)
        variables["estradiol_high"] = (("simulation", "time"), curve * 1.1)
    return xr.Dataset(variables, {"time": time, "arm": ("simulation", names)})


def numbers(**columns) -> pd.DataFrame:
    usual = {
        "study_id": "s", "arm": ["a", "b", "c"], "endpoint": "estradiol", "time_months": 0.0,
        "value": [17.0, 18.0, 23.0], "predicted": 18.0, "kind": "level", "relative_to": "baseline",
        "comparator": "", "error_low": [15.0, 15.0, 12.0], "error_high": [19.0, 20.0, 34.0],
        "standard_error": [1.0, 1.5, 5.6], "n_patients": 20.0, "use": "validation",
    }  # fmt: skip
    return pd.DataFrame({**usual, **columns})


def test_limits_hold_every_point_and_bar():
    figure, points = study_overlay(simulated(1.0, 18.0), numbers())
    (axes,) = figure.axes
    low, high = axes.get_ylim()
    assert low == 0.0
    assert high > points["high"].max() > 33.0
    left, right = axes.get_xlim()
    drawn = [x for line in axes.lines if line.get_marker() == "o" for x in line.get_xdata()]
    assert len(drawn) == 3
    assert left < min(drawn) < max(drawn) < right


@pytest.mark.parametrize("months", [1.0, 24.0, 600.0])
def test_points_of_one_month_are_moved_by_a_share_of_the_axis(months):
    figure, points = study_overlay(simulated(months, 18.0), numbers())
    (axes,) = figure.axes
    left, right = axes.get_xlim()
    drawn = sorted(line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o")
    np.testing.assert_allclose(np.diff(drawn) / (right - left), 0.0152, atol=0.0005)
    assert points["month"].tolist() == [0.0, 0.0, 0.0]  # the table keeps the true months


def test_many_panels_are_split_into_sheets_that_can_be_read():
    one = Profile("half_effect", "-", 1.0, 0.5, None, (0.5, 1.0, 2.0), (3.84, 0.0, 1.0),
                  "one-sided", 3.84)  # fmt: skip
    figures, table = profiles([one] * 25)
    assert [len(figure.axes) for figure in figures] == [8, 8, 9]
    assert len(table) == 25 * 3


def words(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_all_points_of_a_table_of_ones_own_are_filled_and_the_legend_is_silent():
    figure, points = study_overlay(simulated(1.0, 18.0), numbers(), split=False)
    faces = [line.get_markerfacecolor() for line in figure.axes[0].lines
             if line.get_marker() == "o"]  # fmt: skip
    assert "white" not in faces
    assert not any("not used" in word for word in words(figure))
    assert set(points["use"]) == {"validation"}
    split, _ = study_overlay(simulated(1.0, 18.0), numbers())
    assert "open: not used to fit" in words(split)


def test_the_legend_says_what_a_band_is_of():
    figure, _ = study_overlay(simulated(1.0, 18.0, bands=True), numbers())
    assert "90 %: parameters" in words(figure)
    figure, _ = study_overlay(simulated(1.0, 18.0), numbers())
    assert not any("band" in word for word in words(figure))
