"""Coordinates of the search: each parameter counted in standard deviations of its prior.

People see natural units only. Inside, a parameter with a log-normal prior is log(p / center) / sd,
one with a normal prior (p - center) / sd; without a prior it is scaled by its bounds, on a
logarithmic scale if they lie more than a factor of ten apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray
from remodel.parameters import Parameter

_FARTHEST = 8.0  # standard deviations of a prior that a search may go
_UNIFORM_SD = 1.0 / math.sqrt(12.0)  # of a uniform density, in widths


@dataclass(frozen=True, slots=True)
class Coordinate:
    """One parameter on its inner scale.

    Attributes
    ----------
    name, unit : str
    is_log : bool
    center, sd : float
        Of the inner scale: natural value, and standard deviation of it or of its logarithm.
    lower, upper : float
        Bounds on the inner scale.
    has_prior : bool
        Whether the inner value is a standard normal residual.
    """

    name: str
    unit: str
    is_log: bool
    center: float
    sd: float
    lower: float
    upper: float
    has_prior: bool

    def natural(self, theta: float) -> float:
        """Return the value in the parameter's unit."""
        step = self.sd * theta
        return self.center * math.exp(step) if self.is_log else self.center + step

    def inner(self, value: float) -> float:
        """Return the inner value of a natural one, within the bounds."""
        if self.is_log:
            low = -math.inf if value <= 0 else math.log(value / self.center) / self.sd
            return min(max(low, self.lower), self.upper)
        return min(max((value - self.center) / self.sd, self.lower), self.upper)

    def slope(self, theta: float) -> float:
        """Return the derivative of the natural value by the inner one."""
        return self.sd * (self.natural(theta) if self.is_log else 1.0)


@dataclass(frozen=True, slots=True)
class Coordinates:
    """All parameters of a search, in one order."""

    each: tuple[Coordinate, ...]
    parameters: tuple[Parameter, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(c.name for c in self.each)

    @property
    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper bounds on the inner scale."""
        return np.array([c.lower for c in self.each]), np.array([c.upper for c in self.each])

    @property
    def has_prior(self) -> FloatArray:
        """1 for parameters with a prior, else 0."""
        return np.array([float(c.has_prior) for c in self.each])

    def natural(self, theta: FloatArray) -> dict[str, float]:
        """Return natural values by name, never outside the bounds by rounding."""
        return {
            c.name: min(max(c.natural(float(t)), p.lower), p.upper)
            for c, p, t in zip(self.each, self.parameters, theta, strict=True)
        }

    def natural_many(self, thetas: FloatArray) -> dict[str, FloatArray]:
        """Return natural values by name, shape (draws,), from inner ones, shape (draws, n)."""
        rows = [self.natural(theta) for theta in thetas]
        return {name: np.array([row[name] for row in rows]) for name in self.names}

    def inner(self, values: Mapping[str, float]) -> FloatArray:
        """Return inner values of natural ones."""
        return np.array([c.inner(values[c.name]) for c in self.each])

    def slopes(self, theta: FloatArray) -> FloatArray:
        """Return derivatives of natural values by inner ones."""
        return np.array([c.slope(float(t)) for c, t in zip(self.each, theta, strict=True)])


def coordinates(parameters: Sequence[Parameter]) -> Coordinates:
    """Return the inner scales of parameters."""
    return Coordinates(tuple(_coordinate(p) for p in parameters), tuple(parameters))


def _coordinate(p: Parameter) -> Coordinate:
    has_prior = p.prior.kind != "uniform"
    is_log, center, sd = _scale(p)
    lower = _inner(p.lower, is_log=is_log, center=center, sd=sd)
    upper = _inner(p.upper, is_log=is_log, center=center, sd=sd)
    farthest = _FARTHEST if has_prior else math.inf
    lower, upper = max(lower, -farthest), min(upper, farthest)
    return Coordinate(p.name, p.unit, is_log, center, sd, lower, upper, has_prior)


def _scale(p: Parameter) -> tuple[bool, float, float]:
    if p.prior.kind == "lognormal":
        return True, p.prior.center, p.prior.sd
    if p.prior.kind == "normal":
        return False, p.prior.center, p.prior.sd
    if p.lower > 0 and p.upper >= 10 * p.lower and math.isfinite(p.upper):
        return True, math.sqrt(p.lower * p.upper), math.log(p.upper / p.lower) * _UNIFORM_SD
    if math.isfinite(p.upper - p.lower):
        return False, 0.5 * (p.lower + p.upper), (p.upper - p.lower) * _UNIFORM_SD
    return False, p.value, max(abs(p.value), 1.0)


def _inner(value: float, *, is_log: bool, center: float, sd: float) -> float:
    if not is_log:
        return (value - center) / sd
    return -math.inf if value <= 0 else math.log(value / center) / sd
