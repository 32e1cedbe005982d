"""Running an experiment of either kind: simulate, compare with expected numbers, draw, write."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remodel.errors import ConfigError
from remodel.experiments.expected import Comparison, accept, compare, load_expected, write_numbers
from remodel.experiments.load import load_experiment
from remodel.experiments.schema import Results, RunnableExperiment
from remodel.files import read_text, results_folder, write_atomically, write_text, writing
from remodel.progress import Progress, ProgressLike, progress_of
from remodel.provenance import fingerprint, manifest, recording

if TYPE_CHECKING:
    import xarray as xr

_MANIFEST = "manifest.json"
_FILES = ("config.toml", "data.nc", "numbers.json", _MANIFEST)


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
        Simulations that failed, each with a sentence.
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
    experiment: RunnableExperiment,
    *,
    quick: bool = False,
    out: str | Path | None = None,
    accept_numbers: bool = False,
    figures: bool = True,
    progress: ProgressLike = None,
) -> Outcome:
    """Run an experiment and write its results.

    Simulations of a sweep that were interrupted are continued, complete ones are used again.

    Parameters
    ----------
    experiment : Experiment or SweepExperiment
        From :func:`load_experiment`.
    quick : bool
        Fewer simulations and output times.
    out : path, optional
        Folder for results; by default ``results`` beside the experiment, or ``results/quick``.
    accept_numbers : bool
        Write the numbers found into ``expected.json``.
    figures : bool
        Whether to draw the figures, and to write the tables behind them.
    progress : Progress or callable, optional
        Is told how many simulations are done.

    Raises
    ------
    StoreError
        If the folder cannot be written, or holds what no run of an experiment wrote; before
        anything is simulated.
    ConfigError
        If ``expected.json`` is malformed.
    RemodelError
        One of its subclasses if simulations failed that sensitivities need.
    """
    pictures = experiment.chosen_pictures(quick=quick) if figures else ()
    folder = _folder(experiment, out, [picture.name for picture in pictures], quick=quick)
    call = {"experiment": experiment.path, "quick": quick, "figures": figures}
    with recording("run_experiment", call, folder):
        load_experiment(experiment.path)  # its files are noted as they are read
        outcome = _run(experiment, folder, pictures, quick=quick, progress=progress_of(progress))
    if accept_numbers:
        numbers_file = experiment.path.parent / "expected.json"
        accept(numbers_file, "quick" if quick else "full", outcome.numbers)
    return outcome


def _run(
    experiment: RunnableExperiment,
    folder: Path,
    pictures: Sequence[Any],
    *,
    quick: bool,
    progress: Progress,
) -> Outcome:
    """Simulate, compare and write."""
    mode = "quick" if quick else "full"
    numbers_file = experiment.path.parent / "expected.json"
    expected = load_expected(numbers_file, mode)
    experiment.check_expected(numbers_file, expected, quick=quick)
    begun = time.perf_counter()
    results = experiment.simulate(folder, quick=quick, progress=progress)
    seconds = time.perf_counter() - begun
    numbers = compare(expected, lambda n: experiment.value(numbers_file, results, n))
    _write_record(experiment, folder, results, mode)
    write_numbers(folder / "numbers.json", numbers)
    tables = experiment.write(results, folder, quick=quick)
    if pictures:
        progress.say(f"Drawing {', '.join(picture.name for picture in pictures)} ...")
    drawn = tuple(_draw(experiment, pictures, results, folder / "figures"))
    return Outcome(results.dataset, folder, drawn, tables, numbers, results.failed, seconds)


def _folder(
    experiment: RunnableExperiment, out: str | Path | None, names: Sequence[str], *, quick: bool
) -> Path:
    """Return the folder for results, made, writable, and free of files of somebody else."""
    beside = experiment.path.parent / "results"
    folder = Path(out) if out is not None else beside / "quick" if quick else beside
    what = "run of an experiment"
    drawn = [f"figures/{name}.{suffix}" for name in names for suffix in ("png", "csv")]
    results_folder(folder, [*_FILES, *drawn], mark=_MANIFEST, key="experiment", what=what)
    with writing(folder):
        (folder / "figures").mkdir(exist_ok=True)
    write_text(folder / ".writable", "")
    (folder / ".writable").unlink()
    return folder


def _write_record(
    experiment: RunnableExperiment, folder: Path, results: Results, mode: str
) -> None:
    """Write what was run, the manifest first: it marks the folder as that of an experiment."""
    config = read_text(experiment.path, ConfigError)
    record = manifest(
        experiment=experiment.name, mode=mode, config=fingerprint(config), **results.record
    )
    write_text(folder / _MANIFEST, json.dumps(record, indent=2, default=str) + "\n")
    write_text(folder / "config.toml", config)


def _draw(
    experiment: RunnableExperiment, pictures: Sequence[Any], results: Results, folder: Path
) -> Iterator[Path]:
    """Write the figures of pictures, and the table behind each."""
    import pandas as pd

    for picture in pictures:
        for name, figure, table in experiment.draw(picture, results):
            has_labels = not isinstance(table.index, pd.RangeIndex)
            write = partial(table.to_csv, index=has_labels)
            write_atomically(folder / f"{name}.csv", write)
            yield write_atomically(folder / f"{name}.png", figure.savefig)
