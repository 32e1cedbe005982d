"""What plans do to every woman: levels, fractures, doses, need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.decisions.given import amount_given
from remodel.decisions.harms import exposures, load_rates
from remodel.decisions.people import MECHANISM, People, Taken
from remodel.decisions.quantities import Quantity
from remodel.fracture.hazards import Exposure, Women, probabilities
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_YEAR

HIP, CTX = f"{MECHANISM}bmd_total_hip", "ctx"
EXPOSED = (HIP, CTX)
_MANY = 1000.0


@dataclass(frozen=True, eq=False)
class Outcome:
    """Plans side by side, on the same women.

    Attributes
    ----------
    people : People
    times : ndarray, shape (n_times,)
        Days from 0.
    taken : sequence of Taken
        What women are given, one entry a plan.
    levels : mapping of str to ndarray, shape (n_plans, n, n_times)
    twins : mapping of str to ndarray, shape (n, n_times)
        ``EXPOSED`` of the same women without treatment.
    visits : mapping of str to ndarray, shape (n_plans, n)
        Scans and samples of each woman until the end, where rules decide.
    """

    people: People
    times: FloatArray
    taken: Sequence[Taken]
    levels: Mapping[str, FloatArray]
    twins: Mapping[str, FloatArray]
    visits: Mapping[str, FloatArray] = field(default_factory=dict)
    _chances: dict[str, FloatArray] = field(default_factory=dict)

    @cached_property
    def exposure(self) -> Exposure:
        """What each plan does to bone, against the untreated twin."""
        years = self.times / DAYS_PER_YEAR
        hip, ctx = (self.levels[name] for name in EXPOSED)
        return Exposure.of(years, hip, ctx, self.twins[HIP], self.twins[CTX])

    def failures(self) -> BoolArray:
        """Return whose simulation failed, shape (n_plans, n)."""
        failed: BoolArray = np.any([np.isnan(v).any(axis=-1) for v in self.levels.values()], axis=0)
        return failed

    def values(self, quantity: Quantity, day: float) -> FloatArray:
        """Return a quantity of every woman under every plan, shape (n_plans, n).

        Parameters
        ----------
        quantity : Quantity
            Of the kinds ``level``, ``change``, ``fracture_probability``, ``fractures``, ``given``,
            ``visits`` or ``harm``.
        day : float
            One of ``times``.
        """
        last = int(np.searchsorted(self.times, day - 1e-6))
        if quantity.kind in ("level", "change"):
            return self._level(quantity, last)
        if quantity.kind == "given":
            return self.amounts(quantity.subject, day)
        if quantity.kind == "visits":
            return self.visits[quantity.subject]
        if quantity.kind == "harm":
            return self.harms(quantity.subject, day)
        chance = self.chances(quantity.subject)[..., last]
        return chance if quantity.kind == "fracture_probability" else _MANY / 100.0 * chance

    def _level(self, quantity: Quantity, last: int) -> FloatArray:
        course = self.levels[quantity.subject]
        if quantity.kind == "change":
            course = 100.0 * (course / course[..., :1] - 1.0)
        if not quantity.over_time:
            return course[..., last]
        until = course[..., : last + 1]
        extreme: FloatArray = until.min(-1) if quantity.over_time == "lowest" else until.max(-1)
        return extreme

    def amounts(self, name: str, day: float) -> FloatArray:
        """Return how much of something each woman is given until a day, shape (n_plans, n)."""
        return self._by_way(lambda way: amount_given(name, way, day))

    def harms(self, name: str, day: float) -> FloatArray:
        """Return expected events of a harm until a day, of 1,000 women like each."""
        rates = np.array([rate.value * (rate.harm == name) for rate in load_rates()])
        return self._by_way(lambda way: float(exposures(way, day / DAYS_PER_YEAR) @ rates))

    def _by_way(self, number: Callable[[Schedule], float]) -> FloatArray:
        """Return a number of the schedule that each woman takes, shape (n_plans, n)."""
        values = np.empty((len(self.taken), len(self.people)))
        for row, taken in zip(values, self.taken, strict=True):
            row[:] = np.array([number(way) for way in taken.ways])[taken.way_of]
        return values

    def chances(self, site: str) -> FloatArray:
        """Return the probability of a first fracture since day 0 [%], as the levels are shaped."""
        if site not in self._chances:
            self._chances[site] = self._computed(site)
        return self._chances[site]

    def _computed(self, site: str) -> FloatArray:
        people, exposure = self.people, self.exposure
        chance = np.empty(exposure.hip.shape)
        for number in np.unique(people.draw_of):
            rows, draw = np.flatnonzero(people.draw_of == number), people.draws[number]
            piece = Exposure(exposure.years, exposure.hip[:, rows], exposure.turnover[:, rows])
            chance[:, rows] = probabilities(
                women_of(people.women, rows),
                piece,
                (site,),
                background=draw.background,
                link=draw.link,
            )[site]
        return chance


def women_of(women: Women, rows: IntArray) -> Women:
    """Return some of the women."""
    return Women(
        women.age[rows],
        women.t_score[rows],
        {name: values[rows] for name, values in women.factors.items()},
        None if women.bmi is None else women.bmi[rows],
        women.country,
    )
