"""Cells against each other: the path of osteoclasts and osteoblasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.plots.panels import arm_entries, arm_looks, arm_names, check_variables, curve
from remodel.plots.style import Look, axis_label, figure_with_legend_column, legend_beside, paper
from remodel.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


def phase_plane(
    dataset: xr.Dataset,
    x: str = "osteoclasts",
    y: str = "osteoblasts",
    *,
    arms: Iterable[str] | None = None,
    title: str = "",
    looks: Mapping[str, Look] | None = None,
) -> tuple[Figure, pd.DataFrame]:
    """Draw the path of two variables over time, with a dot each year and an arrow along it.

    Parameters
    ----------
    dataset : xarray.Dataset
        From ``remodel.simulate``, with both variables among its outputs.
    x, y : str
        Variables; osteoclasts and osteoblasts by default.
    arms : iterable of str, optional
        Which arms; all by default.
    title : str
    looks : mapping of str to Look, optional
        Color and dashes by arm, to draw an arm alike in several figures.

    Returns
    -------
    matplotlib.figure.Figure
    pandas.DataFrame
        The yearly dots: ``arm``, ``year``, and both variables.
    """
    import pandas as pd

    chosen = arm_names(dataset, arms)
    check_variables(dataset, (x, y))
    looks = looks or arm_looks(chosen)
    time = dataset["time"].to_numpy()
    years = np.arange(int(dataset["time"].to_numpy()[-1] / DAYS_PER_YEAR + 1e-6) + 1)
    dots: list[pd.DataFrame] = []
    with paper():
        figure, grid = figure_with_legend_column([4.0], [3.0], gap=0)
        axes = figure.add_subplot(grid[0, 0])
        for arm in chosen:
            path = (curve(dataset, arm, x), curve(dataset, arm, y))
            at = [np.interp(years * DAYS_PER_YEAR, time, values) for values in path]
            _draw_path(axes, path, at, looks[arm])
            dots.append(pd.DataFrame({"arm": arm, "year": years, x: at[0], y: at[1]}))
        axes.plot(dots[0][x][0], dots[0][y][0], marker="s", markersize=6, color="black")
        axes.set_xlabel(axis_label(dataset[x]))
        axes.set_ylabel(axis_label(dataset[y]))
        legend_beside(figure, [axes], _entries(looks), title)
    return figure, pd.concat(dots, ignore_index=True)


def _draw_path(
    axes: Axes,
    path: tuple[np.ndarray, np.ndarray],
    at: list[np.ndarray],
    look: Look,
) -> None:
    shade, dashes = look
    axes.plot(*path, color=shade, linestyle=dashes)
    axes.plot(*at, marker="o", markersize=3, linestyle="none", color=shade)
    for where in _arrow_places(path):
        axes.annotate(
            "",
            (path[0][where + 1], path[1][where + 1]),
            (path[0][where], path[1][where]),
            arrowprops={"arrowstyle": "-|>", "color": shade, "mutation_scale": 9},
        )


def _arrow_places(path: tuple[np.ndarray, np.ndarray]) -> list[int]:
    """Return where arrows go: at a third and two thirds of the length of the path on the page."""
    x, y = (v / (np.ptp(v) or 1.0) for v in path)
    steps = np.hypot(np.diff(x), np.diff(y))
    length = np.concatenate(([0.0], np.cumsum(steps)))
    if not length[-1]:
        return []
    places = np.searchsorted(length, [length[-1] / 3, 2 * length[-1] / 3])
    return [int(min(max(p, 1), len(x) - 2)) for p in places]


def _entries(looks: Mapping[str, Look]) -> list[Line2D]:
    from matplotlib.lines import Line2D

    plain: dict[str, Any] = {"linestyle": "none", "color": "black"}
    return [
        *arm_entries(looks, ()),
        Line2D([], [], marker="s", markersize=6, label="start", **plain),
        Line2D([], [], marker="o", markersize=3, label="every year", **plain),
    ]
