"""What is known of drugs by name: brands, usual doses with their sources, and equivalences."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

from remodel.units import days

_UNLIKE = "unlike"
_OFTEN = {"1 d": "daily", "1 wk": "weekly", "1 mo": "monthly", "1 y": "yearly"}


@dataclass(frozen=True, slots=True)
class UsualDose:
    """A regimen in use.

    Parameters
    ----------
    mg : float
        Amount [mg].
    interval : str
        As written, such as ``6 mo``.
    route : str
    source : str
    """

    mg: float
    interval: str
    route: str
    source: str

    @property
    def days(self) -> float:
        """Interval [d]."""
        number, unit = self.interval.split()
        return days(float(number), unit)

    @property
    def words(self) -> str:
        """Dose and interval as they stand in a sentence."""
        often = _OFTEN.get(self.interval, f"every {self.interval}")
        return f"{self.mg:g} mg {often}"


@dataclass(frozen=True, slots=True)
class Equivalent:
    """The dose of another drug that a substance is read as.

    Parameters
    ----------
    drug, route : str
    mg_per_mg : float
        Dose of the drug for a dose of the substance.
    source : str
    """

    drug: str
    route: str
    mg_per_mg: float
    source: str


@dataclass(frozen=True, slots=True)
class Medicines:
    """The table of names and doses.

    Parameters
    ----------
    generic : mapping of str to str
        From every other name, brand or spelling to the canonical name.
    usual : mapping of str to tuple of UsualDose
    equivalents : mapping of str to Equivalent
        By the canonical name of a substance that no model has.
    unlike : frozenset of str
        Names of other substances, which are never taken for a slip of the pen.
    """

    generic: Mapping[str, str]
    usual: Mapping[str, tuple[UsualDose, ...]]
    equivalents: Mapping[str, Equivalent]
    unlike: frozenset[str]


@functools.cache
def medicines() -> Medicines:
    """Return the table ``medicines.toml``, read once."""
    text = files("remodel.schedules").joinpath("medicines.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    unlike = frozenset(table.pop(_UNLIKE)["names"])
    generic = {other: name for name, entry in table.items() for other in entry["names"]}
    usual = {
        name: tuple(UsualDose(**regimen) for regimen in entry["usual"])
        for name, entry in table.items()
        if "usual" in entry
    }
    equivalents = {
        name: Equivalent(**entry["equivalent"])
        for name, entry in table.items()
        if "equivalent" in entry
    }
    return Medicines(
        MappingProxyType(generic), MappingProxyType(usual), MappingProxyType(equivalents), unlike
    )
