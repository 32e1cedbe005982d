"""``remodel.virtual_trial``: a trial before the trial."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.errors import ConfigError
from remodel.files import results_folder, write_csv, write_text
from remodel.models.draws import posterior_draws
from remodel.plots.virtual_trials import power_curve, predictive_check
from remodel.progress import ProgressLike, progress_of
from remodel.provenance import manifest, recorded
from remodel.simulation.inputs import check_count
from remodel.virtual_trials.design import QUICK, Design
from remodel.virtual_trials.load import load_design
from remodel.virtual_trials.pool import Pool, Screening, simulated_pool
from remodel.virtual_trials.published import published_changes
from remodel.virtual_trials.replicate import replicate_of, to_frame
from remodel.virtual_trials.run import Estimates, Task, connected, run
from remodel.virtual_trials.sample_size import sample_size
from remodel.virtual_trials.tables import (
    TRUTH,
    arm_table,
    assurance_table,
    difference_table,
    power_table,
    prediction_table,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_MANIFEST = "trial.json"
_WOMEN_SHOWN = 10_000  # whose percentiles a figure shows


@dataclass(frozen=True, eq=False)
class VirtualTrial:
    """What a virtual trial gave.

    Attributes
    ----------
    design : Design
    pool : Pool
        Truth of the women it draws from.
    estimates : Estimates
        Every comparison in every replicate.
    power, arms, truth, differences : DataFrame
        ``power.csv``, ``arms.csv``, the same of true changes, and what one trial would find.
    sample_size, assurance : DataFrame or None
    eligible : float
        Share of women who meet the criteria at screening.
    """

    design: Design
    pool: Pool
    estimates: Estimates
    power: pd.DataFrame
    arms: pd.DataFrame
    truth: pd.DataFrame
    differences: pd.DataFrame
    sample_size: pd.DataFrame | None
    assurance: pd.DataFrame | None
    eligible: float

    def readings(self, replicate: int = 0, size: int | None = None) -> pd.DataFrame:
        """Return the readings of any replicate, one row a reading.

        Parameters
        ----------
        replicate : int
            From 0.
        size : int, optional
            Women an arm; by default the largest of the design.

        Raises
        ------
        ConfigError
            If a number is not allowed.
        """
        if replicate < 0:
            raise ConfigError(f"replicate = {replicate}: must be a whole number from 0.")
        if self.design.is_assumed:
            raise ConfigError("changes of this trial are assumed: it has no women to read.")
        check_count("size", size)
        screening = Screening(self.design, self.pool)
        total = (size or max(self.design.power.sizes)) * len(self.design.arm)
        return to_frame(screening, replicate_of(screening, replicate, total), replicate)

    def predictions(self) -> pd.DataFrame:
        """Return the spread of women, arm means and standard deviations over copies of the trial.

        Returns
        -------
        pandas.DataFrame
            ``arm, endpoint, months, quantity (women|mean|sd), low_90, median, high_90``.
        """
        design = self.design
        screening = Screening(design, self.pool)
        total = max(design.power.sizes) * len(design.arm)
        number = min(design.power.replicates, math.ceil(_WOMEN_SHOWN / total))
        copies = [replicate_of(screening, i, total) for i in range(number)]
        changes = {
            arm: {
                name: np.concatenate([c.change[name][c.people.arm == i] for c in copies])
                for name in design.measurements
            }
            for i, arm in enumerate(design.names)
        }
        return prediction_table(design, self.estimates, changes)

    def figures(self) -> Iterator[tuple[str, Figure, pd.DataFrame]]:
        """Yield name, figure and the numbers in it: power, and a check against published arms."""
        title = self.design.title
        if len(set(self.design.power.sizes)) > 1:
            yield "power", *power_curve(self.power, title=title)
        published = published_changes(self.design)
        is_shown = published["months"] <= self.design.later[-1]
        published = published[is_shown & (published["quantity"] != "difference")]
        yield "predictive_check", *predictive_check(self.predictions(), published, title=title)


@recorded
def virtual_trial(
    trial: str | Path | Mapping[str, Any] | Design,
    out: str | Path | None = None,
    *,
    draws: Mapping[str, Any] | None = None,
    threads: int | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    replicate: int = 0,
    progress: ProgressLike = None,
) -> VirtualTrial:
    """Run a trial many times on women who differ, and say how often it finds what it looks for.

    A pool of women is simulated once in every arm; each replicate draws women from it, screens
    them by readings, allocates, measures, loses some, and is analyzed.

    Parameters
    ----------
    trial : path, mapping or Design
        ``TRIAL.toml``.
    out : path, optional
        Folder for ``power.csv``, ``arms.csv``, ``readings.csv``, ``truth.csv`` and
        ``differences.csv``. Replicates are kept there as they are finished, and a run that was
        stopped continues with the same numbers.
    draws : mapping of str to array_like, optional
        Equally likely values of parameters, one number a draw, for ``[assurance]``; by default
        those of its file, or the posterior that ships with the model.
    threads : int, optional
        All processors by default. Numbers do not depend on it.
    scheduler, workers
        Of a Dask cluster, as in ``remodel.sweep``.
    replicate : int
        Whose readings are written.
    progress : Progress or callable, optional

    Returns
    -------
    VirtualTrial

    Raises
    ------
    RemodelError
        One of its subclasses, before any work starts where a value is not allowed.
    """
    design = load_design(trial)
    check_count("threads", threads)
    if replicate < 0:
        raise ConfigError(f"replicate = {replicate}: must be a whole number from 0.")
    parameters = _draws(design, draws)
    folder, steps = None if out is None else _folder(out), progress_of(progress)
    pool = simulated_pool(design, threads=threads, progress=steps)
    screening = Screening(design, pool)
    eligible = screening.share
    with connected(scheduler, workers) as client:
        compute = partial(run, out=folder, threads=threads, client=client, progress=steps)
        estimates = compute(Task.of(design, pool))
        size = None if design.sample_size is None else sample_size(design, pool, compute)
        assurance = None
        if design.assurance is not None:
            tables = [_drawn_power(design, values, threads, compute) for values in parameters]
            assurance = assurance_table(tables)
    result = VirtualTrial(
        design,
        pool,
        estimates,
        power_table(estimates, design.power.alpha),
        arm_table(design, estimates),
        arm_table(design, estimates, TRUTH),
        difference_table(estimates),
        size,
        assurance,
        eligible,
    )
    if folder is not None:
        _write(result, folder, replicate)
    return result


def _folder(out: str | Path) -> Path:
    """Return the folder for results, marked as that of a trial before anything is computed."""
    names = [f"{name}.csv" for name in _tables()] + ["readings.csv"]
    folder = results_folder(out, names, mark=_MANIFEST, key="trial", what="virtual trial")
    write_text(folder / _MANIFEST, json.dumps({"trial": "unfinished"}) + "\n")
    return folder


def _tables() -> tuple[str, ...]:
    return ("power", "arms", "truth", "differences", "sample_size", "assurance")


def _write(result: VirtualTrial, folder: Path, replicate: int) -> None:
    for name in _tables():
        table = getattr(result, name)
        if table is not None:
            write_csv(folder / f"{name}.csv", table)
    if not result.design.is_assumed:
        write_csv(folder / "readings.csv", result.readings(replicate))
    record = manifest(
        trial=result.design.title or "trial",
        design=json.loads(result.design.model_dump_json()),
        eligible=result.eligible,
        failed=result.pool.failed,
    )
    write_text(folder / _MANIFEST, json.dumps(record, indent=2, default=str) + "\n")


def _draws(design: Design, draws: Mapping[str, Any] | None) -> Sequence[Mapping[str, float]]:
    """Return draws of parameters for an assurance, one mapping a draw."""
    if design.assurance is None:
        return ()
    if draws is None:
        draws = posterior_draws(design.model, design.assurance.file or None)
    if not draws:
        raise ConfigError(
            f"[assurance]: the model '{design.model}' ships without draws of its parameters; name "
            "the posterior.csv of a fit with 'file'.",
            field="file",
        )
    columns = {name: np.atleast_1d(values) for name, values in draws.items()}
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1 or min(lengths) < 2:
        raise ConfigError(
            "[assurance] needs at least two draws of parameters, as many of each.", field="draws"
        )
    n = lengths.pop()
    chosen = np.unique(np.linspace(0, n - 1, min(n, design.assurance.draws)).round().astype(int))
    return [{name: float(values[i]) for name, values in columns.items()} for i in chosen]


def _drawn_power(
    design: Design, parameters: Mapping[str, float], threads: int | None, compute: Any
) -> pd.DataFrame:
    """Return the power at one draw of the parameters."""
    assert design.assurance is not None  # noqa: S101 # the caller has seen to it
    pool = simulated_pool(
        design, women=design.assurance.women, parameters=parameters, threads=threads
    )
    task = Task.of(design, pool, replicates=design.assurance.replicates, analyses=QUICK)
    return power_table(compute(task), design.power.alpha)
