"""The search: descents from many starting points, each kept on disk when it is finished."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from remodel._arrays import BoolArray, FloatArray
from remodel.calibration.coordinates import Coordinates
from remodel.calibration.objective import Objective
from remodel.calibration.problem import FitProblem
from remodel.errors import require
from remodel.files import write_text, writing
from remodel.progress import Progress

Result = TypeVar("Result")

_INSIDE = 1e-6  # distance of a start from a bound, on the inner scale
_NEAR_CENTER = 0.1  # distance of a start from the center of all priors
_HIGH = 1e12  # stands for a point that cannot be simulated
_NAMED = 5  # arms in a message
_FARTHEST_START = 2.5  # standard deviations of a prior


@dataclass(frozen=True, slots=True)
class Descent:
    """Where a descent ended.

    Attributes
    ----------
    theta : ndarray, shape (n_parameters,)
    cost : float
    converged : bool
        Whether a criterion of convergence was met, not merely the last evaluation reached.
    message : str
    evaluations : int
    history : tuple of float
        Lowest objective after each evaluation.
    """

    theta: FloatArray
    cost: float
    converged: bool
    message: str
    evaluations: int
    history: tuple[float, ...]


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

    def belongs_to(self, problem: FitProblem, index: int) -> bool:
        """Return whether this is what a start of a problem could have given."""
        names = set(problem.estimate)
        numbers = (*self.start.values(), *self.end.values(), self.cost)
        return (
            self.index == index
            and self.start.keys() == self.end.keys() == names
            and all(isinstance(number, float) for number in numbers)
        )


def run_starts(
    problem: FitProblem, folder: Path, *, workers: int, progress: Progress
) -> tuple[StartResult, ...]:
    """Descend from every starting point that has no result in the folder yet.

    A descent depends on the problem and its number alone, so that a fit which was killed and is
    resumed ends as one that was not.

    Parameters
    ----------
    folder : Path
        Gets ``starts/000.json`` and so on. A file that is damaged is calculated again.
    workers : int
        Processes.
    progress : Progress

    Returns
    -------
    tuple of StartResult
        In the order of the starting points.
    """
    files = [folder / "starts" / f"{index:03d}.json" for index in range(problem.starts)]
    with writing(folder):
        files[0].parent.mkdir(parents=True, exist_ok=True)
    results = {
        index: result
        for index, file in enumerate(files)
        if (result := read_start(file)) and result.belongs_to(problem, index)
    }
    missing = [index for index in range(problem.starts) if index not in results]
    progress.start(len(missing))
    for result in in_processes(run_start, problem, missing, workers, problem):
        text = json.dumps(asdict(result), indent=1)
        write_text(files[result.index], text + "\n")
        results[result.index] = result
        progress.advance(1, int(np.isinf(result.cost)))
        progress.say(_sentence(result, len(results), problem.starts))
    return tuple(results[index] for index in range(problem.starts))


def read_start(path: Path) -> StartResult | None:
    """Return a descent from its file; None if the file is missing or damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return StartResult(
            **{**content, "start": dict(content["start"]), "end": dict(content["end"])}
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def in_processes(
    function: Callable[..., Result],
    problem: FitProblem,
    items: Sequence[Any],
    workers: int,
    *shared: Any,
) -> Iterator[Result]:
    """Yield ``function(objective, item, *shared)`` of each item, as they are finished.

    Every process builds the objective of the problem itself; with one worker, or one item, this
    process does.
    """
    if not items:
        return
    objective = Objective.of(problem)
    if workers <= 1 or len(items) == 1:
        for item in items:
            yield function(objective, item, *shared)
        return
    middle = np.clip(np.zeros(len(objective.coordinates)), *objective.coordinates.bounds)
    objective.residuals_and_jacobian(middle)  # fills the cache of compiled code for the others
    with ProcessPoolExecutor(min(workers, len(items)), mp_context=get_context("spawn")) as pool:
        tasks = [pool.submit(_built_and_called, function, problem, i, *shared) for i in items]
        for task in as_completed(tasks):
            yield task.result()


def _built_and_called(
    function: Callable[..., Result], problem: FitProblem, item: Any, *shared: Any
) -> Result:
    return function(Objective.of(problem), item, *shared)


def run_start(objective: Objective, index: int, problem: FitProblem) -> StartResult:
    """Descend from one starting point."""
    begun = time.perf_counter()
    coordinates = objective.coordinates
    first = coordinates.inner(problem.start())
    start = starting_points(coordinates, first, problem.starts, problem.seed)[index]
    if problem.global_evaluations:
        start = global_search(objective, start, problem.global_evaluations, problem.seed + index)
    descent = descend(objective, start, max_evaluations=problem.max_evaluations)
    return StartResult(
        index=index,
        start=coordinates.natural(start),
        end=coordinates.natural(descent.theta),
        cost=descent.cost,
        converged=descent.converged,
        message=descent.message,
        evaluations=descent.evaluations,
        seconds=time.perf_counter() - begun,
        history=list(descent.history),
    )


def _sentence(result: StartResult, done: int, total: int) -> str:
    how = "converged" if result.converged else "not converged"
    return (
        f"start {result.index}: objective {result.cost:.2f} after {result.evaluations} "
        f"evaluations, {how}, {result.seconds:.0f} s ({done} of {total} starts done)"
    )


def descend(
    objective: Objective,
    start: FloatArray,
    *,
    free: BoolArray | None = None,
    without_prior: int | None = None,
    max_evaluations: int = 60,
    tolerance: float = 1e-5,
) -> Descent:
    """Minimize the objective from a point, with a trust region that respects the bounds.

    Parameters
    ----------
    objective : Objective
    start : ndarray, shape (n_parameters,)
        On the inner scale.
    free : ndarray of bool, optional
        Which coordinates move; all by default.
    without_prior : int, optional
        A coordinate whose prior does not count.
    max_evaluations : int
    tolerance : float
        Relative change of the objective, or of the coordinates, at which it ends.

    Returns
    -------
    Descent
        With an infinite cost if the simulations of the start failed.
    """
    from scipy.optimize import least_squares

    moves = np.ones(len(start), dtype=bool) if free is None else free
    lower, upper = objective.coordinates.bounds
    weights = np.ones(objective.size + len(start))
    if without_prior is not None:
        weights[objective.size + without_prior] = 0.0
    whole = np.clip(start, lower + _INSIDE, upper - _INSIDE)
    # the first step of the search is as long as its start, which near the center of all priors is
    # no step at all: there coordinates count from the start
    near_center = bool(np.linalg.norm(whole[moves]) < _NEAR_CENTER)
    origin = whole if near_center else np.zeros(len(start))
    history: list[float] = []

    def completed(moving: FloatArray) -> FloatArray:
        theta = whole.copy()
        theta[moves] = moving + origin[moves]
        return theta

    def residuals(moving: FloatArray) -> FloatArray:
        values = objective.residuals(completed(moving)) * weights
        cost = objective.cost_of(values)
        history.append(min(cost, history[-1]) if history else cost)
        return values

    def jacobian(moving: FloatArray) -> FloatArray:
        _, derivatives = objective.residuals_and_jacobian(completed(moving))
        return np.nan_to_num((derivatives * weights[:, None])[:, moves])

    if failed := objective.failures(whole):
        message = f"simulations of the starting point failed: {', '.join(failed[:_NAMED])}"
        return Descent(whole, np.inf, False, message, 1, (np.inf,))
    result = least_squares(
        residuals,
        (whole - origin)[moves],
        jac=jacobian,
        bounds=((lower - origin)[moves], (upper - origin)[moves]),
        method="trf",
        loss=cast("Any", objective.losses),
        f_scale=1.0,
        x_scale=1.0,
        ftol=tolerance,
        xtol=tolerance,
        gtol=1e-8,
        max_nfev=max_evaluations,
    )
    return Descent(
        theta=completed(result.x),
        cost=float(result.cost),
        converged=result.status > 0,
        message=str(result.message).strip("`"),
        evaluations=int(result.nfev),
        history=tuple(history),
    )


def starting_points(
    coordinates: Coordinates, first: FloatArray, count: int, seed: int
) -> FloatArray:
    """Return starting points, shape (count, n_parameters).

    The first is ``first``; the others are a Latin hypercube over the priors, or over the bounds
    where a parameter has no prior. A point depends on the seed and on ``count``.
    """
    from scipy.stats import norm, qmc

    n = len(first)
    if count == 1:
        return first[None, :].copy()
    unit = qmc.LatinHypercube(n, rng=np.random.default_rng(seed)).random(count - 1)
    lower, upper = coordinates.bounds
    spread = np.empty_like(unit)
    for j, c in enumerate(coordinates.each):
        normal = np.clip(norm.ppf(unit[:, j]), -_FARTHEST_START, _FARTHEST_START)
        within = lower[j] + (upper[j] - lower[j]) * unit[:, j]
        spread[:, j] = np.clip(normal, lower[j], upper[j]) if c.has_prior else within
    return np.concatenate((first[None, :], spread))


def global_search(
    objective: Objective, start: FloatArray, evaluations: int, seed: int, width: float = 0.5
) -> FloatArray:
    """Return the best point of a global search by evolution of a covariance (CMA-ES).

    It uses values of the objective only, simulated a generation at a time, and can leave a valley
    that a descent would end in.

    Parameters
    ----------
    start : ndarray, shape (n_parameters,)
    evaluations : int
        Of the objective.
    seed : int
    width : float
        First spread of the points, in standard deviations of the priors.

    Raises
    ------
    MissingDependencyError
        If the library cma is not installed.
    """
    cma = require("cma", "fit")
    lower, upper = objective.coordinates.bounds
    strategy = cma.CMAEvolutionStrategy(
        np.clip(start, lower + _INSIDE, upper - _INSIDE),
        width,
        {"bounds": [lower, upper], "seed": seed + 1, "maxfevals": evaluations, "verbose": -9},
    )
    while not strategy.stop():
        points = np.array(strategy.ask())
        strategy.tell(list(points), [min(cost, _HIGH) for cost in objective.costs(points)])
    best: FloatArray = np.asarray(strategy.result.xbest, dtype=np.float64)
    return best
