"""How women take what is prescribed: patterns, each of which edits a schedule."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np

from remodel.errors import ConfigError
from remodel.schedules import Dose, Schedule
from remodel.units import DAYS_PER_WEEK

_DENSE = DAYS_PER_WEEK  # doses at this interval or less are tablets, of which a share is missed
_MOST_MISSED = 10_000


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way of taking drugs, and the share of women that has it.

    Times are days from the start of treatment; doses before day 0 were taken.

    Parameters
    ----------
    name : str
    share : float
        Of all women, in proportion to the other shares.
    drugs : tuple of str
        To which it applies; all if empty.
    stop : float, optional
        No dose from then on.
    gap : tuple of two float, optional
        No dose from the first time until before the second.
    taken : float
        Share of tablets that are swallowed, doses at most a week apart. They are missed at random,
        which acts as a smaller dose.
    late : float
        By which injections, doses more than a week apart, lag behind, each more than the one
        before: each interval is longer by this.
    source : str
    """

    name: str
    share: float
    drugs: tuple[str, ...] = ()
    stop: float | None = None
    gap: tuple[float, float] | None = None
    taken: float = 1.0
    late: float = 0.0
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse impossible edits."""
        if not 0 <= self.share <= 1:
            raise ConfigError(f"share = {self.share:g}: must be from 0 to 1.", field="share")
        if not 0 <= self.taken <= 1:
            raise ConfigError(f"taken = {self.taken:g}: must be from 0 to 1.", field="taken")
        if not 0 <= self.late < np.inf:
            raise ConfigError(f"late = {self.late:g} d: must be 0 or more.", field="late")
        if self.stop is not None and not self.stop >= 0:
            raise ConfigError(f"stop = {self.stop:g} d: must be 0 or later.", field="stop")
        if self.gap is not None and not 0 <= self.gap[0] < self.gap[1]:
            raise ConfigError(
                f"gap from {self.gap[0]:g} to {self.gap[1]:g} d: must begin at 0 or later, and end "
                "after it begins.",
                field="gap",
            )

    @property
    def is_perfect(self) -> bool:
        """Whether every dose is taken in time."""
        return self.stop is None and self.gap is None and self.taken == 1 and self.late == 0

    def edited(self, schedule: Schedule) -> Schedule:
        """Return what of a schedule is taken."""
        return _edited(self, schedule)


@functools.lru_cache(maxsize=1024)
def _edited(pattern: Pattern, schedule: Schedule) -> Schedule:
    if pattern.is_perfect:
        return schedule
    doses: list[Dose] = []
    for dose in schedule.doses:
        if pattern.drugs and dose.drug not in pattern.drugs:
            doses.append(dose)
        else:
            doses.extend(_taken(pattern, dose))
    return Schedule(tuple(doses), schedule.interventions)


def _taken(pattern: Pattern, dose: Dose) -> list[Dose]:
    pieces = [dose]
    if dose.interval is not None and dose.interval > _DENSE and pattern.late > 0:
        pieces = _late(dose, pattern.late)
    if dose.interval is not None and dose.interval <= _DENSE and pattern.taken < 1:
        pieces = _weaker(dose, pattern.taken)
    if pattern.gap is not None:
        pieces = [rest for piece in pieces for rest in _interrupted(piece, *pattern.gap)]
    if pattern.stop is not None:
        stopped = [piece.stopped(pattern.stop) for piece in pieces]
        pieces = [piece for piece in stopped if piece is not None]
    return pieces


def _late(dose: Dose, days: float) -> list[Dose]:
    """Return injections whose intervals are longer, within the time they were meant for."""
    assert dose.interval is not None  # noqa: S101 # the caller has seen to it
    if dose.time < 0:
        return [dose]
    slower = replace(dose, interval=dose.interval + days, count=None, duration=None)
    if dose.count is None:
        return [slower]
    within = slower.stopped(dose.end)
    return [] if within is None else [within]


def _weaker(dose: Dose, share: float) -> list[Dose]:
    """Return a smaller amount from day 0 on."""
    if share == 0:
        before = dose.stopped(0.0)
        return [] if before is None else [before]
    return [
        piece if piece.time < 0 else replace(piece, amount=piece.amount * share)
        for piece in _split(dose, 0.0)
    ]


def _interrupted(dose: Dose, begin: float, end: float) -> list[Dose]:
    """Return the doses outside a gap."""
    before = dose.stopped(begin)
    after = [piece for piece in _split(dose, end) if piece.time >= end]
    return [*([] if before is None else [before]), *after]


def _split(dose: Dose, day: float) -> list[Dose]:
    """Return the doses before a day, and those from that day on."""
    if dose.time >= day or dose.end <= day or dose.interval is None:
        return [dose]
    before = dose.stopped(day)
    if before is None or before.count is None:
        return [dose]
    first = dose.time + before.count * dose.interval
    count = None if dose.count is None else dose.count - before.count
    if count == 0:
        return [before]
    rest = replace(dose, time=first, count=count, steady_state=False, lead=0.0, duration=None)
    if dose.duration is not None:
        rest = replace(rest, duration=dose.end - first)
    return [before, rest]
