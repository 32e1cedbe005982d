"""Simulated arms over published points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from remodel.plots.panels import (
    MARK_LINE,
    arm_names,
    arm_styles,
    arms_of,
    check_variables,
    draw_lines,
    draw_points,
    legend_entries,
    study_markers,
    time_unit,
)
from remodel.plots.points import Source, published_points
from remodel.plots.style import PANEL_HEIGHT, figure_with_legend_column, legend_beside, paper
from remodel.plots.treatment import draw_treatment, strip_height, treatment_rows
from remodel.schedules import Schedule

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from remodel.observations import Observations

_COLUMN_WIDTH = {1: 4.3, 2: 2.7}  # inch, as all lengths here
_COLUMN_GAP = 0.75
_STRIP_GAP = 0.16


def trial_overlay(
    dataset: xr.Dataset,
    variables: Sequence[str],
    *,
    observed: Mapping[str, Sequence[Source]] | None = None,
    begins: Mapping[Source, float] | None = None,
    more: Observations | None = None,
    schedules: Mapping[str, str | Schedule] | None = None,
    arms: Iterable[str] | None = None,
    marks: Mapping[str, float] | None = None,
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw simulated arms over published points, one panel a variable, one above the other.

    Parameters
    ----------
    dataset : xarray.Dataset
        From ``remodel.simulate``; arms are named by the coordinate ``arm`` along ``simulation``.
    variables : sequence of str
        Such as ``bmd_lumbar_spine_percent_change``.
    observed : mapping of str to sequence of (study, arm), optional
        Published arms to lay over each simulated arm.
    begins : mapping of (study, arm) to float, optional
        Month of the simulated arm at which a published arm starts; 0 by default.
    more : Observations, optional
        Numbers of these arms beside those of the package.
    schedules : mapping of str to str or Schedule, optional
        By arm; drawn as bars and ticks under the time axis.
    arms : iterable of str, optional
        Which arms; all by default.
    marks : mapping of str to float, optional
        Vertical lines: a label and a time [d].
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    pandas.DataFrame
        The points, as ``published_points`` gives them, with the simulated value beside each
        (column ``simulated``).
    """
    points = _points(dataset, variables, observed, begins, more, arms)
    return _draw(dataset, variables, points, schedules, arms, marks, title, columns=1)


def marker_panel(
    dataset: xr.Dataset,
    variables: Sequence[str],
    *,
    observed: Mapping[str, Sequence[Source]] | None = None,
    begins: Mapping[Source, float] | None = None,
    more: Observations | None = None,
    schedules: Mapping[str, str | Schedule] | None = None,
    arms: Iterable[str] | None = None,
    marks: Mapping[str, float] | None = None,
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw many variables side by side in two columns, as for turnover markers.

    Parameters and results are those of ``trial_overlay``.
    """
    points = _points(dataset, variables, observed, begins, more, arms)
    return _draw(dataset, variables, points, schedules, arms, marks, title, columns=2)


def _points(
    dataset: xr.Dataset,
    variables: Sequence[str],
    observed: Mapping[str, Sequence[Source]] | None,
    begins: Mapping[Source, float] | None,
    more: Observations | None,
    arms: Iterable[str] | None,
) -> pd.DataFrame:
    """Return the points of the arms that are shown, with the simulated value beside each."""
    chosen = arm_names(dataset, arms)
    check_variables(dataset, variables)
    kept = {arm: sources for arm, sources in (observed or {}).items() if arm in chosen}
    found = published_points(dataset, kept, variables, begins=begins, more=more)
    return _with_simulated(dataset, found)


def _draw(
    dataset: xr.Dataset,
    variables: Sequence[str],
    points: pd.DataFrame,
    schedules: Mapping[str, str | Schedule] | None,
    arms: Iterable[str] | None,
    marks: Mapping[str, float] | None,
    title: str,
    columns: int,
) -> tuple[Figure, pd.DataFrame]:
    chosen = arm_names(dataset, arms)
    styles = arm_styles(chosen)
    markers = study_markers(points)
    rows = treatment_rows(_parsed(schedules, chosen), float(dataset["time"].to_numpy()[-1]))
    with paper():
        figure, panels, strips = _axes(len(variables), columns, strip_height(rows))
        unit, unit_name, step = time_unit(dataset)
        for axes, variable in zip(panels, variables, strict=True):
            draw_lines(axes, dataset, variable, styles)
            draw_points(axes, points[points["variable"] == variable], styles, markers, unit)
            _mark(axes, marks or {}, unit)
        colors = {arm: shade for arm, (shade, _) in styles.items()}
        for axes in strips:
            draw_treatment(axes, rows, colors, unit)
            _mark(axes, marks or {}, unit)
        _finish_time(
            panels, strips, columns, float(dataset["time"].to_numpy()[-1]) / unit, unit_name, step
        )
        figure.align_ylabels(panels)
        legend_beside(figure, panels, legend_entries(styles, points, markers, marks or {}), title)
    return figure, points


def _parsed(
    schedules: Mapping[str, str | Schedule] | None, arms: Sequence[str]
) -> dict[str, Schedule]:
    given = schedules or {}
    return {
        arm: s if isinstance(s, Schedule) else Schedule.parse(s)
        for arm in arms
        if (s := given.get(arm)) is not None
    }


def _with_simulated(dataset: xr.Dataset, points: pd.DataFrame) -> pd.DataFrame:
    import numpy as np

    names = arms_of(dataset)
    months = dataset["month"].to_numpy()
    simulated = [
        float(np.interp(row.month, months, dataset[row.variable].to_numpy()[names.index(row.arm)]))
        for row in points.itertuples()
    ]
    return points.assign(simulated=simulated)


def _axes(n_panels: int, columns: int, strip: float) -> tuple[Figure, list[Axes], list[Axes]]:
    """Return a figure with panels and, under each column, a strip for the treatment."""
    lines = -(-n_panels // columns)
    figure, grid = figure_with_legend_column(
        [_COLUMN_WIDTH[columns]] * columns,
        [PANEL_HEIGHT] * lines,
        gap=_COLUMN_GAP,
        below=strip + _STRIP_GAP if strip else 0.0,
    )
    panels: list[Axes] = []
    for i in range(n_panels):
        shared = panels[0] if panels else None
        panels.append(figure.add_subplot(grid[i // columns, i % columns], sharex=shared))
    height = figure.get_figheight()
    strips = []
    lowest = sorted(panels[-columns:], key=lambda axes: axes.get_position().x0)
    for above in lowest if strip else ():
        box = above.get_position()
        bottom = box.y0 - (_STRIP_GAP + strip) / height
        place = (box.x0, bottom, box.width, strip / height)
        strips.append(figure.add_axes(place, sharex=panels[0]))
    return figure, panels, strips


def _finish_time(
    panels: list[Axes], strips: list[Axes], columns: int, end: float, unit: str, step: float
) -> None:
    from matplotlib.ticker import MultipleLocator

    panels[0].set_xlim(-0.02 * end, 1.02 * end)
    panels[0].xaxis.set_major_locator(MultipleLocator(step))
    lowest = strips or panels[-columns:]
    for axes in (*panels, *strips):
        axes.tick_params(labelbottom=axes in lowest)
    for axes in lowest:
        axes.set_xlabel(f"{unit} from the start")
    for axes in strips[1:]:
        axes.tick_params(labelleft=False)


def _mark(axes: Axes, marks: Mapping[str, float], unit: float) -> None:
    for time in marks.values():
        axes.axvline(time / unit, **MARK_LINE, zorder=0)
