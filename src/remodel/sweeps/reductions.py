"""Reductions: one number of a trajectory, computed on the way so that the trajectory can go."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError, nearest
from remodel.units import DAYS_PER_MONTH

TAKES = (
    "value", "minimum", "maximum", "mean", "area", "time_below", "time_above", "time_of_minimum",
    "time_of_maximum",
)  # fmt: skip
_THRESHOLD_OF = {"time_below": "below", "time_above": "above"}
_SAME = 1e-6  # days: times closer than this are one


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
        One of ``TAKES``. Extremes are those of the times of the sweep, areas and means follow the
        trapezoid rule, and times below or above a threshold join the times by straight lines.
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

    def times(self) -> list[float]:
        """Return the times it must be told the trajectory at [d]."""
        months = (self.at_months, self.from_months, self.to_months)
        return [month * DAYS_PER_MONTH for month in months if not math.isnan(month)]

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
        return self.below if self.take == "time_below" else self.above

    @property
    def _is_whole(self) -> bool:
        return self.from_months == 0 and math.isnan(self.to_months)

    def reduce(self, values: FloatArray, times: FloatArray) -> FloatArray:
        """Return one number a trajectory; NaN where a value it needs is NaN.

        Parameters
        ----------
        values : ndarray, shape (n, n_times)
        times : ndarray, shape (n_times,)
            From the start of treatment [d], those of ``times()`` among them.

        Returns
        -------
        ndarray, shape (n,)
        """
        if self.take == "value":
            index = int(np.argmin(np.abs(times - self.at_months * DAYS_PER_MONTH)))
            return values[:, index].copy()
        end = np.inf if math.isnan(self.to_months) else self.to_months * DAYS_PER_MONTH
        inside = (times >= self.from_months * DAYS_PER_MONTH - _SAME) & (times <= end + _SAME)
        seen, when = values[:, inside], times[inside]
        if self.take in _THRESHOLD_OF:
            sign = 1.0 if self.take == "time_below" else -1.0
            return _time_below(sign * seen, when, sign * self._threshold)
        return _REDUCERS[self.take](seen, when)

    def content(self) -> dict[str, Any]:
        """Return what decides the number, ready for JSON."""
        content = {
            word: getattr(self, word)
            for word in ("of", "take", "at_months", "below", "above", "from_months", "to_months")
        }
        return {k: v for k, v in content.items() if isinstance(v, str) or not math.isnan(v)}


def _area(values: FloatArray, times: FloatArray) -> FloatArray:
    strips: FloatArray = 0.5 * (values[:, 1:] + values[:, :-1]) * np.diff(times)
    area: FloatArray = strips.sum(axis=1)
    return area


def _mean(values: FloatArray, times: FloatArray) -> FloatArray:
    length = times[-1] - times[0]
    return _area(values, times) / length if length > 0 else values[:, 0].copy()


def _time_of(extreme: Callable[..., Any], values: FloatArray, times: FloatArray) -> FloatArray:
    whole = np.isfinite(values).all(axis=1)
    return np.where(whole, times[extreme(values, axis=1)], np.nan)


def _time_below(values: FloatArray, times: FloatArray, threshold: float) -> FloatArray:
    """Return how long straight lines through the values lie below a threshold [d]."""
    low = np.minimum(values[:, :-1], values[:, 1:])
    high = np.maximum(values[:, :-1], values[:, 1:])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip((threshold - low) / (high - low), 0.0, 1.0)
    share = np.where(high <= threshold, (low < threshold).astype(float), share)
    share = np.where((high == low) & (low >= threshold), 0.0, share)
    share[np.isnan(low) | np.isnan(high)] = np.nan
    lengths: FloatArray = share * np.diff(times)
    whole: FloatArray = lengths.sum(axis=1)
    return whole


_REDUCERS: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "minimum": lambda values, _: values.min(axis=1),
    "maximum": lambda values, _: values.max(axis=1),
    "mean": _mean,
    "area": _area,
    "time_of_minimum": lambda values, times: _time_of(np.argmin, values, times),
    "time_of_maximum": lambda values, times: _time_of(np.argmax, values, times),
}
