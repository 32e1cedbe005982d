"""Figures of experiments that simulate arms: trial overlays, panels, phase planes, and models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from remodel.experiments.schema import Drawing, ExperimentArm, Picture, Scenario
from remodel.observations import Observations
from remodel.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    import xarray as xr

    from remodel.plots import ModelScenario
    from remodel.plots.style import Look


def draw_arms(
    picture: Picture,
    arms: Sequence[ExperimentArm],
    dataset: xr.Dataset,
    more: Observations | None,
    looks: Mapping[str, Look],
) -> Iterator[Drawing]:
    """Draw arms over time, or in a phase plane.

    Parameters
    ----------
    picture : Picture
    arms : sequence of ExperimentArm
        Those that it shows.
    dataset : xarray.Dataset
        Simulated arms, by ``arm``.
    more : Observations or None
        Published numbers that do not come with the package.
    looks : mapping of str to Look
        Color and dashes by label.
    """
    from remodel import plots

    positions = [list(dataset["arm"].to_numpy()).index(arm.key) for arm in arms]
    shown = dataset.isel(simulation=positions).assign_coords(
        arm=("simulation", [arm.label for arm in arms])
    )
    if picture.years is not None:
        shown = shown.sel(time=shown["time"] <= picture.years * DAYS_PER_YEAR + 1e-6)
    if picture.kind == "phase_plane":
        x, y = picture.variables
        yield picture.name, *plots.phase_plane(shown, x, y, title=picture.title, looks=looks)
        return
    drawing = plots.trial_overlay if picture.kind == "trial_overlay" else plots.marker_panel
    figure, table = drawing(
        shown,
        picture.variables,
        observed={arm.label: (*arm.observed, *arm.observed_from) for arm in arms},
        begins={source: month for arm in arms for source, month in arm.observed_from.items()},
        more=more,
        schedules={arm.label: arm.schedule for arm in arms},
        marks=_marks(arms, float(shown["time"].to_numpy()[-1])),
        title=picture.title,
        looks=looks,
    )
    yield picture.name, figure, table


def draw_models(
    picture: Picture,
    arms: Sequence[ExperimentArm],
    scenarios: Sequence[Scenario],
    models: Sequence[str],
    dataset: xr.Dataset,
) -> Iterator[Drawing]:
    """Draw each scenario, as far as its arms were simulated."""
    from remodel import plots

    by_name = {arm.name: arm for arm in arms}
    shown = dataset.assign_coords(
        arm=("simulation", [key.partition("@")[0] for key in dataset["arm"].to_numpy()])
    )
    for scenario in scenarios:
        if not set(scenario.shown) & set(by_name):
            continue
        figure, table = plots.models_side_by_side(
            shown,
            _model_scenario(scenario, by_name),
            picture.variables,
            models=models,
            title=scenario.label,
        )
        yield f"{picture.name}_{scenario.key}", figure, table


def _model_scenario(scenario: Scenario, arms: Mapping[str, ExperimentArm]) -> ModelScenario:
    from remodel.plots import ModelScenario

    shown = [arms[name] for name in scenario.shown if name in arms]
    published = {arm.name: [arm.published] for arm in arms.values() if arm.published is not None}
    overlaid = {arm.name: [*arm.observed, *arm.observed_from] for arm in shown}
    return ModelScenario(
        label=scenario.label,
        arms={arm.name: arm.label.removesuffix(f", {arm.model}") for arm in shown},
        observed={**published, **overlaid},
        years=scenario.years,
        begins={source: month for arm in shown for source, month in arm.observed_from.items()},
        treated_years=shown[0].schedule.end / DAYS_PER_YEAR,
        marks=_marks(shown, scenario.years * DAYS_PER_YEAR),
    )


def _marks(arms: Sequence[ExperimentArm], end: float) -> dict[str, float]:
    """Return the final menstrual period of the women, if all share it and it is on the axis."""
    times = set()
    for arm in arms:
        age = arm.patient.age_at_menopause
        if age is not None and arm.patient.menopause == "natural":
            times.add((age - arm.patient.age) * DAYS_PER_YEAR)
    if len(times) == 1 and 0 < (when := times.pop()) < end:
        return {"final menstrual period": when}
    return {}
