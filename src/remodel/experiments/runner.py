"""Running an experiment: simulate its arms, draw its figures, compare its numbers."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
import warnings
from collections.abc import Callable
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
from remodel.experiments.schema import Experiment, ExperimentArm, Picture
from remodel.models import load_model
from remodel.provenance import fingerprint, manifest
from remodel.results import SimulationWarning
from remodel.simulation import simulate
from remodel.solvers.status import Status
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

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
    numbers : tuple of Comparison
    failed : tuple of str
        Arms whose simulation failed, each with a sentence.
    seconds : float
        Time the simulations took.
    """

    dataset: xr.Dataset
    folder: Path
    figures: tuple[Path, ...]
    numbers: tuple[Comparison, ...]
    failed: tuple[str, ...]
    seconds: float


def run_experiment(
    experiment: Experiment,
    *,
    quick: bool = False,
    out: str | Path | None = None,
    accept_numbers: bool = False,
    report: Report = lambda _: None,
) -> Outcome:
    """Run an experiment and write its results.

    Parameters
    ----------
    experiment : Experiment
    quick : bool
        Fewer arms and output times.
    out : path, optional
        Folder for results; by default ``results`` beside the experiment, or ``results/quick``.
    accept_numbers : bool
        Write the numbers found into ``expected.json``.
    report : callable
        Told what happens, one line at a time.

    Raises
    ------
    StoreError
        If the folder cannot be written; before anything is simulated.
    ConfigError
        If ``expected.json`` is malformed.
    """
    mode = "quick" if quick else "full"
    folder = _folder(experiment, out, quick=quick)
    arms, pictures = experiment.chosen_arms(quick=quick), experiment.chosen_pictures(quick=quick)
    keys, outputs = tuple(arm.key for arm in arms), experiment.variables()
    numbers_file = experiment.path.parent / "expected.json"
    expected = load_expected(numbers_file, mode)
    check_expected(numbers_file, expected, keys, outputs)
    report(f"Simulating {len(arms)} arms of {experiment.years:g} years with {experiment.model} ...")
    begun = time.perf_counter()
    step = experiment.quick_step_months if quick else experiment.step_months
    dataset = simulate_arms(experiment, arms, outputs, step)
    seconds = time.perf_counter() - begun
    failed = _failed(dataset, arms)
    numbers = compare(dataset, keys, expected)
    _write_data(experiment, folder, dataset, numbers, mode)
    if accept_numbers:
        accept(numbers_file, mode, numbers)
    report(f"Drawing {', '.join(picture.name for picture in pictures)} ...")
    figures = tuple(_save(experiment, p, dataset, folder / "figures") for p in pictures)
    return Outcome(dataset, folder, figures, numbers, failed, seconds)


def simulate_arms(
    experiment: Experiment, arms: tuple[ExperimentArm, ...], outputs: tuple[str, ...], step: float
) -> xr.Dataset:
    """Return one dataset with a simulation for each arm; a failure is a status, not an error."""
    end = experiment.years * DAYS_PER_YEAR
    times = np.arange(0.0, end + 1e-6, step * DAYS_PER_MONTH)
    if end - times[-1] > 1e-6:
        times = np.append(times, end)
    model = load_model(experiment.model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SimulationWarning)
        dataset = simulate(
            model,
            schedule=[arm.schedule for arm in arms],
            patient=[arm.patient for arm in arms] if model.follows_age else None,
            times=times,
            outputs=outputs,
            method=experiment.method,
            rtol=experiment.rtol,
        )
    return dataset.assign_coords(
        arm=("simulation", [arm.key for arm in arms]),
        label=("simulation", [arm.label for arm in arms]),
        schedule=("simulation", [str(arm.schedule) for arm in arms]),
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
    if picture.kind == "phase_plane":
        x, y = picture.variables
        return plots.phase_plane(shown, x, y, title=picture.title)
    drawing = plots.trial_overlay if picture.kind == "trial_overlay" else plots.marker_panel
    return drawing(
        shown,
        picture.variables,
        observed={arm.label: arm.observed for arm in arms},
        schedules={arm.label: arm.schedule for arm in arms},
        marks=_marks(arms, float(shown["time"].to_numpy()[-1])),
        title=picture.title,
    )


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


def _folder(experiment: Experiment, out: str | Path | None, *, quick: bool) -> Path:
    """Return the folder for results, made and known to be writable."""
    beside = experiment.path.parent / "results"
    folder = Path(out) if out is not None else beside / "quick" if quick else beside
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        message = f"results cannot be written to {folder}: {error.strerror or error}."
        raise StoreError(message) from error
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
                "observed": ["/".join(source) for source in arm.observed],
            }
            for arm in experiment.chosen_arms(quick=mode == "quick")
        },
    )
    text = json.dumps(record, indent=2, default=str) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    dataset.to_netcdf(folder / "data.nc", engine="h5netcdf")


def _save(experiment: Experiment, picture: Picture, dataset: xr.Dataset, folder: Path) -> Path:
    figure, table = draw(experiment, picture, dataset)
    path = folder / f"{picture.name}.png"
    figure.savefig(path)
    table.to_csv(path.with_suffix(".csv"), index=False)
    return path
