"""Panels over time: simulated lines, published points and the axes they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.errors import ConfigError, nearest
from remodel.plots.style import (
    GRAY,
    LineStyle,
    axis_label,
    color,
    line_style,
    panel_title,
)
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

_MARKERS = "osD^v<>PX"
_PUBLISHED = "\nPublished"
_BARS = " (bars: 95 %\nconfidence interval)"
_RINGED = "ringed: change from a later visit\nor from the other arm, counted\nfrom the model there"
_BOUND = "arrow: published only as above\nor below this value"
_WIDEST = 2.2
MARK_LINE: Mapping[str, Any] = {"color": "#999999", "linewidth": 0.8, "linestyle": (0, (2, 2))}
_SHORT_YEARS = 2.5  # a time axis up to this length counts in months
_MONTH_STEP = 3
_FEW_MONTHS = 6.0  # a time axis up to this length has ticks and room for weeks


def arm_names(dataset: xr.Dataset, arms: Iterable[str] | None = None) -> list[str]:
    """Return the arms of a dataset, or the chosen ones, checked.

    A dataset without the coordinate ``arm`` has its simulations numbered.

    Raises
    ------
    ConfigError
        If an arm is not in the dataset.
    """
    known = arms_of(dataset)
    if arms is None:
        return known
    chosen = list(arms)
    for name in chosen:
        if name not in known:
            raise ConfigError(f"no simulated arm is called '{name}'.{nearest(name, known)}")
    return chosen


def arms_of(dataset: xr.Dataset) -> list[str]:
    """Return the name of each simulation."""
    if "arm" in dataset.coords:
        return [str(a) for a in np.atleast_1d(dataset["arm"].to_numpy())]
    return [f"simulation {i}" for i in range(dataset.sizes["simulation"])]


def check_variables(dataset: xr.Dataset, variables: Iterable[str]) -> None:
    """Raise if a variable is not in the dataset.

    Raises
    ------
    ConfigError
    """
    for name in variables:
        if name not in dataset.data_vars:
            known = [str(n) for n in dataset.data_vars]
            raise ConfigError(f"the dataset has no variable '{name}'.{nearest(name, known)}")


def arm_styles(arms: Iterable[str]) -> dict[str, tuple[str, LineStyle]]:
    """Return color and line style of each arm."""
    return {arm: (color(i), line_style(i)) for i, arm in enumerate(arms)}


def time_unit(dataset: xr.Dataset) -> tuple[float, str, float]:
    """Return days in one unit of the time axis, its name, and the distance of ticks."""
    length = float(dataset["time"].to_numpy()[-1])
    if length <= _FEW_MONTHS * DAYS_PER_MONTH:
        return DAYS_PER_MONTH, "months", 0.5
    if length <= _SHORT_YEARS * DAYS_PER_YEAR:
        return DAYS_PER_MONTH, "months", float(_MONTH_STEP)
    years = length / DAYS_PER_YEAR
    return DAYS_PER_YEAR, "years", 1.0 if years <= 15 else 5.0 if years <= 60 else 10.0


def draw_lines(
    axes: Axes, dataset: xr.Dataset, variable: str, styles: Mapping[str, tuple[str, LineStyle]]
) -> None:
    """Draw one variable of each arm."""
    unit = time_unit(dataset)[0]
    names = arms_of(dataset)
    for position, (arm, (shade, dashes)) in enumerate(styles.items()):
        values = dataset[variable].to_numpy()[names.index(arm)]
        axes.plot(
            dataset["time"].to_numpy() / unit,
            values,
            color=shade,
            linestyle=dashes,
            linewidth=max(1.0, _WIDEST - 0.4 * position),  # equal lines stay visible
        )
    if variable.endswith("_percent_change"):
        axes.axhline(0.0, color="#BBBBBB", linewidth=0.7, zorder=0)
    else:
        _show_zero(axes)
    axes.set_title(panel_title(dataset[variable]))
    axes.set_ylabel(axis_label(dataset[variable], under_title=True))


def _show_zero(axes: Axes) -> None:
    """Let the axis of a level begin at zero, where it falls far or does not move at all."""
    lowest, highest = axes.dataLim.ymin, axes.dataLim.ymax
    if 0 < lowest < 0.3 * highest:
        axes.set_ylim(bottom=0.0)
    elif lowest > 0 and highest - lowest < 1e-6 * highest:
        axes.set_ylim(0.0, 1.3 * highest)


def study_markers(points: pd.DataFrame) -> dict[str, str]:
    """Return a marker for each study."""
    studies = list(dict.fromkeys(points["label"]))
    return {label: _MARKERS[i % len(_MARKERS)] for i, label in enumerate(studies)}


def draw_points(
    axes: Axes,
    points: pd.DataFrame,
    styles: Mapping[str, tuple[str, LineStyle]],
    markers: Mapping[str, str],
    unit: float,
) -> None:
    """Draw published numbers with their 95 % confidence intervals.

    Filled: used for calibration. Open: held out. A gray ring surrounds a number that is counted
    from the model's own value.
    """
    seen: dict[tuple[float, str], int] = {}
    step = 0.06 if unit == DAYS_PER_YEAR else min(0.3, 0.02 * axes.dataLim.xmax)
    for row in points.itertuples():
        crowd = seen.setdefault((row.month, row.variable), 0)
        seen[row.month, row.variable] += 1
        shift = step * ((crowd + 1) // 2) * (-1 if crowd % 2 else 1)
        x = row.month * DAYS_PER_MONTH / unit + shift
        shade = styles[row.arm][0]
        error = None
        if np.isfinite(row.low):
            error = [[row.value - row.low], [row.high - row.value]]
        bound = {"upper": "$\\downarrow$", "lower": "$\\uparrow$"}.get(row.bound, "")
        axes.errorbar(
            x,
            row.value,
            yerr=error,
            marker=bound or markers[row.label],
            markersize=7 if bound else 5,
            markerfacecolor=shade if row.use == "calibration" else "white",
            markeredgecolor=shade,
            markeredgewidth=1.1,
            color=shade,
            elinewidth=0.9,
            capsize=2,
            zorder=4,
            clip_on=False,
        )
        if row.counted_from == "model":
            axes.plot(
                x, row.value, marker="o", markersize=9.5, color="none",
                markeredgecolor=GRAY, markeredgewidth=0.7, zorder=3, clip_on=False,
            )  # fmt: skip


def legend_entries(
    styles: Mapping[str, tuple[str, LineStyle]],
    points: pd.DataFrame,
    markers: Mapping[str, str],
    marks: Mapping[str, float],
) -> list[Line2D]:
    """Return what a legend shows: arms, marks, then studies with the number of women."""
    from matplotlib.lines import Line2D

    entries = [
        Line2D([], [], color=shade, linestyle=dashes, label=wrapped(arm))
        for arm, (shade, dashes) in styles.items()
    ]
    entries += [Line2D([], [], label=wrapped(label), **MARK_LINE) for label in marks]
    if not len(points):
        return entries
    plain: dict[str, Any] = {"linestyle": "none", "markersize": 5, "color": "#333333"}
    bars = _BARS if np.isfinite(points["low"].to_numpy(float)).any() else ""
    entries.append(Line2D([], [], color="none", label=_PUBLISHED + bars))
    for label, group in points.groupby("label", sort=False):
        entries.append(
            Line2D([], [], marker=markers[str(label)], label=wrapped(f"{label}{_patients(group)}"),
                   **plain)
        )  # fmt: skip
    if (points["use"] != "calibration").any():
        entries.append(Line2D([], [], marker="o", label="open: not used to fit",
                              markerfacecolor="white", **plain))  # fmt: skip
    if (points["counted_from"] == "model").any():
        entries.append(
            Line2D([], [], marker="o", markersize=9, markerfacecolor="none", color=GRAY,
                   linestyle="none", label=_RINGED)
        )  # fmt: skip
    if (points["bound"] != "").any():
        entries.append(Line2D([], [], marker="$\\uparrow$", label=_BOUND, **plain))
    return entries


def _patients(group: pd.DataFrame) -> str:
    """Return the number of women by arm, such as ``, n = 127, 125``."""
    largest = group.groupby("study_arm", sort=False)["n"].max().dropna()
    if not len(largest):
        return ""
    return ", n = " + ", ".join(f"{n:g}" for n in dict.fromkeys(largest))


def wrapped(text: str, width: int = 34) -> str:
    """Return a text broken into lines for a legend."""
    import textwrap

    return "\n".join(textwrap.wrap(text, width)) or text
