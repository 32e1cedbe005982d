"""Figures of sweeps and sensitivities: what they show is what they return."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from remodel.errors import ConfigError
from remodel.plots.sensitivity import index_heat_map, time_course, tornado
from remodel.plots.sweeps import contours, factor_map, fan_chart, small_multiples


@pytest.fixture
def grid() -> xr.Dataset:
    dose, interval, time = (
        np.geomspace(10, 80, 4),
        np.array([3.0, 6.0, 9.0]),
        np.arange(5) * 365.25,
    )
    drug = np.array(["denosumab", "alendronate"], dtype=object)
    gain = np.log(dose)[:, None, None] / interval[None, :, None] + np.array([0.0, 1.0])
    values = gain[..., None] * time / 365.25
    about = {"units": "percent", "long_name": "lumbar spine BMD, change from start"}
    dims = ("dose", "interval", "drug")
    return xr.Dataset(
        {
            "bmd": ((*dims, "time"), values, about),
            "gain": (dims, gain, about),
            "status": (dims, np.zeros(gain.shape, dtype=np.int8)),
        },
        coords={
            "dose": ("dose", dose, {"units": "mg"}),
            "interval": ("interval", interval, {"units": "mo"}),
            "drug": drug, "time": ("time", time, {"units": "d"}),
            "month": ("time", time / 30.4375),
        },
    )  # fmt: skip


def test_a_map_shows_the_plane_it_returns(grid):
    figure, table = factor_map(grid, "bmd", "dose", "interval", at={"drug": "denosumab"}, months=12)
    axes = figure.axes[0]
    assert axes.get_xlabel() == "dose [mg]"
    assert axes.get_ylabel() == "interval [months]"
    assert axes.get_xscale() == "log"
    assert axes.get_yscale() == "linear"
    assert figure.axes[1].get_ylabel() == "Lumbar spine BMD, change from start [%]"
    drawn = axes.collections[0].get_array().ravel()
    np.testing.assert_allclose(drawn, table["bmd"])
    row = table[(table["dose"] == 10) & (table["interval"] == 3)].iloc[0]
    assert row["bmd"] == pytest.approx(np.log(10) / 3)


def test_a_log_axis_has_its_values_in_plain_numbers_and_cells_around_them(grid):
    axes = factor_map(grid, "gain", "dose", "interval", at={"drug": "denosumab"})[0].axes[0]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["10", "20", "40", "80"]
    assert len(axes.get_xticks(minor=True)) == 0
    edges = axes.collections[0].get_coordinates()[0, :, 0]
    np.testing.assert_allclose(edges, 10 * 2.0 ** np.arange(-0.5, 4), rtol=1e-9)
    many = grid.isel(drug=0).interp(dose=np.geomspace(10, 80, 30)).assign_coords(interval=[3, 6, 9])
    many["dose"].attrs["units"] = "mg"
    axes = factor_map(many, "gain", "dose", "interval")[0].axes[0]
    shown = [t.get_text() for t in axes.get_xticklabels()]
    assert {"10", "20", "50"} <= set(shown)


def test_a_unit_never_stands_alone_in_the_last_line_of_a_label(grid):
    grid["gain"].attrs = {
        "units": "percent d",
        "long_name": "time below -2.5: T-score, lumbar spine",
    }
    bar = factor_map(grid, "gain", "dose", "interval", at={"drug": "denosumab"})[0].axes[1]
    assert bar.get_ylabel() == "Time below -2.5: T-score, lumbar\nspine [percent d]"


def test_lines_of_negative_values_are_solid_and_labels_stay_apart_and_inside(grid):
    shown = grid.isel(drug=0)
    shown["loss"] = -shown["gain"]
    shown["loss"].attrs = grid["gain"].attrs
    figure, _ = contours(shown, "loss", "dose", "interval", levels=12)
    axes = figure.axes[0]
    lines = axes.collections[1]
    assert {style[1] for style in lines.get_linestyle()} == {None}
    figure.draw_without_rendering()
    at = [axes.transAxes.inverted().transform(axes.transData.transform(t.get_position()))
          for t in lines.labelTexts]  # fmt: skip
    assert len(at) > 3
    assert np.all(np.minimum(at, 1 - np.array(at)) > 0.05)
    apart = [np.hypot(*(a - b)) for i, a in enumerate(at) for b in at[:i]]
    assert min(apart) > 0.1


def test_contours_and_small_multiples_hold_every_cell(grid):
    _, table = contours(grid, "gain", "dose", "interval", at={"drug": "alendronate"}, levels=[1, 2])
    assert len(table) == 12
    figure, table = small_multiples(grid, "gain", "dose", "interval", "drug")
    assert len(table) == 24
    titles = [axes.get_title(loc="left") for axes in figure.axes[:2]]
    assert titles == ["drug denosumab", "drug alendronate"]
    limits = {axes.collections[0].get_clim() for axes in figure.axes[:2]}
    assert limits == {(table["gain"].min(), table["gain"].max())}


def test_long_titles_of_small_multiples_take_several_lines(grid):
    drug = ["zoledronic acid 5 mg once, 6 months later", "none"]
    figure, _ = small_multiples(grid.assign_coords(drug=drug), "gain", "dose", "interval", "drug")
    title = figure.axes[0].get_title(loc="left")
    assert title == "drug zoledronic acid 5 mg\nonce, 6 months later"


def test_a_fan_leaves_out_what_failed_and_says_so(grid):
    grid["status"][0, 0, 0] = 1
    grid["bmd"][0, 0, 0] = np.nan
    figure, table = fan_chart(grid, "bmd", by="drug")
    assert table["simulations"].unique().tolist() == [11, 12]
    assert table["left_out"].unique().tolist() == [1, 0]
    assert "drug denosumab (1 failed)" in [t.get_text() for t in figure.legends[0].get_texts()]
    last = table[(table["group"] == "drug alendronate") & (table["month"] == 48)].iloc[0]
    expected = grid["bmd"].sel(drug="alendronate").isel(time=-1)
    assert last["q50"] == pytest.approx(float(expected.median()))
    assert last["q5"] < last["q25"] < last["q50"] < last["q75"] < last["q95"]


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda d: factor_map(d, "bmdd", "dose", "interval"), "no variable 'bmdd'. Did you mean"),
        (lambda d: factor_map(d, "bmd", "doze", "interval"), "no dimension 'doze'. Did you mean"),
        (lambda d: factor_map(d, "bmd", "dose", "interval"), "drug has 2 values; say at which one"),
        (
            lambda d: fan_chart(d.interp(interval=np.linspace(3, 9, 7)), "bmd", by="interval"),
            "interval has 7 values, and more than 6 fans cover each other; choose some",
        ),
        (lambda d: fan_chart(d, "gain"), "a fan chart needs an output over time"),
        (
            lambda d: factor_map(d.stack(simulation=["dose", "interval", "drug"]), "bmd", "a", "b"),
            "It is a sample; a map needs a grid",
        ),
    ],
)
def test_what_cannot_be_drawn_is_said(draw, says, grid):
    with pytest.raises(ConfigError) as error:
        draw(grid)
    assert says in str(error.value)


@pytest.fixture
def indices() -> xr.Dataset:
    time = np.arange(3) * 365.25
    share = np.array([[np.nan, 0.2, 0.1], [np.nan, 0.5, 0.7], [np.nan, 0.0, 0.0]])
    data = {}
    for index, values in (
        ("total_order", share), ("total_order_interval", 0.1 * share), ("first_order", 0.5 * share),
    ):  # fmt: skip
        note = {
            "units": "1", "long_name": index, "index": index, "output": "ctx",
            "output_long_name": "CTX",
        }  # fmt: skip
        data[f"ctx_{index}"] = (("factor", "time"), values, note)
        data[f"peak_{index}"] = ("factor", values[:, 2], {**note, "output": "peak"})
    return xr.Dataset(
        data, coords={"factor": ["a", "b", "c"], "time": time, "month": ("time", time / 30.4375)},
        attrs={"method_title": "Sobol indices"},
    )  # fmt: skip


def test_a_tornado_puts_what_matters_most_on_top(indices):
    figure, table = tornado(indices, "ctx")
    assert table.index.tolist() == ["b", "a", "c"]
    axes = figure.axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["c", "a", "b"]
    assert [bar.get_width() for bar in axes.patches] == [0.0, 0.1, 0.7]
    assert not axes.get_legend()  # outside, where it covers no bar
    names = [t.get_text() for t in figure.legends[0].get_texts()]
    assert names == ["first order", "total order", "confidence interval"]
    _, early = tornado(indices, "ctx", month=12, most=1)
    assert early["total_order"].tolist() == [0.5]
    _, single = tornado(indices, "peak")
    assert single.index.tolist() == ["b", "a", "c"]


def test_a_tornado_reaches_as_far_as_dots_and_intervals(indices):
    indices["peak_first_order"][:] = [-0.3, 0.9, -0.01]
    left, right = tornado(indices, "peak")[0].axes[0].get_xlim()
    assert left < -0.3
    assert right > 0.9


def test_heat_map_and_time_course_show_every_time(indices):
    _, table = index_heat_map(indices, "ctx")
    assert table.index.tolist() == ["b", "a", "c"]
    assert table.columns.tolist() == [0, 12, 24]
    figure, lines = time_course(indices, "ctx", most=2)
    assert len(figure.axes[0].lines) == len(lines) == 2
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), [np.nan, 0.5, 0.7])


def test_sensitivities_that_are_not_there_are_not_drawn(indices):
    with pytest.raises(ConfigError, match=r"no sensitivities of 'ctxx'. Did you mean 'ctx'\?"):
        tornado(indices, "ctxx")
    with pytest.raises(ConfigError, match="it has no course over time"):
        time_course(indices, "peak")


def test_the_bands_of_a_fan_are_named(grid):
    figure, _ = fan_chart(grid, "bmd")
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["median", "central 50 %", "central 90 %"]


def test_labels_of_contours_stand_upright():
    values = np.add.outer(np.linspace(0, 10, 12), np.linspace(0, 10, 15))
    ds = xr.Dataset(
        {"bmd": (("a", "b"), values, {"units": "percent"}), "status": (("a", "b"), 0 * values)},
        coords={"a": np.linspace(1, 2, 12), "b": np.linspace(5, 7, 15)},
    )
    figure, _ = contours(ds, "bmd", "a", "b")
    labels = figure.axes[0].texts
    assert labels
    assert {label.get_rotation() for label in labels} == {0.0}


def test_months_along_a_map_are_quarters_or_years(grid):
    figure, _ = factor_map(grid, "bmd", "dose", "interval", at={"drug": "denosumab"}, months=12)
    steps = np.diff(figure.axes[0].get_yticks())
    assert set(steps) <= {1.0, 2.0, 3.0, 6.0, 12.0}
