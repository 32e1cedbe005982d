"""Figures: what they show, what they return, and that nothing in them overlaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.text import Text

import remodel as rm
from remodel.errors import ConfigError, ObservationError, RemodelWarning
from remodel.observations import load_observations, trial_names
from remodel.plots import marker_panel, phase_plane, published_points, trial_overlay
from remodel.plots.markers import study_markers
from remodel.plots.panels import consistent_looks, side_by_side
from remodel.plots.treatment import treatment_rows

SPINE, HIP, CTX = (f"{n}_percent_change" for n in ("bmd_lumbar_spine", "bmd_total_hip", "ctx"))
SCHEDULES = {
    "inhibitor": "anastrozole 1 mg daily for 5 y",
    "with denosumab": "anastrozole 1 mg daily for 5 y; denosumab 60 mg every 6 mo x 4",
}
OBSERVED = {
    "inhibitor": [("halt_bc_ellis2008", "ai_placebo"), ("atac_eastell2011", "off_anastrozole")],
    "with denosumab": [("halt_bc_ellis2008", "ai_denosumab")],
}


@pytest.fixture(scope="module")
def dataset():
    ds = rm.simulate(
        schedule=list(SCHEDULES.values()),
        patient=rm.Patient(age=60),
        years=7,
        outputs=[SPINE, HIP, CTX, "estradiol", "osteoclasts", "osteoblasts"],
    )
    return ds.assign_coords(arm=("simulation", list(SCHEDULES)))


@pytest.fixture(scope="module")
def overlay(dataset):
    return trial_overlay(
        dataset, [SPINE, HIP], observed=OBSERVED, schedules=SCHEDULES, title="A title"
    )


def test_a_plain_change_is_placed_where_it_was_published(dataset):
    points = published_points(dataset, OBSERVED, [SPINE])
    row = points[(points.study_arm == "ai_denosumab") & (points.month == 12)].iloc[0]
    assert row.value == 4.8
    assert row.n == 127
    assert row.counted_from == "start"


def test_published_arms_of_which_nothing_can_be_drawn_are_told(dataset):
    alone = {"with denosumab": ["freedom/denosumab"]}
    with pytest.warns(RemodelWarning, match="freedom/denosumab: no number of .*spine") as told:
        _, points = trial_overlay(dataset, [SPINE], observed=alone)
    assert points.empty
    assert told[0].filename == __file__
    _, points = trial_overlay(
        dataset, [SPINE], observed={**alone, "inhibitor": ["freedom/placebo"]}
    )
    assert len(points) == 1


def test_a_change_since_a_later_visit_counts_from_the_model_there(dataset):
    points = published_points(dataset, OBSERVED, [SPINE])
    row = points[(points.study == "atac_eastell2011") & (points.month == 84)].iloc[0]
    at_60 = np.interp(60, dataset.month, dataset[SPINE][0])
    assert row.value == pytest.approx(100 * ((1 + 0.0402) * (1 + at_60 / 100) - 1))
    assert row.counted_from == "model"


def test_a_difference_is_added_to_the_simulated_comparator(dataset):
    points = published_points(dataset, OBSERVED, [HIP])
    row = points[(points.study_arm == "ai_denosumab") & (points.month == 12)].iloc[0]
    comparator = np.interp(12, dataset.month, dataset[HIP][0])
    assert row.value == pytest.approx(3.7 + comparator)


def test_a_difference_without_its_comparator_is_left_out(dataset):
    only = {"with denosumab": [("halt_bc_ellis2008", "ai_denosumab")]}
    points = published_points(dataset, only, [HIP])
    assert set(points.month) == {24}


def test_rows_that_are_not_used_or_of_other_kinds_are_left_out(dataset):
    points = published_points(dataset, OBSERVED, [SPINE, "estradiol"])
    assert set(points.variable) == {SPINE}
    assert len(points[(points.study_arm == "ai_denosumab") & (points.month == 12)]) == 1


def test_a_published_range_becomes_a_95_percent_interval_of_the_mean(dataset):
    observed = {"inhibitor": [("aribon_lester", "osteopenic_placebo")]}
    points = published_points(dataset, observed, [SPINE])
    row = points[points.month == 12].iloc[0]
    assert -11 < row.low < row.value < row.high < 2.2


def test_the_time_axis_of_a_few_months_shows_weeks(dataset):
    short = dataset.isel(time=slice(0, 4))
    figure, _ = marker_panel(short, [CTX])
    axes = figure.axes[0]
    assert axes.get_xlabel() == "months from the start"
    assert np.diff(axes.get_xticks()).tolist() == pytest.approx(
        [0.5] * (len(axes.get_xticks()) - 1)
    )


def test_an_unknown_study_is_named_with_the_nearest(dataset):
    with pytest.raises(ObservationError, match="halt_bc_ellis2008"):
        published_points(dataset, {"inhibitor": [("halt_bc_elis2008", "ai_placebo")]}, [SPINE])
    with pytest.raises(ObservationError, match="no arm 'ai'"):
        published_points(dataset, {"inhibitor": [("halt_bc_ellis2008", "ai")]}, [SPINE])


def test_an_unknown_arm_or_variable_is_named_with_the_nearest(dataset):
    with pytest.raises(ConfigError, match="Did you mean 'inhibitor'"):
        trial_overlay(dataset, [SPINE], arms=["inhibitors"])
    with pytest.raises(ConfigError, match="Did you mean 'estradiol'"):
        trial_overlay(dataset, ["estradioll"])


def test_the_table_holds_simulated_beside_published(overlay, dataset):
    _, table = overlay
    row = table[(table.study == "halt_bc_ellis2008") & (table.arm == "inhibitor")].iloc[0]
    expected = np.interp(row.month, dataset.month, dataset[row.variable][0])
    assert row.simulated == pytest.approx(expected)


def test_lines_points_and_units_are_drawn(overlay, dataset):
    figure, table = overlay
    panel = figure.axes[0]
    drawn = [line for line in panel.lines if len(line.get_xdata()) == dataset.sizes["time"]]
    assert len(drawn) == 2
    np.testing.assert_allclose(drawn[0].get_ydata(), dataset[SPINE][0])
    assert panel.get_ylabel() == "change from start [%]"
    assert "lumbar spine" in panel.get_title(loc="left")
    marks = [line for line in panel.lines if line.get_marker() not in ("None", None, "")]
    assert len(marks) >= (table.variable == SPINE).sum()


def test_a_drug_has_one_row_with_a_lane_for_each_arm_that_gets_it(overlay):
    figure, _ = overlay
    strip = figure.axes[-1]
    assert [t.get_text() for t in strip.get_yticklabels()] == ["anastrozole", "denosumab"]
    parsed = {arm: rm.Schedule.parse(text) for arm, text in SCHEDULES.items()}
    shared, alone = treatment_rows(parsed, 7 * 365.25)
    assert [lane.arm for lane in shared.lanes] == ["inhibitor", "with denosumab"]
    assert [lane.bars for lane in shared.lanes] == [((0.0, 5 * 365.25),)] * 2
    assert [(lane.arm, len(lane.doses)) for lane in alone.lanes] == [("with denosumab", 4)]


def test_stripes_of_a_shared_drug_have_the_colors_of_the_lines_and_do_not_touch(overlay):
    figure, _ = overlay
    lines = {line.get_color() for line in figure.axes[0].lines[:4] if len(line.get_xdata()) > 2}
    bars = sorted(figure.axes[-1].patches, key=lambda bar: bar.get_y())
    assert len(bars) == 2
    assert {to_hex(bar.get_facecolor()).upper() for bar in bars} == lines
    assert bars[0].get_y() + bars[0].get_height() < bars[1].get_y()


def test_doses_that_would_touch_on_the_axis_become_a_bar():
    monthly = {"arm": rm.Schedule.parse("ibandronate 150 mg monthly x 60")}
    (of_a_year,) = treatment_rows(monthly, 365.25)
    (of_ten_years,) = treatment_rows(monthly, 10 * 365.25)
    assert len(of_a_year.lanes[0].doses) == 12
    assert of_ten_years.lanes[0].doses == ()
    assert of_ten_years.lanes[0].bars == ((0.0, pytest.approx(60 * 30.4375)),)


def test_what_begins_after_the_end_of_the_axis_has_no_row():
    late = {"arm": rm.Schedule.parse("alendronate 70 mg weekly for 1 y from 3 y")}
    assert treatment_rows(late, 2 * 365.25) == []
    assert [row.drug for row in treatment_rows(late, 4 * 365.25)] == ["alendronate"]


def test_nothing_overlaps(overlay):
    figure, _ = overlay
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    boxes = [axes.get_tightbbox(renderer) for axes in figure.axes]
    boxes += [t.get_window_extent(renderer) for t in (*figure.texts, *figure.legends)]
    assert len(boxes) == 5  # two panels, a strip, title and legend
    assert all(box.y0 >= 0 for box in boxes)
    for i, one in enumerate(boxes):
        assert one.x0 >= 0
        assert one.x1 <= figure.bbox.width
        for other in boxes[i + 1 :]:
            assert not one.overlaps(other)


def test_long_names_of_measurements_do_not_meet():
    names = ("bmd_lumbar_spine_artefact_free", "bmd_lumbar_spine_qct", "sclerostin_serum", "ctx")
    outputs = [f"{name}_percent_change" for name in names]
    dataset = rm.simulate(patient=rm.Patient(age=60), years=1, outputs=outputs)
    figure, _ = marker_panel(dataset, outputs)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    titles = [
        child.get_window_extent(renderer)
        for axes in figure.axes
        for child in axes.get_children()
        if isinstance(child, Text) and child.get_text() == axes.get_title(loc="left")
    ]
    assert len(titles) == 4
    for i, one in enumerate(titles):
        others = titles[i + 1 :] + [axes.get_window_extent(renderer) for axes in figure.axes]
        assert not any(one.overlaps(other) for other in others)


def test_a_marker_panel_has_two_columns_and_a_level_its_unit(dataset):
    figure, _ = marker_panel(dataset, [CTX, "estradiol", SPINE], schedules=SCHEDULES)
    left, right = (axes.get_position().x0 for axes in figure.axes[:2])
    assert right > left
    assert figure.axes[1].get_ylabel() == "Serum estradiol [pmol/L]"
    assert figure.axes[1].get_ylim()[0] == 0


def test_a_relative_level_says_what_counts_as_1(dataset):
    figure, _ = marker_panel(dataset, ["osteoclasts"])
    assert figure.axes[0].get_title(loc="left") == "Active osteoclasts"
    assert figure.axes[0].get_ylabel() == "premenopausal = 1"


@pytest.mark.parametrize(
    ("source", "has_bars"),
    [(("aribon_lester", "osteopenic_placebo"), True), (("atac_eastell2008", "anastrozole"), False)],
)
def test_the_legend_speaks_of_bars_where_there_are_some(dataset, source, has_bars):
    figure, _ = trial_overlay(dataset, [SPINE], observed={"inhibitor": [source]})
    words = " ".join(text.get_text() for text in figure.legends[0].get_texts())
    assert "Published" in words
    assert ("confidence interval" in words) == has_bars


@pytest.mark.parametrize(
    ("source", "has_arrows"),
    [
        (("grey_multidose", "zoledronate_5mg_once"), True),
        (("atac_eastell2008", "anastrozole"), False),
    ],
)
def test_the_legend_speaks_of_arrows_where_there_are_some(source, has_arrows):
    ds = rm.simulate(patient=rm.Patient(age=65), years=10, outputs=[SPINE])
    figure, _ = trial_overlay(
        ds.assign_coords(arm=("simulation", ["one"])), [SPINE], observed={"one": [source]}
    )
    words = " ".join(text.get_text() for text in figure.legends[0].get_texts())
    assert ("arrow" in words) == has_arrows


def test_a_short_time_axis_counts_in_months(dataset):
    short = dataset.sel(time=dataset.time <= 731)
    figure, _ = trial_overlay(short, [SPINE])
    assert figure.axes[0].get_xlabel() == "months from the start"


def test_a_phase_plane_returns_its_yearly_dots(dataset):
    figure, dots = phase_plane(dataset, title="Cells")
    assert list(dots.columns) == ["arm", "year", "osteoclasts", "osteoblasts"]
    assert list(dots.year.unique()) == list(range(8))
    assert dots.osteoclasts[0] == pytest.approx(float(dataset.osteoclasts[0, 0]))
    assert figure.axes[0].get_xlabel() == "Active osteoclasts [premenopausal = 1]"


def test_a_path_that_does_not_move_is_drawn_too():
    ds = rm.simulate(
        patient=rm.Patient(age=35, menopause=None), years=2, outputs=["osteoclasts", "osteoblasts"]
    )
    _, dots = phase_plane(ds)
    assert len(dots) == 3


def test_drawing_leaves_the_settings_of_matplotlib_alone(dataset):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    trial_overlay(dataset, [SPINE])
    assert dict(mpl.rcParams) == before


def test_a_figure_can_be_saved(overlay, tmp_path):
    figure, _ = overlay
    for ending in ("png", "svg", "pdf"):
        path = tmp_path / f"figure.{ending}"
        figure.savefig(path)
        assert path.stat().st_size > 5000


def test_arms_differ_in_color_and_dashes_and_not_in_width(overlay):
    figure, _ = overlay
    one, other = (line for line in figure.axes[0].lines if len(line.get_xdata()) > 2)
    assert one.get_color() != other.get_color()
    assert one.get_linestyle() != other.get_linestyle()
    assert one.get_linewidth() == other.get_linewidth()


def test_names_stand_at_the_ends_of_lines_where_they_fit(overlay, dataset):
    figure, _ = overlay
    assert [text.get_text() for text in figure.axes[0].texts] == list(SCHEDULES)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert not set(SCHEDULES) & set(legend)
    same = dataset.assign(ctx_percent_change=dataset[CTX] * 0.0)  # two lines with one end
    near, _ = trial_overlay(same, [CTX, SPINE])
    one, other = (text.get_position() for text in near.axes[0].texts)
    assert one == other  # both offset from their own anchors, which lie apart
    anchors = [text.xy[1] for text in near.axes[0].texts]
    assert abs(anchors[0] - anchors[1]) > 0.06


def test_an_arm_looks_alike_in_several_figures():
    first, second, third = consistent_looks([["a", "b"], ["c", "a"], ["b", "c"]])
    assert first["a"] == second["a"]
    assert first["b"] == third["b"]
    assert len(set(third.values())) == 2


def test_only_points_that_cover_each_other_lie_side_by_side(dataset):
    def points(values):
        return pd.DataFrame(
            {"variable": SPINE, "month": 24.0, "value": values, "low": np.nan, "high": np.nan}
        )

    apart = side_by_side(points([-3.0, 8.0]), dataset)
    assert list(apart.drawn_month) == [24.0, 24.0]
    close = side_by_side(points([-3.0, -3.1, 8.0]), dataset)
    assert close.drawn_month[2] == 24.0
    assert close.drawn_month[0] != close.drawn_month[1]
    assert np.mean(close.drawn_month[:2]) == pytest.approx(24.0)


def test_the_legend_says_that_points_were_moved(dataset):
    crowded = {"inhibitor": [("aribon_lester", "osteopenic_placebo"),
                             ("atac_eastell2006", "anastrozole")]}  # fmt: skip
    figure, points = trial_overlay(dataset, [SPINE], observed=crowded)
    words = " ".join(text.get_text() for text in figure.legends[0].get_texts())
    assert "side by side" in words
    assert set(points.month) <= {12.0, 24.0}


def test_a_study_has_one_marker_whatever_else_is_drawn():
    names = trial_names()
    alone = {study: study_markers([study])[study] for study in names}
    for start in range(0, len(names), 8):
        group = names[start : start + 8]
        assert study_markers(group) == {study: alone[study] for study in group}


def test_studies_of_one_figure_never_share_a_marker():
    names = trial_names()
    one, other = names[0], names[16]  # as many shapes lie between them
    assert study_markers([one])[one] == study_markers([other])[other]
    assert len(set(study_markers([one, other]).values())) == 2


def test_a_plain_simulation_is_laid_over_a_trial():
    ds = rm.simulate(schedule="anastrozole 1 mg daily for 5 y", years=5)
    figure, points = rm.plots.trial_overlay(ds, observed=["atac_eastell2008/anastrozole"])
    assert set(points.study) == {"atac_eastell2008"}
    assert len(figure.axes) == 4  # spine, hip, CTX, P1NP
    with pytest.raises(ConfigError, match="study/arm"):
        rm.plots.trial_overlay(ds, observed=["atac_eastell2008"])


def test_of_several_arms_it_must_be_said_which_one_is_meant(dataset):
    with pytest.raises(ConfigError, match="2 simulated arms"):
        trial_overlay(dataset, [SPINE], observed=["atac_eastell2008/anastrozole"])


def test_ones_own_study_is_called_yours(dataset, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "study_id,arm,endpoint,time_months,value,error_low,error_high,unit,error_kind\n"
        "clinic,all,bmd_lumbar_spine,12,-2.5,,,percent,\n"
    )
    own = load_observations(path)
    figure, points = trial_overlay(
        dataset, [SPINE], observed={"inhibitor": ["clinic/all"]}, more=own
    )
    assert list(points.value) == [-2.5]
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "Measured" in words
    assert any(word.startswith("yours: clinic") for word in words)
