"""Figures of one woman: her course, her chances to pass thresholds, her traits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.errors import ConfigError, nearest
from remodel.plots.style import look, paper
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from remodel.individuals.patient_fit import PatientFit

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_COLUMNS = ("low_90", "low_50", "median", "high_50", "high_90")
_LABELS = {
    "bmd_lumbar_spine": "spine density [g/cm²]",
    "bmd_total_hip": "total hip density [g/cm²]",
    "bmd_femoral_neck": "femoral neck density [g/cm²]",
    "ctx": "CTX [ng/mL]",
    "p1np": "P1NP [ng/mL]",
}
_TRAITS = {
    "imbalance": "fall of refilling with age",
    "floor": "share of markers that is not bone",
}
_MOST_COLUMNS = 4
_MOVED = 0.05  # of a marker by food or the hour: more is drawn hollow
_MONTHS_PER_YEAR = DAYS_PER_YEAR / DAYS_PER_MONTH


def her_course(
    fit: PatientFit,
    courses: Mapping[str, xr.Dataset],
    endpoints: Sequence[str] = ("bmd_lumbar_spine", "bmd_total_hip", "ctx"),
    *,
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw her readings, her course so far, and every option from now on with its 90 % band.

    Parameters
    ----------
    fit : PatientFit
        Of ``fit_patient``.
    courses : mapping of str to xarray.Dataset
        By option, of ``fit.predict``.
    endpoints : sequence of str
        One panel each.
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        ``option, endpoint, months, low_90, low_50, median, high_50, high_90`` of the truth.

    Raises
    ------
    ConfigError
        If an endpoint was not predicted.
    """
    from matplotlib.figure import Figure

    table = _course_table(courses, endpoints)
    with paper():
        figure = Figure(figsize=(3.3 * len(endpoints), 3.9), layout="constrained")
        panels = np.atleast_1d(figure.subplots(1, len(endpoints)))
        for axes, endpoint in zip(panels, endpoints, strict=True):
            _draw_course(axes, fit, courses, table, endpoint)
        entries: dict[str, Any] = {}
        for axes in panels:
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
                entries.setdefault(label, handle)
        columns = min(3, len(entries))
        figure.legend(entries.values(), entries, loc="outside lower center", ncols=columns)
        if title:
            figure.suptitle(title)
    return figure, table


def _course_table(courses: Mapping[str, xr.Dataset], endpoints: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    tables = []
    for option, course in courses.items():
        for endpoint in endpoints:
            if endpoint not in course:
                known = [str(name) for name in course.data_vars]
                raise ConfigError(f"'{endpoint}' was not predicted.{nearest(endpoint, known)}")
            bands = np.quantile(course[endpoint].to_numpy(), _QUANTILES, axis=0)
            columns = dict(zip(_COLUMNS, bands, strict=True))
            at = {"option": option, "endpoint": endpoint, "months": course["months"].to_numpy()}
            tables.append(pd.DataFrame(at | columns))
    return pd.concat(tables, ignore_index=True)


def _draw_course(
    axes: Axes,
    fit: PatientFit,
    courses: Mapping[str, xr.Dataset],
    table: pd.DataFrame,
    endpoint: str,
) -> None:
    now = fit.woman.now
    rows = table[table["endpoint"] == endpoint]
    for i, option in enumerate(courses):
        course = rows[rows["option"] == option]
        years = course["months"].to_numpy() / _MONTHS_PER_YEAR
        later = course["months"].to_numpy() >= now - 1e-6
        style = look(i)
        axes.fill_between(
            years[later], course["low_90"][later], course["high_90"][later], color=style.color,
            alpha=0.13, linewidth=0,
        )  # fmt: skip
        axes.plot(
            years[later], course["median"][later], color=style.color, linestyle=style.dashes,
            label=option.replace("_", " "),
        )  # fmt: skip
        if i == 0:
            past = course["months"].to_numpy() <= now + 1e-6
            axes.fill_between(
                years[past], course["low_90"][past], course["high_90"][past], color="0.5",
                alpha=0.2, linewidth=0,
            )  # fmt: skip
            axes.plot(years[past], course["median"][past], color="0.3", label="so far")
    _draw_readings(axes, fit, endpoint)
    _draw_thresholds(axes, fit, endpoint)
    axes.set_xlabel("years since month 0 (bands hold 90 %)")
    axes.set_title(_LABELS.get(endpoint, endpoint))


def _draw_readings(axes: Axes, fit: PatientFit, endpoint: str) -> None:
    """Draw what was read, as it would be fasting at 8 in the morning.

    Crossed where the other readings contradict it, hollow where food or the hour moved it.
    """
    from remodel.individuals.covariance import food_and_hour

    outlying = {(outlier.endpoint, outlier.months) for outlier in fit.outliers}
    points: dict[str, list[tuple[float, float]]] = {}
    for r in fit.woman.readings:
        if r.endpoint != endpoint:
            continue
        shift = food_and_hour(r, fit.instruments)
        label = "readings" if abs(shift) < _MOVED else "readings, as fasting at 8 h"
        if (endpoint, r.months) in outlying:
            label = "contradicted by the others"
        point = (r.months / _MONTHS_PER_YEAR, r.value * math.exp(-shift))
        points.setdefault(label, []).append(point)
    for label, marks in points.items():
        crossed = label.startswith("contradicted")
        axes.plot(
            *zip(*marks, strict=True),
            "x" if crossed else "o",
            color="black",
            markerfacecolor="white" if label.endswith("8 h") else "black",
            markersize=4 + 2 * crossed,
            label=label,
            zorder=5,
        )


def _draw_thresholds(axes: Axes, fit: PatientFit, endpoint: str) -> None:
    from remodel.individuals.readings import Reference

    site = endpoint.removeprefix("bmd_")
    reference = Reference.of(fit.woman.model)
    if site not in reference.mean:
        return
    low, high = axes.get_ylim()
    for score in fit.woman.thresholds:
        density = reference.density(site, score)
        axes.axhline(density, color="0.45", linewidth=0.7, linestyle=":")
        axes.annotate(
            f"T {score:g}", (1.0, density), xycoords=("axes fraction", "data"),
            xytext=(-2, 2), textcoords="offset points", ha="right", fontsize=6, color="0.35",
        )  # fmt: skip
        low, high = min(low, density * 0.99), max(high, density * 1.01)
    axes.set_ylim(low, high)


def her_thresholds(
    table: pd.DataFrame,
    endpoints: Sequence[str] = ("t_score_lumbar_spine", "t_score_total_hip", "bmd_total_hip"),
    *,
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw the probability of each threshold, year by year, under every option.

    Parameters
    ----------
    table : pandas.DataFrame
        ``thresholds.csv``.
    endpoints : sequence of str
        Of which thresholds are drawn, one panel each.
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        What is drawn.

    Raises
    ------
    ConfigError
        If the table has no such endpoint.
    """
    known = list(dict.fromkeys(table["endpoint"]))
    for endpoint in endpoints:
        if endpoint not in known:
            raise ConfigError(f"'{endpoint}' has no threshold.{nearest(endpoint, known)}")
    drawn = table[table["endpoint"].isin(endpoints)].reset_index(drop=True)
    events = [
        (endpoint, threshold)
        for endpoint in endpoints
        for threshold in dict.fromkeys(drawn.loc[drawn["endpoint"] == endpoint, "threshold"])
    ]
    options = list(dict.fromkeys(drawn["option"]))
    with paper():
        panels = _grid(len(events))
        figure = panels[0].get_figure()
        for axes, (endpoint, threshold) in zip(panels, events, strict=True):
            chosen = (drawn["endpoint"] == endpoint) & (drawn["threshold"] == threshold)
            for i, option in enumerate(options):
                rows = drawn[chosen & (drawn["option"] == option)]
                axes.plot(
                    rows["months"] / _MONTHS_PER_YEAR, 100 * rows["probability"],
                    color=look(i).color, linestyle=look(i).dashes, label=option.replace("_", " "),
                )  # fmt: skip
            axes.set_ylim(-2, 102)
            axes.set_title(_threshold_words(endpoint, threshold), fontweight="normal", loc="left")
            if axes.get_subplotspec().is_first_col():
                axes.set_ylabel("probability [%]")
        columns = sum(axes.get_subplotspec().is_first_row() for axes in panels)
        for axes in panels[-columns:]:  # the lowest of each column
            axes.set_xlabel("years since month 0")
            axes.tick_params(labelbottom=True)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)))
        if title:
            figure.suptitle(title)
    return figure, drawn


def _grid(number: int) -> list[Any]:
    """Return panels of equal axes, in rows of four at most."""
    from matplotlib.figure import Figure

    rows = math.ceil(number / _MOST_COLUMNS)
    columns = math.ceil(number / rows)
    size = (0.8 + 1.9 * columns, 0.8 + 2.2 * rows)
    grid = Figure(figsize=size, layout="constrained").subplots(
        rows, columns, sharex=True, sharey=True, squeeze=False
    )
    for axes in grid.flat[number:]:
        axes.remove()
    return list(grid.flat[:number])


def _threshold_words(endpoint: str, threshold: str) -> str:
    """Return the title of a panel: ``T-score, lumbar spine, < -2.5``."""
    site = endpoint.removeprefix("t_score_").removeprefix("bmd_").replace("_", " ")
    kind = "T-score " if endpoint.startswith("t_score_") else ""
    return f"{site}\n{kind}{threshold}"


def her_traits(fit: PatientFit, *, title: str = "") -> tuple[Figure, pd.DataFrame]:
    """Draw the posterior of each trait against the population: medians, 50 and 90 %.

    Parameters
    ----------
    fit : PatientFit
    title : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        ``trait, who (population|she), low_90, low_50, median, high_50, high_90``, in standard
        deviations of the population.
    """
    import pandas as pd
    from matplotlib.figure import Figure
    from scipy.special import ndtri

    from remodel.individuals.report import TRAITS

    spreads = fit.prior.definition.distributions
    rows = []
    for name, values in fit.traits.items():
        spread = spreads[name]
        grid = np.linspace(-6, 6, 1201)
        scores = np.interp(values, spread.values(grid), grid)
        usual = np.array([ndtri(q) for q in _QUANTILES])
        for who, bands in (("population", usual), ("she", np.quantile(scores, _QUANTILES))):
            rows.append({"trait": name, "who": who, **dict(zip(_COLUMNS, bands, strict=True))})
    table = pd.DataFrame(rows)
    names = list(dict.fromkeys(table["trait"]))
    words = _TRAITS | TRAITS
    with paper():
        figure = Figure(figsize=(6.2, 1.0 + 0.32 * len(names)), layout="constrained")
        axes = figure.subplots()
        for who, shade, shift in (("population", "0.6", 0.14), ("she", look(0).color, -0.14)):
            group = table[table["who"] == who]
            y = len(names) - 1 - np.arange(len(names)) + shift
            axes.hlines(y, group["low_90"], group["high_90"], color=shade, linewidth=1.0)
            axes.hlines(y, group["low_50"], group["high_50"], color=shade, linewidth=3.5)
            axes.plot(
                group["median"], y, "o", color="white", markeredgecolor=shade, markersize=4,
                label="he" if who == "she" and fit.woman.is_male else who,
            )  # fmt: skip
        axes.axvline(0, color="0.8", linewidth=0.7, zorder=0)
        axes.set_yticks(range(len(names)), [words.get(n, n) for n in reversed(names)])
        axes.set_xlabel("standard deviations of the population\n(thick 50 %, thin 90 %)")
        figure.legend(loc="outside lower center", ncols=2)
        if title:
            axes.set_title(title)
    return figure, table
