"""Wander: what moves one woman's density beside her own mechanism, such as weight and illness.

Scans of a woman do not follow a line, and the departures add up over years where those of a
scanner would not. They are a Wiener process on the logarithm of density, correlated between sites,
whose variance grows with age, and whose mean falls in the very old, who lose more than their
mechanism says. How much a woman wanders differs between women, which gives changes
the heavy tails of Student's t at every interval. It is no equation of the model: it is added to
the simulated density of a woman, and is part of her true course.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.errors import ConfigError
from remodel.patient import SITES
from remodel.populations.correlation import factor
from remodel.populations.streams import normals, tail_scales
from remodel.units import DAYS_PER_MONTH

_REFERENCE_AGE = 75.0
_MONTHS_PER_YEAR = 12.0
_MOST_LATE_LOSS = 0.01  # 1/y2


@dataclass(frozen=True, slots=True)
class Wander:
    """The wander of density at three sites.

    Parameters
    ----------
    sd : tuple of three float
        Of log density after one year at 75 y, spine, hip and neck [1].
    growth : float
        Of the logarithm of the variance with age [1/y].
    correlation : tuple of three float
        Spine and hip, spine and neck, hip and neck.
    freedom : float
        Degrees of freedom of the tails; infinite for normal changes.
    source : str
    late_loss : tuple of three float
        By which the loss of log density a year grows with every year of age beyond ``late``,
        spine, hip and neck [1/y2].
    late : float
        [y].
    """

    sd: tuple[float, float, float]
    growth: float
    correlation: tuple[float, float, float]
    freedom: float = math.inf
    source: str = ""
    late_loss: tuple[float, float, float] = (0.0, 0.0, 0.0)
    late: float = _REFERENCE_AGE

    def __post_init__(self) -> None:
        """Refuse what is no process."""
        for site, value in zip(SITES, self.sd, strict=True):
            if not value >= 0:
                raise ConfigError(
                    f"sd of wander at {site} = {value:g}: a standard deviation is 0 or more.",
                    field="sd",
                )
        for site, value in zip(SITES, self.late_loss, strict=True):
            if not 0 <= value <= _MOST_LATE_LOSS:
                raise ConfigError(
                    f"late_loss of {site} = {value:g} 1/y2: must be from 0 to {_MOST_LATE_LOSS:g}.",
                    field="late_loss",
                )
        if not self.freedom > 2:
            raise ConfigError(f"freedom = {self.freedom:g}: must be above 2.", field="freedom")
        self.factor()

    def factor(self) -> FloatArray:
        """Return the triangular factor of the correlation of sites, shape (3, 3)."""
        return _factor(self.correlation)

    def variance(self, age: FloatArray, years: FloatArray) -> FloatArray:
        """Return the variance of the change from an age on, relative to a year at 75 y.

        Parameters
        ----------
        age : ndarray, shape (n, 1)
            At the start [y].
        years : ndarray, shape (n_times,)
            Since then.
        """
        begin = np.exp(self.growth * (age - _REFERENCE_AGE))
        if self.growth == 0:
            return begin * years
        grown: FloatArray = begin * np.expm1(self.growth * years) / self.growth
        return grown

    def mean(self, site: int, age: FloatArray | float, years: FloatArray) -> FloatArray:
        """Return the mean of the change of log density from an age on.

        Parameters
        ----------
        site : int
            Number of the site.
        age : float or ndarray, shape (n, 1)
            At the start [y].
        years : ndarray, shape (n_times,)
            Since then.
        """
        since = np.maximum(age - self.late, 0.0)
        until = np.maximum(age + years - self.late, 0.0)
        change: FloatArray = -self.late_loss[site] * (until**2 - since**2) / 2
        return change

    def paths(
        self, seed: int, woman: IntArray, age: FloatArray, times: FloatArray
    ) -> dict[str, FloatArray]:
        """Return log density gained or lost since day 0, shape (n, n_times), by site.

        A path is drawn month by month, and straight between months, so that it does not depend on
        the times at which it is asked for.

        Parameters
        ----------
        seed : int
        woman : ndarray of int, shape (n,)
        age : ndarray, shape (n,)
            At day 0 [y].
        times : ndarray, shape (n_times,)
            Days from 0 on.
        """
        months = max(1, math.ceil(times[-1] / DAYS_PER_MONTH - 1e-9))
        steps = np.arange(months)
        variance = self.variance(age[:, None], np.arange(months + 1) / _MONTHS_PER_YEAR)
        size = np.sqrt(np.diff(variance, axis=1))
        size *= tail_scales(self.freedom, seed, "wander", woman)[:, None]
        draws = [normals(seed, f"wander {site}", woman[:, None], steps) for site in SITES]
        lower, share = self.factor(), times / DAYS_PER_MONTH
        at = np.minimum(share.astype(np.int64), months - 1)
        paths = {}
        for i, site in enumerate(SITES):
            step = sum(lower[i, j] * draws[j] for j in range(i + 1)) * size * self.sd[i]
            path = np.concatenate([np.zeros((len(woman), 1)), np.cumsum(step, axis=1)], axis=1)
            between = path[:, at] + (path[:, at + 1] - path[:, at]) * (share - at)
            paths[site] = between + self.mean(i, age[:, None], share / _MONTHS_PER_YEAR)
        return paths


@lru_cache(maxsize=64)
def _factor(correlation: tuple[float, float, float]) -> FloatArray:
    spine, hip, neck = SITES
    pairs = dict(zip(((spine, hip), (spine, neck), (hip, neck)), correlation, strict=True))
    lower = factor(SITES, pairs)
    lower.setflags(write=False)
    return lower
