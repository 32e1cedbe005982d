"""Lines over time with points over them: panels, treatment strip and legend as one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from remodel.plots.markers import study_markers
from remodel.plots.panels import (
    MARK_LINE,
    arm_entries,
    curve,
    draw_lines,
    draw_points,
    finish_time,
    label_ends,
    make_room,
    point_entries,
    side_by_side,
    time_unit,
)
from remodel.plots.style import (
    GRAY,
    PANEL_HEIGHT,
    Look,
    figure_with_legend_column,
    legend_beside,
    legend_height,
    paper,
)
from remodel.plots.treatment import draw_treatment, strip_height, treatment_rows
from remodel.schedules import Schedule

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMN_WIDTH = {1: 4.3, 2: 2.8}  # inch, as all lengths here
_COLUMN_GAP = 0.75
_STRIP_GAP = 0.16
LOW, HIGH = "_low", "_high"
BANDS = {"_trial": ("90 %: mean of a new trial", 0.10), "": ("90 %: parameters", 0.22)}
"""What stands between the name of a variable and ``_low`` -> what the band holds, and its shade."""


def draw_overlay(
    dataset: xr.Dataset,
    variables: Sequence[str],
    points: pd.DataFrame,
    looks: Mapping[str, Look],
    *,
    columns: int,
    title: str = "",
    schedules: Mapping[str, Schedule] | None = None,
    marks: Mapping[str, float] | None = None,
    entries: Sequence[Artist] | None = None,
) -> Figure:
    """Return a figure with one panel a variable.

    Where the names of arms fit at the ends of their lines they are written there; a legend names
    them otherwise.

    Parameters
    ----------
    dataset : xarray.Dataset
        One simulation an arm. Where a variable also comes as ``NAME_low`` and ``NAME_high``, or as
        ``NAME_trial_low`` and ``NAME_trial_high``, the band between them is drawn: that of the
        parameters, or that of the mean of a new trial.
    points : pandas.DataFrame
        As ``published_points`` gives them; those of no arm in ``looks`` are black.
    looks : mapping of str to Look
        By arm, in the order of the legend.
    columns : int
        1 or 2.
    schedules : mapping of str to Schedule, optional
        By arm; drawn as a strip under the time axis.
    marks : mapping of str to float, optional
        Vertical lines: a label and a time [d].
    entries : sequence of artist, optional
        What the legend shows in place of the arms.
    """
    rows = treatment_rows(schedules or {}, float(dataset["time"].to_numpy()[-1]))
    colors = {arm: shade for arm, (shade, _) in looks.items()}
    points = side_by_side(points, dataset)
    markers = study_markers(points["study"])
    unit = time_unit(dataset)[0]
    with paper():
        below = [
            *arm_entries({}, marks or {}),
            *_band_entries(dataset, variables),
            *point_entries(points, markers),
        ]
        arms = arm_entries(looks, ()) if entries is None else entries
        figure, panels, strips = _axes(
            len(variables), columns, strip_height(rows), legend_height([*arms, *below])
        )
        for axes, variable in zip(panels, variables, strict=True):
            here = points[points["variable"] == variable]
            _draw_bands(axes, dataset, variable, looks)
            draw_lines(axes, dataset, variable, looks)
            draw_points(axes, here, colors, markers, unit)
            make_room(axes, here)
        for axes in strips:
            draw_treatment(axes, rows, colors, unit)
        for axes in (*panels, *strips):
            for time in (marks or {}).values():
                axes.axvline(time / unit, **MARK_LINE, zorder=0)
        finish_time(panels, strips, columns, dataset, points)
        figure.align_ylabels(panels)
        corner = panels[min(columns, len(panels)) - 1]
        if (
            entries is None
            and len(looks) > 1
            and len(panels) > columns
            and legend_height(below) < _height_under(figure, panels[columns])
            and label_ends(corner, dataset, variables[panels.index(corner)], looks)
        ):
            legend_beside(figure, panels, below, title, row=1)
        else:
            legend_beside(figure, panels, [*arms, *below], title)
    return figure


def _height_under(figure: Figure, axes: Axes) -> float:
    """Return the room from the top of axes to the lower edge of the page [inch]."""
    return float(axes.get_position().y1 * figure.get_figheight())


def _axes(
    n_panels: int, columns: int, strip: float, legend: float
) -> tuple[Figure, list[Axes], list[Axes]]:
    """Return a figure with panels and, under each column, a strip for the treatment."""
    lines = -(-n_panels // columns)
    figure, grid = figure_with_legend_column(
        [_COLUMN_WIDTH[columns]] * columns,
        [PANEL_HEIGHT] * lines,
        gap=_COLUMN_GAP,
        below=strip + _STRIP_GAP if strip else 0.0,
        legend=legend,
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
        corners = (box.x0, bottom, box.width, strip / height)
        strips.append(figure.add_axes(corners, sharex=panels[0]))
    return figure, panels, strips


def _draw_bands(axes: Axes, dataset: xr.Dataset, variable: str, looks: Mapping[str, Look]) -> None:
    time = dataset["time"].to_numpy() / time_unit(dataset)[0]
    for name, (_, faint) in BANDS.items():
        if f"{variable}{name}{LOW}" not in dataset:
            continue
        for arm, (shade, _) in looks.items():
            low, high = (curve(dataset, arm, f"{variable}{name}{end}") for end in (LOW, HIGH))
            axes.fill_between(time, low, high, color=shade, alpha=faint, linewidth=0, zorder=1)


def _band_entries(dataset: xr.Dataset, variables: Sequence[str]) -> list[Artist]:
    from matplotlib.patches import Patch

    return [
        Patch(facecolor=GRAY, alpha=faint, linewidth=0, label=label)
        for name, (label, faint) in reversed(BANDS.items())
        if any(f"{variable}{name}{LOW}" in dataset for variable in variables)
    ]
