"""What of a schedule is given: doses by drug and route, and time on drugs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from remodel.models import load_model
from remodel.schedules import Dose, Schedule
from remodel.schedules.medicines import medicines
from remodel.units import DAYS_PER_YEAR

BONE_CLASSES = (
    "bisphosphonate",
    "RANKL antibody",
    "sclerostin antibody",
    "PTH analogue",
    "hormone therapy",
)
_BONE_DRUGS = ("raloxifene",)
_ROUTES = {"infusions": "iv", "injections": "sc"}


@dataclass(frozen=True, slots=True)
class Given:
    """When one regimen of a drug is given [d].

    Attributes
    ----------
    drug, route : str
    first, interval : float
    count : int
    end : float
        One interval after the last dose; of a dose that is given once its usual interval.
    """

    drug: str
    route: str
    first: float
    interval: float
    count: int
    end: float


@cache
def bone_drugs() -> tuple[str, ...]:
    """Return the drugs that are given for bone."""
    drugs = load_model("reference").drugs
    return tuple(n for n, d in drugs.items() if d.drug_class in BONE_CLASSES or n in _BONE_DRUGS)


def courses(schedule: Schedule, until: float) -> list[Given]:
    """Return what is given from day 0 until before a time [d].

    Parameters
    ----------
    schedule : Schedule
    until : float
    """
    drugs = load_model("reference").drugs
    listed = []
    for dose in schedule.doses:
        piece = dose.stopped(until)
        if piece is None or piece.amount <= 0:
            continue
        interval = _interval(piece)
        count = piece.count or 1
        early = min(count, max(0, -int(piece.time // interval))) if piece.time < 0 else 0
        if early == count:
            continue
        first = piece.time + early * interval
        route = piece.route or drugs[piece.drug].default_route
        end = min(until, piece.end if dose.interval else first + interval)
        listed.append(Given(piece.drug, route, first, interval, count - early, end))
    return listed


def _interval(dose: Dose) -> float:
    if dose.interval:
        return dose.interval
    usual = medicines().usual.get(dose.drug, ())
    days = [u.days for u in usual if u.route == dose.route or dose.route is None]
    return days[0] if days else DAYS_PER_YEAR


def amount_given(name: str, schedule: Schedule, until: float) -> float:
    """Return how much of something is given until a time [d].

    Parameters
    ----------
    name : str
        ``doses``, ``infusions``, ``injections`` (of drugs for bone), ``doses_<drug>``,
        ``years_on_treatment`` (on any drug for bone), ``years_on_<drug>``, ``treated`` (100 where
        a drug for bone is given).
    schedule : Schedule
        As it is taken.
    until : float
    """
    listed = courses(schedule, until)
    kind, _, drug = name.partition("_on_") if name.startswith("years_on_") else name.partition("_")
    if drug and drug != "treatment":
        chosen = [course for course in listed if course.drug == drug]
    else:
        chosen = [course for course in listed if course.drug in bone_drugs()]
    if kind == "years":
        return _covered(chosen) / DAYS_PER_YEAR
    if kind == "treated":
        return 100.0 * bool(chosen)
    route = _ROUTES.get(kind)
    return float(sum(course.count for course in chosen if route in (None, course.route)))


def _covered(listed: list[Given]) -> float:
    """Return the days that lie in any course."""
    total, reached = 0.0, 0.0
    for first, end in sorted((course.first, course.end) for course in listed):
        total += max(0.0, end - max(first, reached))
        reached = max(reached, end)
    return total
