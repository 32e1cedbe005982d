"""Readings of one woman as they are written down, checked and in one unit each."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from remodel.equations import TIME
from remodel.errors import ConfigError, nearest
from remodel.models import Model
from remodel.observations.endpoints import endpoints
from remodel.observations.units import canonical_unit
from remodel.patient import SITES
from remodel.units import DAYS_PER_MONTH

T_SCORE = "t_score_"
MOST_APART = 0.3  # T-score and density of one scan, in T-scores; rounding gives 0.05
_SAME_VISIT = 0.05  # months
_MOST_MONTHS = 600.0
_T_UNITS = ("", "1", "-", "t", "t-score", "sd")


@dataclass(frozen=True, slots=True)
class Reading:
    """One number of a scanner or a laboratory.

    Parameters
    ----------
    endpoint : str
    months : float
        Since month 0.
    value : float
        In the unit of the endpoint; a T-score has become a density.
    scanner : str
        Name of the machine; empty for her usual one.
    fasting : bool
    hour : float
        Of the day [h].
    """

    endpoint: str
    months: float
    value: float
    scanner: str = ""
    fasting: bool = True
    hour: float = 8.0


@dataclass(frozen=True, slots=True)
class Reference:
    """Mean and spread of density of young adults, by site [g/cm2]; T-scores count from them."""

    mean: Mapping[str, float]
    sd: Mapping[str, float]

    @classmethod
    def of(cls, model: Model) -> Reference:
        """Return the reference of a model."""
        known = {name: p.value * p.factor for name, p in model.all_parameters.items()}
        known |= {TIME: 50.0 * model.days_per_year, model.male: 0.0}  # of the young, at any age
        wanted = [model.density[site] for site in SITES]
        names = [name for d in wanted for name in (d.reference, d.reference_sd)]
        values = model.constants(tuple(names), known)
        return cls(
            {s: float(values[d.reference]) for s, d in zip(SITES, wanted, strict=True)},
            {s: float(values[d.reference_sd]) for s, d in zip(SITES, wanted, strict=True)},
        )

    def density(self, site: str, t_score: float) -> float:
        """Return the density of a T-score."""
        return self.mean[site] + t_score * self.sd[site]

    def t_score(self, site: str, density: float) -> float:
        """Return the T-score of a density."""
        return (density - self.mean[site]) / self.sd[site]


@cache
def possible() -> Mapping[str, tuple[float, float]]:
    """Return the bounds of a reading by endpoint; endpoints without bounds are not read."""
    text = (resources.files("remodel.individuals") / "possible.toml").read_text("utf-8")
    return {name: (low, high) for name, (low, high) in tomllib.loads(text).items()}


def reading_of(
    endpoint: str,
    months: float,
    value: float,
    unit: str,
    reference: Reference,
    *,
    scanner: str = "",
    fasting: bool = True,
    hour: float = 8.0,
) -> Reading:
    """Return a reading in the unit of its endpoint.

    Parameters
    ----------
    endpoint : str
        Such as ``ctx``, ``bmd_total_hip`` or ``t_score_total_hip``.
    months, value : float
    unit : str
        Of the value; empty for that of the endpoint.
    reference : Reference
    scanner : str
    fasting : bool
    hour : float

    Raises
    ------
    ConfigError
        If the endpoint or unit is unknown, or the value impossible.
    """
    name, level = known_endpoint(endpoint), value
    if not 0 <= months <= _MOST_MONTHS:
        raise ConfigError(
            f"{endpoint} at month {months:g}: months count from month 0, the first reading or "
            f"start, to {_MOST_MONTHS:g}.",
            field="months",
        )
    if not 0 <= hour <= 24:
        raise ConfigError(f"hour = {hour:g}: must be from 0 to 24.", field="hour")
    if endpoint.startswith(T_SCORE):
        if unit.lower() not in _T_UNITS:
            raise ConfigError(f"{endpoint}: a T-score has no unit, got '{unit}'.", field="unit")
        level = reference.density(name.removeprefix("bmd_"), value)
    elif unit:
        level = value * _factor(name, unit)
    own_unit, (low, high) = endpoints()[name].level_unit, possible()[name]
    if not low <= level <= high:
        written = f"{value:g}" if endpoint.startswith(T_SCORE) else f"{value:g} {unit or own_unit}"
        raise ConfigError(
            f"{endpoint} = {written} at month {months:g} is impossible: {name} lies between "
            f"{low:g} and {high:g} {own_unit}; check the unit.",
            field="value",
            value=value,
        )
    return Reading(name, months, level, scanner, fasting, hour)


def known_endpoint(endpoint: str) -> str:
    """Return the endpoint whose level a name gives: the density of a T-score, others themselves.

    Raises
    ------
    ConfigError
    """
    scores = tuple(f"{T_SCORE}{site}" for site in SITES)
    if endpoint in scores:
        return f"bmd_{endpoint.removeprefix(T_SCORE)}"
    if endpoint not in possible():
        known = (*possible(), *scores)
        raise ConfigError(
            f"'{endpoint}' is not read of a woman.{nearest(endpoint, known)}",
            field="endpoint",
        )
    return endpoint


def _factor(endpoint: str, unit: str) -> float:
    described = endpoints()[endpoint]
    meaning = canonical_unit(described, unit)
    if meaning is None or meaning[0] != described.level_unit:
        raise ConfigError(
            f"unit '{unit}' is unknown for {endpoint}; give it in {described.level_unit}.",
            field="unit",
            value=unit,
        )
    return meaning[1]


def months_between(start: date, day: date) -> float:
    """Return the time between two dates [months]."""
    return (day - start).days / DAYS_PER_MONTH


def merged(readings: Iterable[tuple[str, Reading]], reference: Reference) -> tuple[Reading, ...]:
    """Return readings in the order of time, a T-score and a density of one scan counted once.

    Parameters
    ----------
    readings : iterable of (str, Reading)
        Each with the endpoint as it was written, which may be a T-score.
    reference : Reference

    Raises
    ------
    ConfigError
        If a T-score and a density of one scan contradict each other.
    """
    listed = list(readings)
    densities = [r for name, r in listed if not name.startswith(T_SCORE)]
    kept = list(densities)
    for name, reading in listed:
        if not name.startswith(T_SCORE):
            continue
        twin = _same_scan(reading, densities)
        if twin is None:
            kept.append(reading)
            continue
        site = reading.endpoint.removeprefix("bmd_")
        scores = [reference.t_score(site, r.value) for r in (reading, twin)]
        if abs(scores[0] - scores[1]) > MOST_APART:
            raise ConfigError(
                f"{name} = {scores[0]:.2f} and {reading.endpoint} = {twin.value:.3f} g/cm2 at "
                f"month {reading.months:g} contradict each other: that density is a T-score of "
                f"{scores[1]:.2f}; give one of them.",
                field=name,
            )
    return tuple(sorted(kept, key=lambda r: (r.months, r.endpoint)))


def _same_scan(reading: Reading, others: Sequence[Reading]) -> Reading | None:
    for other in others:
        is_near = math.isclose(other.months, reading.months, abs_tol=_SAME_VISIT)
        if is_near and (other.endpoint, other.scanner) == (reading.endpoint, reading.scanner):
            return other
    return None
