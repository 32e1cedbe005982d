"""Draws from the posterior by Markov chains that try every step on an emulator first.

A chain makes many steps on the emulator (preconditioned Crank-Nicolson, about the normal density
with mean and covariance of points from the posterior), and the point it reaches is simulated and
accepted with the probability that makes the exact posterior, not the emulator's, the density of the
chain: the emulator decides how fast, never where to. Chains advance side by side, their points
simulated as one batch.

The work is cut into pieces, each a function of the pieces before it and of a seed of its own, and
each a file: a run that was killed and goes on ends as one that was not.

References
----------
Liu JS (2001) Monte Carlo Strategies in Scientific Computing, 9.4.3 (surrogate transitions).
Christen JA, Fox C (2005) J Comput Graph Stat 14:795-810, doi:10.1198/106186005X76983.
Cotter SL et al. (2013) Stat Sci 28:424-446, doi:10.1214/13-STS421.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from remodel._arrays import BoolArray, FloatArray
from remodel.calibration.emulator import Emulator, terms_of
from remodel.calibration.objective import Objective
from remodel.calibration.posterior import Posterior
from remodel.calibration.uncertainty import Information
from remodel.errors import SolverError, require
from remodel.files import write_atomically, writing
from remodel.progress import Progress, Silent

CHAINS = 32
_FIRST, _MORE = 1.5, 1.0  # points of the first and of later explorations, over the emulator's terms
_FEWEST = 160  # points of an exploration
_EXPLORATIONS = 6
_PIECE = 10  # transitions of each chain between two looks at the convergence
_WARM_UP = 2  # pieces left out
_MOST_PIECES = 200
_WALK = (80, 4)  # steps on the emulator of a long transition: so many, and more for each parameter
_LONG = 0.8  # share of long transitions
_BOLDNESS = 0.3  # of a step: 1 forgets where it began
_DIGITS = 6  # kept of the root of a covariance: the same with any number of threads
_BATCH = 64  # points simulated at a time

Arrays = Mapping[str, FloatArray]
State = tuple[FloatArray, FloatArray]  # points of all chains, and predictions there


def sample(
    objective: Objective,
    information: Information,
    folder: Path,
    *,
    effective: int,
    seed: int = 0,
    progress: Progress | None = None,
) -> Posterior:
    """Return draws from the posterior; finished pieces are read from the folder.

    Parameters
    ----------
    objective : Objective
    information : Information
        At the optimum.
    folder : Path
        Gets ``exploration_0.npz``, ``piece_000.npz`` and so on.
    effective : int
        Effective draws of each parameter, in the bulk and in the tails, at which it ends, if the
        chains agree by then.
    seed : int
    progress : Progress, optional

    Raises
    ------
    SolverError
        If hardly a point near the optimum can be simulated.
    MissingDependencyError
        If ArviZ or threadpoolctl is not installed.
    """
    # products of small matrices that wait for a second thread take many times longer where others
    # compute, too
    with require("threadpoolctl", "fit").threadpool_limits(limits=1, user_api="blas"):
        return _sampled(objective, information, folder, effective, seed, progress or Silent())


def _sampled(
    objective: Objective,
    information: Information,
    folder: Path,
    effective: int,
    seed: int,
    shown: Progress,
) -> Posterior:
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    shown.start(effective)
    points = _explored(objective, information, folder, seed, shown)
    walk, state = _Walk.of(objective, information, points), _starts(points[-1])
    pieces: list[Arrays] = []
    done = 0
    while True:
        piece = _piece(walk, state, folder, seed, len(pieces))
        state = piece["thetas"][:, -1], piece["predictions"]
        pieces.append({**piece, "values": _natural(objective, piece["thetas"])})
        if len(pieces) <= _WARM_UP:
            continue
        posterior = _posterior(objective, pieces[_WARM_UP:])
        enough = min(int(posterior.effective), effective)
        shown.advance(max(0, enough - done))
        done = max(done, enough)
        shown.say(
            f"posterior: {posterior.size} draws, of each parameter worth {posterior.effective:.0f} "
            f"independent ones or more, of {effective}; R-hat {posterior.r_hat:.3f} or less"
        )
        if (posterior.converged and enough == effective) or len(pieces) == _MOST_PIECES:
            return posterior


@dataclass(frozen=True, slots=True)
class _Walk:
    """What chains need to step: the objective, its emulator, and a normal density to step about."""

    objective: Objective
    emulator: Emulator
    center: FloatArray
    root: FloatArray

    @classmethod
    def of(cls, objective: Objective, information: Information, points: Sequence[Arrays]) -> Self:
        """Return the walk that explored points allow."""
        laplace = _laplace(information)
        thetas, predictions = (
            np.concatenate([piece[key] for piece in points]) for key in ("thetas", "predictions")
        )
        emulator = Emulator.fitted(information.theta, laplace, objective.sigma, thetas, predictions)
        if len(points) == 1:
            return cls(objective, emulator, information.theta, laplace)
        latest, _ = _simulated(points[-1])  # as good as drawn from the posterior
        covariance = np.cov(latest, rowvar=False).reshape(laplace.shape)
        return cls(objective, emulator, latest.mean(axis=0), _root(covariance))

    def costs(self, thetas: FloatArray) -> FloatArray:
        """Return the emulated objective; infinite beyond the bounds."""
        lower, upper = self.objective.coordinates.bounds
        costs = self.objective.costs_of(thetas, self.emulator.predictions(thetas))
        return np.where(np.all((thetas >= lower) & (thetas <= upper), axis=1), costs, np.inf)

    def moved(self, thetas: FloatArray, steps: int, random: np.random.Generator) -> FloatArray:
        """Return where steps on the emulator take points, shape (chains, n)."""
        keep = np.sqrt(1.0 - _BOLDNESS**2)
        normal = _unrooted(thetas - self.center, self.root)
        costs = self.costs(thetas)
        for _ in range(steps):
            new = keep * normal + _BOLDNESS * random.standard_normal(normal.shape)
            new_thetas = self.center + _rooted(new, self.root)
            new_costs = self.costs(new_thetas)
            rise = (new_costs - _gauss(new)) - (costs - _gauss(normal))
            accepted = _is_accepted(rise, random)
            normal = np.where(accepted[:, None], new, normal)
            thetas = np.where(accepted[:, None], new_thetas, thetas)
            costs = np.where(accepted, new_costs, costs)
        return thetas


def _explored(
    objective: Objective, information: Information, folder: Path, seed: int, progress: Progress
) -> list[Arrays]:
    """Return simulated points, at first about the optimum, then from the emulated posterior.

    Each exploration has an emulator that knows the points before it.
    """
    n = len(information.theta)
    points: list[Arrays] = []
    for index in range(_EXPLORATIONS):
        wanted = (_MORE if index else _FIRST) * terms_of(n)
        rounds = max(_FEWEST, int(wanted)) // CHAINS
        random = np.random.default_rng([seed, 0, index])

        def explore(rounds: int = rounds, random: np.random.Generator = random) -> Arrays:
            if points:
                walk = _Walk.of(objective, information, points)
                thetas = _wandered(walk, _starts(points[-1])[0], rounds, random)
            else:
                thetas = _normal_points(objective, information, rounds * CHAINS, random)
            batches = np.split(thetas, range(_BATCH, len(thetas), _BATCH))
            predictions = np.concatenate([objective.predictions(batch) for batch in batches])
            return {"thetas": thetas, "predictions": predictions}

        shapes = {"thetas": (rounds * CHAINS, n), "predictions": (rounds * CHAINS, objective.size)}
        points.append(_kept(folder / f"exploration_{index}.npz", shapes, explore))
        progress.say(f"posterior: exploration {index + 1} of {_EXPLORATIONS} done")
    return points


def _normal_points(
    objective: Objective, information: Information, count: int, random: np.random.Generator
) -> FloatArray:
    """Return points about the optimum, those beyond a bound moved onto it."""
    root = _laplace(information)
    normal = random.standard_normal((count, len(root)))
    return np.clip(information.theta + _rooted(normal, root), *objective.coordinates.bounds)


def _wandered(
    walk: _Walk, thetas: FloatArray, rounds: int, random: np.random.Generator
) -> FloatArray:
    """Return points of the emulated posterior, shape (rounds * chains, n)."""
    points = []
    for _ in range(rounds):
        thetas = walk.moved(thetas, _steps(thetas.shape[1]) // 2, random)
        points.append(thetas)
    return np.concatenate(points)


def _steps(parameters: int) -> int:
    return _WALK[0] + _WALK[1] * parameters


def _simulated(piece: Arrays) -> tuple[FloatArray, FloatArray]:
    """Return the points that could be simulated, and their predictions.

    Raises
    ------
    SolverError
        If it is hardly one.
    """
    simulated = np.isfinite(piece["predictions"]).all(axis=1)
    if simulated.sum() < CHAINS:
        raise SolverError("hardly a point of the posterior can be simulated; narrow the priors.")
    return piece["thetas"][simulated], piece["predictions"][simulated]


def _starts(piece: Arrays) -> State:
    """Return a point for each chain to begin at."""
    thetas, predictions = _simulated(piece)
    return thetas[-CHAINS:], predictions[-CHAINS:]


def _piece(walk: _Walk, state: State, folder: Path, seed: int, index: int) -> Arrays:
    """Return some transitions of all chains, from the file if it is there."""
    (chains, n), size = state[0].shape, walk.objective.size
    shapes = {
        "thetas": (chains, _PIECE, n),
        "costs": (chains, _PIECE),
        "accepted": (chains, _PIECE),
        "predictions": (chains, size),
    }
    random = np.random.default_rng([seed, 1, index])
    return _kept(
        folder / f"piece_{index:03d}.npz", shapes, lambda: _transitions(walk, state, random)
    )


def _transitions(walk: _Walk, state: State, random: np.random.Generator) -> Arrays:
    """Return transitions of all chains, with predictions at the end of the last."""
    thetas, predictions = state
    costs = walk.objective.costs_of(thetas, predictions)
    n = thetas.shape[1]
    emulated = walk.costs(thetas)
    states = []
    for _ in range(_PIECE):
        # few steps now and then free a chain from where the emulator sees less than there is
        steps = _steps(n) if random.random() < _LONG else int(random.integers(1, n + 1))
        new = walk.moved(thetas, steps, random)
        new_predictions = walk.objective.predictions(new)
        new_costs, new_emulated = walk.objective.costs_of(new, new_predictions), walk.costs(new)
        accepted = _is_accepted((new_costs - new_emulated) - (costs - emulated), random)
        thetas = np.where(accepted[:, None], new, thetas)
        predictions = np.where(accepted[:, None], new_predictions, predictions)
        costs = np.where(accepted, new_costs, costs)
        emulated = np.where(accepted, new_emulated, emulated)
        states.append((thetas, costs, accepted.astype(np.float64)))
    names = ("thetas", "costs", "accepted")
    arrays = {k: np.stack(v, axis=1) for k, v in zip(names, zip(*states, strict=True), strict=True)}
    return {**arrays, "predictions": predictions}


def _kept(
    path: Path, shapes: Mapping[str, tuple[int, ...]], compute: Callable[[], Arrays]
) -> Arrays:
    """Return arrays from a file; without it, or where it is damaged, compute and write them."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in shapes}
        if all(arrays[name].shape == shape for name, shape in shapes.items()):
            return arrays
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        pass
    arrays = dict(compute())
    write_atomically(path, lambda draft: np.savez(draft, **arrays))
    return arrays


def _natural(objective: Objective, thetas: FloatArray) -> FloatArray:
    """Return points in the units of the parameters, shape (chains, draws, n)."""
    natural = objective.coordinates.natural_many(thetas.reshape(-1, thetas.shape[-1]))
    return np.stack(list(natural.values()), axis=-1).reshape(thetas.shape)


def _posterior(objective: Objective, pieces: Sequence[Arrays]) -> Posterior:
    values, costs, accepted = (
        np.concatenate([piece[name] for piece in pieces], axis=1)
        for name in ("values", "costs", "accepted")
    )
    return Posterior(
        names=objective.coordinates.names,
        values=values,
        costs=costs,
        accepted=accepted.astype(bool),
        predictions=np.stack([piece["predictions"] for piece in pieces], axis=1),
    )


def _laplace(information: Information) -> FloatArray:
    """Return the root of the covariance at the optimum, of data and a prior for each parameter.

    On the inner scale one that has no prior but bounds is about as wide as one that has.
    """
    covariance = np.linalg.inv(information.matrix + np.eye(len(information.theta)))
    return _root(np.asarray(covariance, dtype=np.float64))


def _root(covariance: FloatArray) -> FloatArray:
    """Return the lower root of a covariance, without the digits in which processors differ."""
    root = np.linalg.cholesky(covariance)
    unit = 10.0 ** np.floor(np.log10(np.abs(root).max(axis=1, keepdims=True)) - _DIGITS)
    rounded: FloatArray = np.round(root / unit) * unit
    return rounded


def _rooted(normal: FloatArray, root: FloatArray) -> FloatArray:
    """Return standard normal steps with a covariance, summed in one order on any processor."""
    rooted: FloatArray = np.einsum("ij,kj->ik", normal, root)
    return rooted


def _unrooted(rooted: FloatArray, root: FloatArray) -> FloatArray:
    """Return the standard normal steps of rooted ones, summed in one order on any processor."""
    normal = np.zeros_like(rooted)
    for i in range(len(root)):
        before = np.einsum("ij,j->i", normal, root[i])
        normal[:, i] = (rooted[:, i] - before) / root[i, i]
    return normal


def _gauss(normal: FloatArray) -> FloatArray:
    """Return the negative logarithm of the standard normal density, up to a constant."""
    negative_log: FloatArray = 0.5 * np.sum(normal**2, axis=1)
    return negative_log


def _is_accepted(rise: FloatArray, random: np.random.Generator) -> BoolArray:
    """Return which chains move, as Metropolis says, where an objective rises so much."""
    accepted: BoolArray = np.log(random.random(len(rise))) < -rise
    return accepted
