"""The functions an equation may call; each works on symbols, floats, arrays and quantities."""

from __future__ import annotations

from typing import Any

import numpy as np

from remodel.symbolic.expression import Expression

__all__ = ["exp", "hill", "log", "maximum", "minimum", "repression", "sqrt", "where"]


def exp(x: Any) -> Any:
    """Return e ** x."""
    return x.graph.exp(x) if isinstance(x, Expression) else np.exp(x)


def log(x: Any) -> Any:
    """Return the natural logarithm of x."""
    return x.graph.log(x) if isinstance(x, Expression) else np.log(x)


def sqrt(x: Any) -> Any:
    """Return the square root of x."""
    return x.graph.sqrt(x) if isinstance(x, Expression) else np.sqrt(x)


def where(condition: Any, a: Any, b: Any) -> Any:
    """Return a where the condition holds, else b; both are evaluated."""
    if isinstance(condition, Expression):
        graph = condition.graph
        return graph.where(condition, graph.wrap(a), graph.wrap(b))
    if np.ndim(condition) == 0:
        return a if condition else b
    return np.where(condition, a, b)


def maximum(a: Any, b: Any) -> Any:
    """Return the larger of a and b."""
    return where(a > b, a, b)


def minimum(a: Any, b: Any) -> Any:
    """Return the smaller of a and b."""
    return where(a < b, a, b)


def hill(x: Any, half: Any, exponent: Any = 1) -> Any:
    """Return x**n / (half**n + x**n), the activating Hill function."""
    ratio = (x / half) ** exponent
    return ratio / (1 + ratio)


def repression(x: Any, half: Any, exponent: Any = 1) -> Any:
    """Return half**n / (half**n + x**n), the repressing Hill function."""
    return 1 / (1 + (x / half) ** exponent)
