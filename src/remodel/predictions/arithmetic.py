"""Published numbers as arithmetic on simulated levels, for all of them at once, with slopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.predictions.evidence import Target


@dataclass(frozen=True, slots=True)
class Terms:
    """For each target, which levels it is made of and how; as ``predicted_value`` does for one.

    Attributes
    ----------
    level, reference, other_level, other_reference : ndarray of int, shape (n,)
        Positions among the simulated levels; 0 where a target has no comparator.
    is_level, is_difference, is_relative : ndarray of bool, shape (n,)
    factor : ndarray, shape (n,)
        Of a level, into the unit of the observation; of a change, 12 / months for a yearly rate.
    """

    level: IntArray
    reference: IntArray
    other_level: IntArray
    other_reference: IntArray
    is_level: BoolArray
    is_difference: BoolArray
    is_relative: BoolArray
    factor: FloatArray

    def values(self, levels: FloatArray) -> FloatArray:
        """Return predictions, shape (..., n), from levels, shape (..., n_levels)."""
        at = levels[..., self.level]
        change = _change(at, levels[..., self.reference])
        other = _change(levels[..., self.other_level], levels[..., self.other_reference])
        relative = 100.0 * ((100.0 + change) / (100.0 + other) - 1.0)
        found: FloatArray = self.factor * np.where(self.is_level, at, change)
        found = np.where(self.is_difference, change - other, found)
        return np.where(self.is_relative, relative, found)

    def slopes(self, levels: FloatArray, slopes: FloatArray) -> FloatArray:
        """Return derivatives of predictions, shape (n_parameters, n).

        Parameters
        ----------
        levels : ndarray, shape (n_levels,)
        slopes : ndarray, shape (n_parameters, n_levels)
        """
        at, by = levels[self.level], slopes[:, self.level]
        change, d_change = _with_slope(levels, slopes, self.level, self.reference)
        other, d_other = _with_slope(levels, slopes, self.other_level, self.other_reference)
        ratio = (100.0 + change) / (100.0 + other)
        d_relative = 100.0 * (d_change - ratio * d_other) / (100.0 + other)
        found: FloatArray = self.factor * np.where(self.is_level, by, d_change)
        found = np.where(self.is_difference, d_change - d_other, found)
        found = np.where(self.is_relative, d_relative, found)
        return np.where(np.isfinite(at), found, np.nan)


def terms(targets: Sequence[Target], places: IntArray) -> Terms:
    """Return the arithmetic of targets.

    Parameters
    ----------
    places : ndarray of int, shape (4, n)
        Positions of level, reference, comparator's level and comparator's reference.
    """
    rows = [target.observation for target in targets]
    kinds = np.array([row.kind for row in rows])
    compared = np.array([bool(row.comparator) for row in rows], dtype=bool)
    months = np.array([row.time_months - row.reference_months for row in rows])
    with np.errstate(divide="ignore"):
        yearly = np.where(kinds == "rate_per_year", 12.0 / months, 1.0)
    is_level = kinds == "level"
    plain = is_level | (kinds == "rate_per_year")
    return Terms(
        level=places[0],
        reference=places[1],
        other_level=places[2],
        other_reference=places[3],
        is_level=is_level,
        is_difference=(kinds == "difference"),
        is_relative=compared & (kinds != "difference") & ~plain,
        factor=np.where(is_level, np.array([t.unit_factor for t in targets]), yearly),
    )


def _change(level: FloatArray, reference: FloatArray) -> FloatArray:
    """Return the change in percent; NaN where the reference is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: FloatArray = 100.0 * (level / reference - 1.0)
    return np.where(np.isfinite(found), found, np.nan)


def _with_slope(
    levels: FloatArray, slopes: FloatArray, level: IntArray, reference: IntArray
) -> tuple[FloatArray, FloatArray]:
    at, of = levels[level], levels[reference]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope: FloatArray = 100.0 * (slopes[:, level] - at / of * slopes[:, reference]) / of
    return _change(at, of), slope
