"""Running an experiment that is a sweep: simulate, analyze, draw, compare."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from remodel.errors import StoreError
from remodel.experiments.expected import Comparison, accept, load_expected, write_numbers
from remodel.experiments.runner import Outcome
from remodel.experiments.sweeps import (
    SweepExperiment,
    SweepPicture,
    compared,
    flat,
    fresh_or_unfinished,
)
from remodel.provenance import fingerprint, manifest
from remodel.sensitivity.analysis import analyze
from remodel.sensitivity.study import SIMULATIONS
from remodel.sensitivity.study import write as write_indices
from remodel.sweeps.api import begin, open_dataset, run
from remodel.sweeps.export import write_netcdf
from remodel.sweeps.setup import setup_of
from remodel.sweeps.store import Store
from remodel.sweeps.summary import summary_of

if TYPE_CHECKING:
    import xarray as xr


def run_sweep_experiment(
    experiment: SweepExperiment,
    folder: Path,
    *,
    quick: bool = False,
    accept_numbers: bool = False,
    report: Callable[[str], None] = lambda _: None,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """Run an experiment that is a sweep and write its results into a folder that is there.

    Simulations that were interrupted are continued.

    Parameters
    ----------
    experiment : SweepExperiment
    folder : Path
    quick, accept_numbers, report, progress
        As in ``run_experiment``.

    Raises
    ------
    RemodelError
        One of its children if results cannot be written, or simulations failed that sensitivities
        need.
    """
    mode = "quick" if quick else "full"
    numbers_file = experiment.path.parent / "expected.json"
    expected = load_expected(numbers_file, mode)
    begun = time.perf_counter()
    store = _simulated(experiment, folder, quick, report, progress)
    seconds = time.perf_counter() - begun
    study = experiment.chosen_study(quick=quick)
    shown = open_dataset(store) if study is None else analyze(study, store)
    numbers = compared(numbers_file, shown, expected)
    _write(experiment, folder, store, numbers, mode)
    if study is not None:
        write_indices(shown, folder)
    if accept_numbers:
        accept(numbers_file, mode, numbers)
    pictures = experiment.pictures[:1] if quick else experiment.pictures
    report(f"Drawing {', '.join(picture.name for picture in pictures)} ...")
    return Outcome(
        dataset=flat(store, open_dataset(store)),
        folder=folder,
        figures=tuple(_draw(picture, shown, folder / "figures") for picture in pictures),
        tables=(),
        numbers=numbers,
        failed=_failed(store),
        seconds=seconds,
    )


def _simulated(
    experiment: SweepExperiment,
    folder: Path,
    quick: bool,
    report: Callable[[str], None],
    progress: Callable[[int], None] | None,
) -> Store:
    design = experiment.design(quick=quick)
    report(f"Simulating {design.drawn:,} of {design.years:g} years with {design.model} ...")
    setup, path = setup_of(design), folder / SIMULATIONS
    store = begin(setup, path, resume=fresh_or_unfinished(path, setup))

    def count(finished: int, _failed: int) -> None:
        if progress:
            progress(finished)

    run(store, setup, progress=count)
    return store


def _failed(store: Store) -> tuple[str, ...]:
    return tuple(
        f"simulations: {number} {cause.name.lower()}. {cause.sentence}"
        for cause, number in summary_of(store).causes.items()
    )


def _write(
    experiment: SweepExperiment,
    folder: Path,
    store: Store,
    numbers: tuple[Comparison, ...],
    mode: str,
) -> None:
    record = manifest(
        experiment=experiment.name,
        mode=mode,
        config=fingerprint(experiment.path.read_text(encoding="utf-8")),
        sweep=store.record,
    )
    try:
        shutil.copyfile(experiment.path, folder / "config.toml")
        write_numbers(folder / "numbers.json", numbers)
        text = json.dumps(record, indent=2, default=str) + "\n"
        (folder / "manifest.json").write_text(text, encoding="utf-8")
        write_netcdf(store, folder / "data.nc")
    except OSError as error:
        raise StoreError(
            f"results cannot be written to {folder}: {error.strerror or error}."
        ) from error


def _draw(picture: SweepPicture, shown: xr.Dataset, folder: Path) -> Path:
    figure, table = picture.draw(shown)
    path = folder / f"{picture.name}.png"
    figure.savefig(path)
    table.to_csv(path.with_suffix(".csv"))
    return path
