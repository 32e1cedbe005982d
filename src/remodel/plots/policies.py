"""Figures of policies: fractures against women treated, and what each treatment costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from remodel.errors import ConfigError
from remodel.plots.style import GRAY, look, paper

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SITES = {"any_clinical": "any clinical fracture", "hip": "hip fracture"}


def fractures_by_treated(policies: pd.DataFrame, *, title: str = "") -> tuple[Figure, pd.DataFrame]:
    """Draw fractures prevented by each policy against the share of women it treats.

    Bars are the band of 90 % of what is unsure about fracture.

    Parameters
    ----------
    policies : DataFrame
        ``policies.csv``.
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        What is drawn.

    Raises
    ------
    ConfigError
        If there is no policy.
    """
    from matplotlib.figure import Figure

    table = _drawn(policies)
    with paper():
        figure = Figure(figsize=(7.4, 3.2), layout="constrained")
        panels = figure.subplots(1, len(_SITES))
        for axes, (site, words) in zip(panels, _SITES.items(), strict=True):
            for i, (policy, row) in enumerate(table.iterrows()):
                value, low, high = (row[f"{site}_{end}"] for end in ("value", "low", "high"))
                shade, _ = look(i)
                ends = [[max(0.0, value - low)], [max(0.0, high - value)]]
                axes.errorbar(row["treated"], value, ends,
                              color=shade, marker="o", capsize=2, label=str(policy))  # fmt: skip
            axes.set_title(words, fontweight="normal", loc="left")
            axes.set_xlabel("women treated [%]")
            axes.set_ylim(bottom=0)
            axes.set_xlim(0, 100)
        panels[0].set_ylabel("women kept from it,\nper 1,000")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right center")
        if title:
            figure.suptitle(title, x=0.01, ha="left")
    return figure, table.reset_index()


def needed_and_harmed(
    policies: pd.DataFrame, harms: pd.DataFrame, *, title: str = ""
) -> tuple[Figure, pd.DataFrame]:
    """Draw scans and women treated for each fracture prevented, and harms for each 100 prevented.

    Parameters
    ----------
    policies, harms : DataFrame
        ``policies.csv`` and ``harms.csv``.
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        What is drawn.

    Raises
    ------
    ConfigError
        If there is no policy.
    """
    from matplotlib.figure import Figure

    table = _drawn(policies)
    rare = harms[~harms["harm"].isin(["acute-phase reaction"])]
    events = rare.pivot_table(index="policy", columns="harm", values="events").reindex(table.index)
    table = table.join(events)
    rows = np.arange(len(table))[::-1]
    with paper():
        figure = Figure(figsize=(7.4, 1.7 + 0.3 * len(table)), layout="constrained")
        left, middle, right = figure.subplots(1, 3, sharey=True)
        left.set_yticks(rows, table.index)
        _bars(left, rows, table["needed"], "treated for one woman\nkept from a fracture", 0)
        _bars(middle, rows, 1000 * table["scans"] / table["any_clinical_value"],
              "scans for one woman\nkept from a fracture", 0)  # fmt: skip
        ends = np.zeros(len(table))
        for i, name in enumerate(events.columns):
            width = table[name].to_numpy(float)
            shade, _ = look(i)
            right.barh(rows, width, left=ends, height=0.62, color=shade, label=name)
            ends = ends + width
        right.set_xlabel("harms per 1,000 women,\nwithout acute-phase reactions")
        figure.legend(*right.get_legend_handles_labels(), loc="outside lower right", ncols=3)
        if title:
            figure.suptitle(title, x=0.01, ha="left")
    return figure, table.reset_index()


def _drawn(policies: pd.DataFrame) -> pd.DataFrame:
    """Return one row a policy that treats, with fractures prevented per 1,000 women."""
    table = policies.pivot_table(
        index="policy", columns="quantity", values=["value", "low_90", "high_90"], dropna=False
    )
    order = list(dict.fromkeys(policies["policy"]))
    if "needed_to_treat_any_clinical" not in table["value"]:
        raise ConfigError("there is no policy to draw.")
    table = table.loc[order]
    value, low, high = table["value"], table["low_90"], table["high_90"]
    drawn = value[["treated", "scans"]].assign(needed=value["needed_to_treat_any_clinical"])
    for site in _SITES:
        name = f"prevented_{site}"
        drawn = drawn.assign(**{
            f"{site}_value": value[name], f"{site}_low": low[name], f"{site}_high": high[name],
        })  # fmt: skip
    return drawn[drawn["needed"].notna()]


def _bars(axes: Axes, rows: np.ndarray, values: pd.Series, words: str, digits: int) -> None:
    numbers = values.to_numpy(float)
    finite = np.where(np.isfinite(numbers), numbers, 0.0)
    axes.barh(rows, finite, height=0.62, color=GRAY)
    for row, number, end in zip(rows, numbers, finite, strict=True):
        text = f"{number:.{digits}f}" if np.isfinite(number) else "none prevented"
        axes.text(end, row, f" {text}", va="center", fontsize=7)
    axes.set_xlim(0, 1.3 * max(1.0, float(finite.max())))
    axes.set_xlabel(words)
