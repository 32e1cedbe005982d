"""Figures of a calibration: starts, information, profiles and residuals."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.plots.style import COLORS, GRAY, color, paper, unit_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from remodel.calibration import Information, Profile, StartResult

_VERDICT_COLORS = {
    "identified": COLORS[0],
    "one-sided": COLORS[4],
    "flat": COLORS[1],
    "at bound": COLORS[3],
}
_RISE_SHOWN = 6.0
_TITLE_WIDTH = 30  # letters over a profile
_FAR = 3.0  # highest over lowest objective from which a logarithmic axis helps
_LEAST = 0.5  # of the objective: what a waterfall shows at least on both sides of the best


def waterfall(starts: Sequence[StartResult]) -> tuple[Figure, pd.DataFrame]:
    """Draw the objective at the end of every start, lowest first, and the way there.

    A flat beginning says that many starts found the same optimum.

    Returns
    -------
    matplotlib.figure.Figure
    pandas.DataFrame
        ``rank``, ``start``, ``objective``, ``converged``.
    """
    import pandas as pd
    from matplotlib.ticker import MaxNLocator

    ordered = sorted(starts, key=lambda s: s.cost)
    table = pd.DataFrame(
        {
            "rank": range(1, len(ordered) + 1),
            "start": [s.index for s in ordered],
            "objective": [s.cost for s in ordered],
            "converged": [s.converged for s in ordered],
        }
    )
    with paper():
        figure, (left, right) = _panels(1, 2)
        shades = np.where(table["converged"], color(0), GRAY)
        left.scatter(table["rank"], table["objective"], c=list(shades), s=18, zorder=3)
        left.plot(table["rank"], table["objective"], color=GRAY, linewidth=0.8)
        left.set(title="Ends of the starts", xlabel="rank", ylabel="objective")
        left.set_xlim(0.5, len(ordered) + 0.5)
        left.set_ylim(*_around_best(table["objective"].to_numpy(float)))
        left.ticklabel_format(axis="y", useOffset=False)
        for axes in (left, right):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        for s in ordered:
            right.plot(range(1, len(s.history) + 1), s.history, linewidth=1.0)
        right.set(title="On the way", xlabel="evaluations", ylabel="lowest objective")
        _limit_ways(right, np.concatenate([s.history for s in ordered]))
    return figure, table


def _around_best(objectives: np.ndarray) -> tuple[float, float]:
    """Return limits that show differences from the best only where they matter."""
    reached = objectives[np.isfinite(objectives)]
    if not len(reached):
        return 0.0, 1.0
    best, worst = float(reached.min()), float(reached.max())
    return best - max(_LEAST, 0.05 * (worst - best)), worst + max(_LEAST, 0.05 * (worst - best))


def _limit_ways(axes: Axes, ways: np.ndarray) -> None:
    reached = ways[np.isfinite(ways)]
    if len(reached) and 0 < _FAR * reached.min() < reached.max():
        axes.set_yscale("log")
        axes.set_ylim(reached.min() / 1.2, reached.max() * 1.2)
    else:
        axes.set_ylim(*_around_best(ways))
        axes.ticklabel_format(axis="y", useOffset=False)


def spectrum(info: Information) -> tuple[Figure, pd.DataFrame]:
    """Draw the information of the data in each direction, best known first.

    Directions above the line are known better from the data than from the priors.
    """
    table = info.spectrum()
    with paper():
        figure, (axes,) = _panels(1, 1)
        shown = np.maximum(table["information"], 1e-4)
        axes.semilogy(range(1, len(table) + 1), shown, marker="o", markersize=4, color=color(0))
        axes.axhline(1.0, color=GRAY, linewidth=0.8, linestyle="--")
        axes.set(
            title=f"{info.informed} of {len(table)} directions informed by the data",
            xlabel="direction",
            ylabel="information (prior = 1)",
        )
    return figure, table


def profiles(found: Sequence[Profile]) -> tuple[Figure, pd.DataFrame]:
    """Draw profile likelihoods, one panel a parameter, with interval and verdict."""
    from remodel.calibration.profiles import profiles_table

    columns = min(4, len(found))
    with paper():
        figure, panels = _panels(-(-len(found) // columns), columns, width=2.1, height=1.6)
        for axes, one in zip(panels, found, strict=False):
            _draw_profile(axes, one)
        for axes in panels[len(found) :]:
            axes.set_visible(False)
    return figure, profiles_table(found)


def _draw_profile(axes: Axes, one: Profile) -> None:
    shade = _VERDICT_COLORS[one.verdict]
    axes.plot(one.values, one.rises, color=shade, marker="o", markersize=2.5, linewidth=1.2)
    axes.axhline(one.level, color=GRAY, linewidth=0.7, linestyle="--")
    axes.axvline(one.optimum, color=GRAY, linewidth=0.7)
    for end in (one.lower, one.upper):
        if end is not None:
            axes.axvline(end, color=shade, linewidth=0.7, linestyle=":")
    axes.set_ylim(-0.2, _RISE_SHOWN)
    name = textwrap.fill(one.name.replace("_", " "), _TITLE_WIDTH)
    axes.set_title(f"{name}\n{one.verdict}", fontsize=6.0)
    axes.set_xlabel("value" if one.unit == "-" else f"value [{unit_text(one.unit)}]", fontsize=6.5)
    axes.set_ylabel("2 × rise of objective", fontsize=6.5)


def residuals(table: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw standardized residuals over time, by class of treatment.

    Parameters
    ----------
    table : pandas.DataFrame
        Predictions of a fit, with ``standardized``, ``drug_class`` and ``time_months``.
    """
    classes = list(dict.fromkeys(sorted(table["drug_class"])))
    columns = min(3, len(classes))
    with paper():
        figure, panels = _panels(-(-len(classes) // columns), columns, width=2.5, height=1.6)
        for axes, name in zip(panels, classes, strict=False):
            some = table[table["drug_class"] == name]
            for i, (group, rows) in enumerate(some.groupby("group")):
                axes.scatter(
                    rows["time_months"] / 12.0,
                    rows["standardized"],
                    s=7,
                    color=color(i),
                    label=group,
                )
            axes.axhline(0.0, color=GRAY, linewidth=0.7)
            for edge in (-2.0, 2.0):
                axes.axhline(edge, color=GRAY, linewidth=0.5, linestyle="--")
            axes.set(title=name, xlabel="years", ylabel="standardized residual")
            axes.title.set_fontsize(7)
            axes.legend(fontsize=5.5, handletextpad=0.1)
        for axes in panels[len(classes) :]:
            axes.set_visible(False)
    return figure, table


def _panels(
    lines: int, columns: int, *, width: float = 3.2, height: float = 2.2
) -> tuple[Figure, list[Any]]:
    from matplotlib.figure import Figure as Drawing

    figure = Drawing(figsize=(width * columns, height * lines), layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False)
    return figure, list(grid.flat)
