"""The dosing plan: what a simulation has to give, with dense doses joined to a constant rate.

Daily tablets taken for ten years are 3653 jumps that a bone, which answers over months, cannot tell
from a constant rate. The plan is made from the doses written out one by one, so that it does not
matter how they were described.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from remodel.errors import ScheduleError
from remodel.schedules.events import ROUNDING, Dose
from remodel.schedules.interventions import RESET
from remodel.schedules.schedule import Schedule
from remodel.schedules.steady import carried_over
from remodel.units import DAYS_PER_WEEK

FEWEST_DOSES_OF_A_RUN = 3
MOST_EVENTS = 100_000  # doses that are no run, in one simulation: a few seconds of it


@dataclass(frozen=True, slots=True)
class Infusion:
    """A constant-rate input that stands for a run of dense doses.

    Parameters
    ----------
    drug : str
        Canonical name.
    route : str or None
        iv, sc, oral or patch; None is the usual route of the drug.
    unit : str
        Unit of dose.
    amount_per_day : float
        Rate [``unit``/d].
    start, end : float
        From the first dose to one interval after the last [d], so that the total is kept.
    steady_state : bool
        At ``start`` the same rate has been given for ever.
    """

    drug: str
    route: str | None
    unit: str
    amount_per_day: float
    start: float
    end: float
    steady_state: bool = False


class _Kind(NamedTuple):
    """What doses must share to be joined to one run."""

    drug: str
    route: str | None
    unit: str
    amount: float
    infusion: float


class _Timed(NamedTuple):
    """When one dose is given, and interval and lead of its steady state, 0 without one [d]."""

    time: float
    steady_interval: float
    lead: float


def dosing_plan(
    schedule: Schedule,
    dense_interval: float = DAYS_PER_WEEK,
    *,
    exact: bool = False,
    until: float | None = None,
) -> tuple[Dose | Infusion, ...]:
    """Return single doses and constant rates that give what the schedule gives.

    Three or more boluses of the same drug, route, unit and amount, equally spaced and at most
    ``dense_interval`` apart, become one constant rate. Doses of nothing are left out.

    Parameters
    ----------
    schedule : Schedule
        What is given.
    dense_interval : float
        Longest spacing that counts as dense [d], not negative; 0 joins nothing.
    exact : bool
        Keep every dose as it is.
    until : float, optional
        End of the simulation [d]; needed for an open-ended schedule.

    Returns
    -------
    tuple of Dose and Infusion
        In the order of time.

    Raises
    ------
    ScheduleError
        If the schedule is open-ended and ``until`` is not given, or ``dense_interval`` is negative.
    """
    if not dense_interval >= 0:
        raise ScheduleError(
            f"dense_interval {dense_interval} d is not a spacing of doses; give 0 d or more."
        )
    before = schedule if until is None else schedule.stopped(until)
    _check_number(before, 0.0 if exact else dense_interval)
    if exact:
        return tuple(sorted(_interrupted(before.single_doses(), schedule), key=_order))
    kinds: dict[_Kind, list[Dose]] = {}
    for dose in before.doses:
        if dose.amount > 0:
            kind = _Kind(dose.drug, dose.route, dose.unit, dose.amount, dose.infusion)
            kinds.setdefault(kind, []).append(dose)
    plan = [part for kind, doses in kinds.items() for part in _parts(kind, doses, dense_interval)]
    return tuple(sorted(_interrupted(plan, schedule), key=_order))


def _check_number(schedule: Schedule, dense: float) -> None:
    """Refuse more separate doses than a simulation should take, before they are written out."""
    many = [dose for dose in schedule.doses if not _is_one_run(dose, dense)]
    number = sum(1 if dose.count is None else dose.count for dose in many)
    if number > MOST_EVENTS:
        drug = max(many, key=lambda dose: dose.count or 1).drug
        raise ScheduleError(
            f"the schedule gives {number} doses one by one, most of them {drug}; a simulation "
            f"takes at most {MOST_EVENTS}. Give fewer, or their mean rate as one long infusion."
        )


def _interrupted(plan: Iterable[Dose | Infusion], schedule: Schedule) -> list[Dose | Infusion]:
    """Return a plan with the infusions that a steady state finds running, ended by resets."""
    resets = sorted(
        e.time for e in schedule.interventions if e.name == RESET and e.time is not None
    )
    parts: list[Dose | Infusion] = []
    for part in plan:
        if isinstance(part, Dose) and part.steady_state:
            parts += carried_over(part)
        parts.append(part)
    return (
        [_ended(part, resets) if isinstance(part, Dose) else part for part in parts]
        if resets
        else parts
    )


def _ended(dose: Dose, resets: Iterable[float]) -> Dose:
    """Return a dose whose infusion ends at the first reset after its start."""
    for reset in resets:
        length = reset - dose.time
        if ROUNDING < length < dose.infusion:
            return replace(dose, amount=dose.amount * length / dose.infusion, infusion=length)
    return dose


def _parts(kind: _Kind, doses: list[Dose], dense: float) -> list[Dose | Infusion]:
    """Return what doses of one kind become; those of one dense regimen need not be written out."""
    if len(doses) == 1 and _is_one_run(doses[0], dense):
        dose = doses[0]
        count, interval = dose.count or 1, dose.interval or 0.0
        first = _Timed(dose.time, interval if dose.steady_state else 0.0, dose.lead)
        last = _Timed(dose.time + (count - 1) * interval, 0.0, 0.0)
        return [_constant_rate(kind, first, last, count)]
    return _joined(kind, [timed for dose in doses for timed in _written_out(dose)], dense)


def _is_one_run(dose: Dose, dense: float) -> bool:
    return (
        dose.infusion == 0
        and dose.count is not None
        and dose.count >= FEWEST_DOSES_OF_A_RUN
        and dose.interval is not None
        and 0 < dose.interval <= dense * (1 + ROUNDING)
    )


def _written_out(dose: Dose) -> list[_Timed]:
    timed = [_Timed(time, 0.0, 0.0) for time in dose.times]
    if dose.steady_state:
        timed[0] = _Timed(dose.time, dose.interval or 0.0, dose.lead)
    return timed


def _joined(kind: _Kind, timed: list[_Timed], dense: float) -> list[Dose | Infusion]:
    timed.sort()
    parts: list[Dose | Infusion] = []
    first = 0
    while first < len(timed):
        length = 1 if kind.infusion > 0 else _run_length(timed, first, dense)
        if length >= FEWEST_DOSES_OF_A_RUN:
            parts.append(_constant_rate(kind, timed[first], timed[first + length - 1], length))
            first += length
        else:
            parts.append(_single(kind, timed[first]))
            first += 1
    return parts


def _run_length(timed: list[_Timed], first: int, dense: float) -> int:
    """Return the number of equally spaced dense doses that begin with dose ``first``."""
    if first + 1 == len(timed):
        return 1
    gap = timed[first + 1].time - timed[first].time
    steady = timed[first].steady_interval
    if gap <= 0 or gap > dense * (1 + ROUNDING) or (steady and not _equal(steady, gap)):
        return 1
    last = first
    while (
        last + 1 < len(timed)
        and not timed[last + 1].steady_interval
        and _equal(timed[last + 1].time - timed[last].time, gap)
    ):
        last += 1
    return last - first + 1


def _equal(gap: float, other: float) -> bool:
    return abs(gap - other) <= ROUNDING * other


def _constant_rate(kind: _Kind, first: _Timed, last: _Timed, count: int) -> Infusion:
    interval = (last.time - first.time) / (count - 1)
    return Infusion(
        kind.drug,
        kind.route,
        kind.unit,
        kind.amount / interval,
        first.time - first.lead,
        last.time + interval,
        steady_state=first.steady_interval > 0,
    )


def _single(kind: _Kind, timed: _Timed) -> Dose:
    return Dose(
        kind.drug,
        kind.amount,
        kind.unit,
        timed.time,
        interval=timed.steady_interval or None,
        infusion=kind.infusion,
        route=kind.route,
        steady_state=timed.steady_interval > 0,
        lead=timed.lead,
    )


def _order(part: Dose | Infusion) -> tuple[object, ...]:
    if isinstance(part, Infusion):
        amount, last = part.amount_per_day, part.end
    else:
        amount, last = part.amount, part.time + part.infusion
    start = part.start if isinstance(part, Infusion) else part.time
    return (start, part.drug, part.unit, part.route or "", amount, last)
