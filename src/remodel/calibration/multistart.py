"""Descents from many starting points: in parallel, each kept on disk when it is finished."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from remodel.calibration.objective import Objective, objective
from remodel.calibration.problem import FitProblem
from remodel.calibration.search import descend, starting_points, wander
from remodel.errors import StoreError
from remodel.models import load_model

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class StartResult:
    """A descent from one starting point.

    Attributes
    ----------
    index : int
    start, end : mapping of str to float
        Parameters in their own units.
    cost : float
        Half the sum of losses and priors; infinite if the start could not be simulated.
    converged : bool
    message : str
    evaluations : int
    seconds : float
    history : list of float
    """

    index: int
    start: dict[str, float]
    end: dict[str, float]
    cost: float
    converged: bool
    message: str
    evaluations: int
    seconds: float
    history: list[float]


def run_starts(
    problem: FitProblem,
    folder: Path,
    *,
    workers: int = 1,
    report: Report = lambda _: None,
) -> tuple[StartResult, ...]:
    """Descend from every starting point that has no result in the folder yet.

    A descent depends on the problem and its number alone, so that a fit which was killed and is
    resumed ends as one that was not.

    Parameters
    ----------
    folder : Path
        Gets ``starts/000.json`` and so on.
    workers : int
        Processes.
    report : callable
        Told of each finished descent.

    Returns
    -------
    tuple of StartResult
        In the order of the starting points.
    """
    place = folder / "starts"
    place.mkdir(parents=True, exist_ok=True)
    found = {index: read_start(path) for index, path in _finished(place)}
    missing = [index for index in range(problem.starts) if index not in found]
    for result in _run(problem, missing, workers):
        write_atomically(place / f"{result.index:03d}.json", json.dumps(asdict(result), indent=1))
        found[result.index] = result
        report(_sentence(result, len(found), problem.starts))
    return tuple(found[index] for index in range(problem.starts))


def write_atomically(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all, whenever the process is killed."""
    draft = path.with_suffix(path.suffix + ".part")
    try:
        draft.write_text(text + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error


def read_start(path: Path) -> StartResult:
    """Return a descent from its file."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return StartResult(**content)


def _finished(place: Path) -> Iterator[tuple[int, Path]]:
    for path in sorted(place.glob("[0-9]*.json")):
        yield int(path.stem), path


def _run(problem: FitProblem, missing: Sequence[int], workers: int) -> Iterator[StartResult]:
    if workers <= 1 or len(missing) <= 1:
        own = objective(problem) if missing else None
        for index in missing:
            yield run_start(problem, index, own)
        return
    compile_once(objective(problem))
    with ProcessPoolExecutor(min(workers, len(missing)), mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(run_start, problem, i) for i in missing]):
            yield future.result()


def compile_once(built: Objective) -> None:
    """Fill the cache of compiled code, so that processes beside this one find it there."""
    built.residuals_and_slopes(
        np.clip(np.zeros(len(built.coordinates.each)), *built.coordinates.bounds)
    )


def run_start(problem: FitProblem, index: int, own: Objective | None = None) -> StartResult:
    """Descend from one starting point."""
    built = objective(problem) if own is None else own
    begun = time.perf_counter()
    model = load_model(problem.model)
    values = {name: model.parameters[name].value for name in problem.estimate}
    first = built.coordinates.inner(values)
    start = starting_points(built.coordinates, first, problem.starts, problem.seed)[index]
    if problem.global_evaluations:
        start = wander(built, start, problem.global_evaluations, problem.seed + index)
    found = descend(built, start, max_evaluations=problem.max_evaluations)
    return StartResult(
        index=index,
        start=built.coordinates.natural(np.asarray(start)),
        end=built.coordinates.natural(found.theta),
        cost=found.cost,
        converged=found.converged,
        message=found.message,
        evaluations=found.evaluations,
        seconds=time.perf_counter() - begun,
        history=list(found.history),
    )


def _sentence(result: StartResult, done: int, total: int) -> str:
    how = "converged" if result.converged else "not converged"
    return (
        f"start {result.index}: objective {result.cost:.2f} after {result.evaluations} "
        f"evaluations, {how}, {result.seconds:.0f} s ({done} of {total} starts done)"
    )
