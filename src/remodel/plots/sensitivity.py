"""What matters: tornado, heat map and time course of sensitivities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.errors import ConfigError, nearest
from remodel.plots.style import COLORS, GRAY, Look, look, paper, tick_months, unit_text
from remodel.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_BARS, _MOST_LINES = 15, 7
_BAR_HEIGHT = 0.22  # inch, as all lengths here
_FAINT = 0.15


def tornado(
    indices: xr.Dataset,
    output: str,
    *,
    month: float | None = None,
    most: int = _MOST_BARS,
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw a bar for each factor, the one that matters most on top, with confidence intervals.

    Parameters
    ----------
    indices : xarray.Dataset
        Of ``remodel.sensitivity.sensitivity``.
    output : str
        Output or reduction.
    month : float, optional
        Time of an output over time [month]; the last by default.
    most : int
        Factors shown.
    title : str

    Raises
    ------
    ConfigError
        If there are no sensitivities of the output.
    """
    from matplotlib.figure import Figure

    main, others = indices_of(indices, output)
    table = ranked(indices, output, month=month, most=most)[::-1]
    with paper():
        figure = Figure(figsize=(6.4, 1.4 + _BAR_HEIGHT * len(table)), layout="constrained")
        axes = figure.add_subplot()
        rank = np.arange(len(table))
        _draw_bars(axes, table, main, others)
        if f"{main}_interval" in table:
            axes.errorbar(
                table[main], rank, xerr=table[f"{main}_interval"], fmt="none", ecolor=GRAY,
                elinewidth=0.9, capsize=2, label=_interval_name(indices),
            )  # fmt: skip
        axes.set_yticks(rank, [_words(name) for name in table.index])
        axes.set_xlabel(_axis(indices, output, main))
        axes.set_xlim(left=1.04 * _lowest(table, main, others))
        figure.legend(loc="outside lower right", ncols=3)
        figure.suptitle(title or _title(indices, output, month), x=0.01, ha="left")
    return figure, table[::-1]


def ranked(
    indices: xr.Dataset, output: str, *, month: float | None = None, most: int = _MOST_BARS
) -> pd.DataFrame:
    """Return the indices of each factor, one column an index, the factor that matters most first.

    Raises
    ------
    ConfigError
        If there are no sensitivities of the output.
    """
    main, others = indices_of(indices, output)
    table = _at(indices, output, (main, *others), month)
    return table.sort_values(main, ascending=False, na_position="last").head(most)


def _draw_bars(axes: Axes, table: pd.DataFrame, main: str, others: tuple[str, ...]) -> None:
    """Draw bars, colored by direction where it is known, and the second index as a mark."""
    rank = np.arange(len(table))
    if "mu" in table:
        for shade, which, words in (
            (COLORS[0], table["mu"] >= 0, "more of it raises the output"),
            (COLORS[1], table["mu"] < 0, "more of it lowers the output"),
        ):
            axes.barh(rank[which], table[main][which], 0.7, color=shade, label=words)
        return
    axes.barh(rank, table[main], 0.7, color=COLORS[0], label=_words(main))
    if others:
        axes.plot(
            table[others[0]], rank, "o", color=COLORS[1], markersize=4, label=_words(others[0]),
            clip_on=False,
        )  # fmt: skip


def _lowest(table: pd.DataFrame, main: str, others: tuple[str, ...]) -> float:
    """Return the lowest value that is drawn, or 0: bars, ends of intervals and dots."""
    drawn = [table[main].to_numpy()]
    if f"{main}_interval" in table:
        drawn.append((table[main] - table[f"{main}_interval"]).to_numpy())
    if others and "mu" not in table:
        drawn.append(table[others[0]].to_numpy())
    return float(np.nanmin(np.concatenate(drawn), initial=0.0))


def index_heat_map(
    indices: xr.Dataset, output: str, *, most: int = _MOST_BARS, title: str = ""
) -> tuple[Figure, pd.DataFrame]:
    """Draw how much each factor matters at each time, factors by time.

    Raises
    ------
    ConfigError
        If there are no sensitivities of the output over time.
    """
    from matplotlib.figure import Figure

    main, _ = indices_of(indices, output)
    table = _over_time(indices, output, main).head(most)
    with paper():
        figure = Figure(figsize=(6.4, 1.4 + _BAR_HEIGHT * len(table)), layout="constrained")
        axes = figure.add_subplot()
        months = table.columns.to_numpy(dtype=float)
        shown = axes.pcolormesh(
            months,
            np.arange(len(table)),
            table.to_numpy(),
            shading="nearest",
            cmap="viridis",
            vmin=0.0,
        )
        axes.set_yticks(np.arange(len(table)), [_words(str(name)) for name in table.index])
        axes.invert_yaxis()
        axes.set_xlabel("months from the start")
        tick_months(axes.xaxis, months[0], months[-1])
        figure.colorbar(shown, ax=axes, label=_axis(indices, output, main))
        figure.suptitle(title or _title(indices, output, None), x=0.01, ha="left")
    return figure, table


def time_course(
    indices: xr.Dataset, output: str, *, most: int = _MOST_LINES, title: str = ""
) -> tuple[Figure, pd.DataFrame]:
    """Draw how much the factors that matter most do so over time, with confidence bands.

    Raises
    ------
    ConfigError
        If there are no sensitivities of the output over time.
    """
    from matplotlib.figure import Figure

    main, _ = indices_of(indices, output)
    table = _over_time(indices, output, main).head(most)
    with paper():
        figure = Figure(figsize=(6.4, 3.2), layout="constrained")
        axes = figure.add_subplot()
        for rank, factor in enumerate(table.index):
            _draw_course(axes, indices, output, main, str(factor), look(rank))
        if f"{output}_{main}_interval" in indices:
            axes.fill_between([], [], [], color=GRAY, alpha=_FAINT, label=_interval_name(indices))
        months = indices["month"].to_numpy()
        axes.set_xlabel("months from the start")
        tick_months(axes.xaxis, months[0], months[-1])
        axes.set_ylabel(_axis(indices, output, main))
        figure.legend(loc="outside right center")
        figure.suptitle(title or _title(indices, output, None), x=0.01, ha="left")
    return figure, table


def _draw_course(
    axes: Axes, indices: xr.Dataset, output: str, index: str, factor: str, style: Look
) -> None:
    months = indices["month"].to_numpy()
    values = indices[f"{output}_{index}"].sel(factor=factor).to_numpy()
    axes.plot(months, values, color=style.color, linestyle=style.dashes, label=_words(factor))
    interval = indices.get(f"{output}_{index}_interval")
    if interval is not None:
        half = interval.sel(factor=factor).to_numpy()
        axes.fill_between(
            months, values - half, values + half, color=style.color, alpha=_FAINT, linewidth=0
        )


def _interval_name(indices: xr.Dataset) -> str:
    """Return what bars and bands show, for a legend."""
    confidence = indices.attrs.get("confidence")
    share = f"{100 * float(confidence):g} % " if confidence is not None else ""
    return f"{share}confidence interval"


def indices_of(indices: xr.Dataset, output: str) -> tuple[str, tuple[str, ...]]:
    """Return the index factors are ranked by, and the others, of an output.

    Raises
    ------
    ConfigError
        If there are none.
    """
    every = [v.attrs["index"] for v in indices.data_vars.values() if v.attrs["output"] == output]
    if not every:
        known = {str(v.attrs["output"]) for v in indices.data_vars.values()}
        raise ConfigError(f"there are no sensitivities of '{output}'.{nearest(output, known)}")
    names = [str(index) for index in every if not index.endswith("_interval")]
    return names[0], tuple(names[1:])


def _at(
    indices: xr.Dataset, output: str, chosen: tuple[str, ...], month: float | None
) -> pd.DataFrame:
    """Return one row a factor, one column an index, at one time."""
    import pandas as pd

    names = [f"{i}{end}" for i in chosen for end in ("", "_interval")]
    there = [name for name in names if f"{output}_{name}" in indices]
    columns: dict[str, Any] = {}
    for name in there:
        variable = indices[f"{output}_{name}"]
        if "time" in variable.dims:
            when = indices["time"].to_numpy()[-1] if month is None else month * DAYS_PER_MONTH
            variable = variable.sel(time=when, method="nearest")
        columns[name] = variable.to_numpy()
    index = pd.Index([str(f) for f in indices["factor"].to_numpy()], name="factor")
    return pd.DataFrame(columns, index=index)


def _over_time(indices: xr.Dataset, output: str, index: str) -> pd.DataFrame:
    """Return factors by months, the factor that matters most at any time first."""
    import pandas as pd

    variable = indices[f"{output}_{index}"]
    if "time" not in variable.dims:
        raise ConfigError(f"'{output}' is one number a simulation; it has no course over time.")
    factors = pd.Index([str(f) for f in indices["factor"].to_numpy()], name="factor")
    table = pd.DataFrame(variable.to_numpy(), index=factors, columns=indices["month"].to_numpy())
    order = table.max(axis=1).sort_values(ascending=False, na_position="last").index
    return table.loc[order]


def _axis(indices: xr.Dataset, output: str, index: str) -> str:
    unit = unit_text(str(indices[f"{output}_{index}"].attrs["units"]))
    return f"{_words(index)} [{unit}]" if unit else _words(index)


def _title(indices: xr.Dataset, output: str, month: float | None) -> str:
    when = "" if month is None else f" at {month:g} months"
    main, _ = indices_of(indices, output)
    name = str(indices[f"{output}_{main}"].attrs["output_long_name"])
    return f"{name[:1].upper()}{name[1:]}{when}"


def _words(name: str) -> str:
    known = {"mu_star": "µ*", "mu": "µ", "sigma": "σ"}
    return known.get(name, name.replace("_", " "))
