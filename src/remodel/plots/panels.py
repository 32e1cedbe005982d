"""Panels over time: simulated lines, published points and the axes they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.errors import ConfigError, nearest
from remodel.plots.markers import Marker, marker_size
from remodel.plots.style import (
    GRAY,
    INK,
    PANEL_HEIGHT,
    Look,
    axis_label,
    look,
    panel_title,
)
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR, PERCENT_CHANGE

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

YOURS = "yours"
_TITLE_WIDTH = 44  # letters, so that the titles of two columns do not meet
_BARS = " (bars: 95 %\nconfidence interval)"
_RINGED = "ringed: change from a later visit\nor from the other arm, counted\nfrom the model there"
_BOUND = "arrow: published only as above\nor below this value"
_BESIDE = "points of one month that would\ncover each other lie side by side"
_APART = 0.016  # of the time axis, between points that lie side by side
_CLOSE = 0.06  # of the values, up to which points of one month cover each other
_MARGIN = 0.07  # of the axis, between a point and its end
_LABEL_LINE, _NUDGE = 0.125, 0.1  # inch: a line of a label, and how far it may be moved
MARK_LINE: Mapping[str, Any] = {"color": "#999999", "linewidth": 0.8, "linestyle": (0, (2, 2))}
_SHORT_YEARS = 2.5  # a time axis up to this length counts in months
_MONTH_STEP = 3
_FEW_MONTHS = 6.0  # a time axis up to this length has ticks and room for weeks


def arm_names(dataset: xr.Dataset, arms: Iterable[str] | None = None) -> list[str]:
    """Return the arms of a dataset, or the chosen ones, checked.

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
    """Return the name of each simulation: its arm, else its schedule, else its number."""
    for name in ("arm", "schedule"):
        if name in dataset.coords:
            labels = [str(label) for label in np.atleast_1d(dataset[name].to_numpy())]
            if len(set(labels)) == len(labels):
                return labels
    return [f"simulation {i}" for i in range(dataset.sizes["simulation"])]


def curve(dataset: xr.Dataset, arm: str, variable: str) -> np.ndarray:
    """Return one variable of one arm over time, shape (n_times,)."""
    values: np.ndarray = dataset[variable].to_numpy()[arms_of(dataset).index(arm)]
    return values


def value_at(dataset: xr.Dataset, arm: str, variable: str, months: float) -> float:
    """Return one variable of one arm at one time, between two visits along a straight line."""
    days = months * DAYS_PER_MONTH
    return float(np.interp(days, dataset["time"].to_numpy(), curve(dataset, arm, variable)))


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


def arm_looks(arms: Iterable[str]) -> dict[str, Look]:
    """Return color and dashes of each arm."""
    return {arm: look(position) for position, arm in enumerate(arms)}


def consistent_looks(figures: Iterable[Sequence[str]]) -> list[dict[str, Look]]:
    """Return the looks of the arms of several figures, an arm alike in all that show it.

    An arm keeps the look it first has, unless two of a figure came to the same one in others.
    """
    places: dict[str, int] = {}
    looks: list[dict[str, Look]] = []
    for arms in figures:
        taken: dict[str, int] = {}
        for arm in sorted(arms, key=lambda name: name not in places):
            free = (i for i in range(len(arms) + len(places)) if i not in taken.values())
            known = places.get(arm)
            taken[arm] = next(free) if known is None or known in taken.values() else known
            places.setdefault(arm, taken[arm])
        looks.append({arm: look(taken[arm]) for arm in arms})
    return looks


def time_unit(dataset: xr.Dataset) -> tuple[float, str, float]:
    """Return days in one unit of the time axis, its name, and the distance of ticks."""
    return time_unit_of(float(dataset["time"].to_numpy()[-1]))


def time_unit_of(length: float) -> tuple[float, str, float]:
    """Return unit, name and ticks of a time axis of some length [d]."""
    if length <= _FEW_MONTHS * DAYS_PER_MONTH:
        return DAYS_PER_MONTH, "months", 0.5
    if length <= _SHORT_YEARS * DAYS_PER_YEAR:
        return DAYS_PER_MONTH, "months", float(_MONTH_STEP)
    years = length / DAYS_PER_YEAR
    return DAYS_PER_YEAR, "years", 1.0 if years <= 15 else 5.0 if years <= 60 else 10.0


def draw_lines(axes: Axes, dataset: xr.Dataset, variable: str, looks: Mapping[str, Look]) -> None:
    """Draw one variable of each arm that has it."""
    time = dataset["time"].to_numpy() / time_unit(dataset)[0]
    for arm, (shade, dashes) in looks.items():
        values = curve(dataset, arm, variable)
        if np.isfinite(values).any():
            axes.plot(time, values, color=shade, linestyle=dashes)
    if variable.endswith(PERCENT_CHANGE):
        axes.axhline(0.0, color="#BBBBBB", linewidth=0.7, zorder=0)
    else:
        _show_zero(axes)
    axes.set_title(wrapped(panel_title(dataset[variable]), _TITLE_WIDTH))
    axes.set_ylabel(axis_label(dataset[variable], under_title=True))


def _show_zero(axes: Axes) -> None:
    """Let the axis of a level begin at zero, where it falls far or does not move at all."""
    lowest, highest = axes.dataLim.ymin, axes.dataLim.ymax
    if 0 < lowest < 0.3 * highest:
        axes.set_ylim(bottom=0.0)
    elif lowest > 0 and highest - lowest < 1e-6 * highest:
        axes.set_ylim(0.0, 1.3 * highest)


def side_by_side(points: pd.DataFrame, dataset: xr.Dataset) -> pd.DataFrame:
    """Return points with the month at which each is drawn, in the column ``drawn_month``.

    Points of one panel and month that would cover each other lie side by side; the others stay
    where they are. The legend says so.
    """
    step = _APART * float(dataset["time"].to_numpy()[-1]) / DAYS_PER_MONTH
    drawn = points["month"].to_numpy(float).copy()
    rows = np.arange(len(points))
    for (variable, _), group in points.groupby(["variable", (points["month"] / step).round()]):
        close = _CLOSE * float(np.ptp(_finite(dataset[variable].to_numpy(), group)))
        ends = group[["value", "low", "high"]].to_numpy(float)
        lows, highs = np.nanmin(ends, axis=1) - close / 2, np.nanmax(ends, axis=1) + close / 2
        for cluster in _overlapping(lows, highs):
            crowd = rows[points.index.get_indexer(group.index[cluster])]
            drawn[crowd] += step * (np.arange(len(cluster)) - (len(cluster) - 1) / 2)
    return points.assign(drawn_month=drawn)


def _finite(values: np.ndarray, group: pd.DataFrame) -> np.ndarray:
    every: np.ndarray = np.concatenate([values.ravel(), group["value"].to_numpy(float)])
    finite: np.ndarray = every[np.isfinite(every)]
    return finite


def _overlapping(lows: np.ndarray, highs: np.ndarray) -> list[list[int]]:
    """Return positions of intervals in groups that overlap each other, along a line."""
    groups: list[list[int]] = []
    reach = -np.inf
    for position in np.argsort(lows):
        if lows[position] <= reach:
            groups[-1].append(int(position))
        else:
            groups.append([int(position)])
        reach = max(reach, highs[position])
    return groups


def draw_points(
    axes: Axes,
    points: pd.DataFrame,
    colors: Mapping[str, str],
    markers: Mapping[str, Marker],
    unit: float,
) -> None:
    """Draw published numbers with their 95 % confidence intervals.

    Filled: used for calibration. Open: held out. A gray ring surrounds a number that is counted
    from the model's own value.
    """
    for row in points.itertuples():
        x = row.drawn_month * DAYS_PER_MONTH / unit
        shade = colors.get(row.arm, INK)
        error = None
        if np.isfinite(row.low):
            error = [[row.value - row.low], [row.high - row.value]]
        bound = {"upper": "$\\downarrow$", "lower": "$\\uparrow$"}.get(row.bound, "")
        axes.errorbar(
            x,
            row.value,
            yerr=error,
            marker=bound or markers[row.study],
            markersize=7 if bound else marker_size(markers[row.study]),
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
                x,
                row.value,
                marker="o",
                markersize=9.5,
                color="none",
                markeredgecolor=GRAY,
                markeredgewidth=0.7,
                zorder=3,
                clip_on=False,
            )


def label_ends(axes: Axes, dataset: xr.Dataset, variable: str, looks: Mapping[str, Look]) -> bool:
    """Write the name of each arm at the end of its line, if all have room there.

    Returns
    -------
    bool
        Whether the names are written; a legend has to name the arms otherwise.
    """
    bottom, top = axes.get_ylim()
    ends = np.array([curve(dataset, arm, variable)[-1] for arm in looks])
    if not np.isfinite(ends).all():
        return False
    labels = [wrapped(arm) for arm in looks]
    heights = np.array([_LABEL_LINE * (label.count("\n") + 1) for label in labels])
    at = PANEL_HEIGHT * (ends - bottom) / (top - bottom)
    places = _apart(at, heights)
    if np.abs(places - at).max() > _NUDGE:
        return False
    for label, (shade, _), height in zip(labels, looks.values(), places, strict=True):
        axes.annotate(
            label,
            (1.0, height / PANEL_HEIGHT),
            (5, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            color=shade,
            va="center",
            fontsize=7.5,
            annotation_clip=False,
        )
    return True


def _apart(at: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Return where labels go so that none covers another, as near to ``at`` as that allows."""
    order = np.argsort(at)
    room = np.concatenate([[0.0], 0.5 * (heights[order][1:] + heights[order][:-1])]).cumsum()
    # the nearest places that keep their distances: isotonic regression of what is left over
    free = list(at[order] - room)
    blocks: list[tuple[float, int]] = []
    for value in free:
        blocks.append((value, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (second, n_second), (first, n_first) = blocks.pop(), blocks.pop()
            n = n_first + n_second
            blocks.append(((first * n_first + second * n_second) / n, n))
    levels = np.repeat([mean for mean, _ in blocks], [n for _, n in blocks])
    places = np.empty(len(at))
    places[order] = levels + room
    return places


def arm_entries(looks: Mapping[str, Look], marks: Iterable[str]) -> list[Line2D]:
    """Return what a legend shows of arms and of vertical lines."""
    from matplotlib.lines import Line2D

    return [
        *(
            Line2D([], [], color=shade, linestyle=dashes, label=wrapped(arm))
            for arm, (shade, dashes) in looks.items()
        ),
        *(Line2D([], [], label=wrapped(label), **MARK_LINE) for label in marks),
    ]


def point_entries(points: pd.DataFrame, markers: Mapping[str, Marker]) -> list[Line2D]:
    """Return what a legend shows of points: studies with the number of women, and their signs."""
    from matplotlib.lines import Line2D

    if not len(points):
        return []
    plain: dict[str, Any] = {"linestyle": "none", "markersize": 5, "color": "#333333"}
    bars = _BARS if np.isfinite(points["low"].to_numpy(float)).any() else ""
    source = "Measured" if points["label"].str.startswith(YOURS).any() else "Published"
    entries = [Line2D([], [], color="none", label=source + bars)]
    for (study, label), group in points.groupby(["study", "label"], sort=False):
        name = wrapped(f"{label}{_patients(group)}")
        marker = markers[str(study)]
        size = {"markersize": marker_size(marker)}
        entries.append(Line2D([], [], marker=marker, label=name, **{**plain, **size}))
    if (points["use"] != "calibration").any():
        entries.append(
            Line2D([], [], marker="o", label="open: not used to fit", markerfacecolor="white",
                   **plain)
        )  # fmt: skip
    if (points["counted_from"] == "model").any():
        ring: dict[str, Any] = {"markersize": 9, "markerfacecolor": "none", "color": GRAY}
        entries.append(Line2D([], [], marker="o", linestyle="none", label=_RINGED, **ring))
    if (points["bound"] != "").any():
        entries.append(Line2D([], [], marker="$\\uparrow$", label=_BOUND, **plain))
    if not np.allclose(points["drawn_month"], points["month"]):
        entries.append(Line2D([], [], color="none", label=_BESIDE))
    return entries


def _patients(group: pd.DataFrame) -> str:
    """Return the number of women by arm, such as ``, n = 127, 125``."""
    largest = group.groupby("study_arm", sort=False)["n"].max().dropna()
    if not len(largest):
        return ""
    return ", n = " + ", ".join(f"{n:g}" for n in dict.fromkeys(largest))


def make_room(axes: Axes, points: pd.DataFrame) -> None:
    """Widen the limits so that every point and bar lies within, markers and rings included."""
    drawn = points[["value", "low", "high"]].to_numpy(float)
    bottom, top = axes.get_ylim()
    values = drawn[np.isfinite(drawn)]
    low, high = min(values.min(initial=bottom), bottom), max(values.max(initial=top), top)
    margin = _MARGIN * (high - low)
    if values.min(initial=high) < bottom + margin and not (bottom == 0.0 <= values.min()):
        bottom = values.min() - margin
    if values.max(initial=low) > top - margin:
        top = values.max() + margin
    axes.set_ylim(bottom, top)


def wrapped(text: str, width: int = 34) -> str:
    """Return a text broken into lines, as for a legend."""
    import textwrap

    return "\n".join(textwrap.wrap(text.replace("_", " "), width)) or text


def finish_time(
    panels: Sequence[Axes],
    strips: Sequence[Axes],
    columns: int,
    dataset: xr.Dataset,
    points: pd.DataFrame,
) -> None:
    """Give panels and strips one time axis, with numbers under the lowest of each column."""
    from matplotlib.ticker import MaxNLocator, MultipleLocator

    unit, name, step = time_unit(dataset)
    end = float(dataset["time"].to_numpy()[-1]) / unit
    drawn = points["drawn_month"].to_numpy(float) * DAYS_PER_MONTH / unit
    limits = (
        min(-0.02 * end, drawn.min(initial=0.0) - _APART * end),
        max(1.02 * end, drawn.max(initial=0.0) + _APART * end),
    )
    lowest = strips or panels[-columns:]
    for axes in (*panels, *strips):
        axes.set_xlim(*limits)
        axes.xaxis.set_major_locator(
            MultipleLocator(step) if end / step <= 15 else MaxNLocator(8, integer=True)
        )
        axes.tick_params(labelbottom=axes in lowest)
    for axes in lowest:
        axes.set_xlabel(f"{name} from the start")
    for axes in strips[1:]:
        axes.tick_params(labelleft=False)
