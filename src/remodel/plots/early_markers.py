"""A marker early against change of density later, with the line of no information."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import BoolArray, FloatArray
from remodel.plots.style import INK, look, paper

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_DOTS = 600


def marker_against_change(
    pairs: Sequence[tuple[str, FloatArray, FloatArray, FloatArray]],
    *,
    x_label: str,
    y_label: str,
    worst: float = 0.25,
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw one marker against later change, one column a pair: scatter above, ROC curve below.

    The gray line of no information is where every woman has the mean change; below, where a marker
    tells no more than a coin.

    Parameters
    ----------
    pairs : sequence of (str, ndarray, ndarray, ndarray)
        Title, marker, change and weights of women, shape (n,).
    x_label, y_label : str
    worst : float
        Share of women who lose most, whom the ROC curve tells from the others.
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        ``panel, n, r, slope, auc``.
    """
    import pandas as pd
    from matplotlib.figure import Figure

    rows = []
    with paper():
        figure = Figure(figsize=(0.9 + 2.4 * len(pairs), 4.6), layout="constrained")
        grid = figure.subplots(2, len(pairs), squeeze=False)
        for column, (name, early, late, weights) in enumerate(pairs):
            top, bottom = grid[:, column]
            r, slope = _scatter(top, early, late, weights, look(column).color)
            area = _roc(bottom, early, late, weights, worst, look(column).color)
            top.set_title(name)
            top.set_xlabel(x_label)
            bottom.set_xlabel("false alarms [% of the others]")
            rows.append({"panel": name, "n": len(early), "r": r, "slope": slope, "auc": area})
        grid[0, 0].set_ylabel(y_label)
        grid[1, 0].set_ylabel(f"found [% of the worst {100 * worst:g} %]")
        if title:
            figure.suptitle(title, x=0.01, ha="left")
    return figure, pd.DataFrame(rows)


def _scatter(
    axes: Axes, early: FloatArray, late: FloatArray, weights: FloatArray, shade: str
) -> tuple[float, float]:
    a = early - np.average(early, weights=weights)
    b = late - np.average(late, weights=weights)
    variance, joint = np.average(a * a, weights=weights), np.average(a * b, weights=weights)
    slope = float(joint / variance)
    r = float(joint / np.sqrt(variance * np.average(b * b, weights=weights)))
    low, high = np.quantile(early, [0.005, 0.995])
    mean_x, mean_y = np.average(early, weights=weights), np.average(late, weights=weights)
    every = max(1, len(early) // _MOST_DOTS)
    axes.plot(early[::every], late[::every], ".", color=shade, markersize=2, alpha=0.5)
    axes.axhline(mean_y, color="#999999", linewidth=1.0, label="no information")
    ends = np.array([low, high])
    axes.plot(
        ends, mean_y + slope * (ends - mean_x), color=INK, linewidth=1.1, label=f"r = {r:.2f}"
    )
    axes.set_xlim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    axes.set_ylim(*np.quantile(late, [0.002, 0.998]))
    axes.legend(loc="lower left", fontsize=7, frameon=True, framealpha=0.85, edgecolor="none")
    return r, slope


def _roc(
    axes: Axes, early: FloatArray, late: FloatArray, weights: FloatArray, worst: float, shade: str
) -> float:
    order = np.argsort(late, kind="stable")
    is_case: BoolArray = np.zeros(len(late), dtype=bool)
    below = np.cumsum(weights[order]) - weights[order] / 2
    is_case[order[below <= worst * weights.sum()]] = True
    down = np.argsort(-early, kind="stable")
    hits = np.concatenate([[0.0], np.cumsum(weights[down] * is_case[down])])
    alarms = np.concatenate([[0.0], np.cumsum(weights[down] * ~is_case[down])])
    hits, alarms = hits / hits[-1], alarms / alarms[-1]
    area = float(np.trapezoid(hits, alarms))
    axes.plot([0, 100], [0, 100], color="#999999", linewidth=1.0)
    axes.plot(100 * alarms, 100 * hits, color=shade)
    axes.text(0.97, 0.06, f"AUC {area:.2f}", transform=axes.transAxes, ha="right")
    axes.set_aspect("equal")
    return area
