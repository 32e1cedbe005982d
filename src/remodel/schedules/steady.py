"""What a regimen that has been given for ever does in one interval, and what it leaves running."""

from __future__ import annotations

import math
from dataclasses import replace

from remodel.errors import ScheduleError
from remodel.schedules.events import ROUNDING, Dose
from remodel.schedules.schedule import Schedule
from remodel.units import DAYS_PER_YEAR

PAST_OF_STEADY_STATE = 20.0 * DAYS_PER_YEAR
"""What "at steady state" means where the skeleton never comes to rest [d]."""

_MOST_INFUSIONS_AT_ONCE = 1000


def with_past(schedule: Schedule, lived: float) -> Schedule:
    """Return a schedule whose steady states are written out as doses of the last 20 years.

    Parameters
    ----------
    schedule : Schedule
    lived : float
        Time before day 0 in which they can have been given [d]; a shorter life has a shorter past.

    Raises
    ------
    ScheduleError
        If a steady state begins after day 0, or there was no time for a single dose.
    """
    return Schedule(
        tuple(_with_past(dose, lived) for dose in schedule.doses), schedule.interventions
    )


def _with_past(dose: Dose, lived: float) -> Dose:
    if not dose.steady_state:
        return dose
    begin, interval = dose.time - dose.lead, dose.interval or math.inf
    if begin > 0:
        raise ScheduleError(
            f"{dose.drug}: steady state at {begin:g} d; the steady state of a patient takes years, "
            "so it must be there at day 0."
        )
    past = min(PAST_OF_STEADY_STATE, lived + begin)
    number = math.floor(past / interval * (1 + ROUNDING))
    if number < 1:
        raise ScheduleError(
            f"{dose.drug}: the patient is too young at day 0 for a steady state; write for how "
            "long it has been given, such as 'from -6 mo'."
        )
    return replace(
        dose,
        time=dose.time - number * interval,
        count=None if dose.count is None else dose.count + number,
        duration=None if dose.duration is None else dose.duration + number * interval,
        steady_state=False,
        lead=0.0,
    )


def steady_interval(dose: Dose) -> tuple[Dose, ...]:
    """Return doses that repeat, with nothing reaching beyond the interval, what ``dose`` gives.

    Infusions longer than the interval run several at a time, and one that the end of the interval
    cuts goes on at its beginning.

    Parameters
    ----------
    dose : Dose
        With an interval; its steady state begins ``lead`` before it is given.

    Returns
    -------
    tuple of Dose
        Single doses; time 0 is the beginning of the interval.
    """
    interval = dose.interval or math.inf
    plain = replace(dose, interval=None, count=1, duration=None, steady_state=False, lead=0.0)
    if dose.infusion == 0:
        return (replace(plain, time=dose.lead),)
    whole = math.floor(dose.infusion / interval * (1 + ROUNDING))
    rest = max(dose.infusion - whole * interval, 0.0)
    pieces = [(0.0, interval, whole)] if whole else []
    if rest > ROUNDING * interval:
        before = min(rest, interval - dose.lead)
        pieces.append((dose.lead, before, 1))
        if rest - before > ROUNDING * interval:
            pieces.append((0.0, rest - before, 1))
    rate = dose.amount / dose.infusion
    return tuple(
        replace(plain, time=time, amount=count * rate * length, infusion=length)
        for time, length, count in pieces
    )


def carried_over(dose: Dose) -> tuple[Dose, ...]:
    """Return infusions of a steady state that were begun before it and still run.

    Raises
    ------
    ScheduleError
        If more than a thousand run at once.
    """
    interval, begin = dose.interval or math.inf, dose.time - dose.lead
    running = math.ceil((dose.infusion + dose.lead) / interval * (1 - ROUNDING)) - 1
    if running > _MOST_INFUSIONS_AT_ONCE:
        raise ScheduleError(
            f"{dose.drug}: at steady state {running + 1} infusions run at once; at most "
            f"{_MOST_INFUSIONS_AT_ONCE} are allowed."
        )
    rate = dose.amount / dose.infusion if dose.infusion > 0 else 0.0
    pieces = []
    for number in range(1, running + 1):
        length = dose.time - number * interval + dose.infusion - begin
        if length > ROUNDING * interval:
            pieces.append(
                Dose(dose.drug, rate * length, dose.unit, begin, infusion=length, route=dose.route)
            )
    return tuple(pieces) if rate > 0 else ()
