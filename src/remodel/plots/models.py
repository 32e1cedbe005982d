"""Models side by side in one scenario: a line for each model and arm, a panel a measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from remodel.plots.overlay import draw_overlay
from remodel.plots.panels import time_unit_of, wrapped
from remodel.plots.points import Source, published_points
from remodel.plots.style import DASHES, INK, Look, color, panel_title
from remodel.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHADE = "#EFEFEF"


@dataclass(frozen=True, slots=True)
class ModelScenario:
    """What is drawn of one scenario.

    Attributes
    ----------
    label : str
    arms : mapping of str to str
        Names of arms and what a legend calls them; each has its dashes, the first a full line.
    observed : mapping of str to sequence of (study, arm)
        Published arms to lay over these arms, and over those they are compared with.
    years : float
        Length of the time axis.
    begins : mapping of (study, arm) to float
        Months; see ``published_points``.
    treated_years : float
        End of the gray ground, which shows how long the first arm is treated.
    marks : mapping of str to float
        Vertical lines: a label and a time [d].
    """

    label: str
    arms: Mapping[str, str]
    observed: Mapping[str, Sequence[Source]]
    years: float
    begins: Mapping[Source, float] = field(default_factory=dict)
    treated_years: float = 0.0
    marks: Mapping[str, float] = field(default_factory=dict)


def models_side_by_side(
    dataset: xr.Dataset,
    scenario: ModelScenario,
    variables: Sequence[str],
    *,
    models: Sequence[str],
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw what each model gives in a scenario, over published points.

    A published number that counts from a later visit or from another arm is drawn once for each
    model, in its color and counted from its own value there; the others are black.

    Parameters
    ----------
    dataset : xarray.Dataset
        With the coordinates ``arm`` and ``model`` along ``simulation``; NaN where a model does not
        have a variable.
    scenario : ModelScenario
    variables : sequence of str
        One a panel, in two columns.
    models : sequence of str
        In the order of their colors; the legend says of which there is nothing to draw.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    pandas.DataFrame
        The points, with the columns of ``published_points`` and the model, which is empty for
        points that are the same for all.
    """
    time = dataset["time"].to_numpy()
    shown = dataset.isel(time=time <= (scenario.years + 1e-9) * DAYS_PER_YEAR)
    shades = {model: color(i) for i, model in enumerate(models)}
    points = _points(shown, scenario, variables, models)
    lines = _lines(shown, scenario)
    looks = {
        _line_name(model, arm): Look(shades[model], dashes)
        for model in models
        for dashes, arm in zip(DASHES, scenario.arms, strict=False)
        if _line_name(model, arm) in lines["arm"].to_numpy()
    }
    has = {m: [v for v in variables if _has_values(shown, scenario, m, v)] for m in models}
    placed = points.assign(
        arm=[_line_name(p.model, p.arm) if p.model else "" for p in points.itertuples()]
    )
    figure = draw_overlay(
        lines,
        variables,
        placed,
        looks,
        columns=min(2, len(variables)),
        title=title,
        marks=scenario.marks,
        entries=_entries(scenario, _model_entries(lines, has, shades), points),
    )
    for axes in figure.axes:
        _shade_treatment(axes, scenario)
    return figure, points


def _line_name(model: str, arm: str) -> str:
    return f"{model}, {arm}"


def _lines(dataset: xr.Dataset, scenario: ModelScenario) -> xr.Dataset:
    """Return the simulations that are drawn, named by model and arm."""
    arms, models = dataset["arm"].to_numpy(), dataset["model"].to_numpy()
    lines = dataset.isel(simulation=np.flatnonzero(np.isin(arms, list(scenario.arms))))
    names = [
        _line_name(str(model), str(arm))
        for arm, model in zip(arms, models, strict=True)
        if arm in scenario.arms
    ]
    return lines.assign_coords(arm=("simulation", names))


def _has_values(dataset: xr.Dataset, scenario: ModelScenario, model: str, variable: str) -> bool:
    chosen = (dataset["model"] == model) & np.isin(dataset["arm"], list(scenario.arms))
    return bool(np.isfinite(dataset[variable].to_numpy()[np.flatnonzero(chosen)]).any())


def _points(
    dataset: xr.Dataset, scenario: ModelScenario, variables: Sequence[str], models: Sequence[str]
) -> pd.DataFrame:
    """Return the points of a scenario; those that are the same for all models once."""
    import pandas as pd

    tables = []
    for model in models:
        simulations = dataset.isel(simulation=np.flatnonzero(dataset["model"] == model))
        simulated = set(simulations["arm"].to_numpy())
        observed = {arm: sources for arm, sources in scenario.observed.items() if arm in simulated}
        table = published_points(simulations, observed, variables, begins=scenario.begins)
        shown = table["arm"].isin(list(scenario.arms)) & table["value"].notna()
        table = table[shown & (table["month"] <= 12.0 * scenario.years)]
        tables.append(table.assign(model=np.where(table["counted_from"] == "model", model, "")))
    whole = pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)
    same = ["arm", "variable", "study", "study_arm", "month", "model", "value"]
    return whole.drop_duplicates(same).reset_index(drop=True)


def _shade_treatment(axes: Axes, scenario: ModelScenario) -> None:
    unit = time_unit_of(scenario.years * DAYS_PER_YEAR)[0]
    end = min(scenario.treated_years, scenario.years) * DAYS_PER_YEAR / unit
    axes.axvspan(0.0, end, color=_SHADE, linewidth=0, zorder=0)


def _model_entries(
    dataset: xr.Dataset, has: Mapping[str, Sequence[str]], shades: Mapping[str, str]
) -> list[Artist]:
    """Return the models by color, with the measurements that one lacks."""
    from matplotlib.lines import Line2D

    every = [name for names in has.values() for name in names]
    entries: list[Artist] = []
    for model, names in has.items():
        if not names:
            continue
        lacking = [panel_title(dataset[v]) for v in dict.fromkeys(every) if v not in names]
        short = [name.removeprefix("Areal bone mineral density, ") for name in lacking]
        words = ", ".join(name[:1].lower() + name[1:] for name in short)
        label = wrapped(f"{model}, without {words}" if lacking else model)
        entries.append(Line2D([], [], color=shades[model], label=label))
    if silent := [model for model, names in has.items() if not names]:
        text = wrapped(f"nothing to draw: {', '.join(silent)}")
        entries.append(Line2D([], [], linestyle="none", label=text))
    return entries


def _entries(
    scenario: ModelScenario, models: Sequence[Artist], points: pd.DataFrame
) -> list[Artist]:
    """Return what the legend shows: models by color, arms by dashes, the time of treatment."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries = [
        *models,
        *(
            Line2D([], [], color=INK, linestyle=dashes, label=label)
            for dashes, label in zip(DASHES, scenario.arms.values(), strict=False)
        ),
    ]
    if scenario.treated_years:
        first = next(iter(scenario.arms.values()))
        entries.append(Patch(facecolor=_SHADE, label=f"treated ({first})"))
    if (points["model"] != "").any():
        note = "points in color: counted\nfrom that model"
        entries.append(Line2D([], [], linestyle="none", label=note))
    return entries
