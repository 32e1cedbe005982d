"""Figures of monitoring: what each visit can show, what misleads, and plans side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from remodel.errors import ConfigError
from remodel.plots.style import GRAY, look, paper, tick_months

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHOWN = {
    "probability_beyond": "reading beyond the least\nsignificant change [%]",
    "variance_reduction": "variance of the forecast\nremoved [%]",
    "decision_change": "decision changed by\nthe reading [%]",
    "decision_improved": "decision made better, less\nthose made worse [%]",
}
_MOST_LINES = 7
_LOSS, _FALSE = "#0072B2", "#E69F00"
_SHADES = {
    "treated in need": "#0072B2",
    "treated without need": "#E69F00",
    "missed": "#D55E00",
}


def information_by_visit(
    visits: pd.DataFrame, *, plan: str | None = None, title: str = ""
) -> tuple[Figure, pd.DataFrame]:
    """Draw what each reading of a plan shows, against the month of the visit.

    Parameters
    ----------
    visits : DataFrame
        ``visits.csv``.
    plan : str, optional
        By default the first in the table, which is a search where there is one.
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        What is drawn.

    Raises
    ------
    ConfigError
        If the table has no such plan.
    """
    from matplotlib.figure import Figure

    if not len(visits):
        raise ConfigError("there is no visit to draw.")
    name = str(visits["plan"].iloc[0]) if plan is None else plan
    table = visits[visits["plan"] == name].reset_index(drop=True)
    if not len(table):
        raise ConfigError(f"no plan of the table is called '{name}'.", field="plan")
    shown = {key: words for key, words in _SHOWN.items() if table[key].notna().any()}
    with paper():
        figure = Figure(figsize=(1.6 + 2.4 * len(shown), 2.9), layout="constrained")
        panels = figure.subplots(1, len(shown), squeeze=False)[0]
        for axes, (key, words) in zip(panels, shown.items(), strict=True):
            for i, (endpoint, group) in enumerate(table.groupby("endpoint", sort=False)):
                if i == _MOST_LINES:
                    break
                shade, dashes = look(i)
                reading = endpoint_words(str(endpoint))
                axes.plot(group["months"], 100 * group[key], color=shade, linestyle=dashes,
                          marker="o", markersize=3, label=reading)  # fmt: skip
            axes.set_title(words, fontweight="normal", loc="left")
            axes.set_xlabel("months from the start")
            axes.set_xlim(0, 1.04 * table["months"].max())
            axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
            tick_months(axes.xaxis, 0, float(table["months"].max()))
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right center")
        figure.suptitle(f"{title}: {name}" if title else name, x=0.01, ha="left")
    return figure, table


def loss_as_read(
    visits: pd.DataFrame, *, plan: str | None = None, title: str = ""
) -> tuple[Figure, pd.DataFrame]:
    """Draw how many women read a loss of density since the start, and how many truly lose.

    Parameters
    ----------
    visits : DataFrame
        ``visits.csv``.
    plan : str, optional
        By default the first in the table.
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        What is drawn.

    Raises
    ------
    ConfigError
        If the table has no such plan, or no density is read.
    """
    from matplotlib.figure import Figure

    name = str(visits["plan"].iloc[0]) if plan is None and len(visits) else plan
    chosen = (visits["plan"] == name) & visits["endpoint"].str.startswith("bmd_")
    table = visits[chosen].reset_index(drop=True)
    if not len(table):
        raise ConfigError(f"no plan called '{name}' reads a density.", field="plan")
    groups = list(table.groupby("endpoint", sort=False))
    with paper():
        figure = Figure(figsize=(1.2 + 2.3 * len(groups), 3.0), layout="constrained")
        panels = figure.subplots(1, len(groups), squeeze=False, sharey=True)[0]
        for axes, (endpoint, group) in zip(panels, groups, strict=True):
            at = np.arange(len(group))
            real = 100 * (group["reads_loss"] - group["false_loss"]).to_numpy(float)
            false = 100 * group["false_loss"].to_numpy(float)
            axes.bar(at, real, width=0.6, color=_LOSS, label="read a loss, and lose")
            axes.bar(at, false, bottom=real, width=0.6, color=_FALSE, label="read a loss, and gain")
            axes.plot(
                at, 100 * group["true_loss"], "_", color="black", markersize=16, label="truly lose"
            )
            axes.set_xticks(at, [f"{month:g}" for month in group["months"]])
            axes.set_title(endpoint_words(str(endpoint)), loc="left")
            axes.set_xlabel("months from the start")
        panels[0].set_ylabel("women [%]")
        columns = 3 if len(groups) > 1 else 1  # three are wider than one panel
        entries = panels[0].get_legend_handles_labels()
        figure.legend(*entries, loc="outside lower center", ncols=columns)
        if title:
            figure.suptitle(title, x=0.01, ha="left")
    return figure, table


def plans_compared(plans: pd.DataFrame, *, title: str = "") -> tuple[Figure, pd.DataFrame]:
    """Draw whom each plan treats and misses, with its scans and how long it takes.

    Parameters
    ----------
    plans : DataFrame
        ``plans.csv``.
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        What is drawn.

    Raises
    ------
    ConfigError
        If there is no plan.
    """
    from matplotlib.figure import Figure

    if not len(plans):
        raise ConfigError("there is no plan to draw.")
    shares = {
        "treated in need": plans["treated"] - plans["treated_without_need"],
        "treated without need": plans["treated_without_need"],
        "missed": plans["missed"],
    }
    rows = np.arange(len(plans))[::-1]
    with paper():
        figure = Figure(figsize=(7.4, 1.5 + 0.34 * len(plans)), layout="constrained")
        left, middle, right = figure.subplots(1, 3, sharey=True, width_ratios=[2, 1, 1])
        ends = np.zeros(len(plans))
        for label, share in shares.items():
            width = 100 * share.to_numpy(float)
            left.barh(rows, width, left=ends, height=0.62, color=_SHADES[label], label=label)
            ends = ends + width
        left.set_yticks(rows, plans["plan"])
        left.set_xlabel("share [%]")
        _bars(middle, rows, plans["scans"] + plans["samples"], "scans and samples")
        _bars(right, rows, plans["months_to_detection"], "months to treatment\nof those in need")
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=3)
        if title:
            figure.suptitle(title, x=0.01, ha="left")
    return figure, plans.copy()


def _bars(axes: Axes, rows: np.ndarray, values: pd.Series, words: str) -> None:
    numbers = values.to_numpy(float)
    axes.barh(rows, np.nan_to_num(numbers), height=0.62, color=GRAY)
    for row, number in zip(rows, numbers, strict=True):
        text = "-" if np.isnan(number) else f"{number:.1f}"
        axes.text(np.nan_to_num(number), row, f" {text}", va="center", fontsize=7)
    axes.set_xlim(0, 1.25 * max(1.0, float(np.nanmax(np.nan_to_num(numbers)))))
    axes.set_xlabel(words)


def endpoint_words(endpoint: str) -> str:
    """Return a site of density, or a marker, as it is written beside others."""
    if endpoint.startswith("bmd_"):
        return endpoint.removeprefix("bmd_").replace("_", " ")
    return endpoint.upper()
