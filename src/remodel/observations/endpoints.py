"""Endpoints: the one spelling of each measurement, its unit, and whether a bone model gives it."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

PERCENT = "percent"
PERCENT_PER_YEAR = "percent_per_year"
PERCENT_OF_GAIN = "percent_of_gain"

# What other people write for a percent change from the start of treatment.
PERCENT_SYNONYMS = frozenset(
    {
        PERCENT,
        "%",
        "percent change",
        "percent_change",
        "percent change from baseline",
        "percent_change_from_baseline",
        "percent change from treatment baseline",
        "percent_change_from_treatment_baseline",
    }
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A measurement with a name.

    Parameters
    ----------
    name : str
        The spelling used everywhere, such as ``bmd_lumbar_spine``.
    long_name : str
        In words.
    level_unit : str
        Unit of an absolute value; changes are in percent.
    modeled : bool
        Whether a bone model gives it.
    molar_mass : float or None
        [g/mol], where levels are given in moles and in grams.
    has_t_score : bool
        Whether T-scores of it are counted.
    """

    name: str
    long_name: str
    level_unit: str
    modeled: bool
    molar_mass: float | None = None
    has_t_score: bool = False

    @property
    def units(self) -> tuple[str, ...]:
        """Units that messages name."""
        return (PERCENT, PERCENT_PER_YEAR, PERCENT_OF_GAIN, self.level_unit)


@functools.cache
def endpoints() -> Mapping[str, Endpoint]:
    """Return every known endpoint by name, the modeled ones first."""
    table = read_table("endpoints.toml")
    return MappingProxyType({name: Endpoint(name=name, **row) for name, row in table.items()})


def read_table(name: str) -> dict[str, Any]:
    """Return a TOML file shipped beside the tables of observations."""
    text = files("remodel.observations").joinpath("tables", name).read_text(encoding="utf-8")
    return tomllib.loads(text)
