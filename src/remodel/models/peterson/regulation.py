"""Peterson 2010: functions that several organs use."""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from remodel.equations import exp


def half_constant(x, maximum, value, exponent):
    """Return the half constant with which a Hill term of ``maximum`` has ``value`` at x (P2)."""
    return x * (maximum / value - 1) ** (1 / exponent)


def tanh(x):
    """Return the hyperbolic tangent of x."""
    return 1 - 2 / (exp(2 * x) + 1)
