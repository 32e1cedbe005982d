"""Figures of sweeps: maps of two factors, contours, small multiples and fans."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.errors import ConfigError, nearest
from remodel.plots.contour_labels import label_places
from remodel.plots.panels import check_variables, time_unit
from remodel.plots.style import GRAY, INK, look, paper, tick_months, unit_text
from remodel.units import DAYS_PER_MONTH, PERCENT_CHANGE

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.text import Text

_PANEL = (3.0, 2.5)  # inch
_MOST_COLUMNS = 4
_TITLE_WIDTH = 30  # letters over one of several maps
_MOST_FANS = 6  # more cover each other
_MOST_TICKS = 8  # values of a log axis that are all written
_BANDS = ((0.05, 0.95, 0.15), (0.25, 0.75, 0.3))


def factor_map(
    dataset: xr.Dataset,
    variable: str,
    x: str,
    y: str,
    *,
    at: Mapping[str, Any] | None = None,
    months: float | None = None,
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw a heat map of one result over two factors of a grid.

    Parameters
    ----------
    dataset : xarray.Dataset
        A grid, as ``remodel.sweep`` returns it.
    variable : str
        Output or reduction.
    x, y : str
        Factors along the axes.
    at : mapping, optional
        Values of the other factors; the nearest in the grid is taken.
    months : float, optional
        Time of an output over time [month]; the last by default.
    title : str

    Raises
    ------
    ConfigError
        If there is no such variable or factor, or a factor is left without a value.
    """
    from matplotlib.figure import Figure

    shown = plane(dataset, variable, (y, x), at, months)
    with paper():
        figure = Figure(figsize=(4.6, 3.4), layout="constrained")
        axes = figure.add_subplot()
        image = _draw_map(axes, shown, _range(shown))
        _label(axes, dataset, x, y)
        figure.colorbar(image, ax=axes, label=_wrapped(dataset[variable]))
        figure.suptitle(title, x=0.01, ha="left")
    return figure, _frame(shown)


def contours(
    dataset: xr.Dataset,
    variable: str,
    x: str,
    y: str,
    *,
    at: Mapping[str, Any] | None = None,
    months: float | None = None,
    levels: int | Sequence[float] = 10,
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw lines of equal result over two factors of a grid, such as BMD over dose and interval.

    Parameters are those of :func:`factor_map`; ``levels`` is how many lines, or their values.

    Raises
    ------
    ConfigError
        As :func:`factor_map`.
    """
    from matplotlib.figure import Figure

    shown = plane(dataset, variable, (y, x), at, months)
    with paper():
        figure = Figure(figsize=(4.6, 3.4), layout="constrained")
        axes = figure.add_subplot()
        chosen: Any = levels if isinstance(levels, int) else sorted(levels)
        grid = (shown[x].to_numpy(), shown[y].to_numpy(), shown.to_numpy())
        filled = axes.contourf(*grid, levels=chosen, cmap="viridis")
        lines = axes.contour(
            *grid, levels=filled.levels, colors="white", linewidths=0.6, linestyles="solid"
        )
        _label(axes, dataset, x, y)
        places = label_places(axes, lines.allsegs)
        if places:
            _write_levels(axes.clabel(lines, fontsize=6.5, fmt="%g", manual=places))
        figure.colorbar(filled, ax=axes, label=_wrapped(dataset[variable]))
        figure.suptitle(title, x=0.01, ha="left")
    return figure, _frame(shown)


def _write_levels(labels: Sequence[Text]) -> None:
    """Let labels of lines stand upright, dark on a light ground, on any color of the map."""
    for label in labels:
        label.set(rotation=0.0, color=INK)
        label.set_bbox({"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.8})


def small_multiples(
    dataset: xr.Dataset,
    variable: str,
    x: str,
    y: str,
    by: str,
    *,
    at: Mapping[str, Any] | None = None,
    months: float | None = None,
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw a heat map of two factors for each value of a third, all in the same colors.

    Raises
    ------
    ConfigError
        As :func:`factor_map`.
    """
    from matplotlib.figure import Figure

    shown = plane(dataset, variable, (by, y, x), at, months)
    values = shown[by].to_numpy()
    columns = min(len(values), _MOST_COLUMNS)
    rows = -(-len(values) // columns)
    with paper():
        size = (0.8 + _PANEL[0] * 0.75 * columns, 0.6 + _PANEL[1] * 0.85 * rows)
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        image: Any = None
        for axes, value in zip(panels.flat, values, strict=False):
            image = _draw_map(axes, shown.sel({by: value}), _range(shown))
            head = f"{by.replace('_', ' ')} {_text(value)} {_unit(dataset, by)}".strip()
            axes.set_title(textwrap.fill(head, _TITLE_WIDTH))
        for axes in panels.flat[len(values) :]:
            axes.set_visible(False)
        for axes in panels.flat:
            _label(axes, dataset, x, y)
            axes.label_outer()
        figure.colorbar(image, ax=panels, label=_wrapped(dataset[variable]))
        figure.suptitle(title, x=0.01, ha="left")
    return figure, _frame(shown)


def fan_chart(
    dataset: xr.Dataset, variable: str, *, by: str | None = None, title: str = ""
) -> tuple[Figure, pd.DataFrame]:
    """Draw the median and the central 50 and 90 % of all simulations over time.

    Failed simulations are left out and counted in the figure.

    Parameters
    ----------
    dataset : xarray.Dataset
        As ``remodel.sweep`` returns it.
    variable : str
        Output over time.
    by : str, optional
        Factor of a grid; one fan for each of its values, of which there may be six.
    title : str

    Raises
    ------
    ConfigError
        If there is no such output over time, no such factor, or too many of its values.
    """
    from matplotlib.figure import Figure

    check_variables(dataset, [variable])
    if "time" not in dataset[variable].dims:
        raise ConfigError(
            f"'{variable}' is one number a simulation; a fan chart needs an output over time."
        )
    groups: list[tuple[str, xr.Dataset]] = [("", dataset)]
    if by is not None:
        _check_factor(dataset, by)
        _check_fans(dataset, by)
        unit = _unit(dataset, by)
        groups = [
            (f"{by.replace('_', ' ')} {_text(v)} {unit}".strip(), dataset.sel({by: v}))
            for v in dataset[by].to_numpy()
        ]
    tables: list[pd.DataFrame] = []
    with paper():
        figure = Figure(figsize=(5.6, 3.2), layout="constrained")
        axes = figure.add_subplot()
        for position, (name, group) in enumerate(groups):
            tables.append(_draw_fan(axes, group, variable, name, position))
        _label_time(axes, dataset, variable)
        for low, high, alpha in reversed(_BANDS):
            share = f"central {100 * (high - low):.0f} %"
            axes.fill_between([], [], [], color=GRAY, alpha=alpha, linewidth=0, label=share)
        figure.legend(loc="outside right center")
        figure.suptitle(title, x=0.01, ha="left")
    import pandas as pd

    return figure, pd.concat(tables, ignore_index=True)


def plane(
    dataset: xr.Dataset,
    variable: str,
    dims: tuple[str, ...],
    at: Mapping[str, Any] | None,
    months: float | None,
) -> xr.DataArray:
    """Return one result over some factors, the others and the time held.

    Raises
    ------
    ConfigError
        If there is no such variable or factor, or a factor is left without a value.
    """
    check_variables(dataset, [variable])
    for name in (*dims, *(at or {})):
        _check_factor(dataset, name)
    shown = dataset[variable]
    if "time" in shown.dims:
        when = shown["time"].to_numpy()[-1] if months is None else months * DAYS_PER_MONTH
        shown = shown.sel(time=when, method="nearest")
    for name, value in (at or {}).items():
        exact = isinstance(value, str)
        shown = shown.sel({name: value}, method=None if exact else "nearest")
    left = [str(d) for d in shown.dims if d not in dims]
    if left:
        raise ConfigError(
            f"{left[0]} has {dataset.sizes[left[0]]} values; say at which one: at={{...}}."
        )
    return shown.transpose(*dims).load()


def _check_factor(dataset: xr.Dataset, name: str) -> None:
    known = [str(d) for d in dataset.sizes if d not in ("time", "simulation", "chunk")]
    if name not in known:
        hint = nearest(name, known) if known else " It is a sample; a map needs a grid."
        raise ConfigError(f"the sweep has no dimension '{name}'.{hint}")


def _check_fans(dataset: xr.Dataset, by: str) -> None:
    if dataset.sizes[by] > _MOST_FANS:
        raise ConfigError(
            f"{by} has {dataset.sizes[by]} values, and more than {_MOST_FANS} fans cover each "
            f"other; choose some, such as dataset.isel({by}=[0, -1])."
        )


def _draw_map(axes: Axes, shown: xr.DataArray, limits: tuple[float, float]) -> Any:
    y, x = (str(d) for d in shown.dims)
    drawn = axes.pcolormesh(
        _edges(shown[x].to_numpy()),
        _edges(shown[y].to_numpy()),
        shown.to_numpy(),
        cmap="viridis",
        vmin=limits[0],
        vmax=limits[1],
    )
    for axis, name in ((axes.xaxis, x), (axes.yaxis, y)):
        if shown[name].dtype.kind not in "fiu":
            axis.set_ticks(range(shown.sizes[name]), [str(v) for v in shown[name].to_numpy()])
    return drawn


def _edges(values: Any) -> Any:
    """Return where the cells of values begin and end: halfway between them, on a log axis too."""
    if values.dtype.kind not in "fiu":
        return np.arange(len(values) + 1) - 0.5
    at = np.log(values) if _is_log(values) else values.astype(float)
    if len(at) == 1:
        return np.array([at[0] - 0.5, at[0] + 0.5])
    middle = 0.5 * (at[1:] + at[:-1])
    edges = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
    return np.exp(edges) if _is_log(values) else edges


def _range(shown: xr.DataArray) -> tuple[float, float]:
    values = shown.to_numpy()
    return float(np.nanmin(values)), float(np.nanmax(values))


def _label(axes: Axes, dataset: xr.Dataset, x: str, y: str) -> None:
    for name, put, scale in ((x, axes.set_xlabel, axes.set_xscale),
                             (y, axes.set_ylabel, axes.set_yscale)):  # fmt: skip
        put(_axis(dataset, name))
        values = dataset[name].to_numpy()
        axis = axes.xaxis if name == x else axes.yaxis
        if _is_log(values):
            scale("log")
            _write_numbers(axis, values)
        elif _unit(dataset, name) == "months":
            tick_months(axis, values.min(), values.max())


def _write_numbers(axis: Axis, values: Any) -> None:
    """Write plain numbers along a log axis, at the values if they are few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    if len(values) <= _MOST_TICKS:
        axis.set_ticks(values, [f"{v:.4g}" for v in values])
    else:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))
    axis.set_minor_locator(NullLocator())


def _is_log(values: Any) -> bool:
    """Whether values lie evenly on a log scale, over a range where that can be told."""
    if values.dtype.kind not in "fiu" or len(values) < 3 or values[0] <= 0:
        return False
    ratios = values[1:] / values[:-1]
    return bool(values[-1] > 2 * values[0] and np.allclose(ratios, ratios[0], rtol=1e-3))


def _axis(dataset: xr.Dataset, name: str) -> str:
    unit = _unit(dataset, name)
    words = name.replace("_", " ")
    return f"{words} [{unit}]" if unit else words


def _unit(dataset: xr.Dataset, name: str) -> str:
    return unit_text(str(dataset[name].attrs.get("units", "")))


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{float(value):g}"


def _wrapped(variable: xr.DataArray, width: int = 42) -> str:
    """Return what a variable is, with its unit, in lines."""
    name = str(variable.attrs.get("long_name", variable.name))
    unit = unit_text(str(variable.attrs.get("units", "")))
    kept = f"\xa0[{unit}]".replace(" ", "\xa0") if unit else ""  # in the line of the last word
    label = f"{name[:1].upper()}{name[1:]}{kept}"
    return ("\n".join(textwrap.wrap(label, width)) or label).replace("\xa0", " ")


def _frame(shown: xr.DataArray) -> pd.DataFrame:
    keep = {*map(str, shown.dims)}
    plain = shown.drop_vars([name for name in shown.coords if name not in keep])
    return plain.to_dataframe().reset_index()


def _draw_fan(
    axes: Axes, dataset: xr.Dataset, variable: str, name: str, position: int
) -> pd.DataFrame:
    """Draw one fan, and return its quantiles as rows."""
    import pandas as pd

    others = [d for d in dataset[variable].dims if d != "time"]
    values = dataset[variable].transpose("time", *others).to_numpy()
    is_whole = dataset["status"].to_numpy().ravel() == 0
    days = dataset["time"].to_numpy()
    whole = values.reshape(len(days), -1)[:, is_whole]
    shares = sorted({0.5, *(s for low, high, _ in _BANDS for s in (low, high))})
    quantiles = dict(zip(shares, np.quantile(whole, shares, axis=1), strict=True))
    shade, dashes = look(position)
    time = days / time_unit(dataset)[0]
    for low, high, alpha in _BANDS:
        ends = quantiles[low], quantiles[high]
        axes.fill_between(time, *ends, color=shade, alpha=alpha, linewidth=0)
    failed = int((~is_whole).sum())
    label = f"{name or 'median'}{f' ({failed} failed)' if failed else ''}"
    axes.plot(time, quantiles[0.5], color=shade, linestyle=dashes, label=label)
    columns = {f"q{int(100 * share)}": values for share, values in quantiles.items()}
    rows = {"group": name, "month": days / DAYS_PER_MONTH, **columns}
    return pd.DataFrame({**rows, "simulations": int(is_whole.sum()), "left_out": failed})


def _label_time(axes: Axes, dataset: xr.Dataset, variable: str) -> None:
    axes.set_xlabel(f"{time_unit(dataset)[1]} from the start")
    axes.set_ylabel(_wrapped(dataset[variable]))
    if variable.endswith(PERCENT_CHANGE):
        axes.axhline(0.0, color="#BBBBBB", linewidth=0.7, zorder=0)
    axes.margins(x=0)
