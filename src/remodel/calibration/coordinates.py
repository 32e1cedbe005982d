"""Coordinates of the search: each parameter counted in standard deviations of its prior.

People see natural units only. Inside, a parameter with a log-normal prior is log(p / center) / sd,
one with a normal prior (p - center) / sd; without a prior it is scaled by its bounds, on a
logarithmic scale if they lie more than a factor of ten and less than a million apart. (On a lower
bound that is almost 0 nothing changes with the logarithm; a search would end where it began.)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from remodel._arrays import FloatArray
from remodel.parameters import Parameter

_FARTHEST = 8.0  # standard deviations of a prior that a search may go
_LOGARITHMIC = (10.0, 1e6)  # upper over lower bound
_UNIFORM_SD = 1.0 / math.sqrt(12.0)  # of a uniform density, in widths


@dataclass(frozen=True, slots=True)
class Coordinate:
    """One parameter on its inner scale.

    Attributes
    ----------
    parameter : Parameter
    is_log : bool
    center, sd : float
        Of the inner scale: natural value, and standard deviation of it or of its logarithm.
    lower, upper : float
        Bounds on the inner scale.
    """

    parameter: Parameter
    is_log: bool
    center: float
    sd: float
    lower: float
    upper: float

    @classmethod
    def of(cls, parameter: Parameter) -> Self:
        """Return the inner scale of a parameter."""
        is_log, center, sd = _scale(parameter)
        whole = cls(parameter, is_log, center, sd, -math.inf, math.inf)
        farthest = math.inf if parameter.prior.kind == "uniform" else _FARTHEST
        lower = max(whole.inner(parameter.lower), -farthest)
        return cls(
            parameter, is_log, center, sd, lower, min(whole.inner(parameter.upper), farthest)
        )

    @property
    def name(self) -> str:
        """Name of the parameter."""
        return self.parameter.name

    @property
    def unit(self) -> str:
        """Unit of the parameter."""
        return self.parameter.unit

    @property
    def has_prior(self) -> bool:
        """Whether the inner value is a standard normal residual."""
        return self.parameter.prior.kind != "uniform"

    def natural(self, theta: float) -> float:
        """Return the value in the parameter's unit."""
        step = self.sd * theta
        return self.center * math.exp(step) if self.is_log else self.center + step

    def inner(self, value: float) -> float:
        """Return the inner value of a natural one, within the bounds."""
        if not self.is_log:
            theta = (value - self.center) / self.sd
        else:
            theta = -math.inf if value <= 0 else math.log(value / self.center) / self.sd
        return min(max(theta, self.lower), self.upper)

    def derivative(self, theta: float) -> float:
        """Return the derivative of the natural value by the inner one."""
        return self.sd * (self.natural(theta) if self.is_log else 1.0)


@dataclass(frozen=True, slots=True)
class Coordinates:
    """All parameters of a search, in one order."""

    each: tuple[Coordinate, ...]

    @classmethod
    def of(cls, parameters: Iterable[Parameter]) -> Self:
        """Return the inner scales of parameters."""
        return cls(tuple(Coordinate.of(parameter) for parameter in parameters))

    def __len__(self) -> int:
        """Return the number of parameters."""
        return len(self.each)

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
            c.name: min(max(c.natural(float(t)), c.parameter.lower), c.parameter.upper)
            for c, t in zip(self.each, theta, strict=True)
        }

    def natural_many(self, thetas: FloatArray) -> dict[str, FloatArray]:
        """Return natural values by name, shape (draws,), from inner ones, shape (draws, n)."""
        rows = [self.natural(theta) for theta in thetas]
        return {name: np.array([row[name] for row in rows]) for name in self.names}

    def inner(self, values: Mapping[str, float]) -> FloatArray:
        """Return inner values of natural ones."""
        return np.array([c.inner(values[c.name]) for c in self.each])

    def derivatives(self, theta: FloatArray) -> FloatArray:
        """Return derivatives of natural values by inner ones."""
        return np.array([c.derivative(float(t)) for c, t in zip(self.each, theta, strict=True)])


def _scale(p: Parameter) -> tuple[bool, float, float]:
    """Return whether a scale is logarithmic, its center and its standard deviation."""
    if p.prior.kind != "uniform":
        return p.prior.kind == "lognormal", p.prior.center, p.prior.sd
    if p.lower > 0 and _LOGARITHMIC[0] * p.lower <= p.upper <= _LOGARITHMIC[1] * p.lower:
        return True, math.sqrt(p.lower * p.upper), math.log(p.upper / p.lower) * _UNIFORM_SD
    if math.isfinite(p.upper - p.lower):
        return False, 0.5 * (p.lower + p.upper), (p.upper - p.lower) * _UNIFORM_SD
    return False, p.value, max(abs(p.value), 1.0)
