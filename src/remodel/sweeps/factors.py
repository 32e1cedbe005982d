"""A factor: something a sweep varies, over which values and on which scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from remodel._arrays import FloatArray
from remodel.errors import ConfigError

Kind = Literal["parameter", "patient", "schedule"]
Scale = Literal["linear", "log"]
SCALES = ("linear", "log")
Level = float | str
Column = npt.NDArray[Any]
Rows = Mapping[str, Column]
"""Values of every factor, each of shape (n,)."""


@dataclass(frozen=True, slots=True)
class Factor:
    """Something that differs between the simulations of a sweep.

    Parameters
    ----------
    name : str
        Of a parameter, of an attribute of the patient, or of a field of the schedule.
    kind : {"parameter", "patient", "schedule"}
        Which of these it is.
    unit : str
        Of the values; empty for words.
    values : tuple of float or str
        Every value it takes; or else a range:
    lower, upper : float
        Ends of the range, both included.
    scale : {"linear", "log"}
        On which values of the range lie evenly.
    count : int
        How many values of the range a grid has.

    Raises
    ------
    ConfigError
        If the range is empty, or passes through zero on a log scale.
    """

    name: str
    kind: Kind
    unit: str = ""
    values: tuple[Level, ...] = ()
    lower: float = math.nan
    upper: float = math.nan
    scale: Scale = "linear"
    count: int = 0

    def __post_init__(self) -> None:
        """Refuse an empty range, and values that are missing or repeated."""
        if self.scale not in SCALES:
            raise ConfigError(f"the scale is linear or log, not '{self.scale}'.")
        if self.values:
            self._check_values()
        elif not math.isnan(self.lower):
            self._check_range()

    def _check_values(self) -> None:
        words = [isinstance(value, str) for value in self.values]
        if any(words) and not all(words):
            raise ConfigError("the values are either all numbers or all words.")
        if len(set(self.values)) < len(self.values):
            twice = next(v for v in self.values if self.values.count(v) > 1)
            shown = f"'{twice}'" if isinstance(twice, str) else f"{twice:g}"
            raise ConfigError(f"{shown} is given twice.")

    def _check_range(self) -> None:
        unit = f" {self.unit}" if self.unit not in ("", "1", "-") else ""
        if not self.lower < self.upper:
            raise ConfigError(
                f"the range from {self.lower:g} to {self.upper:g}{unit} is empty; "
                "upper must be above lower."
            )
        if self.scale == "log" and self.lower <= 0:
            raise ConfigError(
                f"a log scale cannot reach from {self.lower:g} to {self.upper:g}{unit}; "
                "lower must be above 0, or the scale linear."
            )

    @property
    def is_text(self) -> bool:
        """Whether its values are words, such as names of drugs."""
        return bool(self.values) and isinstance(self.values[0], str)

    @property
    def is_range(self) -> bool:
        """Whether its values come from a range."""
        return not self.values and not math.isnan(self.lower)

    def levels(self) -> Column:
        """Return the values of a grid, in order."""
        if self.values:
            return _column(self.values)
        levels = self.at(np.linspace(0.0, 1.0, self.count))
        levels[0], levels[-1] = self.lower, self.upper
        return levels

    def at(self, share: FloatArray) -> Column:
        """Return values at shares of the range, or of the list, between 0 and 1.

        Parameters
        ----------
        share : ndarray, shape (n,)

        Returns
        -------
        ndarray, shape (n,)
        """
        if self.values:
            index = np.minimum((share * len(self.values)).astype(np.int64), len(self.values) - 1)
            return _column(self.values)[index]
        if self.scale == "log":
            low, high = math.log(self.lower), math.log(self.upper)
            values = np.exp(low + share * (high - low))
        else:
            values = self.lower + share * (self.upper - self.lower)
        return np.clip(values, self.lower, self.upper)

    def content(self) -> dict[str, Any]:
        """Return what decides its values, ready for JSON."""
        if self.values:
            return {"values": list(self.values), "unit": self.unit}
        if not self.is_range:
            return {"unit": self.unit}
        count = {"count": self.count} if self.count else {}
        return {
            "lower": self.lower,
            "upper": self.upper,
            "scale": self.scale,
            "unit": self.unit,
            **count,
        }


def _column(values: tuple[Level, ...]) -> Column:
    if isinstance(values[0], str):
        return np.array(values, dtype=object)
    return np.array(values, dtype=np.float64)
