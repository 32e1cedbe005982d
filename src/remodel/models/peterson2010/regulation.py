"""Peterson 2010: functions that several organs use."""

from __future__ import annotations

from typing import Any

from remodel.equations import exp


def half_constant(x: Any, maximum: Any, value: Any, exponent: Any) -> Any:
    """Return the half constant with which a Hill term of ``maximum`` has ``value`` at x (P2)."""
    return x * (maximum / value - 1) ** (1 / exponent)


def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent of x."""
    return 1 - 2 / (exp(2 * x) + 1)
