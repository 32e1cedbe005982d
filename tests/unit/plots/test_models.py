"""The figure of models side by side."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg

from remodel.plots import ModelScenario, models_side_by_side

HIP, CTX = "bmd_total_hip_percent_change", "ctx_percent_change"
SCENARIOS = [
    ModelScenario(
        label="Denosumab for two years",
        arms={"off": "for 2 y", "on": "for 5 y"},
        observed={
            "off": [("bone2011", "denosumab")],
            "on": [("freedom", "denosumab")],
            "placebo": [("freedom", "placebo")],
        },
        years=5,
        treated_years=2,
    ),
    ModelScenario(
        label="Alendronate",
        arms={"off": "for 2 y"},
        observed={"off": [("flex", "alendronate_stopped")]},
        begins={("flex", "alendronate_stopped"): 24},
        years=8,
        marks={"half way": 1461.0},
    ),
]


@pytest.fixture(scope="module")
def dataset():
    """Straight lines: `first` has both variables, `second` no total hip, `third` neither."""
    months = np.arange(97.0)
    names = [
        (arm, model) for model in ("first", "second", "third") for arm in ("off", "on", "placebo")
    ]
    slope = np.array([[0.1], [0.2], [-0.05]] * 3)
    hip, ctx = slope * months, -slope * months
    hip[3:], ctx[6:] = np.nan, np.nan
    both = ("simulation", "time")
    return xr.Dataset(
        {HIP: (both, hip, {"units": "percent"}), CTX: (both, ctx, {"units": "percent"})},
        coords={
            "time": months * 30.4375,
            "month": ("time", months),
            "arm": ("simulation", [arm for arm, _ in names]),
            "model": ("simulation", [model for _, model in names]),
        },
    )


@pytest.fixture(scope="module")
def drawn(dataset):
    return [draw(dataset, scenario) for scenario in SCENARIOS]


def draw(dataset, scenario):
    models = ["first", "second", "third"]
    return models_side_by_side(dataset, scenario, [HIP, CTX], models=models, title="A title")


def lines_of(axes):
    return [line for line in axes.lines if len(line.get_xdata()) > 2]


def test_each_model_and_arm_is_a_line_where_there_is_one(drawn):
    hip, ctx = drawn[0][0].axes
    assert len(lines_of(hip)) == 2
    assert len(lines_of(ctx)) == 4
    assert len({line.get_linestyle() for line in lines_of(hip)}) == 2
    assert len({line.get_color() for line in lines_of(ctx)}) == 2
    assert len({line.get_linewidth() for line in lines_of(ctx)}) == 1


def test_lines_end_with_their_scenario(drawn):
    assert lines_of(drawn[0][0].axes[1])[0].get_xdata()[-1] == pytest.approx(5, abs=0.05)
    assert lines_of(drawn[1][0].axes[1])[0].get_xdata()[-1] == pytest.approx(8, abs=0.05)


def test_a_change_from_the_start_is_one_point_for_all_models(drawn):
    points = drawn[0][1]
    bone = points[(points.study == "bone2011") & (points.variable == CTX) & (points.bound == "")]
    assert list(bone.model) == [""]
    assert list(bone.value) == [62]


def test_a_difference_is_a_point_for_each_model(drawn):
    points = drawn[0][1]
    freedom = points[(points.study == "freedom") & (points.variable == CTX)]
    at_6 = freedom[freedom.month == 6]
    assert list(at_6.model) == ["first", "second"]
    assert at_6.value.iloc[0] == pytest.approx(100 * (0.28 * (1 + 0.05 * 6 / 100) - 1))


def test_a_model_without_the_variable_places_no_point_there(drawn):
    points = drawn[0][1]
    hip = points[(points.study == "freedom") & (points.variable == HIP)]
    assert set(hip.model) == {"first"}


def test_a_study_that_begins_later_counts_from_the_model_there(drawn):
    points = drawn[1][1]
    (row,) = points[(points.study == "flex") & (points.variable == HIP)].itertuples()
    assert row.month == 84
    assert row.value == pytest.approx(-3.38 + 2.4 - 3.38 * 2.4 / 100)


def test_comparators_are_not_drawn(drawn):
    assert "placebo" not in set(drawn[0][1].arm)


def test_what_a_model_lacks_and_models_without_anything_are_named(drawn):
    texts = [text.get_text() for text in drawn[0][0].legends[0].get_texts()]
    assert texts[0] == "first"
    assert texts[1].startswith("second, without")
    assert "nothing to draw: third" in texts


def test_the_time_of_treatment_is_named(drawn):
    texts = [text.get_text() for text in drawn[0][0].legends[0].get_texts()]
    assert "treated (for 2 y)" in texts
    assert "half way" in [t.get_text() for t in drawn[1][0].legends[0].get_texts()]


def test_nothing_overlaps_or_leaves_the_page(drawn):
    for figure, _ in drawn:
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw(renderer)
        boxes = [axes.get_tightbbox(renderer) for axes in figure.axes]
        boxes += [legend.get_window_extent(renderer) for legend in figure.legends]
        for i, one in enumerate(boxes):
            assert one.x0 >= 0
            assert one.y0 >= 0
            assert one.x1 <= figure.bbox.width
            for other in boxes[i + 1 :]:
                assert not one.overlaps(other)
