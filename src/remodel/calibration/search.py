"""One descent from a starting point, and starting points spread over the prior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from remodel._arrays import FloatArray
from remodel.calibration.coordinates import Coordinates
from remodel.calibration.objective import Objective
from remodel.errors import require

_INSIDE = 1e-6  # distance of a start from a bound, on the inner scale
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


def descend(
    objective: Objective,
    start: FloatArray,
    *,
    free: FloatArray | None = None,
    without_prior: int | None = None,
    max_evaluations: int = 60,
    tolerance: float = 1e-5,
    told: Callable[[float], None] | None = None,
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
    told : callable, optional
        Called with the lowest objective after each evaluation.

    Returns
    -------
    Descent
        With an infinite cost if the simulations of the start failed.
    """
    from scipy.optimize import least_squares

    moves = np.ones(len(start), dtype=bool) if free is None else free
    lower, upper = objective.coordinates.bounds
    counted = np.ones(objective.size + len(start))
    if without_prior is not None:
        counted[objective.size + without_prior] = 0.0
    whole = np.clip(start, lower + _INSIDE, upper - _INSIDE)
    history: list[float] = []

    def place(part: FloatArray) -> FloatArray:
        theta = whole.copy()
        theta[moves] = part
        return theta

    def residuals(part: FloatArray) -> FloatArray:
        found = objective.residuals(place(part)) * counted
        cost = objective.cost_of(found)
        history.append(min(cost, history[-1]) if history else cost)
        if told:
            told(history[-1])
        return found

    def slopes(part: FloatArray) -> FloatArray:
        found = objective.residuals_and_slopes(place(part))[1] * counted[:, None]
        return np.nan_to_num(found[:, moves])

    failed = objective.failures(whole)
    if failed:
        message = f"simulations of the starting point failed: {', '.join(failed[:_NAMED])}"
        return Descent(whole, np.inf, False, message, 1, (np.inf,))
    result = least_squares(
        residuals, whole[moves], jac=slopes, bounds=(lower[moves], upper[moves]), method="trf",
        loss=cast("Any", objective.losses), f_scale=1.0, x_scale=1.0,
        ftol=tolerance, xtol=tolerance, gtol=1e-8, max_nfev=max_evaluations,
    )  # fmt: skip
    return Descent(
        theta=place(result.x),
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

    The first is given. The others are a Latin hypercube over the priors, or over the bounds where
    a parameter has no prior. A point depends on the seed and on ``count``.
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


def wander(
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
    found: FloatArray = np.asarray(strategy.result.xbest, dtype=np.float64)
    return found
