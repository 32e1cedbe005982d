"""Doses and interventions of one patient on one axis of time, and the algebra that joins them.

Times are days from the start of treatment. Timelines are values: every method returns a new one.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from remodel.errors import ScheduleError, nearest
from remodel.schedules.events import Dose, Intervention
from remodel.schedules.interventions import INTERVENTIONS
from remodel.schedules.words import drug_name


@dataclass(frozen=True, slots=True)
class Timeline:
    """Doses and interventions of one patient, in the order of time.

    Two timelines are equal when they hold the same events, in whatever order these were given.

    Parameters
    ----------
    doses : tuple of Dose
        Regimens; those of the same drug add up.
    interventions : tuple of Intervention
        Menopause and its like; the same one given twice counts once.
    """

    doses: tuple[Dose, ...] = ()
    interventions: tuple[Intervention, ...] = ()

    def __post_init__(self) -> None:
        """Put the events in order and check that no intervention contradicts another."""
        doses = tuple(sorted(self.doses, key=_dose_order))
        interventions = tuple(sorted(set(self.interventions), key=_intervention_order))
        object.__setattr__(self, "doses", doses)
        object.__setattr__(self, "interventions", interventions)
        kinds = [(event.name, INTERVENTIONS[event.name]) for event in interventions]
        happened = [name for name, kind in kinds if not (kind.lasting or kind.repeatable)]
        for name in happened:
            if happened.count(name) > 1:
                raise ScheduleError(
                    f"{name} is given twice, at different times; it can happen once."
                )

    def __and__(self, other: Self) -> Self:
        """Return both side by side."""
        if not isinstance(other, Timeline):
            return NotImplemented
        return type(self)(self.doses + other.doses, self.interventions + other.interventions)

    @property
    def drugs(self) -> tuple[str, ...]:
        """Names of the drugs, sorted."""
        return tuple(sorted({dose.drug for dose in self.doses}))

    @property
    def end(self) -> float:
        """When the last regimen ends [d]: 0 without events, infinite for an open-ended one.

        Interventions count with the time they happen, or end; those tied to an age do not.
        """
        ends = [dose.end for dose in self.doses]
        ends += [e.time + (e.duration or 0.0) for e in self.interventions if e.time is not None]
        return max(ends, default=0.0)

    def then(self, other: Self) -> Self:
        """Return this schedule followed by ``other``, which starts when this one ends.

        Interventions of ``other`` that are tied to an age stay where they are.

        Raises
        ------
        ScheduleError
            If this schedule has no end, or nothing but interventions at an age.
        """
        if math.isinf(self.end):
            drug = next(dose.drug for dose in self.doses if dose.count is None)
            raise ScheduleError(
                f"Nothing can follow {drug}, which is given without an end; say for how long."
            )
        if self.interventions and not self.doses and self.interventions[0].time is None:
            name = self.interventions[0].name
            raise ScheduleError(
                f"Nothing can follow {name} at an age; put them side by side instead."
            )
        return self & other.delayed(self.end)

    def delayed(self, days: float) -> Self:
        """Return the schedule ``days`` later (earlier if negative); ages stay the same."""
        return type(self)(
            tuple(replace(dose, time=dose.time + days) for dose in self.doses),
            tuple(
                event if event.time is None else replace(event, time=event.time + days)
                for event in self.interventions
            ),
        )

    def stopped(self, days: float) -> Self:
        """Return the schedule without the doses at or after ``days``; interventions stay.

        An infusion that has begun is finished.
        """
        if math.isnan(days):
            raise ScheduleError("A schedule cannot be stopped at a time that is not a number.")
        parts = (dose.stopped(days) for dose in self.doses)
        return type(self)(tuple(dose for dose in parts if dose is not None), self.interventions)

    def without_doses(self, drug: str, numbers: Iterable[int]) -> Self:
        """Return the schedule with some doses of a drug missed.

        Parameters
        ----------
        drug : str
            Whose doses.
        numbers : iterable of int
            Which ones, counting all doses of the drug in the order of time; the first is 1.

        Raises
        ------
        ScheduleError
            If the schedule has no such drug or no such dose.
        """
        name = drug_name(drug)
        if name not in self.drugs:
            raise ScheduleError(
                f"The schedule has no doses of '{name}'.{nearest(name, self.drugs)}"
            )
        missed = set(numbers)
        if missed and min(missed) < 1:
            raise ScheduleError(f"{name}: there is no dose {min(missed)}; the first dose is 1.")
        regimens = [dose for dose in self.doses if dose.drug == name]
        in_order = heapq.merge(*(_occurrences(index, dose) for index, dose in enumerate(regimens)))
        first = list(itertools.islice(in_order, max(missed, default=0)))
        if missed and len(first) < max(missed):
            raise ScheduleError(
                f"{name}: there is no dose {max(missed)}; the last dose is {len(first)}."
            )
        dropped: dict[int, set[int]] = {}
        for number in missed:
            _, index, number_in_regimen = first[number - 1]
            dropped.setdefault(index, set()).add(number_in_regimen)
        others = [dose for dose in self.doses if dose.drug != name]
        kept = [
            part
            for index, dose in enumerate(regimens)
            for part in dose.without(dropped.get(index, ()))
        ]
        return type(self)((*others, *kept), self.interventions)

    def single_doses(self, until: float | None = None) -> tuple[Dose, ...]:
        """Return every dose written out, in the order of time.

        Parameters
        ----------
        until : float, optional
            Leave out doses at or after this time [d]; needed for an open-ended schedule.

        Raises
        ------
        ScheduleError
            If the schedule is open-ended and ``until`` is not given.
        """
        doses = self.doses if until is None else self.stopped(until).doses
        singles = (
            Dose(
                dose.drug,
                dose.amount,
                dose.unit,
                time,
                interval=dose.interval if dose.steady_state and number == 0 else None,
                infusion=dose.infusion,
                route=dose.route,
                steady_state=dose.steady_state and number == 0,
                lead=dose.lead if number == 0 else 0.0,
            )
            for dose in doses
            for number, time in enumerate(dose.times)
        )
        return tuple(sorted(singles, key=_dose_order))


def _occurrences(index: int, dose: Dose) -> Iterator[tuple[float, int, int]]:
    numbers = itertools.count() if dose.count is None else range(dose.count)
    for number in numbers:
        yield dose.time + number * (dose.interval or 0.0), index, number + 1


def _dose_order(dose: Dose) -> tuple[object, ...]:
    return (
        dose.time,
        dose.drug,
        dose.unit,
        dose.amount,
        dose.route or "",
        dose.infusion,
        dose.interval or 0.0,
        math.inf if dose.count is None else dose.count,
        dose.steady_state,
        dose.lead,
        dose.duration or 0.0,
    )


def _intervention_order(event: Intervention) -> tuple[object, ...]:
    time = math.inf if event.time is None else event.time
    return (time, event.age or 0.0, event.name, event.value or 0.0, event.duration or 0.0)
