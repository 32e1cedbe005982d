"""Models side by side: scenarios one below the other, measurements beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.plots.panels import MARK_LINE, study_markers
from remodel.plots.points import PERCENT_CHANGE, Source, published_points
from remodel.plots.style import GRAY, LINE_STYLES, color, paper
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_WIDTH, _HEIGHT = 1.4, 1.15  # of a panel [inch], as all lengths here
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.55, 1.85, 1.05, 0.42
_COLUMN_GAP, _ROW_GAP = 0.36, 0.55
_BLACK, _SHADE = "#222222", "#EFEFEF"
_MARKER_SIZE = 3.6


@dataclass(frozen=True, slots=True)
class ScenarioRow:
    """One row of panels.

    Attributes
    ----------
    label : str
    arms : mapping of str to str
        Names of arms and what a legend calls them; the first is drawn full, the second dashed.
    observed : mapping of str to sequence of (study, arm)
        Published arms to lay over these arms, and over those they are compared with.
    years : float
        Length of the time axis.
    begins : mapping of (study, arm) to float
        Months; see ``published_points``.
    treated_years : float
        End of the gray ground, which shows how long the first arm is treated.
    marks : mapping of str to float
        Vertical lines: a label and a time [d].
    """

    label: str
    arms: Mapping[str, str]
    observed: Mapping[str, Sequence[Source]]
    years: float
    begins: Mapping[Source, float] = field(default_factory=dict)
    treated_years: float = 0.0
    marks: Mapping[str, float] = field(default_factory=dict)


def models_side_by_side(
    dataset: xr.Dataset,
    rows: Sequence[ScenarioRow],
    variables: Sequence[str],
    *,
    models: Sequence[str],
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw what each model gives in each scenario, over published points.

    A published number that counts from a later visit or from another arm is drawn once for each
    model, in its color and counted from its own value there; the others are black.

    Parameters
    ----------
    dataset : xarray.Dataset
        With the coordinates ``arm`` and ``model`` along ``simulation``; NaN where a model does not
        have a variable.
    rows : sequence of ScenarioRow
    variables : sequence of str
        Percent changes, one a column.
    models : sequence of str
        In the order of their colors; the legend says of which there is nothing to draw.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    pandas.DataFrame
        The points, with the columns of ``published_points``, the scenario and the model, which is
        empty for points that are the same for all.
    """
    import pandas as pd

    drawn = [m for m in models if any(_has_values(dataset, m, r.arms, variables) for r in rows)]
    styles = {name: color(position) for position, name in enumerate(drawn)}
    points = [_points(dataset, row, variables, drawn) for row in rows]
    with paper():
        figure, panels = _panels(len(rows), len(variables))
        for line, row, some in zip(panels, rows, points, strict=True):
            for axes, variable in zip(line, variables, strict=True):
                _draw_panel(axes, dataset, row, variable, styles, some)
            _finish_row(figure, line, row, some)
        _finish_columns(panels, variables)
        lacking = [name for name in models if name not in drawn]
        _finish_top(figure, panels[0], styles, lacking, pd.concat(points), title)
    table = [p.assign(scenario=row.label) for row, p in zip(rows, points, strict=True)]
    return figure, pd.concat(table, ignore_index=True)


def _panels(n_rows: int, n_columns: int) -> tuple[Figure, list[list[Axes]]]:
    from matplotlib.figure import Figure

    width = _LEFT + n_columns * _WIDTH + (n_columns - 1) * _COLUMN_GAP + _RIGHT
    height = _TOP + n_rows * _HEIGHT + (n_rows - 1) * _ROW_GAP + _BOTTOM
    figure = Figure(figsize=(width, height))
    grid = figure.add_gridspec(
        n_rows, n_columns, left=_LEFT / width, right=1 - _RIGHT / width, top=1 - _TOP / height,
        bottom=_BOTTOM / height, wspace=_COLUMN_GAP / _WIDTH, hspace=_ROW_GAP / _HEIGHT,
    )  # fmt: skip
    lines = [[figure.add_subplot(grid[i, j]) for j in range(n_columns)] for i in range(n_rows)]
    return figure, lines


def _place(dataset: xr.Dataset, arm: str, model: str) -> int | None:
    """Return the position of the simulation of an arm in a model, if there is one."""
    found = np.flatnonzero((dataset["arm"] == arm) & (dataset["model"] == model))
    return int(found[0]) if len(found) else None


def _has_values(
    dataset: xr.Dataset, model: str, arms: Sequence[str] | Mapping[str, str], names: Sequence[str]
) -> bool:
    places = [place for arm in arms if (place := _place(dataset, arm, model)) is not None]
    return any(np.isfinite(dataset[name].to_numpy()[places]).any() for name in names)


def _points(
    dataset: xr.Dataset, row: ScenarioRow, variables: Sequence[str], models: Sequence[str]
) -> pd.DataFrame:
    """Return the points of one scenario; those that are the same for all models once."""
    import pandas as pd

    found = []
    for model in models:
        own = dataset.isel(simulation=np.flatnonzero(dataset["model"] == model))
        there = set(own["arm"].to_numpy())
        observed = {arm: sources for arm, sources in row.observed.items() if arm in there}
        table = published_points(own, observed, variables, begins=row.begins)
        shown = table["arm"].isin(list(row.arms)) & table["value"].notna()
        table = table[shown & (table["month"] <= 12.0 * row.years)]
        found.append(table.assign(model=np.where(table["counted_from"] == "model", model, "")))
    whole = pd.concat(found, ignore_index=True)
    same = ["arm", "variable", "study", "study_arm", "month", "model", "value"]
    return whole.drop_duplicates(same).reset_index(drop=True)


def _draw_panel(
    axes: Axes,
    dataset: xr.Dataset,
    row: ScenarioRow,
    variable: str,
    styles: Mapping[str, str],
    points: pd.DataFrame,
) -> None:
    years = dataset["time"].to_numpy() / DAYS_PER_YEAR
    shown = years <= row.years + 1e-9
    values = dataset[variable].to_numpy()
    axes.axvspan(0.0, min(row.treated_years, row.years), color=_SHADE, linewidth=0, zorder=0)
    axes.axhline(0.0, color="#BBBBBB", linewidth=0.6, zorder=1)
    for time in row.marks.values():
        axes.axvline(time / DAYS_PER_YEAR, **MARK_LINE, zorder=1)
    absent = [m for m in styles if not _has_values(dataset, m, row.arms, (variable,))]
    for model, shade in styles.items():
        for dashes, arm in zip(LINE_STYLES, row.arms, strict=False):
            place = _place(dataset, arm, model)
            if place is not None and model not in absent:
                axes.plot(years[shown], values[place][shown], color=shade, linestyle=dashes,
                          linewidth=1.2, zorder=2)  # fmt: skip
    _draw_points(axes, points[points["variable"] == variable], styles, study_markers(points))
    axes.set_xlim(-0.03 * row.years, 1.03 * row.years)
    axes.margins(y=0.15)
    if absent:
        axes.set_title(f"not in {', '.join(absent)}", loc="right", fontsize=5.5, color=GRAY,
                       fontweight="normal", pad=2)  # fmt: skip


def _draw_points(
    axes: Axes, points: pd.DataFrame, styles: Mapping[str, str], markers: Mapping[str, str]
) -> None:
    for row in points.itertuples():
        shade = styles.get(row.model, _BLACK)
        error = None
        if np.isfinite(row.low):
            error = [[row.value - row.low], [row.high - row.value]]
        axes.errorbar(
            row.month * DAYS_PER_MONTH / DAYS_PER_YEAR,
            row.value,
            yerr=error,
            marker=markers[row.label],
            markersize=_MARKER_SIZE,
            markerfacecolor=shade if row.use == "calibration" else "white",
            markeredgecolor=shade,
            markeredgewidth=0.8,
            color=shade,
            elinewidth=0.7,
            capsize=1.5,
            zorder=4,
        )


def _finish_row(
    figure: Figure, line: Sequence[Axes], row: ScenarioRow, points: pd.DataFrame
) -> None:
    from matplotlib.ticker import MaxNLocator

    for axes in line:
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.tick_params(labelsize=6.5, length=2.5, pad=2)
    line[0].set_ylabel("change [%]", fontsize=7)
    width, height = figure.get_size_inches()
    first, last = line[0].get_position(), line[-1].get_position()
    figure.text(
        first.x0, first.y1 + 0.13 / height, row.label, fontsize=8, fontweight="bold", va="bottom"
    )
    figure.legend(
        handles=_row_entries(row, points), loc="upper left", borderaxespad=0, alignment="left",
        bbox_to_anchor=(last.x1 + 0.12 / width, last.y1 + 0.05 / height),
        fontsize=6, handlelength=2.0, labelspacing=0.25,
    )  # fmt: skip


def _finish_columns(panels: Sequence[Sequence[Axes]], variables: Sequence[str]) -> None:
    for axes, variable in zip(panels[0], variables, strict=True):
        first, *others = variable.removesuffix(PERCENT_CHANGE).split("_")
        axes.annotate(
            " ".join([first.upper(), *others]), (0.5, 1.0), (0, 24), xycoords="axes fraction",
            textcoords="offset points", ha="center", fontsize=8.5, fontweight="bold",
        )  # fmt: skip
    for axes in panels[-1]:
        axes.set_xlabel("years", fontsize=7, labelpad=1)


def _row_entries(row: ScenarioRow, points: pd.DataFrame) -> list[Line2D]:
    from matplotlib.lines import Line2D

    entries = [
        Line2D([], [], color=_BLACK, linestyle=dashes, linewidth=1.0, label=name)
        for dashes, name in zip(LINE_STYLES, row.arms.values(), strict=False)
    ]
    entries += [Line2D([], [], label=label, **MARK_LINE) for label in row.marks]
    return entries + [
        Line2D([], [], marker=marker, label=label, **_mark(_BLACK))
        for label, marker in study_markers(points).items()
    ]


def _mark(shade: str) -> dict[str, Any]:
    return {"linestyle": "none", "markersize": _MARKER_SIZE, "color": shade}


def _finish_top(
    figure: Figure,
    line: Sequence[Axes],
    styles: Mapping[str, str],
    lacking: Sequence[str],
    points: pd.DataFrame,
    title: str,
) -> None:
    """Put title and the legend of models and marks above the panels."""
    from matplotlib.lines import Line2D

    height = figure.get_figheight()
    left = line[0].get_position().x0
    figure.suptitle(title, x=left, y=1 - 0.1 / height, ha="left", va="top")
    entries = [Line2D([], [], color=shade, label=name) for name, shade in styles.items()]
    entries.append(Line2D([], [], marker="o", label="published (95 % interval)", **_mark(_BLACK)))
    if (points["use"] != "calibration").any():
        entries.append(Line2D([], [], marker="o", markerfacecolor="white",
                              label="not used to fit reference", **_mark(_BLACK)))  # fmt: skip
    if (points["model"] != "").any():
        entries.append(Line2D([], [], marker="o", label="counted from the model of that color",
                              **_mark(next(iter(styles.values())))))  # fmt: skip
    if lacking:
        text = f"nothing to draw: {', '.join(lacking)}"
        entries.append(Line2D([], [], linestyle="none", label=text))
    figure.legend(
        handles=entries, loc="upper left", bbox_to_anchor=(left, 1 - 0.3 / height), borderaxespad=0,
        ncols=len(entries), fontsize=7, handlelength=1.6, columnspacing=1.4, handletextpad=0.5,
    )  # fmt: skip
