"""Figures: what they show, what they return, and that nothing in them overlaps."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

import remodel as rm
from remodel.errors import ConfigError, ObservationError
from remodel.plots import marker_panel, phase_plane, published_points, trial_overlay
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
    figure, _ = marker_panel(
        short, [CTX], observed={"with denosumab": [("halt_bc_ellis2008", "ai_denosumab")]}
    )
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
    marks = [line for line in panel.lines if line.get_marker() in "osD"]
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
    for i, one in enumerate(boxes):
        assert one.x0 >= 0
        assert one.x1 <= figure.bbox.width
        for other in boxes[i + 1 :]:
            assert not one.overlaps(other)


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
