"""Units of factors: the unit a range is written in, and the unit of what it varies."""

from __future__ import annotations

from remodel.errors import UnitError
from remodel.units import parse, registry


def unit_factor(name: str, given: str, wanted: str) -> float:
    """Return what a value in ``given`` is multiplied by to be in ``wanted``.

    Raises
    ------
    UnitError
        If the one cannot be converted to the other.
    """
    if given == wanted or _plain(given) == _plain(wanted):
        return 1.0
    if not wanted:
        raise UnitError(f"{name} has no unit here, and is given in {given}.")
    one, other = parse(given), parse(wanted)
    if one.dimensionality != other.dimensionality:
        raise UnitError(f"{name} is in {wanted}; a value in {given} cannot be converted.")
    return float(registry().Quantity(1.0, one).to(other).magnitude)


def _plain(unit: str) -> str:
    return "1" if unit in ("", "-", "1") else unit
