"""How one attribute or parameter is spread over women."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from remodel._arrays import BoolArray, FloatArray
from remodel.errors import ConfigError, nearest

KINDS = ("normal", "lognormal", "split_normal", "student", "uniform", "share", "fixed")
_SPREAD = ("normal", "lognormal", "split_normal", "student")


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution of one number over women.

    Parameters
    ----------
    kind : str
        ``normal``; ``lognormal`` with median ``center`` and ``sd`` of the logarithm;
        ``split_normal`` with another ``sd_upper`` above the mode; ``student`` with ``freedom``;
        ``uniform`` from ``lower`` to ``upper``; ``share``, 1 for a share ``center`` of women and
        0 for others; ``fixed``.
    center, sd, sd_upper : float
    lower, upper : float
        Women outside are impossible.
    freedom : float
        Degrees of freedom of ``student``; ``sd`` is the standard deviation all the same.
    unit, source : str
    estimated : bool
        Whether the spread was estimated from trials and scans.

    Raises
    ------
    ConfigError
        If numbers are missing or contradict each other.
    """

    kind: str
    center: float = math.nan
    sd: float = math.nan
    sd_upper: float = math.nan
    lower: float = -math.inf
    upper: float = math.inf
    freedom: float = math.nan
    unit: str = "-"
    source: str = ""
    estimated: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no distribution."""
        if self.kind not in KINDS:
            raise ConfigError(
                f"'{self.kind}' is not a distribution.{nearest(self.kind, KINDS)}",
                field="distribution",
            )
        if not self.lower < self.upper and self.kind != "fixed":
            raise ConfigError(
                f"lower = {self.lower:g} must be below upper = {self.upper:g}.", field="lower"
            )
        if self.kind == "uniform":
            if not math.isfinite(self.lower + self.upper):
                raise ConfigError("a uniform distribution needs lower and upper.", field="lower")
            return
        if math.isnan(self.center):
            raise ConfigError(f"a {self.kind} distribution needs a center.", field="center")
        self._check_spread()
        if self.kind == "share" and not 0 <= self.center <= 1:
            raise ConfigError(f"a share is from 0 to 1, got {self.center:g}.", field="center")

    def _check_spread(self) -> None:
        if self.kind in _SPREAD:
            needed = ("sd", "sd_upper") if self.kind == "split_normal" else ("sd",)
            for name in needed:
                value = getattr(self, name)
                if not value >= 0:
                    shown = "is missing" if math.isnan(value) else f"= {value:g}"
                    raise ConfigError(
                        f"{name} {shown}: a standard deviation is 0 or more.", field=name
                    )
        if self.kind == "lognormal" and self.center <= 0:
            raise ConfigError(
                f"the median of a lognormal distribution is above 0, got {self.center:g}.",
                field="center",
            )
        if self.kind == "student" and not self.freedom > 2:
            raise ConfigError("a student distribution needs freedom above 2.", field="freedom")

    def values(self, normal: FloatArray) -> FloatArray:
        """Return the values at standard normal scores, shape (n,)."""
        from scipy.special import ndtr

        if self.kind == "fixed":
            return np.full_like(normal, self.center)
        if self.kind == "uniform":
            return self.lower + (self.upper - self.lower) * np.asarray(ndtr(normal))
        if self.kind == "share":
            return (np.asarray(ndtr(normal)) > 1 - self.center).astype(np.float64)
        if self.kind == "lognormal":
            return self.center * np.exp(self.sd * normal)
        if self.kind == "split_normal":
            return self._split(normal)
        if self.kind == "student":
            return self.center + self.sd * _student(normal, self.freedom)
        return self.center + self.sd * normal

    def _split(self, normal: FloatArray) -> FloatArray:
        """Return two halves of normal distributions, joined at the mode with one density."""
        from scipy.special import ndtr, ndtri

        share, total = np.asarray(ndtr(normal)), self.sd + self.sd_upper
        if total == 0:
            return np.full_like(normal, self.center)
        below = self.sd / total
        is_low = share < below
        low = np.minimum(share * total / (2 * self.sd or 1.0), 0.5)
        high = np.minimum(((1 - share) * total) / (2 * self.sd_upper or 1.0), 0.5)
        value: FloatArray = self.center + np.where(
            is_low, self.sd * ndtri(low), -self.sd_upper * ndtri(high)
        )
        return value

    def possible(self, values: FloatArray) -> BoolArray:
        """Return which values are within the bounds, shape (n,)."""
        inside: BoolArray = (values >= self.lower) & (values <= self.upper)
        return inside


def _student(normal: FloatArray, freedom: float) -> FloatArray:
    from scipy.special import ndtr, stdtrit

    scale = math.sqrt((freedom - 2) / freedom)
    return np.asarray(scale * stdtrit(freedom, ndtr(normal)), dtype=np.float64)
