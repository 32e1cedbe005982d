"""Figures of decisions: every plan that was valued, and the front of those that none beats."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from remodel.plots.style import COLORS, GRAY, paper, unit_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_BARS = 15
_SIDES = 1.96
_MARGIN = 0.05
_NO_BREAK = "\N{NO-BREAK SPACE}"
_WIDEST = 46  # letters of a label in one line


class Shown(Protocol):
    """An objective, as a figure needs it."""

    @property
    def name(self) -> str:
        """Of its column."""

    @property
    def words(self) -> str:
        """On the axis."""

    @property
    def unit(self) -> str:
        """On the axis."""

    @property
    def sign(self) -> float:
        """1 where small is good, -1 where large is."""


def front_figure(
    table: pd.DataFrame, objectives: Sequence[Shown], title: str = ""
) -> tuple[Figure, pd.DataFrame]:
    """Draw the front; with one objective the best plans, from the best on.

    Parameters
    ----------
    table : DataFrame
        ``plans.csv``.
    objectives : sequence
        With two the front is a line; a third is the size of the points.
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        What is drawn; bars are 95 % intervals.
    """
    from matplotlib.figure import Figure

    names = [objective.name for objective in objectives]
    drawn = table[np.isfinite(table[names].to_numpy(dtype=float)).all(axis=1) & table["meets"]]
    with paper():
        if len(objectives) == 1:
            drawn = drawn.sort_values(names[0], ascending=objectives[0].sign > 0)
            drawn = drawn.head(_MOST_BARS).reset_index(drop=True)
            figure = Figure(figsize=(6.8, 1.2 + 0.3 * len(drawn)), layout="constrained")
            _bars(figure.subplots(), drawn, objectives[0])
        else:
            figure = Figure(figsize=(4.6, 3.6), layout="constrained")
            _points(figure.subplots(), drawn, objectives)
        if title:
            figure.suptitle(title)
    errors = [f"{name}_standard_error" for name in names]
    columns = ["plan", "schedule", *names, *errors, "on_front", "chosen"]
    return figure, drawn[columns].reset_index(drop=True)


def _bars(axes: Axes, drawn: pd.DataFrame, objective: Shown) -> None:
    """Draw each plan with the error of its number, and with that of its difference."""
    rows = np.arange(len(drawn))
    wide = _SIDES * drawn[f"{objective.name}_standard_error"]
    narrow = _SIDES * drawn[f"{objective.name}_against_chosen_standard_error"]
    shades = np.where(drawn["chosen"], COLORS[1], COLORS[0])
    values = drawn[objective.name]
    axes.hlines(rows, values - wide, values + wide, color=GRAY, linewidth=0.7, label="95 %")
    axes.hlines(rows, values - narrow, values + narrow, color=COLORS[0], linewidth=3,
                label="95 % of the difference to the chosen")  # fmt: skip
    axes.scatter(values, rows, s=18, c=shades, zorder=3)
    titles = [str(text) for text in drawn["policy" if "policy" in drawn else "schedule"]]
    common, labels = _without_common(titles)
    axes.set_yticks(rows, [textwrap.fill(text, _WIDEST) for text in labels])
    axes.invert_yaxis()
    axes.set_xlabel(_label(objective))
    if common:
        axes.set_title(f"all with {common}", loc="left", fontweight="normal", fontsize="small")
    axes.legend(fontsize="small", loc="upper right" if objective.sign > 0 else "lower right")


def _points(axes: Axes, drawn: pd.DataFrame, objectives: Sequence[Shown]) -> None:
    first, second, *third = objectives
    front = drawn[drawn["on_front"]].sort_values(first.name)
    others = drawn[~drawn["on_front"]]
    axes.scatter(others[first.name], others[second.name], s=6, color=GRAY, alpha=0.5,
                 linewidths=0, label="other plans")  # fmt: skip
    sizes: Any = 22.0
    if third:
        values = front[third[0].name].to_numpy(dtype=float)
        width = np.ptp(values) or 1.0
        sizes = 12.0 + 80.0 * (values - values.min()) / width
    axes.errorbar(
        front[first.name], front[second.name],
        xerr=_SIDES * front[f"{first.name}_standard_error"],
        yerr=_SIDES * front[f"{second.name}_standard_error"],
        fmt="none", ecolor=COLORS[0], elinewidth=0.7, alpha=0.6,
    )  # fmt: skip
    if not third:
        where: Any = "steps-post" if first.sign * second.sign > 0 else "default"
        axes.plot(front[first.name], front[second.name], color=COLORS[0], linewidth=1,
                  drawstyle=where)  # fmt: skip
    outside = _limit_to_front(axes, drawn, (first, second))
    if outside:
        text = f"{outside} other plans lie outside" if outside > 1 else "1 other plan lies outside"
        axes.set_title(text, loc="right", fontweight="normal", fontsize="small")
    label = "front" if not third else f"front; size: {third[0].words}"
    axes.scatter(front[first.name], front[second.name], s=sizes, color=COLORS[0], zorder=3,
                 label=label)  # fmt: skip
    chosen = drawn[drawn["chosen"]]
    axes.scatter(chosen[first.name], chosen[second.name], s=60, facecolors="none",
                 edgecolors=COLORS[1], linewidths=1.5, zorder=4, label="chosen")  # fmt: skip
    axes.set_xlabel(_label(first))
    axes.set_ylabel(_label(second))
    axes.legend(fontsize="small")


def _limit_to_front(axes: Axes, drawn: pd.DataFrame, objectives: Sequence[Shown]) -> int:
    """Limit axes to the front and as much again beside it; return how many plans are outside."""
    is_inside = np.ones(len(drawn), dtype=bool)
    limits: tuple[Callable[..., Any], ...] = (axes.set_xlim, axes.set_ylim)
    for objective, limit in zip(objectives, limits, strict=True):
        values = drawn[objective.name].to_numpy(dtype=float)
        error = _SIDES * np.nan_to_num(drawn[f"{objective.name}_standard_error"])
        front = drawn["on_front"].to_numpy(dtype=bool)
        low, high = (values - error)[front].min(), (values + error)[front].max()
        width = (high - low) or abs(high) or 1.0
        near = values[(values >= low - width) & (values <= high + width)]
        low, high = min(low, near.min()), max(high, near.max())
        limit(low - _MARGIN * (high - low or width), high + _MARGIN * (high - low or width))
        is_inside &= (values >= low) & (values <= high)
    return int(np.count_nonzero(~is_inside))


def _label(objective: Shown) -> str:
    unit = unit_text(objective.unit)
    text = objective.words if unit in ("", "1") else f"{objective.words} [{unit}]"
    head, bracket, tail = text.rpartition(" [")
    return textwrap.fill(f"{head}{bracket}{tail.replace(' ', _NO_BREAK)}" if head else text, 58)


def _without_common(titles: Sequence[str]) -> tuple[str, list[str]]:
    """Return the clause with which all plans begin, and the plans without it."""
    words = [title.replace("_", " ").split("; ") for title in titles]
    first = {clauses[0] for clauses in words}
    if len(first) > 1 or len(words) < 2:
        return "", ["; ".join(clauses) for clauses in words]
    return first.pop(), ["; ".join(clauses[1:]) or "nothing more" for clauses in words]
