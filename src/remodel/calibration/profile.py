"""Profile likelihood: how much worse the fit gets as one parameter is moved away.

The parameter is held, all others are fitted again, and it moves on by steps that adapt to how fast
the objective rises. Its own prior does not count, so that a flat profile shows itself; the priors
of the others do. A profile can be interrupted after any point and resumed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import BoolArray, FloatArray
from remodel.calibration.objective import Objective
from remodel.calibration.problem import FitProblem
from remodel.calibration.search import Descent, descend, in_processes
from remodel.calibration.uncertainty import Information
from remodel.files import write_text, writing
from remodel.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

IDENTIFIED, ONE_SIDED, FLAT, AT_BOUND = "identified", "one-sided", "flat", "at bound"
_RISE = 0.7  # wanted rise of twice the objective from one point to the next
_FIRST, _SMALLEST, _LARGEST = 0.5, 0.02, 1.5  # steps, in standard deviations of the prior
_REACH = 6.0  # standard deviations of the prior after which a side counts as flat
_MOST_POINTS = 25  # on one side
_AT_BOUND = 1e-3
_EVALUATIONS = 12


@dataclass(frozen=True, slots=True)
class ProfilePoint:
    """One point: the side it lies on, its inner value, twice the rise, and all coordinates."""

    side: int
    theta: float
    rise: float
    coordinates: list[float]


@dataclass(frozen=True, slots=True)
class Profile:
    """Profile of one parameter.

    Attributes
    ----------
    name, unit : str
    optimum : float
        Value at the top of the profile, in the parameter's unit.
    lower, upper : float or None
        Ends of the confidence interval; None where the profile does not rise to it.
    values, rises : tuple of float
        The profile: values in the parameter's unit, and twice the rise of the objective.
    verdict : str
        ``identified`` (both ends), ``one-sided`` (one), ``flat`` (none), or ``at bound``.
    level : float
        Rise at the ends of the interval.
    """

    name: str
    unit: str
    optimum: float
    lower: float | None
    upper: float | None
    values: tuple[float, ...]
    rises: tuple[float, ...]
    verdict: str
    level: float


def run_profiles(
    problem: FitProblem,
    information: Information,
    names: Sequence[str],
    folder: Path,
    *,
    workers: int,
    progress: Progress,
) -> tuple[Profile, ...]:
    """Return the profiles of some parameters; finished points are read from the folder."""
    if not names:
        return ()
    points = folder / "profiles"
    with writing(folder):
        points.mkdir(parents=True, exist_ok=True)
    profiles: dict[str, Profile] = {}
    progress.start(len(names))
    for profile in in_processes(_kept_profile, problem, names, workers, information, points):
        profiles[profile.name] = profile
        progress.advance(1)
        count = f"{len(profiles)} of {len(names)} done"
        progress.say(f"profile of {profile.name}: {profile.verdict} ({count})")
    return tuple(profiles[name] for name in names)


def _kept_profile(
    objective: Objective, name: str, information: Information, folder: Path
) -> Profile:
    return profile_likelihood(objective, information, name, store=folder / f"{name}.jsonl")


def profiles_table(profiles: Sequence[Profile]) -> pd.DataFrame:
    """Return one row for each point of every profile."""
    import pandas as pd

    return pd.DataFrame(
        {
            "parameter": profile.name,
            "unit": profile.unit,
            "value": value,
            "rise": rise,
            "verdict": profile.verdict,
            "lower": profile.lower,
            "upper": profile.upper,
        }
        for profile in profiles
        for value, rise in zip(profile.values, profile.rises, strict=True)
    )


def profile_likelihood(
    objective: Objective,
    information: Information,
    name: str,
    *,
    confidence: float = 0.95,
    store: Path | None = None,
) -> Profile:
    """Return the profile of a parameter.

    Parameters
    ----------
    objective : Objective
    information : Information
        At the optimum; gives the point to start from and the first step.
    name : str
        Parameter.
    confidence : float
        Of the interval.
    store : path, optional
        File to which every point is added, and from which a profile goes on.
    """
    from scipy.stats import chi2

    index = objective.coordinates.names.index(name)
    level = float(chi2.ppf(confidence, 1))
    walk = _Walk(objective, information, index, level, store)
    top = walk.top()
    points = [*reversed(walk.side(-1, top)), top, *walk.side(1, top)]
    return _profile(objective, index, points, level)


class _Walk:
    """Steps along one parameter, each kept as soon as it is made."""

    def __init__(
        self,
        objective: Objective,
        information: Information,
        index: int,
        level: float,
        store: Path | None,
    ) -> None:
        self.objective, self.information = objective, information
        self.index, self.level, self.store = index, level, store
        self.lower, self.upper = (bound[index] for bound in objective.coordinates.bounds)
        self.kept = _read(store, len(objective.coordinates))
        self.lowest = np.nan

    def top(self) -> ProfilePoint:
        """Return the optimum without the parameter's own prior."""
        kept = [point for point in self.kept if point.side == 0]
        if kept:
            self.lowest = self._cost(np.array(kept[0].coordinates))
            return kept[0]
        descent = self._descent(self.information.theta, None, 1e-7, 3 * _EVALUATIONS)
        self.lowest = descent.cost
        return self._keep(0, descent.theta, 0.0)

    def side(self, side: int, top: ProfilePoint) -> list[ProfilePoint]:
        """Return points from the top outward, until the interval ends or a bound is met."""
        points = [point for point in self.kept if point.side == side]
        while not self._is_over(points, side, top):
            points.append(self._next(points, side, top))
        return points

    def _is_over(self, points: list[ProfilePoint], side: int, top: ProfilePoint) -> bool:
        last = points[-1] if points else top
        bound = self.upper if side > 0 else self.lower
        gone = abs(last.theta - top.theta)
        return (
            last.rise > self.level
            or abs(bound - last.theta) < _AT_BOUND
            or gone > _REACH
            or len(points) >= _MOST_POINTS
        )

    def _next(self, points: list[ProfilePoint], side: int, top: ProfilePoint) -> ProfilePoint:
        path = [top, *points]
        last = path[-1]
        theta = float(np.clip(last.theta + side * self._step(path), self.lower, self.upper))
        start = self._guess(path, theta)
        free = np.arange(len(start)) != self.index
        descent = self._descent(start, free, 1e-6, _EVALUATIONS)
        end = descent.theta.copy()
        end[self.index] = theta
        return self._keep(side, end, 2.0 * (descent.cost - self.lowest))

    def _descent(
        self, start: FloatArray, free: BoolArray | None, tolerance: float, evaluations: int
    ) -> Descent:
        """Descend without the parameter's own prior."""
        return descend(
            self.objective,
            start,
            free=free,
            without_prior=self.index,
            tolerance=tolerance,
            max_evaluations=evaluations,
        )

    def _step(self, path: list[ProfilePoint]) -> float:
        """Return the next step: as much as raises twice the objective by a wanted amount."""
        if len(path) == 1:
            spread = 1.0 / np.sqrt(max(self._own_information(), 1.0 / _LARGEST**2))
            return float(np.clip(_FIRST * spread, _SMALLEST, _LARGEST))
        step = abs(path[-1].theta - path[-2].theta)
        rise = path[-1].rise - path[-2].rise
        factor = 2.0 if rise <= 0 else float(np.clip(_RISE / rise, 0.4, 2.0))
        return float(np.clip(step * factor, _SMALLEST, _LARGEST))

    def _own_information(self) -> float:
        """Return the information on the parameter when the others are free."""
        matrix = self.information.matrix + np.diag(self.objective.coordinates.has_prior)
        matrix[self.index, self.index] = self.information.matrix[self.index, self.index]
        return float(
            1.0 / max(np.linalg.pinv(matrix, hermitian=True)[self.index, self.index], 1e-12)
        )

    def _guess(self, path: list[ProfilePoint], theta: float) -> FloatArray:
        """Return where the other parameters will be: along the line through two points."""
        last = np.array(path[-1].coordinates)
        if len(path) > 1:
            before = np.array(path[-2].coordinates)
            gone = last[self.index] - before[self.index]
            if gone:
                last = last + (last - before) * (theta - last[self.index]) / gone
        last[self.index] = theta
        return last

    def _cost(self, theta: FloatArray) -> float:
        residuals = self.objective.residuals(theta)
        residuals[self.objective.size + self.index] = 0.0
        return self.objective.cost_of(residuals)

    def _keep(self, side: int, theta: FloatArray, rise: float) -> ProfilePoint:
        point = ProfilePoint(side, float(theta[self.index]), float(rise), theta.tolist())
        if self.store is not None:
            with writing(self.store), self.store.open("a", encoding="utf-8") as file:
                file.write(_line(point))
        return point


def _read(store: Path | None, size: int) -> list[ProfilePoint]:
    """Return the points of a file, cleared of repeats, of a damaged line and of what follows it.

    Without that, the next point would be added to the piece of a line and be lost with it.
    """
    if store is None or not store.exists():
        return []
    text = store.read_text(encoding="utf-8", errors="replace")
    points: list[ProfilePoint] = []
    for line in text.splitlines():
        point = _point(line, size)
        if point in points:
            continue
        if point is None or (point.side == 0) == bool(points):
            break  # damaged, or not the top first
        points.append(point)
    if (whole := "".join(map(_line, points))) != text:
        write_text(store, whole)
    return points


def _point(line: str, size: int) -> ProfilePoint | None:
    """Return the point in a line of a file; None if the line is damaged."""
    try:
        point = ProfilePoint(**json.loads(line))
        coordinates = np.array([point.theta, *point.coordinates], dtype=np.float64)
        is_whole = point.side in (-1, 0, 1) and len(coordinates) == size + 1
        return point if is_whole and np.isfinite(coordinates).all() else None
    except (ValueError, TypeError):
        return None


def _line(point: ProfilePoint) -> str:
    return json.dumps(asdict(point)) + "\n"


def _profile(objective: Objective, index: int, points: list[ProfilePoint], level: float) -> Profile:
    coordinate = objective.coordinates.each[index]
    thetas = np.array([point.theta for point in points])
    rises = np.array([point.rise for point in points])
    top = next(i for i, point in enumerate(points) if point.side == 0)
    low = _crossing(thetas[top::-1], rises[top::-1], level)
    high = _crossing(thetas[top:], rises[top:], level)
    best = thetas[top]
    at_bound = min(best - coordinate.lower, coordinate.upper - best) < _AT_BOUND
    verdict = {2: IDENTIFIED, 1: ONE_SIDED, 0: FLAT}[sum(end is not None for end in (low, high))]
    return Profile(
        name=coordinate.name,
        unit=coordinate.unit,
        optimum=coordinate.natural(best),
        lower=None if low is None else coordinate.natural(low),
        upper=None if high is None else coordinate.natural(high),
        values=tuple(coordinate.natural(theta) for theta in thetas),
        rises=tuple(float(rise) for rise in rises),
        verdict=AT_BOUND if at_bound else verdict,
        level=level,
    )


def _crossing(thetas: FloatArray, rises: FloatArray, level: float) -> float | None:
    """Return where a side rises to the level, between points along the root of the rise.

    None where it does not, or where the simulations failed before it did.
    """
    above = np.flatnonzero(rises > level)
    if not len(above) or not np.isfinite(rises[above[0]]):
        return None
    i = int(above[0])
    roots = np.sqrt(np.maximum(rises[i - 1 : i + 1], 0.0))
    share = (np.sqrt(level) - roots[0]) / (roots[1] - roots[0])
    return float(thetas[i - 1] + share * (thetas[i] - thetas[i - 1]))
