"""Figures of women who differ: fans of truth and of readings, and single courses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, nearest
from remodel.plots.panels import check_variables, time_unit_of
from remodel.plots.style import GRAY, Look, axis_label, look, paper
from remodel.units import DAYS_PER_MONTH, PERCENT_CHANGE

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_READING = "_reading"
_BANDS = ((0.05, 0.95, 0.16), (0.25, 0.75, 0.34))
_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
_NAMES = ("low_90", "low_50", "median", "high_50", "high_90")
_MOST_ARMS = 6


def women_fan(
    dataset: xr.Dataset,
    variable: str,
    *,
    readings: xr.Dataset | None = None,
    arms: Sequence[str] | None = None,
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw median, central 50 and 90 % of women over time: the truth, and beside it the readings.

    Parameters
    ----------
    dataset : xarray.Dataset
        Women of ``simulate``.
    variable : str
        Such as ``bmd_lumbar_spine_percent_change``.
    readings : xarray.Dataset, optional
        Of ``measure``, for a second panel.
    arms : sequence of str, optional
        All by default, at most six.
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        ``arm, kind (truth|reading), months, low_90, low_50, median, high_50, high_90``.

    Raises
    ------
    ConfigError
        If there is no such variable or arm.
    """
    import pandas as pd

    check_variables(dataset, [variable])
    rows = arm_rows(dataset, arms)
    months = dataset["time"].to_numpy() / DAYS_PER_MONTH
    tables = [_fan_table(dataset, variable, rows, months, "truth")]
    if readings is not None:
        check_variables(readings, [variable + _READING])
        visits = readings["visit"].to_numpy()
        tables.append(_fan_table(readings, variable + _READING, rows, visits, "reading"))
    table = pd.concat(tables, ignore_index=True)
    looks = {arm: look(i) for i, arm in enumerate(rows)}
    with paper():
        figure, panels = panels_of(len(tables), title)
        for axes, (kind, group) in zip(panels, table.groupby("kind", sort=False), strict=True):
            _draw_fans(axes, group, looks, str(kind))
            axes.set_title({"truth": "True", "reading": "As read"}[str(kind)])
            _finish_time(axes, float(months[-1]), variable)
        panels[0].set_ylabel(axis_label(dataset[variable]))
        _legend(figure, looks, bands=True)
    return figure, table


def spaghetti(
    dataset: xr.Dataset,
    variable: str,
    *,
    readings: xr.Dataset | None = None,
    arms: Sequence[str] | None = None,
    women: int = 30,
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw the courses of single women, one panel an arm, with their readings as dots.

    Parameters
    ----------
    dataset, variable, readings, arms
        As ``women_fan``.
    women : int
        How many are drawn: the first of each arm.
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        ``arm, woman, months, kind (truth|reading), value``.

    Raises
    ------
    ConfigError
        If there is no such variable or arm.
    """
    import pandas as pd

    check_variables(dataset, [variable])
    rows = {arm: chosen[:women] for arm, chosen in arm_rows(dataset, arms).items()}
    months = dataset["time"].to_numpy() / DAYS_PER_MONTH
    tables = [_long(dataset, variable, rows, months, "truth")]
    if readings is not None:
        check_variables(readings, [variable + _READING])
        at = readings["visit"].to_numpy()
        tables.append(_long(readings, variable + _READING, rows, at, "reading"))
    table = pd.concat(tables, ignore_index=True)
    with paper():
        figure, panels = panels_of(len(rows), title)
        for position, (axes, arm) in enumerate(zip(panels, rows, strict=True)):
            shade = look(position).color
            for kind, group in table[table["arm"] == arm].groupby("kind"):
                for _, course in group.groupby("woman"):
                    style: dict[str, Any] = {"linewidth": 0.6, "alpha": 0.6}
                    if kind == "reading":
                        style = {"marker": "o", "markersize": 1.8, "linestyle": "none"}
                    axes.plot(course["months"], course["value"], color=shade, **style)
            axes.set_title(arm.replace("_", " "))
            _finish_time(axes, float(months[-1]), variable)
        panels[0].set_ylabel(axis_label(dataset[variable]))
        note = f"{women} women an arm; lines: true course" + (
            "; dots: readings" * (readings is not None)
        )
        figure.supxlabel(note, fontsize=7, color=GRAY, x=0.02, ha="left")
    return figure, table


def arm_rows(dataset: xr.Dataset, arms: Iterable[str] | None) -> dict[str, Any]:
    """Return rows of each arm, or of all where there are none.

    Raises
    ------
    ConfigError
        If an arm is unknown, or there are too many.
    """
    size = dataset.sizes["simulation"]
    names = dataset["arm"].to_numpy().astype(str) if "arm" in dataset.coords else None
    if names is None:
        return {"all women": np.arange(size)}
    known = list(dict.fromkeys(names.tolist()))
    chosen = known if arms is None else list(arms)
    for arm in chosen:
        if arm not in known:
            raise ConfigError(f"no simulated arm is called '{arm}'.{nearest(arm, known)}")
    if len(chosen) > _MOST_ARMS:
        raise ConfigError(f"arms: {len(chosen)} cannot be told apart; name up to {_MOST_ARMS}.")
    return {arm: np.flatnonzero(names == arm) for arm in chosen}


def weights_of(dataset: xr.Dataset, rows: Any) -> FloatArray:
    """Return the weights of rows, shape (n,)."""
    if "weight" not in dataset.coords:
        return np.ones(len(rows))
    weights: FloatArray = dataset["weight"].to_numpy()[rows]
    return weights


def quantiles(values: FloatArray, weights: FloatArray, shares: Sequence[float]) -> FloatArray:
    """Return weighted quantiles of finite values, NaN where there are none.

    Parameters
    ----------
    values, weights : ndarray, shape (n,)
    shares : sequence of float
    """
    usable = np.isfinite(values)
    if not usable.any():
        return np.full(len(shares), np.nan)
    order = np.argsort(values[usable])
    mass = weights[usable][order]
    at = (np.cumsum(mass) - mass / 2) / mass.sum()
    return np.interp(shares, at, values[usable][order])


def _fan_table(
    dataset: xr.Dataset, variable: str, rows: dict[str, Any], months: FloatArray, kind: str
) -> pd.DataFrame:
    import pandas as pd

    values = dataset[variable].to_numpy()
    lines = []
    for arm, chosen in rows.items():
        weights = weights_of(dataset, chosen)
        for i, month in enumerate(months):
            band = quantiles(values[chosen, i], weights, _SHARES)
            head = {"arm": arm, "kind": kind, "months": float(month)}
            lines.append({**head, **dict(zip(_NAMES, band.tolist(), strict=True))})
    return pd.DataFrame(lines)


def _long(
    dataset: xr.Dataset, variable: str, rows: dict[str, Any], months: FloatArray, kind: str
) -> pd.DataFrame:
    import pandas as pd

    values = dataset[variable].to_numpy()
    number = dataset["woman" if "woman" in dataset.coords else "simulation"].to_numpy()
    at = dataset["month"].to_numpy() if "visit" in dataset.dims else None
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "arm": arm,
                    "woman": number[row],
                    "months": months if at is None else at[row],
                    "kind": kind,
                    "value": values[row],
                }
            )
            for arm, chosen in rows.items()
            for row in chosen
        ],
        ignore_index=True,
    )


def _draw_fans(axes: Axes, table: pd.DataFrame, looks: dict[str, Look], kind: str) -> None:
    for position, (arm, group) in enumerate(table.groupby("arm", sort=False)):
        shade, dashes = looks[str(arm)]
        months = group["months"].to_numpy()
        if kind == "truth":
            for (low, high, alpha), ends in zip(
                _BANDS, (("low_90", "high_90"), ("low_50", "high_50")), strict=True
            ):
                del low, high
                axes.fill_between(
                    months, group[ends[0]], group[ends[1]], color=shade, alpha=alpha, linewidth=0
                )
            axes.plot(months, group["median"], color=shade, linestyle=dashes)
            continue
        shift = 0.012 * float(table["months"].max()) * (position - (len(looks) - 1) / 2)
        for ends, width, alpha in (
            (("low_90", "high_90"), 1.0, 0.7),
            (("low_50", "high_50"), 4.0, 0.5),
        ):
            axes.vlines(
                months + shift,
                group[ends[0]],
                group[ends[1]],
                color=shade,
                linewidth=width,
                alpha=alpha,
            )
        axes.plot(
            months + shift,
            group["median"],
            color=shade,
            linestyle=dashes,
            marker="o",
            markersize=2.5,
            linewidth=0.8,
        )


def panels_of(n: int, title: str, columns: int | None = None) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels in columns, all with one vertical axis."""
    from matplotlib.figure import Figure

    across = columns or n
    down = -(-n // across)
    figure = Figure(figsize=(2.4 + 2.4 * across, 0.7 + 2.2 * down), layout="constrained")
    panels = figure.subplots(down, across, sharey=True, squeeze=False).ravel().tolist()
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure, panels


def _finish_time(axes: Axes, months: float, variable: str) -> None:
    from matplotlib.ticker import MultipleLocator

    _, name, step = time_unit_of(months * DAYS_PER_MONTH)
    step_months = step if name == "months" else 12 * step
    axes.xaxis.set_major_locator(MultipleLocator(step_months))
    axes.set_xlabel("months from the start")
    if variable.endswith(PERCENT_CHANGE):
        axes.axhline(0.0, color="#BBBBBB", linewidth=0.7, zorder=0)


def _legend(figure: Figure, looks: dict[str, Look], *, bands: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[Any] = [
        Line2D([], [], color=shade, linestyle=dashes, label=f"{arm.replace('_', ' ')}, median")
        for arm, (shade, dashes) in looks.items()
    ]
    if bands:
        entries += [
            Patch(
                color=GRAY,
                alpha=alpha,
                linewidth=0,
                label=f"central {100 * (high - low):.0f} % of women",
            )
            for low, high, alpha in reversed(_BANDS)
        ]
    figure.legend(handles=entries, loc="outside right center")
