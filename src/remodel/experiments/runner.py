"""Running an experiment: simulate its arms, draw its figures, compare its numbers."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from remodel.errors import StoreError
from remodel.experiments.expected import (
    Comparison,
    accept,
    check_expected,
    compare,
    load_expected,
    write_numbers,
)
from remodel.experiments.misses import compared_numbers, markdown, summary
from remodel.experiments.schema import Experiment, ExperimentArm, Picture, Scenario
from remodel.experiments.several_models import alike, joined, varied_parameters
from remodel.experiments.sweeps import SweepExperiment
from remodel.models import load_model
from remodel.provenance import fingerprint, manifest
from remodel.simulation.dataset import SimulationWarning, known_outputs
from remodel.simulation.simulate import simulate
from remodel.solvers.status import Status
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

    from remodel.observations import Observations
    from remodel.plots import ModelScenario
    from remodel.plots.style import Look

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an experiment gave.

    Attributes
    ----------
    dataset : xarray.Dataset
        One simulation an arm; ``arm`` is its name in the file, ``label`` that in figures.
    folder : Path
        Where results lie.
    figures : tuple of Path
        The first is the main one.
    tables : tuple of Path
        What each model misses, if there are scenarios: as Markdown, as CSV, and each number.
    numbers : tuple of Comparison
    failed : tuple of str
        Arms whose simulation failed, each with a sentence.
    seconds : float
        Time the simulations took.
    """

    dataset: xr.Dataset
    folder: Path
    figures: tuple[Path, ...]
    tables: tuple[Path, ...]
    numbers: tuple[Comparison, ...]
    failed: tuple[str, ...]
    seconds: float


def run_experiment(
    experiment: Experiment | SweepExperiment,
    *,
    quick: bool = False,
    out: str | Path | None = None,
    accept_numbers: bool = False,
    report: Report = lambda _: None,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """Run an experiment and write its results.

    Parameters
    ----------
    experiment : Experiment or SweepExperiment
    quick : bool
        Fewer arms and output times.
    out : path, optional
        Folder for results; by default ``results`` beside the experiment, or ``results/quick``.
    accept_numbers : bool
        Write the numbers found into ``expected.json``.
    report : callable
        Told what happens, one line at a time.
    progress : callable, optional
        Told how many more arms are finished.

    Raises
    ------
    StoreError
        If the folder cannot be written; before anything is simulated.
    ConfigError
        If ``expected.json`` is malformed.
    """
    mode = "quick" if quick else "full"
    folder = _folder(experiment, out, quick=quick)
    if isinstance(experiment, SweepExperiment):
        from remodel.experiments.sweep_runner import run_sweep_experiment

        return run_sweep_experiment(
            experiment,
            folder,
            quick=quick,
            accept_numbers=accept_numbers,
            report=report,
            progress=progress,
        )
    arms, pictures = experiment.chosen_arms(quick=quick), experiment.chosen_pictures(quick=quick)
    keys, outputs = tuple(arm.key for arm in arms), experiment.variables()
    numbers_file = experiment.path.parent / "expected.json"
    expected = load_expected(numbers_file, mode)
    check_expected(numbers_file, expected, keys, outputs)
    models = ", ".join(dict.fromkeys(arm.model for arm in arms))
    report(f"Simulating {len(arms)} arms of {experiment.years:g} years with {models} ...")
    begun = time.perf_counter()
    step = experiment.quick_step_months if quick else experiment.step_months
    dataset = simulate_arms(experiment, arms, outputs, step, progress)
    seconds = time.perf_counter() - begun
    failed = _failed(dataset, arms)
    numbers = compare(dataset, keys, expected)
    _write_data(experiment, folder, dataset, numbers, mode)
    if accept_numbers:
        accept(numbers_file, mode, numbers)
    report(f"Drawing {', '.join(picture.name for picture in pictures)} ...")
    figures = tuple(
        path for p in pictures for path in _save(experiment, p, dataset, folder / "figures")
    )
    tables = _write_misses(experiment, arms, dataset, folder) if experiment.scenarios else ()
    return Outcome(dataset, folder, figures, tables, numbers, failed, seconds)


def simulate_arms(
    experiment: Experiment,
    arms: tuple[ExperimentArm, ...],
    outputs: tuple[str, ...],
    step: float,
    progress: Callable[[int], None] | None = None,
) -> xr.Dataset:
    """Return one dataset with a simulation for each arm; a failure is a status, not an error."""
    end = experiment.years * DAYS_PER_YEAR
    times = np.arange(0.0, end + 1e-6, step * DAYS_PER_MONTH)
    if end - times[-1] > 1e-6:
        times = np.append(times, end)
    groups = alike(arms)
    parts = [
        _simulate_alike(experiment, [arms[i] for i in some], outputs, times, progress)
        for some in groups
    ]
    return joined(parts, groups).assign_coords(
        arm=("simulation", [arm.key for arm in arms]),
        label=("simulation", [arm.label for arm in arms]),
        schedule=("simulation", [str(arm.schedule) for arm in arms]),
        model=("simulation", [arm.model for arm in arms]),
    )


def _simulate_alike(
    experiment: Experiment,
    arms: list[ExperimentArm],
    outputs: tuple[str, ...],
    times: np.ndarray,
    progress: Callable[[int], None] | None,
) -> xr.Dataset:
    """Simulate arms of one model; it gives those outputs that it has."""
    model = load_model(arms[0].model)
    drugs = {drug for arm in arms for drug in arm.schedule.drugs}
    known = known_outputs(tuple(model.system(drugs).outputs))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SimulationWarning)
        return simulate(
            model,
            schedule=[arm.schedule for arm in arms],
            patient=[arm.patient for arm in arms] if model.follows_age else None,
            parameters=varied_parameters(model, arms),
            times=times,
            outputs=[name for name in outputs if name in known],
            method=experiment.method,
            rtol=experiment.rtol,
            exact_doses=arms[0].exact_doses,
            progress=progress,
        )


def draw(
    experiment: Experiment, picture: Picture, dataset: xr.Dataset
) -> tuple[Figure, pd.DataFrame]:
    """Draw one picture of an experiment."""
    from remodel import plots

    by_key = {arm.key: arm for arm in experiment.arms}
    arms = [by_key[key] for key in picture.arms]
    place = [list(dataset["arm"].to_numpy()).index(arm.key) for arm in arms]
    shown = dataset.isel(simulation=place).assign_coords(
        arm=("simulation", [arm.label for arm in arms])
    )
    if picture.years is not None:
        shown = shown.sel(time=shown["time"] <= picture.years * DAYS_PER_YEAR + 1e-6)
    looks = _looks(experiment, picture)
    if picture.kind == "phase_plane":
        x, y = picture.variables
        return plots.phase_plane(shown, x, y, title=picture.title, looks=looks)
    drawing = plots.trial_overlay if picture.kind == "trial_overlay" else plots.marker_panel
    return drawing(
        shown,
        picture.variables,
        observed={arm.label: (*arm.observed, *arm.observed_from) for arm in arms},
        begins={source: month for arm in arms for source, month in arm.observed_from.items()},
        more=_further(experiment),
        schedules={arm.label: arm.schedule for arm in arms},
        marks=_marks(arms, float(shown["time"].to_numpy()[-1])),
        title=picture.title,
        looks=looks,
    )


def _looks(experiment: Experiment, picture: Picture) -> dict[str, Look]:
    """Return color and dashes by arm, the same in every figure of the experiment."""
    from remodel.plots.panels import consistent_looks

    labels = {arm.key: arm.label for arm in experiment.arms}
    shown = [p for p in experiment.pictures if p.kind != "models"]
    looks = consistent_looks([labels[key] for key in p.arms] for p in shown)
    by_name = dict(zip((p.name for p in shown), looks, strict=True))
    return {labels[key]: by_name[picture.name][labels[key]] for key in picture.arms}


def _further(experiment: Experiment) -> Observations | None:
    """Return published numbers that do not come with the package, if they are at hand."""
    from remodel.observations import load_observations

    path = experiment.observations
    return load_observations(path) if path is not None and path.exists() else None


def _draw_models(
    experiment: Experiment, picture: Picture, dataset: xr.Dataset
) -> Iterator[tuple[str, Figure, pd.DataFrame]]:
    """Draw each scenario, as far as its arms were simulated, as a figure with a name."""
    from remodel import plots

    arms = {arm.key: arm for arm in experiment.arms if arm.key in picture.arms}
    simulated = {arm.name: arm for arm in arms.values()}
    shown = dataset.assign_coords(
        arm=("simulation", [key.partition("@")[0] for key in dataset["arm"].to_numpy()])
    )
    for scenario in experiment.scenarios:
        if not set(scenario.shown) & set(simulated):
            continue
        figure, table = plots.models_side_by_side(
            shown,
            _model_scenario(scenario, simulated),
            picture.variables,
            models=experiment.models,
            title=scenario.label,
        )
        yield f"{picture.name}_{scenario.key}", figure, table


def _model_scenario(scenario: Scenario, arms: dict[str, ExperimentArm]) -> ModelScenario:
    from remodel.plots import ModelScenario

    shown = [arms[name] for name in scenario.shown if name in arms]
    published = {arm.name: [arm.published] for arm in arms.values() if arm.published is not None}
    laid_over = {arm.name: [*arm.observed, *arm.observed_from] for arm in shown}
    return ModelScenario(
        label=scenario.label,
        arms={arm.name: arm.label.removesuffix(f", {arm.model}") for arm in shown},
        observed={**published, **laid_over},
        years=scenario.years,
        begins={source: month for arm in shown for source, month in arm.observed_from.items()},
        treated_years=shown[0].schedule.end / DAYS_PER_YEAR,
        marks=_marks(shown, scenario.years * DAYS_PER_YEAR),
    )


def _write_misses(
    experiment: Experiment, arms: tuple[ExperimentArm, ...], dataset: xr.Dataset, folder: Path
) -> tuple[Path, ...]:
    """Write what each model misses as Markdown and as CSV, and the numbers behind it."""
    numbers = compared_numbers(experiment, arms, dataset)
    table = summary(numbers)
    paths = tuple(folder / name for name in ("misses.md", "misses.csv", "compared.csv"))
    paths[0].write_text(markdown(table, experiment.scenarios), encoding="utf-8")
    table.round(4).to_csv(paths[1], index=False)
    numbers.round(4).to_csv(paths[2], index=False)
    return paths


def _marks(arms: list[ExperimentArm], end: float) -> dict[str, float]:
    """Return the final menstrual period of the women, if all share it and it is on the axis."""
    times = set()
    for arm in arms:
        age = arm.patient.age_at_menopause
        if age is not None and arm.patient.menopause == "natural":
            times.add((age - arm.patient.age) * DAYS_PER_YEAR)
    if len(times) == 1 and 0 < (when := times.pop()) < end:
        return {"final menstrual period": when}
    return {}


def _folder(
    experiment: Experiment | SweepExperiment, out: str | Path | None, *, quick: bool
) -> Path:
    """Return the folder for results, made and known to be writable."""
    beside = experiment.path.parent / "results"
    folder = Path(out) if out is not None else beside / "quick" if quick else beside
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StoreError(
            f"results cannot be written to {folder}: {error.strerror or error}."
        ) from error
    return folder


def _failed(dataset: xr.Dataset, arms: tuple[ExperimentArm, ...]) -> tuple[str, ...]:
    status = [Status(int(s)) for s in dataset["status"].to_numpy()]
    return tuple(
        f"{arm.key}: {s.sentence}" for arm, s in zip(arms, status, strict=True) if s != Status.OK
    )


def _write_data(
    experiment: Experiment,
    folder: Path,
    dataset: xr.Dataset,
    numbers: tuple[Comparison, ...],
    mode: str,
) -> None:
    shutil.copyfile(experiment.path, folder / "config.toml")
    write_numbers(folder / "numbers.json", numbers)
    record = manifest(
        experiment=experiment.name,
        mode=mode,
        config=fingerprint(experiment.path.read_text(encoding="utf-8")),
        simulation=json.loads(dataset.attrs["provenance"]),
        arms={
            arm.key: {
                "schedule": str(arm.schedule),
                "patient": dataclasses.asdict(arm.patient),
                "model": arm.model,
                "parameters": dict(arm.parameters),
                "observed": ["/".join(source) for source in arm.observed],
            }
            for arm in experiment.chosen_arms(quick=mode == "quick")
        },
    )
    text = json.dumps(record, indent=2, default=str) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    dataset.to_netcdf(folder / "data.nc", engine="h5netcdf")


def _save(
    experiment: Experiment, picture: Picture, dataset: xr.Dataset, folder: Path
) -> Iterator[Path]:
    """Write the figures of a picture, and the table behind each."""
    if picture.kind == "models":
        drawings = _draw_models(experiment, picture, dataset)
    else:
        drawings = iter([(picture.name, *draw(experiment, picture, dataset))])
    for name, figure, table in drawings:
        path = folder / f"{name}.png"
        figure.savefig(path)
        table.to_csv(path.with_suffix(".csv"), index=False)
        yield path
