"""The women who are followed: their true courses, and what is read of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.measurement.instruments import Instruments, load_instruments
from remodel.measurement.measure import Conditions, reading_errors
from remodel.monitoring.design import Design
from remodel.monitoring.load import DENSITY
from remodel.parameters import load_parameters
from remodel.patient import SITES
from remodel.populations.population import Population
from remodel.schedules import Schedule
from remodel.simulation.simulate import simulate
from remodel.units import DAYS_PER_MONTH

STEPS_PER_MONTH = 1000  # by which ``measure`` numbers its visits, so that errors are the same
ENOUGH_WOMEN = 50
Levels = Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Earlier:
    """A reading taken before month 0 of a plan.

    Attributes
    ----------
    months : float
        Since month 0; not positive.
    read, true : ndarray, shape (n,)
        What was read, and what was so.
    """

    months: float
    read: FloatArray
    true: FloatArray


@dataclass(frozen=True, eq=False)
class Cohort:
    """Women with their true course under the schedule that all are given.

    Attributes
    ----------
    people : Population
    schedule : Schedule
    levels : mapping of str to ndarray, shape (n, n_months)
        Month by month from 0.
    score_at_zero : mapping of str to ndarray, shape (n,)
        T-score that a density of nothing would have, by site: scores are linear in density.
    design : Design
    tools : Instruments
    threads : int or None
    failed : int
        Women left out because their simulation failed.
    """

    people: Population
    schedule: Schedule
    levels: Levels
    score_at_zero: Levels
    design: Design
    tools: Instruments
    threads: int | None = None
    failed: int = 0

    def __len__(self) -> int:
        return len(self.people)

    @property
    def weights(self) -> FloatArray:
        """Shares of the women, of sum 1."""
        shares: FloatArray = self.people.weights / self.people.weights.sum()
        return shares

    @property
    def independent(self) -> float:
        """Number of independent women."""
        return self.people.effective_size

    @property
    def notes(self) -> tuple[str, ...]:
        """How far those who are followed can be trusted."""
        n = len(self)
        if n >= ENOUGH_WOMEN:
            return ()
        return (f"{n} women are few: shares and variances are rough below {ENOUGH_WOMEN}.",)

    def earlier(self, endpoint: str) -> Sequence[Earlier]:  # noqa: ARG002 (one woman has some)
        """Return what was read before month 0, in the order of time: nothing of a population."""
        return ()

    def t_scores(self, density: str, level: FloatArray) -> FloatArray:
        """Return the T-score of a density of each woman, shape (n,)."""
        scores: FloatArray = self.score_at_zero[density] + level / _reference_sd(density)
        return scores

    def tiled(self, times: int) -> Cohort:
        """Return every woman several times, one block after the other."""
        index = np.tile(np.arange(len(self)), times)
        return replace(
            self,
            people=self.people.where(index),
            levels={name: values[index] for name, values in self.levels.items()},
            score_at_zero={name: values[index] for name, values in self.score_at_zero.items()},
        )

    def under(self, schedule: Schedule, chosen: IntArray) -> dict[str, FloatArray]:
        """Return the true course of some of the women, given something else as well.

        Parameters
        ----------
        schedule : Schedule
            Beside the one all are given.
        chosen : ndarray of int, shape (n_chosen,)
        """
        both = self.schedule & schedule
        return courses(
            self.people.where(chosen), both, tuple(self.levels), self.design, self.threads
        )

    def errors(self, numbers: IntArray, months: Sequence[int]) -> dict[str, FloatArray]:
        """Return the logarithm of reading over truth, shape (n, n_months), by endpoint.

        Parameters
        ----------
        numbers : ndarray of int, shape (n,)
            By which the errors of each are found.
        months : sequence of int
        """
        at = np.asarray(months)
        shape = len(numbers), len(at)
        reading = self.design.reading
        conditions = Conditions(self.design.seed, reading.precision, (), True, 8.0, reading.samples)
        wide = np.broadcast_to(at.astype(np.float64), shape)
        return dict(
            reading_errors(
                tuple(self.levels), self.tools, conditions, numbers, STEPS_PER_MONTH * at, wide
            )
        )

    def read(self, endpoint: str, truth: FloatArray, error: FloatArray) -> FloatArray:
        """Return what is read of a true level."""
        level: FloatArray = truth * np.exp(error)
        sample = self.tools.samples.get(endpoint)
        return level if sample is None else np.maximum(level, sample.limit)


def simulated_cohort(
    people: Population,
    schedule: Schedule,
    endpoints: Sequence[str],
    design: Design,
    threads: int | None = None,
) -> Cohort:
    """Return the cohort of a plan, without women whose simulation failed.

    Parameters
    ----------
    people : Population
    schedule : Schedule
        That all are given.
    endpoints : sequence of str
        What is read.
    design : Design
    threads : int, optional
    """
    densities = tuple(f"{DENSITY}{site}" for site in SITES)
    names = tuple(dict.fromkeys((*densities, *endpoints)))
    scores = tuple(f"t_score_{site}" for site in SITES)
    levels = courses(people, schedule, (*names, *scores), design, threads)
    usable: BoolArray = np.all([np.isfinite(v).all(axis=1) for v in levels.values()], axis=0)
    at_zero = {
        density: (levels[score][:, 0] - levels[density][:, 0] / _reference_sd(density))[usable]
        for density, score in zip(densities, scores, strict=True)
    }
    return Cohort(
        people.where(usable),
        schedule,
        {name: levels[name][usable] for name in names},
        at_zero,
        design,
        load_instruments(),
        threads,
        int((~usable).sum()),
    )


def courses(
    people: Population,
    schedule: Schedule,
    names: Sequence[str],
    design: Design,
    threads: int | None,
) -> dict[str, FloatArray]:
    """Return true courses month by month, shape (n, n_months), by name."""
    months = np.arange(design.horizon + 1, dtype=np.float64)
    dataset = simulate(
        schedule=schedule,
        patient=people,
        times=months * DAYS_PER_MONTH,
        outputs=names,
        threads=threads,
    )
    return {name: dataset[name].to_numpy() for name in names}


@cache
def _reference_sd(density: str) -> float:
    return load_parameters("reference")[f"{density}_reference_sd"].value
