"""Units: one registry, the lengths of months and years, and conversion at the borders.

Inside the package every number is a plain float in the unit its parameter, state or endpoint
declares, with time in days. Conversion happens here and is called only where numbers enter or
leave: parameter files, schedules, observation tables and results.
"""

from __future__ import annotations

import functools
import math
import numbers
import re
from typing import TYPE_CHECKING, TypeVar

from remodel.errors import ConfigError, UnitError

if TYPE_CHECKING:
    import pint

    from remodel._arrays import FloatArray

Number = TypeVar("Number", float, "FloatArray")

PERCENT_CHANGE = "_percent_change"
"""What the name of an output ends with where its change from day 0 is meant."""
_SCORES = ("t_score_", "z_score_")

DAYS_PER_WEEK = 7.0
DAYS_PER_MONTH = 30.4375
DAYS_PER_YEAR = 365.25

_DAYS = {
    "min": 1.0 / 1440.0, "minute": 1.0 / 1440.0, "minutes": 1.0 / 1440.0,
    "h": 1.0 / 24.0, "hour": 1.0 / 24.0, "hours": 1.0 / 24.0,
    "d": 1.0, "day": 1.0, "days": 1.0,
    "w": DAYS_PER_WEEK, "wk": DAYS_PER_WEEK, "wks": DAYS_PER_WEEK,
    "week": DAYS_PER_WEEK, "weeks": DAYS_PER_WEEK,
    "mo": DAYS_PER_MONTH, "month": DAYS_PER_MONTH, "months": DAYS_PER_MONTH,
    "y": DAYS_PER_YEAR, "yr": DAYS_PER_YEAR, "yrs": DAYS_PER_YEAR,
    "year": DAYS_PER_YEAR, "years": DAYS_PER_YEAR,
}  # fmt: skip

_TO_MG = {"g": 1e3, "mg": 1.0, "ug": 1e-3, "µg": 1e-3, "μg": 1e-3, "mcg": 1e-3, "ng": 1e-6}
_TO_MOL = {
    "mol": 1.0, "mmol": 1e-3, "umol": 1e-6, "µmol": 1e-6, "μmol": 1e-6,
    "nmol": 1e-9, "pmol": 1e-12,
}  # fmt: skip
_IU = {"iu": 1.0, "kiu": 1e3}

_TIMELESS = frozenset({
    "g", "kg", "mg", "ug", "ng", "mol", "mmol", "umol", "nmol", "pmol", "M", "mM", "uM", "nM", "pM",
    "L", "mL", "m", "cm", "mm", "IU",
})  # fmt: skip
_WORD = r"(?:%|[A-Za-z]+(?:\^\d+)?)"
_WRITTEN = re.compile(
    rf"(?P<above>1|{_WORD}(?:\*{_WORD})*)(?P<below>(?:/{_WORD})*|/\({_WORD}(?:\*{_WORD})*\))"
)

_TIME = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*([a-z]+)\s*", re.IGNORECASE)

TIME_UNITS = tuple(_DAYS)
DOSE_UNITS = (*_TO_MG, *_TO_MOL, *_IU)


def days(value: float, unit: str) -> float:
    """Return a duration in days.

    Parameters
    ----------
    value : float
        The number.
    unit : str
        One of h, d, wk, mo, y or their long names; a month is 30.4375 d, a year 365.25 d.

    Raises
    ------
    UnitError
        If ``unit`` is not a unit of time.
    """
    factor = _DAYS.get(unit.strip().lower())
    if factor is None:
        raise UnitError(f"'{unit}' is not a unit of time; use h, d, wk, mo or y.")
    return value * factor


def read_time(value: float | str, unit: str = "d", field: str = "time") -> float:
    """Return a time in days.

    Parameters
    ----------
    value : float or str
        A number in ``unit``, or text with a unit of its own, such as ``"12 mo"`` or ``"2.5y"``.
    unit : str
        Unit of a plain number.
    field : str
        Name of the argument, for the message.

    Raises
    ------
    ConfigError
        If it is neither, or not finite.
    """
    if isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value):
        return days(float(value), unit)
    written = _TIME.fullmatch(value) if isinstance(value, str) else None
    if not written or written[2].lower() not in _DAYS:
        what = "a time with its unit" if isinstance(value, str) else f"a number [{unit}] or a time"
        raise ConfigError(
            f"{field} = {value!r}: expected {what}, such as '12 mo', '2.5 y' or '90 d'.",
            field=field,
            value=value,
        )
    return days(float(written[1]), written[2])


def relative_change(value: Number, reference: Number) -> Number:
    """Return the change from ``reference`` to ``value`` [percent]; the reference is not zero."""
    return 100.0 * (value / reference - 1.0)


def has_percent_change(endpoint: str) -> bool:
    """Whether a change in percent makes sense: not for a score, whose zero is arbitrary."""
    return not endpoint.startswith(_SCORES)


def percent_change(values: FloatArray, reference: FloatArray) -> FloatArray:
    """Return the change from a reference [percent], NaN where that is zero; shapes broadcast."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        change = relative_change(values, reference)
    return np.where(np.isfinite(change), change, np.nan)


def percent_change_derivative(
    values: FloatArray,
    reference: FloatArray,
    slopes: FloatArray,
    reference_slopes: FloatArray,
) -> FloatArray:
    """Return the derivative of :func:`percent_change`; shapes broadcast.

    Parameters
    ----------
    values, reference : ndarray
    slopes, reference_slopes : ndarray
        Derivatives of ``values`` and of ``reference``.
    """
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        change = 100.0 * (slopes - values / reference * reference_slopes) / reference
    return np.where(np.isfinite(change), change, np.nan)


def dose_in_mg(
    amount: float,
    unit: str,
    drug: str,
    *,
    molar_mass: float | None = None,
    iu_per_mg: float | None = None,
) -> float:
    """Convert a dose to mg.

    Parameters
    ----------
    amount : float
        Dose in ``unit``.
    unit : str
        g, mg, µg (ug, mcg), ng, mol, mmol, µmol, nmol, pmol or IU.
    drug : str
        Name for the error message.
    molar_mass : float, optional
        [g/mol]; needed for doses in mol.
    iu_per_mg : float, optional
        International units in one mg; needed for doses in IU.

    Returns
    -------
    float
        Dose [mg].

    Raises
    ------
    UnitError
        If the unit is unknown, or needs a molar mass or an IU content the drug does not have.
    """
    word = unit.strip()
    lower = word.lower()
    if word in _TO_MG or lower in _TO_MG:
        return amount * _TO_MG.get(word, _TO_MG.get(lower, 1.0))
    if lower in _TO_MOL:
        if molar_mass is None:
            raise UnitError(
                f"{drug}: a dose in {word} needs a molar mass, which this drug has not; use mg."
            )
        return amount * _TO_MOL[lower] * molar_mass * 1e3
    if lower in _IU:
        if iu_per_mg is None:
            raise UnitError(
                f"{drug}: a dose in IU cannot be converted to mass for this drug; "
                "give it in mg, µg or mol."
            )
        return amount * _IU[lower] / iu_per_mg
    raise UnitError(
        f"{drug}: '{unit}' is not a unit of dose; use g, mg, µg, ng, mmol, µmol, nmol or IU."
    )


@functools.cache
def registry() -> pint.UnitRegistry[float]:
    """Return the unit registry, with the words of the field defined.

    Months are 30.4375 d and years 365.25 d. ``BCE`` (bone collagen equivalents) and ``IU`` are
    amounts of their own; a T-score or a ratio is dimensionless.
    """
    import pint

    units: pint.UnitRegistry[float] = pint.UnitRegistry()
    units.define(f"month = {DAYS_PER_MONTH} * day")
    units.define(f"year = {DAYS_PER_YEAR} * day = y")
    units.define("@alias month = mo")
    units.define("@alias week = wk")
    units.define("bone_collagen_equivalent = [collagen] = BCE")
    units.define("international_unit = [biological_activity] = IU")
    units.define("cell_unit = [cells]")
    return units


def parse(unit: str) -> pint.Unit:
    """Return the pint unit written as ``unit``; ``-`` and ``1`` mean dimensionless.

    Raises
    ------
    UnitError
        If pint does not know it.
    """
    text = unit.strip()
    if text in {"-", "", "1", "percent", "%"}:
        return registry().dimensionless
    try:
        return registry().parse_units(re.sub(r"µ|μ", "u", text).replace("^", "**"))
    except Exception as error:
        raise UnitError(f"'{unit}' is not a unit this package knows ({error}).") from error


def time_factor(unit: str) -> float:
    """Return what a number in ``unit`` is multiplied by when its times become days.

    Units in the common words, such as ``pmol/L/h`` or ``1/(mg*y)``, do without the registry of
    units, which takes long to load.

    Raises
    ------
    UnitError
        If the unit is not known.
    """
    written, words = _WRITTEN.fullmatch(unit), re.findall("[A-Za-z]+", unit)
    if unit == "-":
        return 1.0
    if not written or not _TIMELESS.union(_DAYS).issuperset(words):
        return in_days(unit)[0]
    factor = 1.0
    for part, sign in (("above", 1), ("below", -1)):
        for word, power in re.findall(r"([A-Za-z]+)(?:\^(\d+))?", written[part]):
            factor *= _DAYS.get(word, 1.0) ** (sign * int(power or 1))
    return factor


@functools.cache
def in_days(unit: str) -> tuple[float, str]:
    """Return the factor and the unit that replace every time unit of ``unit`` by days.

    ``in_days("1/y")`` is ``(1/365.25, "1 / d")``. Other units are left as they are.
    """
    units = registry()
    parsed = parse(unit)
    target = units.dimensionless
    for name, power in parsed._units.items():
        one = units.parse_units(name)
        day = units.parse_units("day")
        target = target * ((day if one.dimensionality == day.dimensionality else one) ** power)
    factor = float(units.Quantity(1.0, parsed).to(target).magnitude)
    return factor, f"{target:~}" or "-"
