"""Units of observations: common spellings, and how a number is turned into the endpoint's unit."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from remodel.observations.endpoints import (
    PERCENT,
    PERCENT_OF_GAIN,
    PERCENT_PER_YEAR,
    PERCENT_SYNONYMS,
    Endpoint,
)
from remodel.parameters import load_parameters

PERCENT_OF_BASELINE = "percent_of_baseline"
T_SCORE = "T-score"
_SPELLINGS = {
    "percentofbaseline": PERCENT_OF_BASELINE,
    "%ofbaseline": PERCENT_OF_BASELINE,
    "tscore": T_SCORE,
    "t-score": T_SCORE,
    "sd": T_SCORE,
    "percentperyear": PERCENT_PER_YEAR,
    "percent/year": PERCENT_PER_YEAR,
    "%/year": PERCENT_PER_YEAR,
    "%/y": PERCENT_PER_YEAR,
    "%peryear": PERCENT_PER_YEAR,
    "percentofgain": PERCENT_OF_GAIN,
}
_POWERS = {"k": 3, "": 0, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15}
_CONCENTRATION = re.compile(r"([kmunpf]?)(g|mol)/([dm]?)l")
_MOLAR = re.compile(r"([munpf]?)m")
_AREAL = re.compile(r"([km]?)g/([cm]?)m2")
_PER_CREATININE = re.compile(
    r"(?:(?:nmol|nm)(?:bce)?/(?:mmol|mm)|umol(?:bce)?/mol)(?:creatinine|creat|cr)?"
)


def canonical_unit(endpoint: Endpoint, word: str) -> tuple[str, float] | None:
    """Return the unit that a word means for an endpoint, and the factor into it.

    Parameters
    ----------
    endpoint : Endpoint
    word : str
        As written, such as ``g/cm^2``, ``ug/L`` or ``nmol BCE/mmol creatinine``.

    Returns
    -------
    (str, float) or None
        A unit of percent, ``T-score``, or the endpoint's own unit for a level, with what a number
        is multiplied by; None if the endpoint has no such unit.
    """
    if word.strip().lower() in PERCENT_SYNONYMS:
        return PERCENT, 1.0
    text = _normalized(word)
    unit = _SPELLINGS.get(text)
    if unit == T_SCORE and not endpoint.has_t_score:
        return None
    if unit is not None:
        return unit, 1.0
    factor = _factor(text, _normalized(endpoint.level_unit), endpoint.molar_mass)
    return None if factor is None else (endpoint.level_unit, factor)


def _normalized(unit: str) -> str:
    text = re.sub(r"[\s_*^]+", "", unit.strip().lower()).replace("²", "2")
    return text.replace("µ", "u").replace("μ", "u").replace("mcg", "ug")


def _factor(unit: str, wanted: str, molar_mass: float | None) -> float | None:
    """Return what turns one normalized unit into another, None if nothing does."""
    if unit == wanted:
        return 1.0
    if _PER_CREATININE.fullmatch(unit) and _PER_CREATININE.fullmatch(wanted):
        return 1.0
    size, target = _size(unit), _size(wanted)
    if size is None or target is None:
        return None
    power = size.power - target.power
    scale = 10.0**power if power >= 0 else 1.0 / 10.0**-power
    if size.of == target.of:
        return scale
    if molar_mass is None or "area" in (size.of, target.of):
        return None
    return scale / molar_mass if size.of == "mass" else scale * molar_mass


@dataclass(frozen=True, slots=True)
class _Size:
    """A unit as a power of ten of g/L, mol/L or g/m2."""

    of: str
    power: int


def _size(unit: str) -> _Size | None:
    if match := _CONCENTRATION.fullmatch(unit):
        power = _POWERS[match[1]] - _POWERS[match[3]]
        return _Size("mass" if match[2] == "g" else "amount", power)
    if match := _MOLAR.fullmatch(unit):
        return _Size("amount", _POWERS[match[1]])
    if match := _AREAL.fullmatch(unit):
        return _Size("area", _POWERS[match[1]] - 2 * _POWERS[match[2]])
    return None


@functools.cache
def t_score_reference(endpoint: str) -> tuple[float, float]:
    """Return mean and standard deviation that T-scores of a density count from [g/cm2]."""
    parameters = load_parameters("reference")
    return parameters[f"{endpoint}_reference"].value, parameters[f"{endpoint}_reference_sd"].value


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a number of a table becomes: ``factor`` times it plus ``shift``, in ``unit``.

    Attributes
    ----------
    unit, kind : str
    factor, shift : float
    """

    unit: str
    kind: str
    factor: float = 1.0
    shift: float = 0.0

    def __call__(self, value: float) -> float:
        """Return a converted value."""
        return self.factor * value + self.shift


def conversion(
    endpoint: Endpoint, unit: str, factor: float, kind: str, baseline: float | None
) -> Conversion | None:
    """Return how a number of some kind is read, None if the kind is not given in that unit.

    Parameters
    ----------
    endpoint : Endpoint
    unit : str
        From :func:`canonical_unit`.
    factor : float
        Into that unit.
    kind : str
        As written.
    baseline : float or None
        Level at the start, in the unit of the table. A level with it becomes a percent change.
    """
    if unit == PERCENT_OF_BASELINE:
        is_level = kind in ("change", "level", "bound_upper", "bound_lower")
        shift = -100.0 if is_level else 0.0
        return Conversion(PERCENT, "change" if kind == "level" else kind, 1.0, shift)
    if unit == PERCENT_PER_YEAR:
        return Conversion(unit, kind) if kind in ("rate_per_year", "ratio") else None
    if unit in (PERCENT, PERCENT_OF_GAIN):
        is_allowed = kind == "ratio" or (unit == PERCENT and kind not in ("level", "rate_per_year"))
        return Conversion(unit, kind) if is_allowed else None
    mean, scale = t_score_reference(endpoint.name) if unit == T_SCORE else (0.0, factor)
    if kind == "level" and baseline is None:
        return Conversion(endpoint.level_unit, kind, scale, mean)
    if kind == "ratio":
        return Conversion(unit, kind)
    if baseline is None or kind not in ("level", "change", "difference"):
        return None
    start = mean + scale * baseline
    shift = 100.0 * mean / start - 100.0 if kind == "level" else 0.0
    return Conversion(PERCENT, "change" if kind == "level" else kind, 100.0 * scale / start, shift)
