"""Known misses of the model that a schedule leans on."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

from remodel.decisions.courses import Course, courses
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Miss:
    """What the model is known to get wrong, and in which courses of a drug.

    Attributes
    ----------
    text : str
        A sentence.
    drug : str
    after : str
        The drug before it; empty for any, or none.
    months : float
        How long it was given at least.
    ends : bool
        Whether it must have been stopped.
    """

    text: str
    drug: str
    after: str = ""
    months: float = 0.0
    ends: bool = False

    def concerns(self, course: Course, horizon: float) -> bool:
        """Whether a course leans on it until a horizon [months]."""
        before = "" if course.before is None else course.before.drug
        return (
            course.drug == self.drug
            and self.after in ("", before)
            and course.months >= self.months
            and (course.end < horizon or not self.ends)
        )


@functools.cache
def load_misses() -> tuple[Miss, ...]:
    """Return the misses that come with the package."""
    text = files("remodel.decisions").joinpath("tables", "misses.toml").read_text(encoding="utf-8")
    return tuple(Miss(**row) for row in tomllib.loads(text)["miss"])


def known_misses(schedules: Iterable[Schedule], years: float) -> tuple[str, ...]:
    """Return a sentence for each known miss that any of the schedules leans on.

    Parameters
    ----------
    schedules : iterable of Schedule
    years : float
        Until when something is predicted [y].
    """
    horizon = years * DAYS_PER_YEAR / DAYS_PER_MONTH
    listed = [
        course
        for schedule in schedules
        for course in courses(schedule.stopped(horizon * DAYS_PER_MONTH))
    ]
    return tuple(
        miss.text
        for miss in load_misses()
        if any(miss.concerns(course, horizon) for course in listed)
    )
