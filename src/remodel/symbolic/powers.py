"""Powers, which expressions store as ``exp(exponent * log(base))``."""

from __future__ import annotations

from remodel.symbolic.expression import Expression


def power_of(node: Expression) -> tuple[Expression, Expression] | None:
    """Return base and exponent of a power, None of anything else."""
    if node.operation != "exp" or node.arguments[0].operation != "multiply":
        return None
    first, second = node.arguments[0].arguments
    for exponent, inside in ((first, second), (second, first)):
        if inside.operation == "log":
            return inside.arguments[0], exponent
    return None
