"""Many replicates of a trial, in chunks on threads or a cluster, continued where one stopped."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import require
from remodel.files import write_atomically, writing
from remodel.files.output import DRAFT
from remodel.progress import Progress
from remodel.provenance import fingerprint, package_version
from remodel.solvers.engine import available_threads
from remodel.virtual_trials.analyses import Data, Result, ancova, responders, t_test
from remodel.virtual_trials.design import Design, Endpoint
from remodel.virtual_trials.mixed_model import mixed_model
from remodel.virtual_trials.pool import Pool, Screening
from remodel.virtual_trials.replicate import Replicate, replicate_of

if TYPE_CHECKING:
    from distributed import Client

CHUNK = 20  # replicates; numbers do not depend on it
PARTS = "replicates"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of ``power.csv``: what is compared, how, and with how many women."""

    endpoint: str
    month: float
    arms: tuple[str, str]
    analysis: str
    size: int
    responder: float = 0.0

    @property
    def words(self) -> str:
        """The arms in words."""
        return f"{self.arms[0]} vs {self.arms[1]}"


@dataclass(frozen=True, slots=True)
class Estimates:
    """What replicates found.

    Attributes
    ----------
    comparisons : tuple of Comparison
    effect, sd, p : ndarray, shape (n_replicates, n_comparisons)
    counts, means, squares : ndarray, shape (n_replicates, 2, n_arms, n_measurements, n_visits)
        Of changes as read and true ones, at the largest size: number, mean and variance.
    """

    comparisons: tuple[Comparison, ...]
    effect: FloatArray
    sd: FloatArray
    p: FloatArray
    counts: FloatArray
    means: FloatArray
    variances: FloatArray


_ARRAYS = ("effect", "sd", "p", "counts", "means", "variances")


@dataclass(frozen=True, slots=True)
class Task:
    """Replicates to be computed: a trial, the pool it draws from and the sizes analyzed.

    Attributes
    ----------
    design : Design
    pool : Pool
    sizes : tuple of int
        Women an arm, on average over arms.
    replicates : int
    comparisons : tuple of Comparison
    """

    design: Design
    pool: Pool
    sizes: tuple[int, ...]
    replicates: int
    comparisons: tuple[Comparison, ...] = field(default=())

    @classmethod
    def of(
        cls,
        design: Design,
        pool: Pool,
        sizes: Sequence[int] | None = None,
        replicates: int | None = None,
        analyses: Sequence[str] | None = None,
    ) -> Task:
        """Return the replicates of a design, or of other sizes and some analyses only."""
        chosen = tuple(sorted(set(sizes or design.power.sizes)))
        return cls(
            design,
            pool,
            chosen,
            replicates or design.power.replicates,
            comparisons_of(design, chosen, analyses),
        )

    @property
    def key(self) -> str:
        """Hash of everything that decides the numbers."""
        arrays = [self.pool.months, self.pool.weights, *self.pool.levels.values()]
        arrays += [*self.pool.facts.values(), *self.pool.densities.values()]
        numbers = self.design.model_dump_json(exclude={"title", "question", "answer"})
        chosen = [[c.endpoint, c.month, c.arms, c.analysis, c.size] for c in self.comparisons]
        return fingerprint([package_version(), numbers, chosen, self.replicates, arrays])


def comparisons_of(
    design: Design, sizes: Sequence[int], analyses: Sequence[str] | None = None
) -> tuple[Comparison, ...]:
    """Return every comparison of a design at some sizes."""
    return tuple(
        Comparison(endpoint.name, month, pair, analysis, size, endpoint.responder)
        for endpoint in design.endpoint
        for month in endpoint.months
        for pair in design.comparisons(endpoint)
        for analysis in endpoint.analysis
        if analyses is None or analysis in analyses
        for size in sizes
    )


def run(
    task: Task,
    *,
    out: Path | None = None,
    threads: int | None = None,
    client: Client | None = None,
    progress: Progress,
) -> Estimates:
    """Return what the replicates of a task found; those in ``out`` are not computed again.

    Parameters
    ----------
    task : Task
    out : Path, optional
        Folder of the trial, where chunks are kept as they are finished.
    threads : int, optional
        All processors by default.
    client : distributed.Client, optional
        Of a cluster that computes instead.
    progress : Progress
    """
    screening = Screening(task.design, task.pool)
    _ = screening.share, screening.instruments  # refuses impossible criteria; once for all threads
    firsts = range(0, task.replicates, CHUNK)
    folder = None if out is None else _folder(out)
    key = task.key[:16]
    done = {first: _load(_part(folder, key, first)) for first in firsts} if folder else {}
    chunks = {first: arrays for first, arrays in done.items() if arrays is not None}
    progress.start(task.replicates)
    progress.advance(sum(len(arrays["p"]) for arrays in chunks.values()))
    missing = [first for first in firsts if first not in chunks]
    for first, arrays in _computed(task, screening, missing, threads, client):
        chunks[first] = arrays
        if folder is not None:
            _save(_part(folder, key, first), arrays)
        progress.advance(len(arrays["p"]))
    joined = {name: np.concatenate([chunks[f][name] for f in firsts]) for name in _ARRAYS}
    return Estimates(task.comparisons, **joined)


def _computed(
    task: Task,
    screening: Screening,
    firsts: Sequence[int],
    threads: int | None,
    client: Any,
) -> Iterator[tuple[int, dict[str, FloatArray]]]:
    """Yield chunks as they are finished."""
    if client is not None:
        as_gathered: Any = require("distributed", "cluster").as_completed
        shared = client.scatter(task, broadcast=True)
        futures = {client.submit(_remote, shared, first, pure=False): first for first in firsts}
        for future in as_gathered(list(futures)):
            yield futures[future], future.result()
        return
    workers = min(threads or available_threads(), max(1, len(firsts)))
    with ThreadPoolExecutor(workers) as executor:
        waiting = {executor.submit(chunk, task, screening, first): first for first in firsts}
        try:
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        finally:
            executor.shutdown(cancel_futures=True)


def _remote(task: Task, first: int) -> dict[str, FloatArray]:
    return chunk(task, Screening(task.design, task.pool), first)


def chunk(task: Task, screening: Screening, first: int) -> dict[str, FloatArray]:
    """Return what some replicates found, by name of the array, replicate first.

    Parameters
    ----------
    task : Task
    screening : Screening
    first : int
        Number of the first replicate.
    """
    numbers = range(first, min(first + CHUNK, task.replicates))
    total = _total(task, task.sizes[-1])
    replicates = [replicate_of(screening, number, total) for number in numbers]
    results = [_result(task, replicates, numbers, one) for one in task.comparisons]
    fitted = _mixed(task, replicates, numbers)
    for i, one in enumerate(task.comparisons):
        if one in fitted:
            results[i] = fitted[one]
    arrays = {
        name: np.stack([getattr(r, name) for r in results], axis=1)
        for name in ("effect", "sd", "p")
    }
    summaries = [_summary(task, replicate) for replicate in replicates]
    for i, name in enumerate(("counts", "means", "variances")):
        arrays[name] = np.stack([summary[i] for summary in summaries])
    return arrays


def _total(task: Task, size: int) -> int:
    return size * len(task.design.arm)


def _result(task: Task, replicates: Sequence[Replicate], numbers: range, one: Comparison) -> Result:
    """Return one comparison in every replicate; a mixed model comes later."""
    if one.analysis == "mixed_model":
        nothing = np.full(len(numbers), np.nan)
        return Result(nothing, nothing, nothing)
    data = _data(task, replicates, one)
    analyses: dict[str, Callable[[Data], Result]] = {
        "t_test": t_test,
        "ancova": ancova,
        "responders": lambda d: responders(d, one.responder),
    }
    return analyses[one.analysis](data)


def _data(task: Task, replicates: Sequence[Replicate], one: Comparison) -> Data:
    design, n = task.design, _total(task, one.size)
    name = _measurement(design, one)
    visit = design.later.index(one.month)
    arms = np.stack([r.people.arm[:n] for r in replicates])
    return Data(
        np.stack([r.change[name][:n, visit] for r in replicates]),
        arms == design.names.index(one.arms[0]),
        arms == design.names.index(one.arms[1]),
        np.stack([r.baseline[name][:n] for r in replicates]),
        np.stack([r.people.stratum[:n] for r in replicates]),
    )


def _measurement(design: Design, one: Comparison) -> str:
    endpoint: Endpoint = next(e for e in design.endpoint if e.name == one.endpoint)
    return endpoint.measurement


def _mixed(task: Task, replicates: Sequence[Replicate], numbers: range) -> dict[Comparison, Result]:
    """Return mixed models; one fit serves all visits of an endpoint."""
    design, asked = task.design, [c for c in task.comparisons if c.analysis == "mixed_model"]
    groups: dict[tuple[str, tuple[str, str], int], list[Comparison]] = {}
    for one in asked:
        groups.setdefault((one.endpoint, one.arms, one.size), []).append(one)
    fits = {one: np.full((3, len(numbers)), np.nan) for one in asked}
    months = np.array(design.later)
    for group in groups.values():
        data = _data(task, replicates, group[0])
        name, n = _measurement(design, group[0]), _total(task, group[0].size)
        for i, number in enumerate(numbers):
            if number >= design.power.mixed_model_replicates:
                break
            rows = data.is_first[i] | data.is_second[i]
            change = replicates[i].change[name][:n][rows]
            fit = mixed_model(
                change, data.is_first[i][rows], data.baseline[i][rows], months,
                design.power.covariance,
            )  # fmt: skip
            for one in group:
                visit = design.later.index(one.month)
                fits[one][:, i] = [values[visit] for values in fit]
    return {one: Result(*values) for one, values in fits.items()}


def _summary(task: Task, replicate: Replicate) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return number, mean and variance of changes, shape (2, n_arms, n_measurements, n_visits)."""
    design = task.design
    shape = (2, len(design.arm), len(design.measurements), len(design.later))
    counts, means, variances = np.zeros(shape), np.full(shape, np.nan), np.full(shape, np.nan)
    for kind, changes in enumerate((replicate.change, replicate.truth)):
        for i in range(len(design.arm)):
            rows = replicate.people.arm == i
            for j, name in enumerate(design.measurements):
                values = changes[name][rows]
                usable = np.isfinite(values)
                n = usable.sum(axis=0)
                with np.errstate(divide="ignore", invalid="ignore"):
                    mean = np.where(usable, values, 0.0).sum(axis=0) / n
                    apart = np.where(usable, values - mean, 0.0)
                    variances[kind, i, j] = (apart**2).sum(axis=0) / (n - 1)
                counts[kind, i, j], means[kind, i, j] = n, mean
    return counts, means, variances


def _folder(out: Path) -> Path:
    folder = out / PARTS
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for draft in folder.glob(f"{DRAFT}*"):  # of a process that was killed
            draft.unlink(missing_ok=True)
    return folder


def _part(folder: Path | None, key: str, first: int) -> Path:
    return (folder or Path()) / f"{key}_{first:06d}.npz"


def _load(path: Path) -> dict[str, FloatArray] | None:
    """Return a finished chunk; None where there is none, or it cannot be read."""
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            return {name: arrays[name] for name in _ARRAYS}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def _save(path: Path, arrays: dict[str, FloatArray]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    write_atomically(path, lambda draft: draft.write_bytes(buffer.getvalue()))


def connected(scheduler: str | None, workers: int | None) -> Any:
    """Return the client of a cluster, or nothing for threads of this process."""
    if scheduler is None:
        return nullcontext()
    from remodel.sweeps.cluster import connected as connected_cluster

    return connected_cluster(scheduler, workers)
