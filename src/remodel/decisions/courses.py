"""Courses of bone drugs in a schedule: what is given how long, beside and after what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from remodel.models import load_model
from remodel.schedules import Dose, Schedule, next_due
from remodel.units import DAYS_PER_MONTH, dose_in_mg

_INHIBITOR = "aromatase inhibitor"
_NO_BONE_DRUG = frozenset({_INHIBITOR, "supplement", "GnRH analogue"})
_TAMOXIFEN = "tamoxifen"
_DENSE = 1.5  # months between doses up to which only the mean rate counts
_LIKE = 0.1  # relative difference between a dose, or an interval, and one that tests it


@dataclass(frozen=True, slots=True)
class Dosing:
    """A dose and how often it is given.

    Attributes
    ----------
    mg : float
        Of one dose.
    interval : float
        [months]; infinite for a dose given once.
    """

    mg: float
    interval: float

    @property
    def is_dense(self) -> bool:
        """Whether only its mean rate counts."""
        return self.interval <= _DENSE

    def is_like(self, other: Dosing) -> bool:
        """Whether a trial of the other one tests it, within a tenth."""
        if self.is_dense and other.is_dense:
            return is_near(self.mg / self.interval, other.mg / other.interval)
        if math.isinf(self.interval) or math.isinf(other.interval):
            return self.interval == other.interval and is_near(self.mg, other.mg)
        return is_near(self.mg, other.mg) and is_near(self.interval, other.interval)


@dataclass(frozen=True, slots=True)
class Course:
    """One drug, from its first dose until the dose after the last is due.

    Attributes
    ----------
    drug : str
    dosings : tuple of Dosing
        Each different one once.
    start, last, end : float
        First dose, last dose, and when the next one would be due [months].
    inhibitor : tuple of float, optional
        Start and end of an aromatase inhibitor in the schedule [months].
    before : Course, optional
        Of another bone drug, the one that ended last before this began.
    beside : frozenset of str
        Bone drugs that it overlaps with.
    """

    drug: str
    dosings: tuple[Dosing, ...]
    start: float
    last: float
    end: float
    inhibitor: tuple[float, float] | None = None
    before: Course | None = None
    beside: frozenset[str] = frozenset()

    @property
    def months(self) -> float:
        """How long it is given."""
        return self.end - self.start

    @property
    def is_on_inhibitor(self) -> bool:
        """Whether an aromatase inhibitor is taken when it begins, or later."""
        return self.inhibitor is not None and self.inhibitor[1] > self.start + 1

    @property
    def after_inhibitor(self) -> float:
        """Months that it goes on after the inhibitor has ended; 0 without one."""
        return max(0.0, self.last - self.inhibitor[1]) if self.inhibitor else 0.0

    @property
    def delay(self) -> float:
        """Months from the last dose of the drug before; NaN without one."""
        return math.nan if self.before is None else self.start - self.before.last


def courses(schedule: Schedule) -> tuple[Course, ...]:
    """Return the courses of bone drugs of a schedule, by their first doses.

    Doses of a drug belong to one course unless another bone drug begins between them. Tamoxifen
    counts as treatment of the tumour.
    """
    classes = {name: drug.drug_class for name, drug in load_model("reference").drugs.items()}
    doses = [dose for dose in schedule.doses if dose.amount > 0]
    inhibitors = [d for d in doses if classes.get(d.drug) == _INHIBITOR]
    bone = [d for d in doses if d.drug != _TAMOXIFEN and classes.get(d.drug) not in _NO_BONE_DRUG]
    span = None
    if inhibitors:
        start, end = min(d.time for d in inhibitors), max(d.end for d in inhibitors)
        span = start / DAYS_PER_MONTH, end / DAYS_PER_MONTH
    plain = [replace(_course(group), inhibitor=span) for group in _groups(bone)]
    plain.sort(key=lambda course: course.start)
    return tuple(_placed(course, plain) for course in plain)


def is_near(value: float, other: float) -> bool:
    """Whether a number is within a tenth of another one."""
    return value == other or abs(value - other) <= _LIKE * abs(other)


def _groups(doses: Sequence[Dose]) -> list[list[Dose]]:
    """Return the doses of each drug, split where another drug begins between them."""
    groups: list[list[Dose]] = []
    for dose in sorted(doses, key=lambda d: d.time):
        same = [group for group in groups if group[0].drug == dose.drug]
        others = [d.time for d in doses if d.drug != dose.drug]
        if same and not any(_last(same[-1][-1]) < time < dose.time for time in others):
            same[-1].append(dose)
        else:
            groups.append([dose])
    return groups


def _course(doses: Sequence[Dose]) -> Course:
    last = max(_last(dose) for dose in doses)
    end = max(next_due(dose) for dose in doses)
    start, last, end = (time / DAYS_PER_MONTH for time in (doses[0].time, last, end))
    return Course(doses[0].drug, _dosings(doses), start, last, end)


def _last(dose: Dose) -> float:
    if dose.count is None:
        return math.inf
    return dose.time + (dose.count - 1) * (dose.interval or 0.0)


def _dosings(doses: Sequence[Dose]) -> tuple[Dosing, ...]:
    """Return the different dosings; the last dose of a regimen has the time to the next one."""
    mg = [dose_in_mg(dose.amount, dose.unit, dose.drug) for dose in doses]
    listed = [
        (amount, dose.interval)
        for amount, dose in zip(mg, doses, strict=True)
        if dose.interval is not None and dose.count != 1
    ]
    for (amount, dose), (_, following) in pairwise(zip(mg, doses, strict=True)):
        if following.time > _last(dose):
            listed.append((amount, following.time - _last(dose)))
    if not listed:
        listed = [(mg[0], math.inf)]
    return tuple(
        dict.fromkeys(
            Dosing(round(amount, 6), round(interval / DAYS_PER_MONTH, 4))
            for amount, interval in listed
        )
    )


def _placed(course: Course, others: Sequence[Course]) -> Course:
    """Return a course with the drug before it and those beside it."""
    different = [other for other in others if other.drug != course.drug]
    earlier = [o for o in different if o.start < course.start and o.last <= course.start]
    beside = [
        o.drug
        for o in different
        if o.start < max(course.last, course.start + 1) and o.last > course.start
    ]
    before = max(earlier, key=lambda o: o.last, default=None)
    return replace(course, before=before, beside=frozenset(beside))
