"""Expressions as text, in the grammar of another language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from remodel.symbolic.expression import Expression, ancestors
from remodel.symbolic.powers import power_of

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(5)
_LEVELS = {"add": _SUM, "subtract": _SUM, "multiply": _PRODUCT, "divide": _PRODUCT}
_SIGNS = {"add": " + ", "subtract": " - ", "multiply": " * ", "divide": " / "}


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a language writes what its operators do not.

    Attributes
    ----------
    log, where, power : str
        Templates, such as ``pow({0}, {1})``; ``where`` has condition and two values.
    level_of_power : int
        How tightly a power binds: as a function call, or as an operator.
    """

    log: str
    where: str
    power: str
    level_of_power: int = _ATOM


SBML = Grammar("ln({0})", "piecewise({1}, {0}, {2})", "{0}^{1}", _POWER)
C = Grammar("log({0})", "({0} ? {1} : {2})", "pow({0}, {1})")
R = Grammar("log({0})", "(if ({0}) {1} else {2})", "{0}^{1}", _POWER)
PETAB = Grammar("ln({0})", "piecewise({1}, {0}, {2})", "{0}^{1}", _POWER)

Text = tuple[str, int]  # of an expression, and how tightly its outermost operator binds


def infix(
    root: Expression,
    grammar: Grammar,
    names: Mapping[str, str] | None = None,
    zero: Callable[[Expression], str] | None = None,
) -> str:
    """Return an expression as text.

    Parameters
    ----------
    root : Expression
    grammar : Grammar
    names : mapping of str to str, optional
        What a symbol is called there; its own name by default.
    zero : callable, optional
        Returns how a zero is written that is compared with an expression, or stands in its place.
    """
    written: dict[int, Text] = {}
    for node in ancestors([root]):
        power = power_of(node)
        arguments = [written[a.index] for a in power or node.arguments]
        if zero is not None and node.operation in ("where", "less"):
            pair = node.arguments[-2:]
            for position, (one, other) in enumerate((pair, pair[::-1]), -2):
                if one.equals(0.0):
                    arguments[position] = zero(other), _SUM
        if node.operation == "symbol":
            written[node.index] = (names or {}).get(node.name, node.name), _ATOM
        elif node.is_constant:
            written[node.index] = number(node.value), _ATOM if node.value >= 0 else _SIGN
        else:
            operation = "power" if power else node.operation
            written[node.index] = _written(operation, arguments, grammar)
    return written[root.index][0]


def number(value: float) -> str:
    """Return a number with all its digits."""
    return repr(float(value))


def _written(operation: str, arguments: Sequence[Text], grammar: Grammar) -> Text:
    texts = [text for text, _ in arguments]
    if operation in _LEVELS:
        level = _LEVELS[operation]
        first = _within(arguments[0], level)
        second = _within(arguments[1], level + (operation in ("subtract", "divide")))
        return f"{first}{_SIGNS[operation]}{second}", level
    if operation == "negate":
        return f"-{_within(arguments[0], _POWER)}", _SIGN
    if operation == "less":
        return f"{_within(arguments[0], _SUM)} < {_within(arguments[1], _SUM)}", _SUM
    if operation == "where":
        return grammar.where.format(*texts), _ATOM
    if operation == "log":
        return grammar.log.format(*texts), _ATOM
    if operation == "power":
        level = grammar.level_of_power
        inside = arguments if level == _ATOM else [(_within(a, _ATOM), _ATOM) for a in arguments]
        return grammar.power.format(*(text for text, _ in inside)), level
    return f"{operation}({texts[0]})", _ATOM


def _within(written: tuple[str, int], level: int) -> str:
    """Return text with brackets where it binds less tightly than it has to."""
    text, binding = written
    return text if binding >= level and binding != _SIGN else f"({text})"
