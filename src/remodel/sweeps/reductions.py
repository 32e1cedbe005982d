"""Reductions: one number of a trajectory, computed on the way so that the trajectory can go."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, nearest
from remodel.simulation.measures import Measure
from remodel.solvers.summary import Take
from remodel.units import DAYS_PER_MONTH

_THRESHOLD_OF = {"time_below": "below", "time_above": "above"}
_MEASURED = {
    "minimum": Take.MINIMUM,
    "maximum": Take.MAXIMUM,
    "time_of_minimum": Take.MINIMUM,
    "time_of_maximum": Take.MAXIMUM,
    "mean": Take.AREA,
    "area": Take.AREA,
    "time_below": Take.TIME_BELOW,
    "time_above": Take.TIME_BELOW,
}
TAKES = ("value", *_MEASURED)


@dataclass(frozen=True, slots=True)
class Reduction:
    """What is kept of a trajectory.

    Parameters
    ----------
    name : str
        Of the result.
    of : str
        Output it is taken from.
    take : str
        One of ``TAKES``; of the solution itself, whatever the times of the outputs.
    at_months : float
        When the ``value`` is taken [month].
    below, above : float
        Threshold of ``time_below`` or ``time_above``, in the unit of the output.
    from_months, to_months : float
        Part of the trajectory that counts [month]; all of it by default.

    Raises
    ------
    ConfigError
        If something is missing, or makes no sense for what is taken.
    """

    name: str
    of: str
    take: str
    at_months: float = math.nan
    below: float = math.nan
    above: float = math.nan
    from_months: float = 0.0
    to_months: float = math.nan

    def __post_init__(self) -> None:
        """Check every field."""
        if self.take not in TAKES:
            raise ConfigError(f"'{self.take}' cannot be taken.{nearest(self.take, TAKES)}")
        needs = {"at_months": self.take == "value"}
        needs |= {word: self.take == take for take, word in _THRESHOLD_OF.items()}
        for word, is_needed in needs.items():
            is_there = not math.isnan(getattr(self, word))
            if is_needed and not is_there:
                raise ConfigError(f"take = '{self.take}' needs {word}.")
            if is_there and not is_needed:
                raise ConfigError(f"take = '{self.take}' has no use for {word}.")
        if not math.isnan(self.to_months) and not self.from_months < self.to_months:
            raise ConfigError(
                f"the part from {self.from_months:g} to {self.to_months:g} months holds nothing."
            )

    @property
    def day(self) -> float:
        """When the value is taken, from day 0 [d]."""
        return self.at_months * DAYS_PER_MONTH

    def measure(self, end: float) -> Measure:
        """Return what is measured on trajectories that end on a day."""
        last = end if math.isnan(self.to_months) else min(self.to_months * DAYS_PER_MONTH, end)
        return Measure(
            self.of, _MEASURED[self.take], self.from_months * DAYS_PER_MONTH, last, self._threshold
        )

    def unit(self, unit: str) -> str:
        """Return the unit of the result, given that of the output."""
        if self.take.startswith("time_"):
            return "d"
        if self.take == "area":
            return "d" if unit == "1" else f"{unit} d"
        return unit

    def long_name(self, long_name: str) -> str:
        """Return what it is in words, given the long name of the output."""
        if self.take == "value":
            return f"{long_name}, at {self.at_months:g} months"
        words = self.take.replace("_", " ")
        end = "the end" if math.isnan(self.to_months) else f"{self.to_months:g} months"
        period = "" if self._is_whole else f", from {self.from_months:g} months to {end}"
        if self.take in _THRESHOLD_OF:
            return f"{words} {self._threshold:g}: {long_name}{period}"
        is_word = long_name[1:2].islower()  # and no abbreviation, such as CTX
        inside = long_name[:1].lower() + long_name[1:] if is_word else long_name
        return f"{words} of {inside}{period}"

    @property
    def _threshold(self) -> float:
        return self.above if self.take == "time_above" else self.below

    @property
    def _is_whole(self) -> bool:
        return self.from_months == 0 and math.isnan(self.to_months)

    def result(self, measured: FloatArray, end: float) -> FloatArray:
        """Return the number that is kept of each trajectory.

        Parameters
        ----------
        measured : ndarray, shape (n, 2)
            What ``measure`` asks for: value, and day of an extreme.
        end : float
            Last day of the trajectories.

        Returns
        -------
        ndarray, shape (n,)
            NaN where a value it needs is NaN.
        """
        measure = self.measure(end)
        length = measure.end - measure.start
        value: FloatArray = measured[:, 1 if self.take.startswith("time_of") else 0]
        if self.take == "mean":
            return value / length
        return length - value if self.take == "time_above" else value

    def content(self) -> dict[str, Any]:
        """Return what decides the number, ready for JSON."""
        content = {
            word: getattr(self, word)
            for word in ("of", "take", "at_months", "below", "above", "from_months", "to_months")
        }
        return {k: v for k, v in content.items() if isinstance(v, str) or not math.isnan(v)}
