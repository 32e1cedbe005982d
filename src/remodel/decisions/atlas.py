"""The atlas of trials: which regimens were tested, and what of a schedule no trial has tested.

An optimum that leans on what nobody has tried is a prediction of the model and no more. The
regimens are those of the studies that come with the package, in ``observations/tables``.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from remodel.decisions.courses import Course, Dosing, courses
from remodel.observations import load_observations, load_regimens
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

_SLACK = 3.0  # months by which a start, an end or a delay may differ from a tested one
_LONGER = 1.1  # times the longest tested course that still counts as tested
_INHIBITOR = "with an aromatase inhibitor"


@dataclass(frozen=True, slots=True)
class Tested:
    """A course of a bone drug in an arm of a trial.

    Attributes
    ----------
    study, arm : str
    course : Course
    followed : float
        Months that observations go on after the dose after the last was due.
    """

    study: str
    arm: str
    course: Course
    followed: float


@functools.cache
def load_atlas() -> tuple[Tested, ...]:
    """Return the courses of bone drugs in the studies that come with the package."""
    until: dict[tuple[str, str], float] = {}
    for row in load_observations():
        key = row.study_id, row.arm
        until[key] = max(until.get(key, 0.0), row.time_months)
    return tuple(
        Tested(*key, course, max(0.0, until.get(key, 0.0) - course.end))
        for key, arm in load_regimens().items()
        if not arm.pool
        for course in courses(arm.schedule)
    )


def untested(schedule: Schedule, years: float | None = None) -> tuple[str, ...]:
    """Return a sentence for everything in a schedule that no trial of the atlas has tested.

    Parameters
    ----------
    schedule : Schedule
    years : float, optional
        Until when something is predicted [y]: how long women were followed after the last dose is
        looked at, too.

    Returns
    -------
    tuple of str
        Empty where every drug, dose, interval, duration, start, sequence and combination was
        tested, within a tenth or three months.
    """
    horizon = math.inf if years is None else years * DAYS_PER_YEAR / DAYS_PER_MONTH
    until = schedule if years is None else schedule.stopped(horizon * DAYS_PER_MONTH)
    listed = courses(until)
    sentences = [sentence for course in listed for sentence in _untested(course)]
    if years is not None and listed:
        sentences += _not_followed(max(listed, key=lambda course: course.end), horizon)
    return tuple(dict.fromkeys(f"{text[0].upper()}{text[1:]}" for text in sentences))


def _untested(course: Course) -> Iterator[str]:
    name = _words(course.drug)
    tested = [t.course for t in load_atlas() if t.course.drug == course.drug]
    if not tested:
        yield f"{name}: no trial shipped here gave it."
        return
    alike = [t for t in tested if t.is_on_inhibitor == course.is_on_inhibitor]
    if not alike:
        where = _INHIBITOR if course.is_on_inhibitor else "without an aromatase inhibitor"
        yield f"{name} {where}: no trial shipped here."
        alike = tested
    yield from _dosing(course, alike, tested)
    yield from _length(course, alike)
    if course.is_on_inhibitor:
        yield from _beside_inhibitor(course, alike)
    yield from _sequence(course, tested)
    yield from _combination(course, tested)


def _dosing(course: Course, alike: Sequence[Course], tested: Sequence[Course]) -> Iterator[str]:
    """Yield a sentence for each dose and interval that was not tested."""
    known = [dosing for other in alike for dosing in other.dosings]
    for dosing in course.dosings:
        if any(dosing.is_like(other) for other in known):
            continue
        where = f" {_INHIBITOR}" if course.is_on_inhibitor else ""
        sentence = f"{_words(course.drug)} {_dosing_words(dosing)}{where}: no trial shipped here; "
        if any(dosing.is_like(other) for t in tested for other in t.dosings):
            other_women = "without" if course.is_on_inhibitor else "with"
            sentence += f"it was given {other_women} an inhibitor; "
        yield f"{sentence}tested was {_listed(known)}."


def _length(course: Course, alike: Sequence[Course]) -> Iterator[str]:
    """Yield a sentence if a course is longer than those tested at the same dosing."""
    same = [t for t in alike if any(d.is_like(o) for d in course.dosings for o in t.dosings)]
    longest = max((t.months for t in same or alike), default=0.0)
    if course.months > max(_LONGER * longest, longest + 1):
        how = "" if same else " at any interval"
        duration = "without an end" if math.isinf(course.months) else f"for {_time(course.months)}"
        yield (
            f"{_words(course.drug)} {duration}: the longest course in a trial shipped here"
            f"{how} was {_time(longest)}."
        )


def _beside_inhibitor(course: Course, alike: Sequence[Course]) -> Iterator[str]:
    """Yield sentences if a start, or an end, beside an inhibitor was not tested."""
    starts = sorted({round(_since(t)) for t in alike if t.is_on_inhibitor})
    start = _since(course)
    if starts and not any(abs(start - other) <= _SLACK for other in starts):
        yield (
            f"{_words(course.drug)} begun {_time(start)} after the inhibitor: trials shipped here "
            f"began it after {_numbers(starts)} months."
        )
    longest = max((t.after_inhibitor for t in alike), default=0.0)
    if course.after_inhibitor > longest + _SLACK:
        yield (
            f"{_words(course.drug)} for {_time(course.after_inhibitor)} after the inhibitor has "
            "ended: no trial shipped here."
        )


def _since(course: Course) -> float:
    return course.start - course.inhibitor[0] if course.inhibitor else 0.0


def _sequence(course: Course, tested: Sequence[Course]) -> Iterator[str]:
    """Yield sentences if a drug, its duration, or the delay before a course was not tested."""
    if course.before is None:
        return
    before, name = _words(course.before.drug), _words(course.drug)
    same = [t for t in tested if t.before is not None and t.before.drug == course.before.drug]
    if not same:
        yield f"{name} after {before}: no trial shipped here."
        return
    longest = max(t.before.months for t in same if t.before is not None)
    if course.before.months > max(_LONGER * longest, longest + _SLACK):
        yield (
            f"{name} after {_time(course.before.months)} of {before}: trials shipped here gave it "
            f"after {_time(longest)} at most."
        )
    delays = sorted({round(t.delay) for t in same})
    if not any(abs(course.delay - other) <= 1 for other in delays):
        yield (
            f"{name} {_time(course.delay)} after the last dose of {before}: trials shipped here "
            f"gave it after {_numbers(delays)} months."
        )
    if course.is_on_inhibitor and not any(t.is_on_inhibitor for t in same):
        yield f"{name} after {before} {_INHIBITOR}: no trial shipped here."


def _combination(course: Course, tested: Sequence[Course]) -> Iterator[str]:
    for other in sorted(course.beside):
        if course.drug < other and not any(other in t.beside for t in tested):
            yield f"{_words(course.drug)} together with {_words(other)}: no trial shipped here."


def _not_followed(course: Course, horizon: float) -> Iterator[str]:
    """Yield a sentence if women were not followed as long after the last course."""
    since = horizon - course.end
    same = [t for t in load_atlas() if t.course.drug == course.drug]
    alike = [t for t in same if t.course.is_on_inhibitor == course.is_on_inhibitor]
    followed = max((t.followed for t in alike), default=0.0)
    if not alike or since <= max(_LONGER * followed, followed + _SLACK):
        return
    where = f" {_INHIBITOR}" if course.is_on_inhibitor else ""
    ending = f"for {_time(followed)} only" if followed >= 1 else "no longer"
    yield (
        f"The {_time(since)} after the end of {_words(course.drug)}{where}: trials shipped here "
        f"followed women {ending}."
    )


def _words(drug: str) -> str:
    return drug.replace("_", " ")


def _time(months: float) -> str:
    whole = round(months)
    if whole >= 24 and whole % 12 == 0:
        return f"{whole // 12} years"
    return f"{whole} month" if whole == 1 else f"{whole} months"


def _dosing_words(dosing: Dosing) -> str:
    if math.isinf(dosing.interval):
        return f"{dosing.mg:g} mg once"
    if dosing.is_dense:
        return f"{dosing.mg / dosing.interval / DAYS_PER_MONTH:.3g} mg a day"
    return f"{dosing.mg:g} mg every {_time(dosing.interval)}"


def _listed(dosings: Iterable[Dosing]) -> str:
    ordered = sorted(dict.fromkeys(dosings), key=lambda d: (d.interval, d.mg))
    return _joined(dict.fromkeys(map(_dosing_words, ordered)))


def _numbers(values: Iterable[float]) -> str:
    return _joined(f"{value:g}" for value in values)


def _joined(texts: Iterable[str]) -> str:
    *first, last = texts
    return f"{', '.join(first)} and {last}" if first else last
