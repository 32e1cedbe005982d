"""The two kinds of events of a schedule: doses of a drug, and interventions such as menopause."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from remodel.errors import ScheduleError, nearest
from remodel.schedules.interventions import INTERVENTIONS
from remodel.schedules.words import (
    ROUTES,
    check_dose_unit,
    drug_name,
    number_text,
)
from remodel.units import DAYS_PER_YEAR

MOST_DOSES = 1_000_000  # of one regimen: hourly doses for a century, and not a typing error
LARGEST_DOSE = 1e9  # in any unit
LONGEST = 200 * DAYS_PER_YEAR
SHORTEST = 1e-6  # days, of an interval or an infusion: a tenth of a second
ROUNDING = 1e-9  # relative to the interval: doses closer than this to an end are not before it


def doses_within(length: float, interval: float) -> int:
    """Return how many doses, the first at 0, are given strictly before ``length``.

    Parameters
    ----------
    length : float
        Length of the regimen [d], positive.
    interval : float
        Time between doses [d], positive.
    """
    return max(1, math.ceil(min(length / interval, 1e15) - ROUNDING))


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose, or one dose repeated at equal intervals.

    Parameters
    ----------
    drug : str
        Canonical name, such as ``zoledronic_acid``.
    amount : float
        Size of each dose [``unit``]; 0 is allowed and equals no treatment.
    unit : str
        Unit of dose as written: g, mg, µg, ng, mmol, µmol, nmol, IU.
    time : float
        First dose [d from the start of treatment]. A negative time is exposure before the start,
        such as that of a woman who has taken an aromatase inhibitor for a year at day 0.
    interval : float, optional
        Time from one dose to the next [d]; needed unless ``count`` is 1.
    count : int, optional
        Number of doses; None repeats the dose to the end of the simulation.
    infusion : float
        Length of the infusion of each dose [d]; 0 is a bolus.
    route : str, optional
        iv, sc, oral or patch; None is the usual route of the drug.
    steady_state : bool
        At ``time`` the same dose has been given at this interval for ever. What that leaves is
        added to what other doses leave.
    duration : float, optional
        Time from the first dose to the end of the regimen [d], where that is not
        ``count * interval``: daily doses for 1826.25 d, or a last dose that was missed.
    lead : float
        How long before the first dose its steady state is there [d]; less than the interval.
    """

    drug: str
    amount: float
    unit: str = "mg"
    time: float = 0.0
    interval: float | None = None
    count: int | None = 1
    infusion: float = 0.0
    route: str | None = None
    steady_state: bool = False
    duration: float | None = None
    lead: float = 0.0

    def __post_init__(self) -> None:
        """Check every field and store it in its canonical form."""
        store = object.__setattr__
        store(self, "drug", drug_name(self.drug))
        for field in ("amount", "time", "infusion", "lead"):
            store(self, field, _finite(getattr(self, field), field, self.drug))
        for field in ("interval", "duration"):
            if getattr(self, field) is not None:
                store(self, field, _finite(getattr(self, field), field, self.drug))
        check_dose_unit(self.unit)
        self._check_bounds()
        self._check_amount_and_route()
        self._check_repetition()
        store(self, "duration", self._declared_duration())

    def _check_bounds(self) -> None:
        if self.amount > LARGEST_DOSE:
            raise ScheduleError(
                f"{self.drug}: a dose of {number_text(self.amount)} {self.unit} is beyond "
                f"{LARGEST_DOSE:g} {self.unit}, the largest there can be."
            )
        for field in ("time", "interval", "infusion", "duration"):
            value = getattr(self, field)
            if value is not None and abs(value) > LONGEST:
                raise ScheduleError(
                    f"{self.drug}: {field} {number_text(value)} d is beyond "
                    f"{LONGEST / DAYS_PER_YEAR:g} y, the longest there can be."
                )
        for field in ("interval", "infusion"):
            value = getattr(self, field)
            if value is not None and 0 < value < SHORTEST:
                raise ScheduleError(
                    f"{self.drug}: {field} {number_text(value)} d is below {SHORTEST:g} d, the "
                    "shortest there can be."
                )

    def _check_amount_and_route(self) -> None:
        for field in ("amount", "infusion"):
            value = getattr(self, field)
            if value < 0:
                unit = self.unit if field == "amount" else "d"
                raise ScheduleError(
                    f"{self.drug}: {field} {number_text(value)} {unit} is negative; "
                    "allowed: 0 or more."
                )
        if self.route is not None and self.route not in ROUTES:
            raise ScheduleError(
                f"{self.drug}: '{self.route}' is not a route.{nearest(self.route, ROUTES)}"
            )

    def _check_repetition(self) -> None:
        if self.interval is not None and self.interval <= 0:
            raise ScheduleError(
                f"{self.drug}: interval {number_text(self.interval)} d is not positive."
            )
        if self.count is not None:
            object.__setattr__(self, "count", _checked_count(self.count, self.drug))
        if self.interval is None and (self.count != 1 or self.steady_state):
            raise ScheduleError(f"{self.drug}: repeated doses need an interval.")
        if self.lead and not (self.steady_state and 0 <= self.lead < (self.interval or 0.0)):
            raise ScheduleError(
                f"{self.drug}: a steady state {number_text(self.lead)} d before its first dose "
                "is not one interval long; allowed: from 0 to below the interval."
            )

    def _declared_duration(self) -> float | None:
        if self.duration is None:
            return None
        if self.interval is None or self.count is None:
            raise ScheduleError(f"{self.drug}: a duration needs an interval and a number of doses.")
        if self.duration <= 0 or doses_within(self.duration, self.interval) < self.count:
            raise ScheduleError(
                f"{self.drug}: {self.count} doses, {number_text(self.interval)} d apart, do not "
                f"fit into {number_text(self.duration)} d."
            )
        usual = self.count * self.interval
        is_usual = math.isclose(self.duration, usual, rel_tol=ROUNDING)
        return None if is_usual else self.duration

    @property
    def times(self) -> tuple[float, ...]:
        """Time of every dose [d].

        Raises
        ------
        ScheduleError
            If the regimen is open-ended.
        """
        if self.count is None:
            raise ScheduleError(f"{self.drug} is given without an end; say until when.")
        interval = self.interval or 0.0
        return tuple(self.time + number * interval for number in range(self.count))

    @property
    def end(self) -> float:
        """Time at which the next dose would be due [d]; of a single dose, when it has been given.

        Infinite for an open-ended regimen.
        """
        if self.interval is None:
            return self.time + self.infusion
        if self.count is None:
            return math.inf
        length = self.count * self.interval if self.duration is None else self.duration
        return self.time + length

    def stopped(self, day: float) -> Dose | None:
        """Return the doses strictly before ``day`` [d], or None; a begun infusion is finished."""
        if self.time >= day - ROUNDING:
            return None
        if self.interval is None or self.end <= day:
            return self
        length = day - self.time
        fitting = doses_within(length, self.interval)
        count = fitting if self.count is None else min(fitting, self.count)
        return replace(self, count=count, duration=length)

    def without(self, numbers: Iterable[int]) -> tuple[Dose, ...]:
        """Return the regimen without some of its doses; its end stays where it was.

        Parameters
        ----------
        numbers : iterable of int
            Which doses are missed; the first is 1.

        Raises
        ------
        ScheduleError
            If there is no such dose, or the first of a steady state is to be missed.
        """
        missed = sorted(set(numbers))
        self._check_missed(missed)
        bounds = [0, *missed] if self.count is None else [0, *missed, self.count + 1]
        kept = [(a + 1, b - a - 1) for a, b in pairwise(bounds) if b - a > 1]
        pieces = [self._part(first, count) for first, count in kept]
        if self.count is None:
            return (*pieces, self._part(bounds[-1] + 1, None))
        if pieces and self.interval is not None:
            length = self.count * self.interval if self.duration is None else self.duration
            before = (kept[-1][0] - 1) * self.interval
            pieces[-1] = replace(pieces[-1], duration=length - before)
        return tuple(pieces)

    def _check_missed(self, missed: list[int]) -> None:
        if missed and missed[0] < 1:
            raise ScheduleError(f"{self.drug}: there is no dose {missed[0]}; the first dose is 1.")
        if missed and self.count is not None and missed[-1] > self.count:
            raise ScheduleError(
                f"{self.drug}: there is no dose {missed[-1]}; the last dose is {self.count}."
            )
        if self.steady_state and 1 in missed:
            raise ScheduleError(f"{self.drug}: the first dose of a steady state cannot be missed.")

    def _part(self, first: int, count: int | None) -> Dose:
        return replace(
            self,
            time=self.time + (first - 1) * (self.interval or 0.0),
            count=count,
            steady_state=self.steady_state and first == 1,
            duration=None,
            lead=self.lead if first == 1 else 0.0,
        )


@dataclass(frozen=True, slots=True)
class Intervention:
    """Something other than a drug that happens to the patient.

    Parameters
    ----------
    name : str
        One of ``INTERVENTIONS``.
    age : float, optional
        Age of the patient when it happens [d]; exactly one of ``age`` and ``time`` is given.
    time : float, optional
        When it happens [d from the start of treatment]; negative is before the start.
    value : float, optional
        Its size, in the unit that ``INTERVENTIONS`` names.
    duration : float, optional
        How long it lasts [d], for one that can end; then all is as it was before.
    """

    name: str
    age: float | None = None
    time: float | None = None
    value: float | None = None
    duration: float | None = None

    def __post_init__(self) -> None:
        """Check every field."""
        check_intervention(self.name)
        if (self.age is None) == (self.time is None):
            raise ScheduleError(f"{self.name} needs either an age or a time.")
        for field in ("age", "time", "value", "duration"):
            if getattr(self, field) is not None:
                number = _finite(getattr(self, field), field, self.name)
                object.__setattr__(self, field, number)
                if abs(number) > (LARGEST_DOSE if field == "value" else LONGEST):
                    raise ScheduleError(f"{self.name}: {field} {number_text(number)} is too large.")
        if self.age is not None and self.age <= 0:
            years = number_text(self.age / DAYS_PER_YEAR)
            raise ScheduleError(f"{self.name}: age {years} y is not positive.")
        unit = INTERVENTIONS[self.name].unit
        if (unit is None) != (self.value is None):
            needs = "takes no value" if unit is None else f"needs a value [{unit}]"
            raise ScheduleError(f"{self.name} {needs}.")
        if self.value is not None and self.value < 0:
            raise ScheduleError(
                f"{self.name}: {number_text(self.value)} {unit} is negative; allowed: 0 or more."
            )
        self._check_duration()

    def _check_duration(self) -> None:
        if self.duration is None:
            return
        if not INTERVENTIONS[self.name].lasting:
            raise ScheduleError(f"{self.name} does not end; it has no duration.")
        if self.duration <= 0:
            raise ScheduleError(
                f"{self.name}: duration {number_text(self.duration)} d is not positive."
            )


def check_intervention(name: str) -> None:
    """Raise ``ScheduleError`` unless ``name`` is a known intervention."""
    if name not in INTERVENTIONS:
        raise ScheduleError(f"'{name}' is not a known intervention.{nearest(name, INTERVENTIONS)}")


def _finite(value: float, field: str, owner: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ScheduleError(f"{owner}: {field} '{value}' is not a finite number.")
    return number


def _checked_count(count: int, drug: str) -> int:
    try:
        whole = operator.index(count)
    except TypeError:
        whole = 0
    if whole < 1:
        raise ScheduleError(
            f"{drug}: '{count}' is not a number of doses; it is a whole number from 1."
        )
    if whole > MOST_DOSES:
        raise ScheduleError(
            f"{drug}: {whole} doses are more than the {MOST_DOSES} a regimen can have."
        )
    return whole
