"""Doses and intervals far from those in use, and courses of a drug that overlap."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, pairwise
from statistics import median

from remodel.schedules.events import ROUNDING, Dose
from remodel.schedules.medicines import UsualDose, medicines
from remodel.schedules.schedule import Schedule
from remodel.schedules.words import length_text, number_text

FAR = 5.0  # times the usual, up or down


def unusual_doses(schedule: Schedule, in_mg: Callable[[Dose], float]) -> tuple[str, ...]:
    """Return a sentence for each dose or interval far from the usual, and for each overlap.

    Parameters
    ----------
    schedule : Schedule
    in_mg : callable
        Returns the amount of a dose [mg].

    Notes
    -----
    A dose of nothing is no treatment. The interval of doses given one by one is the median of the
    times between them; those given at one time count as one dose.
    """
    sentences: dict[str, None] = {}
    for drug in schedule.drugs:
        doses = [dose for dose in schedule.doses if dose.drug == drug and dose.amount > 0]
        for dose, mg, interval in _regimens(doses, in_mg):
            usual = medicines().usual.get(drug, ())
            usual = tuple(u for u in usual if dose.route in (None, u.route)) or usual
            if usual and not any(_fits(u, mg, interval) for u in usual):
                sentences[_sentence(dose, interval, usual)] = None
        if any(_overlap(first, second) for first, second in combinations(_courses(doses), 2)):
            sentences[f"{drug}: two courses overlap; their doses add up."] = None
    return tuple(sentences)


def next_due(dose: Dose) -> float:
    """Return when the dose after the last one of a regimen is due [d].

    After a single dose it is the longest usual interval of the drug; infinite without an end.
    """
    if dose.interval is not None:
        return dose.end
    usual = medicines().usual.get(dose.drug, ())
    return dose.end + max((u.days for u in usual), default=0.0)


def _regimens(
    doses: Iterable[Dose], in_mg: Callable[[Dose], float]
) -> Iterator[tuple[Dose, float, float | None]]:
    """Yield a dose, its size [mg] and its interval [d], None where it is given once."""
    single: dict[float, float] = {}
    first: Dose | None = None
    for dose in doses:
        if dose.count == 1 and not dose.steady_state:
            single[dose.time] = single.get(dose.time, 0.0) + in_mg(dose)
            first = first or dose
        else:
            yield dose, in_mg(dose), dose.interval
    if first is None:
        return
    times = sorted(single)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    for mg in dict.fromkeys(single.values()):
        yield first, mg, median(gaps) if gaps else None


def _fits(usual: UsualDose, mg: float, interval: float | None) -> bool:
    return _near(mg, usual.mg) and (interval is None or _near(interval, usual.days))


def _near(value: float, usual: float) -> bool:
    return usual / FAR * (1 - ROUNDING) <= value <= usual * FAR * (1 + ROUNDING)


def _sentence(dose: Dose, interval: float | None, usual: Iterable[UsualDose]) -> str:
    often = "" if interval is None else f" every {length_text(interval)}"
    known = " or ".join(f"{u.words} ({u.route})" for u in usual)
    return (
        f"{dose.drug} {number_text(dose.amount)} {dose.unit}{often} is far from the usual "
        f"{known}; check the units of dose and time."
    )


def _courses(doses: Iterable[Dose]) -> list[Dose]:
    return [dose for dose in doses if dose.interval is not None and dose.count != 1]


def _overlap(first: Dose, second: Dose) -> bool:
    early, late = sorted((first, second), key=lambda dose: dose.time)
    last = math.inf
    if early.count is not None:
        last = early.time + (early.count - 1) * (early.interval or 0.0)
    return late.time < last - ROUNDING
