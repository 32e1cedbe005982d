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
from remodel.files import read_text, results_folder, write_csv, write_text
from remodel.plots.virtual_trials import power_curve, predictive_check
from remodel.progress import ProgressLike, progress_of
from remodel.provenance import manifest
from remodel.simulation.inputs import check_count
from remodel.virtual_trials.analyses import expected_size
from remodel.virtual_trials.design import Design, load_design
from remodel.virtual_trials.pool import Pool, Screening, simulated_pool
from remodel.virtual_trials.published import published_changes
from remodel.virtual_trials.replicate import replicate_of, to_frame
from remodel.virtual_trials.run import Found, Task, connected, run
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
_GRID = 9  # sizes tried at once in a search
_PILOT, _PILOT_REPLICATES = 100, 200


@dataclass(frozen=True, eq=False)
class VirtualTrial:
    """What a virtual trial gave.

    Attributes
    ----------
    design : Design
    pool : Pool
        Truth of the women it draws from.
    found : Found
        Every comparison in every replicate.
    power, arms, truth, differences : DataFrame
        ``power.csv``, ``arms.csv``, the same of true changes, and what one trial would find.
    sample_size, assurance : DataFrame or None
    eligible : float
        Share of women who meet the criteria at screening.
    """

    design: Design
    pool: Pool
    found: Found
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
        return prediction_table(design, self.found, changes)

    def figures(self) -> Iterator[tuple[str, Figure, pd.DataFrame]]:
        """Yield name, figure and the numbers in it: power, and a check against what is published."""
        title = self.design.title
        if len(set(self.design.power.sizes)) > 1:
            yield "power", *power_curve(self.power, title=title)
        published = published_changes(self.design)
        published = published[published["quantity"] != "difference"]
        yield "predictive_check", *predictive_check(self.predictions(), published, title=title)


def virtual_trial(
    trial: str | Path | Mapping[str, Any] | Design,
    out: str | Path | None = None,
    *,
    draws: Sequence[Mapping[str, float]] | None = None,
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
    draws : sequence of mapping, optional
        Parameters of the model, one mapping a draw, for ``[assurance]``; by default those of its
        file, or the posterior that the package ships.
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
        found = compute(Task.of(design, pool))
        size = None if design.sample_size is None else _search(design, pool, compute)
        assurance = None
        if design.assurance is not None:
            tables = [_drawn_power(design, values, threads, compute) for values in parameters]
            assurance = assurance_table(tables)
    result = VirtualTrial(
        design,
        pool,
        found,
        power_table(found, design.power.alpha),
        arm_table(design, found),
        arm_table(design, found, TRUTH),
        difference_table(found),
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


def _draws(
    design: Design, draws: Sequence[Mapping[str, float]] | None
) -> Sequence[Mapping[str, float]]:
    """Return draws of parameters for an assurance."""
    if design.assurance is None:
        return ()
    if draws is None:
        draws = _file_draws(design.assurance.file) if design.assurance.file else _shipped(design)
    if len(draws) < 2:
        raise ConfigError("[assurance] needs at least two draws of parameters.", field="draws")
    return draws[: design.assurance.draws]


def _file_draws(path: str) -> list[dict[str, float]]:
    import io

    import pandas as pd

    table = pd.read_csv(io.StringIO(read_text(path, ConfigError)))
    numbers = table.select_dtypes("number")
    kept = [name for name in numbers if name not in ("draw", "weight", "objective")]
    return [{str(k): float(v) for k, v in row.items()} for row in numbers[kept].to_dict("records")]


def _shipped(design: Design) -> list[dict[str, float]]:
    """Return draws of the posterior that comes with the model."""
    from remodel.models.draws import posterior_draws

    assert design.assurance is not None  # noqa: S101 # the caller has seen to it
    return list(posterior_draws(design.assurance.draws))


def _drawn_power(
    design: Design, parameters: Mapping[str, float], threads: int | None, compute: Any
) -> pd.DataFrame:
    """Return the power at one draw of the parameters."""
    assert design.assurance is not None  # noqa: S101 # the caller has seen to it
    pool = simulated_pool(
        design, women=design.assurance.women, parameters=parameters, threads=threads
    )
    task = Task.of(design, pool, replicates=design.assurance.replicates, analyses=_QUICK)
    return power_table(compute(task), design.power.alpha)


_QUICK = ("t_test", "ancova", "responders")


def _search(design: Design, pool: Pool, compute: Any) -> pd.DataFrame:
    """Return the smallest trial whose first endpoint reaches the power asked for.

    The sizes of one search share their replicates, in which a smaller trial is the beginning of a
    larger one; the second search tries sizes between the last without and the first with enough
    power.
    """
    import pandas as pd

    asked = design.sample_size
    assert asked is not None  # noqa: S101 # the caller has seen to it
    first = design.endpoint[0]
    analysis = next((name for name in first.analysis if name in _QUICK), None)
    if analysis is None:
        raise ConfigError("[sample_size]: the first endpoint needs a t_test, ancova or responders.")
    only = first.model_copy(
        update={
            "months": (first.months[-1],),
            "comparison": [" vs ".join(design.comparisons(first)[0])],
        }
    )
    narrow = design.model_copy(update={"endpoint": [only]})

    def tried(sizes: Sequence[int], replicates: int | None = None) -> pd.DataFrame:
        task = Task.of(narrow, pool, sizes, replicates, [analysis])
        return power_table(compute(task), design.power.alpha)

    pilot = tried([_PILOT], _PILOT_REPLICATES).iloc[0]
    guess = math.inf
    if pilot["effect"] != 0:
        guess = expected_size(pilot["effect"], pilot["sd"], asked.power, design.power.alpha)
    low, high, table = 2, 0, pd.DataFrame()
    center = min(guess, float(asked.largest))
    while not high:
        sizes = np.unique(np.clip(np.geomspace(center / 2, center * 1.6, _GRID), low, asked.largest))
        table = tried([int(n) for n in np.unique(np.ceil(sizes))])
        enough = table[table["power"] >= asked.power]
        if len(enough):
            high = int(enough["n_per_arm"].iloc[0])
            low = int(table.loc[table["n_per_arm"] < high, "n_per_arm"].max()) if (
                table["n_per_arm"] < high
            ).any() else 2
        elif table["n_per_arm"].iloc[-1] >= asked.largest:
            raise ConfigError(
                f"[sample_size]: with {asked.largest:,} women an arm the power is "
                f"{table['power'].iloc[-1]:.2f}, below {asked.power:g}; raise 'largest'.",
                field="largest",
            )
        else:
            center *= 3
    while high - low > 1:
        between = np.unique(np.linspace(low, high, _GRID + 2).round().astype(int))
        table = tried(between.tolist())
        reached = table.loc[table["power"] >= asked.power, "n_per_arm"]
        high = int(reached.min())
        below = table.loc[table["n_per_arm"] < high, "n_per_arm"]
        low = int(below.max()) if len(below) else high - 1
    row = table[table["n_per_arm"] == high].iloc[[0]].copy()
    row.insert(5, "power_asked", asked.power)
    row["n_closed_form"] = math.ceil(guess) if math.isfinite(guess) else math.nan
    return row.reset_index(drop=True)


