"""The methods of integration: names, default tolerances, and what each can do."""

from __future__ import annotations

import numbers
from dataclasses import dataclass

from remodel.errors import ConfigError, nearest

MAX_STEPS = 100_000  # of one simulation, accepted or not
_SMALLEST_RTOL, _LARGEST_RTOL = 1e-12, 0.1


@dataclass(frozen=True, slots=True)
class Method:
    """A method of integration.

    Attributes
    ----------
    name : str
    title : str
        Name and source in the literature.
    is_compiled : bool
        Whether the batch engine runs it, several simulations at a time; otherwise SciPy runs it,
        one by one.
    rtol : float
        Relative tolerance unless another is asked for.
    has_sensitivities : bool
        Whether it integrates forward sensitivities.
    aliases : tuple of str
        Other names it is known by.
    """

    name: str
    title: str
    is_compiled: bool
    rtol: float
    has_sensitivities: bool
    aliases: tuple[str, ...] = ()


METHODS = {
    method.name: method
    for method in (
        Method("rodas5p", "Rodas5P (Steinebach 2023)", True, 1e-6, True, ("batch",)),
        Method("rodas4", "RODAS (Hairer and Wanner 1996)", True, 1e-6, True),
        Method("lsoda", "LSODA (Petzold 1983), by SciPy", False, 1e-7, False),
        Method("bdf", "BDF, by SciPy", False, 1e-7, False),
        Method("radau", "Radau IIA (Hairer and Wanner 1996), by SciPy", False, 1e-7, False),
    )
}
DEFAULT = METHODS["rodas5p"]
REFERENCES = tuple(m.name for m in METHODS.values() if not m.is_compiled)
_NAMED = {name: m for m in METHODS.values() for name in (m.name, *m.aliases)}


def method_of(name: str) -> Method:
    """Return a method by its name or an alias.

    Raises
    ------
    ConfigError
        If there is no such method.
    """
    if name not in _NAMED:
        raise ConfigError(f"'{name}' is not a method.{nearest(name, METHODS)}")
    return _NAMED[name]


def checked_rtol(rtol: float | None, method: str) -> float:
    """Return the relative tolerance, the default of the method where none is given.

    Raises
    ------
    ConfigError
        If it is not a number between 1e-12 and 0.1.
    """
    if rtol is None:
        return method_of(method).rtol
    is_number = isinstance(rtol, numbers.Real) and not isinstance(rtol, bool)
    if not (is_number and _SMALLEST_RTOL <= rtol <= _LARGEST_RTOL):
        raise ConfigError(f"rtol = {rtol!r}: must be between 1e-12 and 0.1.")
    return float(rtol)
