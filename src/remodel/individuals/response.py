"""Is she taking it, does it work: explanations of her readings, and a published rule."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.individuals.patient_fit import PatientFit
from remodel.individuals.readings import Reading
from remodel.individuals.woman import Woman
from remodel.populations.adherence import Pattern
from remodel.populations.population import parameter_values
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

WORKS, NOT_TAKEN, WORKS_LESS = "works", "not_taken", "works_less"
WEAK = 2.0  # times the usual dose for the usual effect; from then on a drug works less
_HALF, _MAXIMAL = "half_", "maximal_inhibition"
ORAL = frozenset({"alendronate", "risedronate", "ibandronate"})
# Diez-Perez 2017, Osteoporos Int 28:767: a fall of less than both is a reason to ask
LEAST_FALL = {"p1np": 38.0, "ctx": 56.0}
_EARLIEST, _LATEST = 2.0, 7.0  # months after the start


@dataclass(frozen=True, slots=True)
class MarkerRule:
    """The rule of IOF and ECTS for oral bisphosphonates.

    Attributes
    ----------
    falls : tuple of (str, float)
        Marker, and its fall from before the start [%].
    flags : bool or None
        Whether she is to be asked whether she takes it: no marker fell enough. None where the rule
        does not apply.
    why_not : str
    """

    falls: tuple[tuple[str, float], ...] = ()
    flags: bool | None = None
    why_not: str = ""


def response_table(fit: PatientFit) -> pd.DataFrame:
    """Return the probability of each explanation: ``explanation, probability``.

    ``not_taken`` is every doubt that leaves out the last dose that was due of a drug she should be
    taking at the last reading. ``works_less`` is a drug that is taken, and needs twice the usual
    dose or more for the usual effect, because that is how she is or because she takes half of it
    or less.
    """
    import pandas as pd

    patterns = range(len(fit.woman.patterns))
    is_taken = np.array([_is_taken(fit.woman, i) for i in patterns])[fit.pattern]
    is_weak = is_taken & (_weakness(fit) >= WEAK)
    shares = {
        WORKS: np.mean(is_taken & ~is_weak),
        NOT_TAKEN: np.mean(~is_taken),
        WORKS_LESS: np.mean(is_weak),
    }
    return pd.DataFrame(
        {"explanation": list(shares), "probability": [float(p) for p in shares.values()]}
    )


def steady_drugs(fit: PatientFit) -> tuple[str, ...]:
    """Return the drugs she takes that act alike in all women of the population."""
    components = fit.prior.definition.components
    varied = {name for component in components for name in component.parameters}
    return tuple(
        drug for drug in fit.woman.taken.drugs if not any(_changes(name, drug) for name in varied)
    )


def _weakness(fit: PatientFit) -> FloatArray:
    """Return the dose that has the usual effect in her, in usual doses, shape (m,).

    The largest over her drugs: it grows with a half effect, and as a maximal effect or the share
    of tablets that she takes falls.
    """
    prior, model = fit.prior, fit.woman.model
    columns = prior.columns(fit.draws.scores[fit.posterior.draw])
    parameters = parameter_values(prior.definition, model, columns)
    weakness = np.ones(len(fit.pattern))
    for drug in fit.woman.taken.drugs:
        taken = np.array([_share_of_tablets(pattern, drug) for pattern in fit.woman.patterns])
        dose = 1 / taken[fit.pattern]
        for name, values in parameters.items():
            if _changes(name, drug):
                ratio = values / model.all_parameters[name].value
                dose = dose * (ratio if _HALF in name else 1 / np.maximum(ratio, 1e-9))
        weakness = np.maximum(weakness, dose)
    return weakness


def _changes(parameter: str, drug: str) -> bool:
    """Return whether a parameter says how much a drug acts."""
    return parameter.startswith((f"{drug}_{_HALF}", f"{drug}_{_MAXIMAL}"))


def _share_of_tablets(pattern: Pattern, drug: str) -> float:
    """Return the share that is taken; 1 where none is, which is another explanation."""
    concerns = drug in pattern.drugs or not pattern.drugs
    return pattern.taken if concerns and pattern.taken > 0 else 1.0


def ended_drugs(woman: Woman) -> dict[str, float]:
    """Return the drugs of which no dose is due any more, with the month of the last one."""
    now = woman.now * DAYS_PER_MONTH
    last = _last_doses(woman.taken, now)
    acting = _due_now(last, now)
    return {d: dose.time / DAYS_PER_MONTH for d, dose in last.items() if d not in acting}


def _is_taken(woman: Woman, number: int) -> bool:
    """Return whether a pattern leaves the last dose of every drug that should act now."""
    now = woman.now * DAYS_PER_MONTH
    due, left = _last_doses(woman.taken, now), _last_doses(woman.taken_as(number), now)
    acting = _due_now(due, now) or due
    return all(
        drug in left and left[drug].time > dose.time - max(dose.interval / 2, 1.0)
        for drug, dose in acting.items()
    )


@dataclass(frozen=True, slots=True)
class _LastDose:
    """When a drug was given last, and how long after it the next would be due [d]."""

    time: float
    interval: float


def _due_now(last: Mapping[str, _LastDose], now: float) -> dict[str, _LastDose]:
    """Return the drugs of which another dose is due, or the last still covers now."""
    return {d: dose for d, dose in last.items() if dose.time + dose.interval >= now}


def _last_doses(schedule: Schedule, now: float) -> dict[str, _LastDose]:
    last: dict[str, _LastDose] = {}
    for dose in schedule.doses:
        if dose.time > now:
            continue
        interval, time = dose.interval or 0.0, dose.time
        if interval:
            before = math.floor((now - time) / interval + 1e-9)
            time += interval * min(before, math.inf if dose.count is None else dose.count - 1)
        if dose.drug not in last or time >= last[dose.drug].time:
            last[dose.drug] = _LastDose(time, interval)
    return last


def marker_rule(woman: Woman) -> MarkerRule:
    """Return what the rule of IOF and ECTS says of her markers."""
    starts = [dose.time / DAYS_PER_MONTH for dose in woman.taken.doses if dose.drug in ORAL]
    if not starts:
        return MarkerRule(why_not="she takes no oral bisphosphonate")
    start, falls = min(starts), []
    for marker in LEAST_FALL:
        before, after = _around([r for r in woman.readings if r.endpoint == marker], start)
        if before is not None and after is not None:
            falls.append((marker, 100 * (1 - after.value / before.value)))
    if not falls:
        return MarkerRule(why_not="no marker before the start and at 2 to 7 months")
    return MarkerRule(tuple(falls), not any(fall > LEAST_FALL[name] for name, fall in falls))


def _around(readings: Sequence[Reading], start: float) -> tuple[Reading | None, Reading | None]:
    before = [r for r in readings if r.months <= start + 0.1]
    after = [r for r in readings if _EARLIEST <= r.months - start <= _LATEST]
    return (before[-1] if before else None), (after[0] if after else None)
