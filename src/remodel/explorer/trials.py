"""Published trials of the drugs of an arm, and where their numbers lie on its panels."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from remodel.explorer.curves import chosen_panels
from remodel.explorer.question import Question
from remodel.explorer.simulations import plain, simulated
from remodel.models import load_model
from remodel.observations import Arm, load_observations, load_regimens, load_trial
from remodel.plots.points import published_points
from remodel.schedules import Dose, Schedule
from remodel.units import DAYS_PER_MONTH

_SAME_DOSE = 1.2  # ratio of mean rates up to which two regimens are the same
_SAME_TIME = 92.0  # days between starts, or ends, that are the same
_AFTER = 31.0  # days after one of two regimens ended, to which they are compared
_SUPPLEMENTS = frozenset({"calcium_vitamin_d"})


@dataclass(frozen=True, slots=True)
class Match:
    """A published arm whose women took what an arm of the page says.

    Attributes
    ----------
    study, arm : str
    until : float
        Month after which the two were treated differently.
    """

    study: str
    arm: str
    until: float

    @property
    def source(self) -> str:
        """Name on the page."""
        return f"{self.study}/{self.arm}"


def trials_of(question: Question) -> dict[str, Any]:
    """Return trials that match the arms, and the points of those that are not hidden."""
    case, dataset = question.case, simulated(question.case)
    model = load_model(case.model)
    is_male = case.patient is not None and case.patient.sex == "male"
    matches = matches_of(case.schedules, tuple(model.drugs), is_male=is_male)
    hidden = set(question.page.hidden)
    shown = {arm: [m for m in listed if m.source not in hidden] for arm, listed in matches.items()}
    panels = chosen_panels(question, dataset)
    observed = {arm: [(m.study, m.arm) for m in listed] for arm, listed in shown.items()}
    table = published_points(dataset, observed, panels)
    until = {(arm, m.study, m.arm): m.until for arm, listed in shown.items() for m in listed}
    numbers = {arm: number for number, (arm, _) in enumerate(case.arms)}
    return {
        "points": [
            {
                "arm": numbers[p.arm],
                "panel": p.variable,
                "source": f"{p.study}/{p.study_arm}",
                "label": p.label,
                "month": p.month,
                "n": plain([p.n])[0],
                **dict(zip(("value", "low", "high"), plain([p.value, p.low, p.high]), strict=True)),
                "ringed": p.counted_from == "model",
                "bound": p.bound,
            }
            for p in table.itertuples()
            if p.month <= until[p.arm, p.study, p.study_arm] and isfinite(p.value)
        ],
        "sources": [
            {"arm": numbers[arm], "source": m.source, **_words(m.study, m.arm)}
            for arm, listed in matches.items()
            for m in listed
        ],
    }


def _words(study: str, arm: str) -> dict[str, Any]:
    trial, published = load_trial(study), load_regimens()[study, arm]
    return {
        "label": trial.label,
        "citation": trial.citation,
        "schedule": str(published.schedule),
        "age": published.age,
    }


def matches_of(
    schedules: Mapping[str, Schedule], drugs: tuple[str, ...], *, is_male: bool
) -> dict[str, list[Match]]:
    """Return published arms by arm: the same drugs at like doses from a like time.

    An untreated arm has the comparators of what matches the others, and if there are no others
    every untreated arm.
    """
    sex = "male" if is_male else "female"
    candidates = [arm for arm in _published() if arm.sex == sex and not arm.pool]
    matches: dict[str, list[Match]] = {}
    used: set[tuple[str, str]] = set()
    for name, schedule in schedules.items():
        matches[name] = []
        for published in candidates:
            key = (published.study_id, published.name)
            until = alike_until(schedule, published.schedule)
            if until and key not in used and set(published.schedule.drugs) <= set(drugs):
                matches[name].append(Match(*key, until))
                used.add(key)
    wanted = _comparators([m for listed in matches.values() for m in listed])
    is_alone = not any(s.drugs for s in schedules.values())
    for name, schedule in schedules.items():
        if not schedule.drugs and not is_alone:
            matches[name] = [m for m in matches[name] if (m.study, m.arm) in wanted]
    return matches


@functools.cache
def _published() -> tuple[Arm, ...]:
    """Return published arms that have numbers which may be shown."""
    numbered = {(o.study_id, o.arm) for o in load_observations() if o.use != "not_used"}
    return tuple(arm for key, arm in load_regimens().items() if key in numbered)


def _comparators(matches: list[Match]) -> set[tuple[str, str]]:
    treated = {(m.study, m.arm) for m in matches}
    return {
        (o.study_id, o.comparator)
        for o in load_observations()
        if o.comparator and (o.study_id, o.arm) in treated
    }


def alike_until(one: Schedule, other: Schedule) -> float:
    """Return the month until which two schedules give the same, 0 where they never do."""
    drugs = set(one.drugs) - _SUPPLEMENTS
    if drugs != set(other.drugs) - _SUPPLEMENTS or _interventions(one) != _interventions(other):
        return 0.0
    until = float("inf")
    for drug in drugs:
        ours, theirs = (_doses(schedule, drug) for schedule in (one, other))
        if not _is_alike(ours[0], theirs[0]):
            return 0.0
        step = max(ours[0].interval or 0.0, theirs[0].interval or 0.0)
        ends = sorted((_end(ours, step), _end(theirs, step)))
        if ends[1] - ends[0] > _SAME_TIME:
            until = min(until, ends[0] + _AFTER)
    return min(until / DAYS_PER_MONTH, 1e4)


def _doses(schedule: Schedule, drug: str) -> list[Dose]:
    return sorted((d for d in schedule.doses if d.drug == drug), key=lambda dose: dose.time)


def _interventions(schedule: Schedule) -> set[str]:
    return {event.name for event in schedule.interventions} - {"calcium_intake", "vitamin_d_intake"}


def _end(doses: list[Dose], step: float) -> float:
    """Return when a regimen ends; a single dose, when the next one would be due."""
    return max(dose.time + step if dose.interval is None else dose.end for dose in doses)


def _is_alike(one: Dose, other: Dose) -> bool:
    """Return whether two regimens begin alike: in time, in rate, and in being repeated."""
    if abs(one.time - other.time) > _SAME_TIME or one.unit != other.unit:
        return False
    if (one.route or other.route) != (other.route or one.route):
        return False
    interval = one.interval or other.interval  # of a single dose, when it would be repeated
    sizes = [d.amount / (d.interval or interval or 1.0) for d in (one, other)]
    return min(sizes) > 0 and max(sizes) / min(sizes) <= _SAME_DOSE
