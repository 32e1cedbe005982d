"""Figures of virtual trials: power against size, and a check against what was published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from remodel.errors import ConfigError
from remodel.plots.style import GRAY, INK, look, paper, tick_months

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_Z = 1.959963984540054
_MOST_LINES = 7
_APART = 0.055  # of the time axis, between arms
_KEYS = ["endpoint", "months", "comparison", "analysis"]


def power_curve(
    power: pd.DataFrame, *, expected: pd.DataFrame | None = None, title: str = ""
) -> tuple[Figure, pd.DataFrame]:
    """Draw power against women an arm, with 95 % intervals of the number of replicates.

    Parameters
    ----------
    power : DataFrame
        ``power.csv``; at most seven comparisons are drawn.
    expected : DataFrame, optional
        ``n_per_arm, power`` of a closed form, as a gray line.
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        What is drawn.

    Raises
    ------
    ConfigError
        If there is nothing to draw.
    """
    from matplotlib.figure import Figure

    shown = power.dropna(subset=["power"])
    if not len(shown):
        raise ConfigError("no comparison has a power.")
    groups = list(shown.groupby(_KEYS, sort=False))[:_MOST_LINES]
    with paper():
        figure = Figure(figsize=(7.4, 3.2), layout="constrained")
        axes = figure.add_subplot()
        for i, (key, group) in enumerate(groups):
            shade, dashes = look(i)
            n, height = group["n_per_arm"].to_numpy(float), 100 * group["power"].to_numpy(float)
            half = 100 * _Z * group["standard_error"].to_numpy(float)
            axes.fill_between(n, height - half, height + half, color=shade, alpha=0.15, linewidth=0)
            label = f"{_words(str(key[0]))}, {key[1]:g} months\n{key[2]}, {key[3]}"
            axes.plot(n, height, color=shade, linestyle=dashes, marker="o", markersize=3,
                      label=label.replace("_", " "))  # fmt: skip
        if expected is not None:
            axes.plot(expected["n_per_arm"], 100 * expected["power"], color=GRAY, linewidth=0.9,
                      label="closed form", zorder=0)  # fmt: skip
        axes.axhline(80, color="#BBBBBB", linewidth=0.7, zorder=0)
        axes.set_ylim(0, 102)
        axes.set_xlim(left=0)
        axes.set_xlabel("women in each arm")
        axes.set_ylabel("power [%]")
        figure.legend(loc="outside right center")
        if title:
            figure.suptitle(title, x=0.01, ha="left")
    kept = [key for key, _ in groups]
    return figure, shown[shown[_KEYS].apply(tuple, axis=1).isin(kept)].reset_index(drop=True)


def predictive_check(
    predictions: pd.DataFrame,
    published: pd.DataFrame,
    *,
    endpoints: Sequence[str] | None = None,
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw what many virtual copies of a trial read, and what the trial published.

    One column an endpoint. Above: of each arm the central 90 % of women as read (pale), the central
    90 % of arm means over replicates (dark), published means with their 95 % interval. Below: the
    standard deviation of change within arms, central 90 % over replicates, and those published or
    implied by published intervals.

    Parameters
    ----------
    predictions : DataFrame
        ``arm, endpoint, months, quantity (women|mean|sd), low_90, median, high_90``.
    published : DataFrame
        ``arm, endpoint, months, quantity (mean|sd), value, low_95, high_95, label``; may be empty.
    endpoints : sequence of str, optional
        All that are predicted by default.
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        Published values beside the predictions at their visit.
    """
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(predictions["endpoint"])) if endpoints is None else list(endpoints)
    arms = list(dict.fromkeys(predictions["arm"]))
    with paper():
        width = 2.6 + 2.7 * len(names)
        figure = Figure(figsize=(width, 4.1), layout="constrained")
        grid = figure.subplots(2, len(names), sharex=True, squeeze=False, height_ratios=[2, 1])
        for column, name in enumerate(names):
            top, bottom = grid[:, column]
            for position, arm in enumerate(arms):
                rows = predictions[(predictions["endpoint"] == name) & (predictions["arm"] == arm)]
                _draw_predictions(top, bottom, rows, position, len(arms))
            rows = published[published["endpoint"] == name]
            _draw_published(top, bottom, rows, arms, float(predictions["months"].max()))
            top.axhline(0.0, color="#BBBBBB", linewidth=0.7, zorder=0)
            top.set_title(_words(name))
            bottom.set_xlabel("months from the start")
            bottom.set_ylim(bottom=0)
            tick_months(bottom.xaxis, 0, float(predictions["months"].max()))
        grid[0, 0].set_ylabel("change from start [%]")
        grid[1, 0].set_ylabel("SD of change [%]")
        figure.legend(handles=_entries(arms, published), loc="outside right center")
        if title:
            figure.suptitle(title, x=0.01, ha="left")
    keys = ["arm", "endpoint", "months", "quantity"]
    if not len(published):
        return figure, predictions
    return figure, published.merge(predictions, on=keys, how="left")


def _words(endpoint: str) -> str:
    return endpoint.replace("_", " ").replace("bmd", "BMD")


def _draw_predictions(
    top: Axes, bottom: Axes, rows: pd.DataFrame, position: int, n_arms: int
) -> None:
    shade, dashes = look(position)
    span = float(rows["months"].max())
    shift = _APART * span * (position - (n_arms - 1) / 2)
    for quantity, group in rows.groupby("quantity", sort=False):
        months = group["months"].to_numpy(float)
        low, high = group["low_90"].to_numpy(float), group["high_90"].to_numpy(float)
        middle = group["median"].to_numpy(float)
        if quantity == "women":
            top.vlines(months + shift, low, high, color=shade, linewidth=9, alpha=0.2)
        elif quantity == "mean":
            top.vlines(months + shift, low, high, color=shade, linewidth=5, alpha=0.45)
            top.plot(
                [0, *(months + shift)], [0, *middle], color=shade, linestyle=dashes, linewidth=0.9
            )
        else:
            bottom.vlines(months + shift, low, high, color=shade, linewidth=5, alpha=0.45)


def _draw_published(
    top: Axes, bottom: Axes, rows: pd.DataFrame, arms: Sequence[str], span: float
) -> None:
    for row in rows.itertuples():
        position = arms.index(row.arm) if row.arm in arms else len(arms)
        shade = look(position).color if row.arm in arms else INK
        shift = _APART * span * (position - (len(arms) - 1) / 2) if row.arm in arms else 0.0
        error = None
        if np.isfinite(row.low_95):
            error = [[row.value - row.low_95], [row.high_95 - row.value]]
        axes = top if row.quantity == "mean" else bottom
        axes.errorbar(row.months + shift, row.value, yerr=error, marker="D", markersize=4.5,
                      markerfacecolor="white", markeredgecolor=shade, color=shade, elinewidth=0.9,
                      capsize=2, zorder=4)  # fmt: skip


def _entries(arms: Sequence[str], published: pd.DataFrame) -> list[object]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[object] = [
        Line2D([], [], color=look(i).color, linestyle=look(i).dashes, label=arm.replace("_", " "))
        for i, arm in enumerate(arms)
    ]
    entries.append(Patch(color=GRAY, alpha=0.2, linewidth=0, label="90 % of women, as read"))
    entries.append(Patch(color=GRAY, alpha=0.45, linewidth=0, label="90 % of trials"))
    if len(published):
        label = "published (95 % interval)"
        entries.append(Line2D([], [], marker="D", markersize=4.5, linestyle="none",
                              markerfacecolor="white", color=INK, label=label))  # fmt: skip
    if len(published) and (~published["arm"].isin(arms)).any():
        label = "black: of the difference of arms"
        entries.append(Line2D([], [], marker="D", markersize=4.5, linestyle="none",
                              markerfacecolor="white", color=INK, label=label))  # fmt: skip
    return entries
