"""The women a plan is for: a population, each at day 0 with her history and her parameters."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.errors import RemodelWarning, SolverError
from remodel.fracture import Background, Link, load_background, load_link
from remodel.fracture.background import RISK_FACTORS
from remodel.fracture.hazards import Women
from remodel.models import Model, load_model
from remodel.models.draws import posterior_draws
from remodel.patient import SITES
from remodel.populations.population import Population, parameter_values
from remodel.schedules import Schedule
from remodel.simulation.dataset import SimulationWarning
from remodel.simulation.simulate import simulate
from remodel.simulation.snapshot import Snapshot
from remodel.simulation.take_snapshot import snapshot

RTOL = 1e-4  # changes a density by 0.001 % and halves the time
_AT_ONCE = 40_000  # simulations
_SCORES = (-6.0, 6.0)  # of which the background of fracture is published
_SHARED_SEED = 7
Levels = Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw of the background and the link of fracture."""

    background: Background
    link: Link


def fracture_draws(number: int, seed: int) -> tuple[Draw, ...]:
    """Return draws of what is unsure about fracture; the best estimate for number 0."""
    if number == 0:
        return (Draw(load_background(), load_link()),)
    rng = np.random.default_rng([seed, _SHARED_SEED])
    return tuple(Draw(load_background().draw(rng), load_link().draw(rng)[0]) for _ in range(number))


@dataclass(frozen=True, slots=True)
class Taken:
    """What women are given, as they take it.

    Attributes
    ----------
    ways : tuple of Schedule
    way_of : ndarray of int, shape (n,)
        Which of them each woman has.
    """

    ways: tuple[Schedule, ...]
    way_of: IntArray


class People(ABC):
    """Women with weights, who can be given any schedule; rows are women, or draws of one.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        Of sum 1 in each draw that is robust.
    rows_are_draws : bool
        Whether all rows are one woman.
    inflation : float
        Of standard errors: above 1 where rows repeat each other.
    draw_of : ndarray of int, shape (n,)
        Which of ``draws`` each row has.
    draws : tuple of Draw
    member_of : ndarray of int, shape (n,)
        For errors: rows that share a draw, or a woman, are not independent, and count as one.
    women : Women
        As fracture sees them, at day 0.
    columns : mapping of str to ndarray, shape (n,)
        Age and other traits.
    failed : int
        Women left out, because their simulation without treatment failed.
    """

    rows_are_draws: ClassVar[bool] = False
    weights: FloatArray
    inflation: float
    draw_of: IntArray
    draws: tuple[Draw, ...]
    member_of: IntArray
    women: Women
    columns: Mapping[str, FloatArray]
    failed: int

    def __len__(self) -> int:
        return len(self.weights)

    @property
    @abstractmethod
    def words(self) -> str:
        """Who they are, for a report."""

    @property
    def left_out(self) -> str:
        """How many were left out, in a sentence."""
        what = "simulation" if self.failed == 1 else "simulations"
        verb = "is" if self.failed == 1 else "are"
        return (
            f"{self.failed} {what} without treatment failed or left the bounds of the model, and "
            f"{verb} left out."
        )

    @abstractmethod
    def levels(
        self, schedules: Sequence[Schedule], times: FloatArray, names: Sequence[str]
    ) -> dict[str, FloatArray]:
        """Return levels of endpoints, shape (n_schedules, n, n_times).

        Parameters
        ----------
        schedules : sequence of Schedule
            As prescribed, from day 0.
        times : ndarray, shape (n_times,)
            Days from 0.
        names : sequence of str
            Endpoints; those of ``mechanism_...`` are without wander.
        """

    @abstractmethod
    def as_taken(self, schedule: Schedule) -> Taken:
        """Return the ways in which a schedule is taken, and which of them each woman has."""


@dataclass(frozen=True, eq=False)
class PopulationPeople(People):
    """Women of a population."""

    population: Population
    now: Snapshot
    weights: FloatArray
    draw_of: IntArray
    draws: tuple[Draw, ...]
    member_of: IntArray
    women: Women
    columns: Mapping[str, FloatArray]
    failed: int = 0
    threads: int | None = None
    inflation: float = 1.0

    @property
    def words(self) -> str:
        """Who they are, for a report."""
        women = len(np.unique(self.population.woman))
        return f"{women:,} women of '{self.population.definition.name}'"

    def as_taken(self, schedule: Schedule) -> Taken:
        """Return the schedule as each pattern of adherence edits it."""
        patterns = self.population.definition.adherence
        ways = tuple(pattern.edited(schedule) for pattern in patterns)
        return Taken(ways, self.population.pattern)

    def some(self, rows: IntArray) -> PopulationPeople:
        """Return some of the women, to be simulated."""
        return replace(
            self,
            population=self.population.where(rows),
            now=self.now[rows],
            weights=self.weights[rows],
        )

    def levels(
        self, schedules: Sequence[Schedule], times: FloatArray, names: Sequence[str]
    ) -> dict[str, FloatArray]:
        """Return levels of endpoints, simulated from day 0, with the wander of each woman."""
        bare = tuple(dict.fromkeys(_simulated_name(name) for name in names))
        shape = len(schedules), len(self), len(times)
        values = {name: np.full(shape, np.nan) for name in bare}
        for number in np.unique(self.population.pattern):
            rows = np.flatnonzero(self.population.pattern == number)
            pattern = self.population.definition.adherence[number]
            taken = [pattern.edited(schedule) for schedule in schedules]
            self._simulate(taken, rows, times, values)
        growth = self._growth(times) if any(name.startswith(_GROWING) for name in names) else {}
        return {name: self._with_wander(name, values, growth) for name in names}

    def _simulate(
        self,
        taken: Sequence[Schedule],
        rows: IntArray,
        times: FloatArray,
        values: Mapping[str, FloatArray],
    ) -> None:
        """Put the courses of some women under every schedule, each different one once."""
        different = list(dict.fromkeys(taken))
        of = {schedule: [i for i, s in enumerate(taken) if s == schedule] for schedule in different}
        start = self.now[rows]
        length = max(1, _AT_ONCE // len(rows))
        for first in range(0, len(different), length):
            chunk = different[first : first + length]
            with warnings.catch_warnings():
                _quiet()
                dataset = simulate(
                    start=start,
                    schedule={str(i): schedule for i, schedule in enumerate(chunk)},
                    times=times,
                    outputs=tuple(values),
                    rtol=RTOL,
                    threads=self.threads,
                )
            for name, whole in values.items():
                level = dataset[name].to_numpy().reshape(len(chunk), len(rows), len(times))
                for schedule, course in zip(chunk, level, strict=True):
                    for i in of[schedule]:
                        whole[i, rows] = course

    def without_wander(self, density: FloatArray, site: str, times: FloatArray) -> FloatArray:
        """Return a density as the mechanism alone has it, shape (n, n_times)."""
        growth = self._growth(times)
        return density / (1.0 + growth[site]) if growth else density

    def _growth(self, times: FloatArray) -> dict[str, FloatArray]:
        """Return density gained by wander relative to that of the mechanism, by site."""
        wander = self.population.definition.wander
        if wander is None:
            return {}
        women = self.population
        paths = wander.paths(women.seed, women.woman, women["age"], times)
        return {site: np.expm1(path) for site, path in paths.items()}

    def _with_wander(
        self, name: str, values: Mapping[str, FloatArray], growth: Mapping[str, FloatArray]
    ) -> FloatArray:
        site = _site(name)
        level = values[_simulated_name(name)]
        if name.startswith(MECHANISM) or site not in growth:
            return level
        if name.startswith("bmd_"):
            return level * (1.0 + growth[site])
        sd = self.now.model.all_parameters[self.now.model.density[site].reference_sd].value
        return level + values[f"bmd_{site}"] * growth[site] / sd


MECHANISM = "mechanism_"
"""Before the name of a density without its wander, as a twin is compared with."""
_GROWING = ("bmd_", "t_score_")


def _simulated_name(name: str) -> str:
    return name.removeprefix(MECHANISM)


def _site(name: str) -> str:
    return next((site for site in SITES if name.endswith(site)), "")


def with_densities(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of endpoints, with the densities that the wander of T-scores is taken from."""
    needed = [f"bmd_{_site(name)}" for name in names if name.startswith("t_score_")]
    return tuple(dict.fromkeys((*names, *needed)))


def population_people(
    population: Population,
    *,
    draws: int,
    every_draw: bool,
    seed: int,
    country: str,
    threads: int | None,
) -> PopulationPeople:
    """Return women of a population at day 0, with their draws of the uncertain parameters.

    Parameters
    ----------
    population : Population
    draws : int
        0 for the best estimates.
    every_draw : bool
        Each woman with every draw, draw by draw; otherwise each with one.
    seed : int
        Of the draws.
    country : str
    threads : int, optional

    Raises
    ------
    SolverError
        If no woman can be simulated.
    """
    model = load_model("reference")
    n = len(population)
    if every_draw and draws:
        population = population.where(np.tile(np.arange(n), draws))
        draw_of, cluster = np.repeat(np.arange(draws), n), np.tile(np.arange(n), draws)
    else:
        draw_of = np.arange(n) % max(draws, 1)
        cluster = draw_of if draws else np.arange(n)
    parameters = _parameters(model, population, draws, draw_of, seed)
    with warnings.catch_warnings():
        _quiet()
        now = snapshot(
            model,
            patient=_Varied(population.patients, parameters),
            bounds="population",
            rtol=RTOL,
            threads=threads,
        )
        start = simulate(start=now, times=[0.0], outputs=("t_score_femoral_neck",), rtol=RTOL,
                         threads=threads)  # fmt: skip
    score = start["t_score_femoral_neck"].to_numpy()[:, 0]
    usable: BoolArray = (now.status == 0) & np.isfinite(score)
    if not np.any(usable):
        raise SolverError("no woman of the population can be simulated.")
    rows = np.flatnonzero(usable)
    kept = population.where(rows)
    return PopulationPeople(
        population=kept,
        now=now[rows],
        weights=kept.weights / kept.weights.sum(),
        draw_of=draw_of[rows],
        draws=fracture_draws(draws, seed),
        member_of=np.unique(cluster[rows], return_inverse=True)[1],
        women=women_at_risk(kept.columns, score[rows], country),
        columns=kept.columns,
        failed=int((~usable).sum()),
        threads=threads,
    )


def _quiet() -> None:
    """Leave out warnings of unusual doses and failures; plans count the latter."""
    warnings.simplefilter("ignore", RemodelWarning)
    warnings.simplefilter("ignore", SimulationWarning)


@dataclass(frozen=True, slots=True)
class _Varied:
    """Patients with the parameters in which they differ."""

    patients: Any
    parameters: Mapping[str, FloatArray]


def _parameters(
    model: Model, population: Population, draws: int, draw_of: IntArray, seed: int
) -> dict[str, FloatArray]:
    """Return the parameters of each woman: those of her draw, from which she differs."""
    shared: dict[str, Any] = {}
    if draws:
        posterior = posterior_draws(model)
        number = len(next(iter(posterior.values()), np.zeros(1)))
        rng = np.random.default_rng([seed, _SHARED_SEED + 1])
        chosen = rng.permutation(number)[np.arange(draws) % number]
        shared = {name: values[chosen[draw_of]] for name, values in posterior.items()}
    differing = parameter_values(population.definition, model, population.columns, shared)
    return shared | differing


def women_at_risk(columns: Mapping[str, FloatArray], score: FloatArray, country: str) -> Women:
    """Return women as fracture sees them."""
    factors = {name: columns[name] for name in RISK_FACTORS if name in columns}
    return Women(columns["age"], np.clip(score, *_SCORES), factors, columns.get("bmi"), country)
