"""Simulated arms of one study over its published numbers, from any table of observations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.observations.error_models import WIDTH_95CI
from remodel.plots.panels import (
    arm_names,
    arm_styles,
    arms_of,
    draw_lines,
    draw_points,
    legend_entries,
    study_markers,
    time_unit,
)
from remodel.plots.style import (
    GRAY,
    PANEL_HEIGHT,
    LineStyle,
    figure_with_legend_column,
    legend_beside,
    paper,
)
from remodel.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

_CHANGE = "_percent_change"
_WIDTHS = {1: 4.3, 2: 2.9}  # inch
_GAP = 0.75
_APART = 0.012  # of the axis, between points of one month
_ROOM = 0.02  # of the axis, before and after the curves
_MARGIN = 0.07  # of the axis, between a point and its end
_FAINT = 0.15
_BAND = "band: 90 %, parameters"
LOW, HIGH = "_low", "_high"


def study_overlay(
    dataset: xr.Dataset,
    predictions: pd.DataFrame,
    *,
    title: str = "",
    label: str = "",
    split: bool = True,
) -> tuple[Figure, pd.DataFrame]:
    """Draw the arms of a study over its numbers, one panel a measurement.

    Parameters
    ----------
    dataset : xarray.Dataset
        One simulation an arm, named by the coordinate ``arm``, with the percent change of every
        endpoint in ``predictions``, or the endpoint itself where its numbers are levels. Where a
        variable also comes as ``NAME_low`` and ``NAME_high``, the band between them is drawn.
    predictions : pandas.DataFrame
        Rows of one study from ``remodel.predictions.prediction_table``.
    title : str
    label : str
        Of the study in the legend.
    split : bool
        Whether open markers tell numbers that were not used to fit from the others; all are
        filled if not.

    Returns
    -------
    matplotlib.figure.Figure
    pandas.DataFrame
        The points as drawn. A number that is not a change from the start (a difference, a yearly
        rate, a change from a later visit) lies as far from the curve as it is from its prediction.
    """
    points = overlay_points(dataset, predictions, label)
    variables = list(dict.fromkeys(points["variable"]))
    styles = arm_styles(arm_names(dataset))
    markers = study_markers(points)
    columns = 1 if len(variables) < 3 else 2
    lines = -(-len(variables) // columns)
    with paper():
        figure, grid = figure_with_legend_column(
            [_WIDTHS[columns]] * columns, [PANEL_HEIGHT] * lines, gap=_GAP
        )
        unit, unit_name, step = time_unit(dataset)
        end = float(dataset["time"].to_numpy()[-1])
        shown = _spread(points if split else points.assign(use="calibration"), end)
        panels: list[Axes] = []
        for i, variable in enumerate(variables):
            axes = figure.add_subplot(grid[i // columns, i % columns])
            panels.append(axes)
            _draw_bands(axes, dataset, variable, styles, unit)
            draw_lines(axes, dataset, variable, styles)
            here = shown[shown["variable"] == variable]
            draw_points(axes, here, styles, markers, unit)
            _make_room(axes, here)
        ends = _ends(shown["month"] * DAYS_PER_MONTH / unit, end / unit)
        _finish(panels, ends, columns, unit_name, step)
        figure.align_ylabels(panels)
        entries: list[Artist] = [*legend_entries(styles, shown, markers, {})]
        if any(variable + LOW in dataset for variable in variables):
            entries.insert(len(styles), _band_entry())
        legend_beside(figure, panels, entries, title)
    return figure, points


def overlay_points(dataset: xr.Dataset, predictions: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return where the numbers of a study lie on a chart of its simulated arms."""
    import pandas as pd

    names = arms_of(dataset)
    months = dataset["time"].to_numpy() / DAYS_PER_MONTH
    rows = []
    for row in predictions.to_dict("records"):
        variable = row["endpoint"] + ("" if row["kind"] == "level" else _CHANGE)
        curve = dataset[variable].to_numpy()[names.index(row["arm"])]
        here = float(np.interp(row["time_months"], months, curve))
        rows.append(_point(row, variable, here, label or row["study_id"]))
    return pd.DataFrame(rows)


def _point(row: dict[str, Any], variable: str, here: float, label: str) -> dict[str, Any]:
    years = 1.0
    if row["kind"] == "rate_per_year":
        months = str(row["relative_to"]).removeprefix("month_").replace("baseline", "0")
        years = (row["time_months"] - float(months)) / 12.0
    own = row["kind"] in ("change", "level", "bound_upper", "bound_lower")
    own = own and row["relative_to"] == "baseline" and not row["comparator"]
    value = row["value"] if own else here - (row["predicted"] - row["value"]) * years
    low, high = _interval(row)
    return {
        "arm": row["arm"],
        "variable": variable,
        "study": row["study_id"],
        "label": label,
        "study_arm": row["arm"],
        "month": row["time_months"],
        "value": value,
        "low": value + (low - row["value"]) * years,
        "high": value + (high - row["value"]) * years,
        "n": row["n_patients"],
        "use": row["use"],
        "counted_from": "start" if own else "model",
        "bound": row["kind"].removeprefix("bound_") if row["kind"].startswith("bound") else "",
        "simulated": here,
    }


def _interval(row: dict[str, Any]) -> tuple[float, float]:
    """Return the 95 % confidence interval, NaN where no spread was published."""
    if not row["error_high"] > row["error_low"]:
        return float("nan"), float("nan")
    half = 0.5 * WIDTH_95CI * row["standard_error"]
    return row["value"] - half, row["value"] + half


def _spread(points: pd.DataFrame, end: float) -> pd.DataFrame:
    """Return points with those of one panel and month moved apart, by a share of the axis.

    Parameters
    ----------
    end : float
        Of the axis [d].
    """
    crowd = points.groupby(["variable", "month"]).cumcount().to_numpy()
    side = np.where(crowd % 2, -1.0, 1.0) * ((crowd + 1) // 2)
    return points.assign(month=points["month"] + side * _APART * end / DAYS_PER_MONTH)


def _make_room(axes: Axes, points: pd.DataFrame) -> None:
    """Widen the limits so that every point and bar lies within, markers and rings included."""
    drawn = points[["value", "low", "high"]].to_numpy(float)
    bottom, top = axes.get_ylim()
    found = drawn[np.isfinite(drawn)]
    low, high = min(found.min(initial=bottom), bottom), max(found.max(initial=top), top)
    margin = _MARGIN * (high - low)
    if found.min(initial=high) < bottom + margin and not (bottom == 0.0 <= found.min()):
        bottom = found.min() - margin
    if found.max(initial=low) > top - margin:
        top = found.max() + margin
    axes.set_ylim(bottom, top)


def _band_entry() -> Patch:
    from matplotlib.patches import Patch

    return Patch(facecolor=GRAY, alpha=_FAINT, linewidth=0, label=_BAND)


def _draw_bands(
    axes: Axes,
    dataset: xr.Dataset,
    variable: str,
    styles: dict[str, tuple[str, LineStyle]],
    unit: float,
) -> None:
    if variable + LOW not in dataset:
        return
    names = arms_of(dataset)
    for arm, (shade, _) in styles.items():
        i = names.index(arm)
        low, high = (dataset[variable + end].to_numpy()[i] for end in (LOW, HIGH))
        time = dataset["time"].to_numpy() / unit
        axes.fill_between(time, low, high, color=shade, alpha=_FAINT, linewidth=0, zorder=1)


def _ends(drawn: pd.Series[float], end: float) -> tuple[float, float]:
    """Return limits of the time axis that hold the curves and all points, moved ones too."""
    return (
        min(-_ROOM * end, float(drawn.min()) - _APART * end),
        max((1.0 + _ROOM) * end, float(drawn.max()) + _APART * end),
    )


def _finish(
    panels: list[Axes], ends: tuple[float, float], columns: int, unit: str, step: float
) -> None:
    from matplotlib.ticker import MaxNLocator, MultipleLocator

    for i, axes in enumerate(panels):
        axes.set_xlim(*ends)
        axes.xaxis.set_major_locator(
            MultipleLocator(step) if ends[1] / step <= 12.5 else MaxNLocator(8, integer=True)
        )
        lowest = i >= len(panels) - columns
        axes.tick_params(labelbottom=lowest)
        if lowest:
            axes.set_xlabel(f"{unit} from the start")
