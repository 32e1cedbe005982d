"""Published numbers as arithmetic on simulated levels, for all at once, with derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.predictions.evidence import Target
from remodel.units import percent_change, percent_change_derivative


@dataclass(frozen=True, slots=True)
class Terms:
    """For each target, which levels it is made of and how; as ``predicted_value`` does for one.

    Attributes
    ----------
    level, reference, other_level, other_reference : ndarray of int, shape (n,)
        Positions among the simulated levels; 0 where a target has no comparator.
    is_level, is_scaled, is_difference, is_relative : ndarray of bool, shape (n,)
        Scaled levels are relative to their reference.
    factor : ndarray, shape (n,)
        Of a level, into the unit of the observation; of a change, 12 / months for a yearly rate.
    """

    level: IntArray
    reference: IntArray
    other_level: IntArray
    other_reference: IntArray
    is_level: BoolArray
    is_scaled: BoolArray
    is_difference: BoolArray
    is_relative: BoolArray
    factor: FloatArray

    @classmethod
    def of(cls, targets: Sequence[Target], positions: IntArray) -> Self:
        """Return the arithmetic of targets.

        Parameters
        ----------
        targets : sequence of Target
        positions : ndarray of int, shape (4, n)
            Of level, reference, comparator's level and comparator's reference.
        """
        rows = [target.observation for target in targets]
        kinds = np.array([row.kind for row in rows])
        compared = np.array([bool(target.comparators) for target in targets], dtype=bool)
        months = np.array([row.time_months - row.reference_months for row in rows])
        is_level, is_rate = kinds == "level", kinds == "rate_per_year"
        is_difference = kinds == "difference"
        with np.errstate(divide="ignore"):
            yearly = np.where(is_rate, 12.0 / months, 1.0)
        return cls(
            level=positions[0],
            reference=positions[1],
            other_level=positions[2],
            other_reference=positions[3],
            is_level=is_level,
            is_scaled=np.array([target.is_scaled for target in targets], dtype=bool),
            is_difference=is_difference,
            is_relative=compared & ~is_difference & ~is_level & ~is_rate,
            factor=np.where(is_level, np.array([t.factor for t in targets]), yearly),
        )

    def values(self, levels: FloatArray) -> FloatArray:
        """Return predictions, shape (..., n), from levels, shape (..., n_levels)."""
        change = percent_change(levels[..., self.level], levels[..., self.reference])
        other = percent_change(levels[..., self.other_level], levels[..., self.other_reference])
        relative = 100.0 * ((100.0 + change) / (100.0 + other) - 1.0)
        level = np.where(self.is_scaled, 1.0 + change / 100.0, levels[..., self.level])
        single = self.factor * np.where(self.is_level, level, change)
        return self._chosen(single, change - other, relative)

    def derivatives(self, levels: FloatArray, derivatives: FloatArray) -> FloatArray:
        """Return derivatives of predictions, shape (n_parameters, n).

        Parameters
        ----------
        levels : ndarray, shape (n_levels,)
        derivatives : ndarray, shape (n_parameters, n_levels)
        """
        change, d_change = _differentiated(levels, derivatives, self.level, self.reference)
        other, d_other = _differentiated(
            levels, derivatives, self.other_level, self.other_reference
        )
        ratio = (100.0 + change) / (100.0 + other)
        d_relative = 100.0 * (d_change - ratio * d_other) / (100.0 + other)
        d_level = np.where(self.is_scaled, d_change / 100.0, derivatives[:, self.level])
        single = self.factor * np.where(self.is_level, d_level, d_change)
        chosen = self._chosen(single, d_change - d_other, d_relative)
        return np.where(np.isfinite(levels[self.level]), chosen, np.nan)

    def _chosen(
        self, single: FloatArray, difference: FloatArray, relative: FloatArray
    ) -> FloatArray:
        """Return of each target what its kind asks for."""
        chosen = np.where(self.is_difference, difference, single)
        return np.where(self.is_relative, relative, chosen)


def _differentiated(
    levels: FloatArray, derivatives: FloatArray, level: IntArray, reference: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return changes in percent and their derivatives."""
    now, then = levels[level], levels[reference]
    d_now, d_then = derivatives[:, level], derivatives[:, reference]
    return percent_change(now, then), percent_change_derivative(now, then, d_now, d_then)
