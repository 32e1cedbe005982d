"""Fractures predicted and published: ratios, risks, and the table of ten-year probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.plots.style import COLORS, GRAY, paper

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_OUTCOMES: Mapping[str, tuple[str, str]] = {
    "any_clinical": ("o", "any clinical"),
    "hip": ("s", "hip"),
    "vertebral": ("^", "clinical vertebral"),
    "vertebral_morphometric": ("v", "morphometric vertebral"),
    "nonvertebral": ("D", "nonvertebral"),
    "major": ("P", "major"),
}
_SIDES = {
    "calibration": (COLORS[0], "in the fit"),
    "validation": (COLORS[1], "kept for the check"),
    "shown": (GRAY, "not counted"),
    "outside": (GRAY, "not counted"),
}
_ROLES = {
    "placebo": (COLORS[0], "placebo"),
    "inhibitor": (COLORS[1], "on an inhibitor"),
    "tamoxifen": (COLORS[2], "on tamoxifen"),
}
_FAINT = 0.35
_TICKS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 30)


def predicted_fractures(
    contrasts: pd.DataFrame, risks: pd.DataFrame, *, title: str = ""
) -> tuple[Figure, pd.DataFrame]:
    """Draw predicted against published ratios (left) and risks (right), with intervals of 95 %.

    Parameters
    ----------
    contrasts, risks : pandas.DataFrame
        Of ``remodel.fracture.report``: ``published, low_95, high_95, predicted, predicted_low,
        predicted_high, outcome``, and ``side`` or ``role``.
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        Both tables, one below the other.
    """
    import pandas as pd
    from matplotlib.figure import Figure

    with paper():
        figure = Figure(figsize=(8.6, 5.0), layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw(left, contrasts, "side", _SIDES, factor=1.5)
        left.set(xlabel="published ratio", ylabel="predicted ratio", title="Ratio of risks")
        _draw(right, risks, "role", _ROLES, factor=1.4)
        right.set(xlabel="published [%]", ylabel="predicted [%]", title="Women with a fracture")
        _legends(figure, left, right, contrasts, risks)
        figure.suptitle(title or "Fractures: predicted and published", x=0.01, ha="left")
    return figure, pd.concat([contrasts, risks], ignore_index=True)


def _draw(
    axes: Axes, table: pd.DataFrame, kind: str, kinds: Mapping[str, tuple[str, str]], factor: float
) -> None:
    """Draw points with intervals about the line of equality, and a band of a factor."""
    values = table[["published", "predicted"]].to_numpy()
    ends = np.array([0.75 * np.nanmin(values), 1.35 * np.nanmax(values)])
    axes.fill_between(ends, ends / factor, ends * factor, color="#000000", alpha=0.06, linewidth=0)
    axes.plot(ends, ends, color=GRAY, linewidth=0.8)
    for row in table.itertuples():
        color = kinds[getattr(row, kind)][0]
        x = [[row.published - row.low_95], [row.high_95 - row.published]]
        y = [
            [max(row.predicted - row.predicted_low, 0.0)],
            [max(row.predicted_high - row.predicted, 0.0)],
        ]
        axes.errorbar(
            row.published,
            row.predicted,
            xerr=x,
            yerr=y,
            fmt=_OUTCOMES[row.outcome][0],
            color=color,
            markersize=4,
            elinewidth=0.7,
            alpha=0.85,
            ecolor=(*_rgb(color), _FAINT),
        )
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends)
    _plain_ticks(axes.xaxis, ends)
    _plain_ticks(axes.yaxis, ends)


def _rgb(color: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(color)


def _plain_ticks(axis: Axis, ends: FloatArray) -> None:
    """Write numbers along a logarithmic axis as people do."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axis.set_major_locator(FixedLocator([t for t in _TICKS if ends[0] <= t <= ends[1]]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _legends(
    figure: Figure, left: Axes, right: Axes, contrasts: pd.DataFrame, risks: pd.DataFrame
) -> None:
    """Put what colors mean into the panels, and what marks mean below them."""
    from matplotlib.lines import Line2D

    for axes, table, kind, kinds in (
        (left, contrasts, "side", _SIDES),
        (right, risks, "role", _ROLES),
    ):
        known = dict.fromkeys(kinds[k] for k in kinds if (table[kind] == k).any())
        dots = [Line2D([], [], marker="o", linestyle="", color=c, label=w) for c, w in known]
        axes.legend(handles=dots, loc="upper left")
    outcomes = {*contrasts["outcome"], *risks["outcome"]}
    marks = [
        Line2D([], [], marker=mark, linestyle="", color=GRAY, label=words)
        for name, (mark, words) in _OUTCOMES.items()
        if name in outcomes
    ]
    figure.legend(handles=marks, loc="outside lower center", ncols=len(marks))


def ten_year_table(table: pd.DataFrame, *, title: str = "") -> tuple[Figure, pd.DataFrame]:
    """Draw the published UK table as dots over this package's probabilities as lines.

    Parameters
    ----------
    table : pandas.DataFrame
        Of ``remodel.fracture.gradients.compared_table``.
    title : str
    """
    from matplotlib.figure import Figure

    with paper():
        figure = Figure(figsize=(7.4, 3.4), layout="constrained")
        panels = figure.subplots(1, 2)
        for axes, site, words in zip(
            panels, ("hip", "major"), ("Hip", "Major osteoporotic"), strict=True
        ):
            for k, (age, rows) in enumerate(table.groupby("age")):
                axes.plot(
                    rows["t_score"], rows[f"{site}_predicted"], color=COLORS[k], label=f"{age} y"
                )
                axes.plot(rows["t_score"], rows[site], "o", color=COLORS[k], markersize=3.5)
            axes.set(xlabel="T-score of the femoral neck", title=words, yscale="log")
            axes.invert_xaxis()
            _plain_ticks(axes.yaxis, np.array(axes.get_ylim()))
        panels[0].set_ylabel("ten-year probability [%]")
        panels[1].legend(loc="lower right")
        figure.suptitle(
            title or "Published gradients (lines) and the UK table (dots)", x=0.01, ha="left"
        )
    return figure, table
