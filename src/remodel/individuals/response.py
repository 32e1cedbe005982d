"""Is she taking it, does it work: explanations of her readings, and a published rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from remodel.individuals.patient_fit import PatientFit
from remodel.individuals.readings import Reading
from remodel.individuals.woman import Woman
from remodel.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

WORKS, NOT_TAKEN, WORKS_LESS = "works", "not_taken", "works_less"
RESISTANCE = "response"
WEAK = 2.0  # times the usual half effect; beyond it the drug works less
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

    ``not_taken`` is every doubt that leaves none of the drug she should be taking at the last
    reading; ``works_less`` a bone drug that is taken and whose half effect is twice the usual or
    more. An inhibitor has no such spread, and works where it is taken.
    """
    import pandas as pd

    taken = np.array([_is_taken(fit.woman, i) for i in range(len(fit.woman.patterns))])
    is_taken = taken[fit.pattern]
    is_weak = np.zeros(len(is_taken), dtype=bool)
    component = next((c for c in fit.prior.definition.components if c.name == RESISTANCE), None)
    drugs = fit.woman.taken.drugs
    if component is not None and any(p.startswith(d) for p in component.parameters for d in drugs):
        is_weak = fit.traits[RESISTANCE] > WEAK
    shares = {
        WORKS: np.mean(is_taken & ~is_weak),
        NOT_TAKEN: np.mean(~is_taken),
        WORKS_LESS: np.mean(is_taken & is_weak),
    }
    return pd.DataFrame(
        {"explanation": list(shares), "probability": [float(p) for p in shares.values()]}
    )


def _is_taken(woman: Woman, number: int) -> bool:
    """Return whether a pattern leaves every drug that was due at the last reading."""
    now = woman.now * DAYS_PER_MONTH
    due = {dose.drug for dose in woman.taken.doses if dose.time <= now < dose.end}
    left = {d.drug for d in woman.taken_as(number).doses if d.time <= now < d.end}
    return due <= left


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
