"""Figures of a calibration: starts, information, profiles and residuals."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.plots.style import COLORS, GRAY, color, paper, unit_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from remodel.calibration import Information, Posterior, Profile, StartResult
    from remodel.calibration.coordinates import Coordinates

_VERDICT_COLORS = {
    "identified": COLORS[0],
    "one-sided": COLORS[4],
    "flat": COLORS[1],
    "at bound": COLORS[3],
}
_RISE_SHOWN = 6.0
_MOST_PANELS = 12  # of a sheet
_TWO_SIGMA = 2.0
_QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)
_INTERVALS = ((("q2.5", "q97.5"), 0.8, "95 %"), (("q25", "q75"), 2.4, "50 %"))
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

    ordered = sorted(starts, key=lambda start: start.cost)
    table = pd.DataFrame(
        {
            "rank": range(1, len(ordered) + 1),
            "start": [start.index for start in ordered],
            "objective": [start.cost for start in ordered],
            "converged": [start.converged for start in ordered],
        }
    )
    with paper():
        figure, (left, right) = _panels(2, 2)
        shades = np.where(table["converged"], color(0), GRAY)
        left.scatter(table["rank"], table["objective"], c=list(shades), s=18, zorder=3)
        left.plot(table["rank"], table["objective"], color=GRAY, linewidth=0.8)
        left.set(title="Ends of the starts", xlabel="rank", ylabel="objective")
        left.set_xlim(0.5, len(ordered) + 0.5)
        left.set_ylim(*_around_best(table["objective"].to_numpy(float)))
        left.ticklabel_format(axis="y", useOffset=False)
        for axes in (left, right):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        for position, start in enumerate(ordered):
            best: dict[str, Any] = {"color": color(0), "zorder": 3, "label": "best"}
            shown = {"color": GRAY, "alpha": 0.6} if position else best
            right.plot(range(1, len(start.history) + 1), start.history, linewidth=1.0, **shown)
        right.legend(loc="upper right")
        right.set(title="On the way", xlabel="evaluations", ylabel="lowest objective")
        _limit_ways(right, np.concatenate([start.history for start in ordered]))
    return figure, table


def _around_best(objectives: np.ndarray) -> tuple[float, float]:
    """Return limits that show differences from the best only where they matter."""
    reached = objectives[np.isfinite(objectives)]
    if not len(reached):
        return 0.0, 1.0
    best, worst = float(reached.min()), float(reached.max())
    return best - max(_LEAST, 0.05 * (worst - best)), worst + max(_LEAST, 0.05 * (worst - best))


def _limit_ways(axes: Axes, ways: np.ndarray) -> None:
    from matplotlib.ticker import LogFormatter

    reached = ways[np.isfinite(ways)]
    if len(reached) and 0 < _FAR * reached.min() < reached.max():
        axes.set_yscale("log")
        for formatter in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            formatter(LogFormatter(minor_thresholds=(1.5, 0.7)))
        axes.set_ylim(reached.min() / 1.2, reached.max() * 1.2)
    else:
        axes.set_ylim(*_around_best(ways))
        axes.ticklabel_format(axis="y", useOffset=False)


def spectrum(info: Information) -> tuple[Figure, pd.DataFrame]:
    """Draw the information of the data in each direction, best known first.

    Directions above the line are known better from the data than from the priors.
    """
    from matplotlib.ticker import MaxNLocator

    table = info.spectrum()
    with paper():
        figure, (axes,) = _panels(1, 1)
        shown = np.maximum(table["information"], 1e-4)
        axes.semilogy(range(1, len(table) + 1), shown, marker="o", markersize=4, color=color(0))
        axes.axhline(1.0, color=GRAY, linewidth=0.8, linestyle="--")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set(
            title=f"{info.informed} of {len(table)} directions informed by the data",
            xlabel="direction",
            ylabel="information (prior = 1)",
        )
    return figure, table


def profiles(curves: Sequence[Profile]) -> tuple[list[Figure], pd.DataFrame]:
    """Draw profile likelihoods with interval and verdict, at most twelve panels a figure.

    Returns
    -------
    list of matplotlib.figure.Figure
    pandas.DataFrame
        From ``remodel.calibration.profile.profiles_table``.
    """
    from remodel.calibration.profile import profiles_table

    figures = []
    with paper():
        for sheet in _sheets(curves):
            figure, panels = _panels(len(sheet), 3, width=2.5, height=1.8)
            for axes, profile in zip(panels, sheet, strict=True):
                _draw_profile(axes, profile)
            _name_lines(figure)
            figures.append(figure)
    return figures, profiles_table(curves)


def marginals(posterior: Posterior, coordinates: Coordinates) -> tuple[Figure, pd.DataFrame]:
    """Draw what is known of each parameter beside what was believed before, best known first.

    Returns
    -------
    matplotlib.figure.Figure
    pandas.DataFrame
        ``parameter`` and five quantiles, in standard deviations of the prior from its center.
    """
    import pandas as pd

    inner = posterior.inner(coordinates)
    quantiles = np.quantile(inner, _QUANTILES, axis=0).T
    table = pd.DataFrame(quantiles, columns=[f"q{100 * q:g}" for q in _QUANTILES])
    table.insert(0, "parameter", coordinates.names)
    table = table.iloc[np.argsort(inner.std(axis=0))].reset_index(drop=True)
    lines = np.arange(len(table))
    with paper():
        figure, (axes,) = _panels(1, 1, width=5.2, height=0.7 + 0.13 * len(table))
        axes.axvspan(-_TWO_SIGMA, _TWO_SIGMA, color=GRAY, alpha=0.2, linewidth=0, label="prior")
        for (low, high), width, label in _INTERVALS:
            ends = table[low], table[high]
            axes.hlines(lines, *ends, color=color(0), linewidth=width, label=label)
        axes.plot(table["q50"], lines, "o", color=COLORS[1], markersize=2.5, label="median")
        names = [name.replace("_", " ") for name in table["parameter"]]
        axes.set_yticks(lines, names, fontsize=5.5)
        axes.set(xlabel="standard deviations of the prior, from its center", ylim=(len(table), -1))
        figure.legend(loc="outside lower center", ncols=4, fontsize=6.5)
    return figure, table


def _sheets(panels: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Split panels into sheets of nearly equal length."""
    count = -(-len(panels) // _MOST_PANELS)
    for i in range(count):
        yield panels[i * len(panels) // count : (i + 1) * len(panels) // count]


def _draw_profile(axes: Axes, profile: Profile) -> None:
    shade = _VERDICT_COLORS[profile.verdict]
    axes.plot(profile.values, profile.rises, color=shade, marker="o", markersize=2.5)
    axes.axhline(profile.level, color=GRAY, linewidth=0.7, linestyle="--")
    axes.axvline(profile.optimum, color=GRAY, linewidth=0.7)
    for end in (profile.lower, profile.upper):
        if end is not None:
            axes.axvline(end, color=shade, linewidth=0.7, linestyle=":")
    axes.set_ylim(-0.2, _RISE_SHOWN)
    name = textwrap.fill(profile.name.replace("_", " "), _TITLE_WIDTH)
    axes.set_title(f"{name}\n{profile.verdict}", fontsize=6.0)
    axes.set_xlabel(
        "value" if profile.unit == "-" else f"value [{unit_text(profile.unit)}]", fontsize=6.5
    )
    axes.set_ylabel("2 × rise of objective", fontsize=6.5)


def _name_lines(figure: Figure) -> None:
    """Name what the lines in a profile mean, once for all panels."""
    from matplotlib.lines import Line2D

    thin: dict[str, Any] = {"color": GRAY, "linewidth": 0.7}
    lines = [
        Line2D([], [], linestyle="--", label="limit of the interval", **thin),
        Line2D([], [], linestyle=":", label="ends of the interval", **thin),
        Line2D([], [], label="optimum", **thin),
    ]
    figure.legend(handles=lines, loc="outside lower center", ncols=3, fontsize=6.5)


def residuals(table: pd.DataFrame) -> tuple[list[Figure], pd.DataFrame]:
    """Draw standardized residuals over time by class of treatment, at most twelve panels a figure.

    Parameters
    ----------
    table : pandas.DataFrame
        Predictions of a fit, with ``standardized``, ``drug_class`` and ``time_months``.

    Returns
    -------
    list of matplotlib.figure.Figure
    pandas.DataFrame
        The table.
    """
    classes = sorted(set(table["drug_class"]))
    shades = {group: color(i) for i, group in enumerate(sorted(set(table["group"])))}
    figures = []
    with paper():
        for sheet in _sheets(classes):
            figure, panels = _panels(len(sheet), 3, width=2.5, height=1.8)
            for axes, name in zip(panels, sheet, strict=True):
                _draw_residuals(axes, table[table["drug_class"] == name], shades)
                axes.set_title(name.replace("_", " "), fontsize=7)
            _name_groups(figure, shades)
            figures.append(figure)
    return figures, table


def _draw_residuals(axes: Axes, table: pd.DataFrame, shades: Mapping[str, str]) -> None:
    for group, rows in table.groupby("group"):
        years = rows["time_months"] / 12.0
        axes.scatter(years, rows["standardized"], s=7, color=shades[str(group)])
    axes.axhline(0.0, color=GRAY, linewidth=0.7)
    for edge in (-_TWO_SIGMA, _TWO_SIGMA):
        axes.axhline(edge, color=GRAY, linewidth=0.5, linestyle="--")
    axes.set(xlabel="years", ylabel="standardized residual")
    axes.set_xlim(0.0, 1.05 * float(table["time_months"].max()) / 12.0)


def _name_groups(figure: Figure, shades: Mapping[str, str]) -> None:
    """Name the measurements by color, once for all panels."""
    from matplotlib.lines import Line2D

    dots = [
        Line2D([], [], marker="o", markersize=3, linestyle="none", color=shade, label=group)
        for group, shade in shades.items()
    ]
    edges = Line2D([], [], color=GRAY, linewidth=0.5, linestyle="--", label="2 standard errors")
    figure.legend(handles=[*dots, edges], loc="outside lower center", ncols=4, fontsize=6.5)


def _panels(
    count: int, most_columns: int, *, width: float = 3.2, height: float = 2.2
) -> tuple[Figure, list[Axes]]:
    """Return a figure with so many panels, side by side and one below the other."""
    from matplotlib.figure import Figure as Drawing

    columns = min(most_columns, count)
    lines = -(-count // columns)
    figure = Drawing(figsize=(width * columns, height * lines + 0.3), layout="constrained")
    panels = list(figure.subplots(lines, columns, squeeze=False).flat)
    for axes in panels[count:]:
        axes.remove()
    return figure, panels[:count]
