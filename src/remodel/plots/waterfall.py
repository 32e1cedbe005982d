"""Changes of single women in order, as read and true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError
from remodel.plots.panels import check_variables
from remodel.plots.style import GRAY, INK, look, paper
from remodel.plots.women import arm_rows, panels_of, weights_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_READING = "_reading"
_MOST_BARS = 400
_TRIMMED = (0.005, 0.995)


def waterfall(
    readings: xr.Dataset,
    variable: str,
    month: float,
    *,
    arms: Sequence[str] | None = None,
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw the change of every woman at a visit in order, as read and true, one column an arm.

    Parameters
    ----------
    readings : xarray.Dataset
        Of ``measure``.
    variable : str
        A percent change.
    month : float
        A visit.
    arms, title
        As ``women_fan``.

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        ``arm, kind, women, mean, sd, share_losing, share_losing_5``.

    Raises
    ------
    ConfigError
        If there is no such variable, arm or visit.
    """
    import pandas as pd

    check_variables(readings, [variable, variable + _READING])
    visits = readings["visit"].to_numpy()
    if month not in visits:
        known = ", ".join(f"{visit:g}" for visit in visits)
        raise ConfigError(f"month = {month:g}: the visits are at months {known}.", field="month")
    rows = arm_rows(readings, arms)
    summaries, limits = [], []
    with paper():
        figure, panels = panels_of(2 * len(rows), title, columns=len(rows))
        kinds = [("true", variable), ("as read", variable + _READING)]
        for line, (kind, name) in enumerate(kinds):
            for column, (arm, chosen) in enumerate(rows.items()):
                values = readings[name].sel(visit=month).to_numpy()[chosen]
                weights = weights_of(readings, chosen)[np.isfinite(values)]
                values = values[np.isfinite(values)]
                axes = panels[line * len(rows) + column]
                _bars(axes, values, look(column).color)
                limits.append(np.quantile(values, _TRIMMED))
                axes.set_title(f"{arm.replace('_', ' ')}, {kind}")
                if column == 0:
                    axes.set_ylabel("change from start [%]")
                if line == 1:
                    axes.set_xlabel("share of women [%]")
                summaries.append(_summary(arm, kind, values, weights))
        _limit(panels, limits)
    return figure, pd.DataFrame(summaries)


def _summary(arm: str, kind: str, values: FloatArray, weights: FloatArray) -> dict[str, Any]:
    mean = float(np.average(values, weights=weights))
    return {
        "arm": arm,
        "kind": {"true": "truth", "as read": "reading"}[kind],
        "women": len(values),
        "mean": mean,
        "sd": float(np.sqrt(np.average((values - mean) ** 2, weights=weights))),
        "share_losing": float(np.average(values < 0, weights=weights)),
        "share_losing_5": float(np.average(values < -5, weights=weights)),
    }


def _bars(axes: Axes, values: FloatArray, shade: str) -> None:
    """Draw values from the highest to the lowest, thinned where they would not be seen."""
    ordered = np.sort(values)[::-1]
    n = min(len(ordered), _MOST_BARS)
    chosen = ordered[np.linspace(0, len(ordered) - 1, n).round().astype(int)]
    at = 100 * (np.arange(n) + 0.5) / n
    colors = np.where(chosen < 0, shade, GRAY)
    axes.bar(at, chosen, width=100 / n, color=colors.tolist(), linewidth=0)
    axes.axhline(0.0, color=INK, linewidth=0.6)
    axes.axvline(100 * float((ordered >= 0).mean()), color=INK, linewidth=0.6, linestyle=":")
    axes.set_xlim(0, 100)


def _limit(panels: Sequence[Axes], limits: Sequence[FloatArray]) -> None:
    """Give all panels one axis, without the last few women, whose bars would make others small."""
    low, high = np.min(limits, axis=0)[0], np.max(limits, axis=0)[1]
    for axes in panels:
        axes.set_ylim(min(1.15 * low, 0.0), max(1.15 * high, 0.0))
