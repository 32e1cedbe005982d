"""Conditions on a woman's readings and traits, such as ``t_score < -1.5 and risk_factors >= 1``."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from remodel._arrays import BoolArray, FloatArray
from remodel.errors import ConfigError, nearest

ALWAYS = "always"
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
        ast.Eq: operator.eq,
    }
)
_LONGEST = 1000  # characters
_HELP = "write comparisons of names and numbers, joined by 'and', 'or' and parentheses."


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that holds, or not, for each of many women.

    A comparison with a reading that was not taken (NaN) does not hold.

    Attributes
    ----------
    text : str
        As it was written.
    names : frozenset of str
        Readings and traits that it looks at.
    """

    text: str
    names: frozenset[str]

    @classmethod
    def of(cls, text: str, known: Collection[str], flags: Collection[str] = ()) -> Self:
        """Return a condition, checked.

        Parameters
        ----------
        text : str
            ``always``; or comparisons (``<``, ``<=``, ``>``, ``>=``, ``==``; also chained, as in
            ``-2 <= t_score < -1``) and flags, joined by ``and`` and ``or``.
        known : collection of str
            Names it may use.
        flags : collection of str
            Those of them that are true or false, and may stand alone.

        Raises
        ------
        ConfigError
            If it is not such a text, or a name is not known.
        """
        names = {node.id for node in _checked(_parsed(text), text) if isinstance(node, ast.Name)}
        names.discard(ALWAYS)
        for name in sorted(names):
            if name not in known:
                raise ConfigError(
                    f"'{text}': no reading or trait is called '{name}'.{nearest(name, known)}",
                    field="when",
                    value=text,
                    allowed=tuple(known),
                )
        for name in _alone(_parsed(text)):
            if name != ALWAYS and name not in flags:
                raise ConfigError(f"'{text}': '{name}' is a number; compare it with one.")
        return cls(text, frozenset(names))

    def holds(self, values: Mapping[str, FloatArray], women: int) -> BoolArray:
        """Return for whom it holds, shape (women,).

        Parameters
        ----------
        values : mapping of str to ndarray, shape (women,)
            Readings and traits by name; NaN where unknown. Flags are 1 or 0.
        women : int
        """
        truth = _truth(_parsed(self.text), values)
        return np.broadcast_to(np.asarray(truth, dtype=bool), (women,)).copy()


def _parsed(text: str) -> ast.expr:
    """Return the expression of a text, which may go over several lines."""
    if not text.strip() or len(text) > _LONGEST:
        raise ConfigError(f"a condition has 1 to {_LONGEST} characters: {_HELP}")
    try:
        return ast.parse(f"({text})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ConfigError(f"'{text}' is not a condition: {_HELP}") from error


def _checked(node: ast.expr, text: str) -> Iterator[ast.expr]:
    """Yield an expression and all in it, if nothing but conditions is there."""
    yield node
    match node:
        case ast.BoolOp(values=values):
            children = values
        case ast.Compare(left=left, ops=ops, comparators=comparators) if all(
            type(op) in _COMPARISONS for op in ops
        ):
            children = [left, *comparators]
            if any(isinstance(child, ast.BoolOp | ast.Compare) for child in children):
                raise ConfigError(f"'{text}' compares a comparison: {_HELP}")
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant() as number):
            children = [number]
        case ast.Name():
            children = []
        case ast.Constant(value=value) if type(value) in (int, float):
            children = []
        case _:
            raise ConfigError(f"'{text}' is not a condition: {_HELP}")
    for child in children:
        yield from _checked(child, text)


def _alone(node: ast.expr) -> Iterator[str]:
    """Yield the names that are not compared with anything."""
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                yield from _alone(value)
        case ast.Name(id=name):
            yield name
        case ast.Constant() | ast.UnaryOp():
            raise ConfigError(f"a number alone is not a condition: {_HELP}")


def _evaluate(node: ast.expr, values: Mapping[str, FloatArray]) -> Any:
    match node:
        case ast.BoolOp(op=op, values=nodes):
            join = np.logical_and if isinstance(op, ast.And) else np.logical_or
            truth = _truth(nodes[0], values)
            for other in nodes[1:]:
                truth = join(truth, _truth(other, values))
            return truth
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            sides = [_evaluate(side, values) for side in (left, *comparators)]
            truth = np.bool_(True)
            for comparison, low, high in zip(ops, sides[:-1], sides[1:], strict=True):
                truth = np.logical_and(truth, _COMPARISONS[type(comparison)](low, high))
            return truth
        case ast.Name(id=name):
            return np.bool_(True) if name == ALWAYS else values[name]
        case _:
            return ast.literal_eval(node)


def _truth(node: ast.expr, values: Mapping[str, FloatArray]) -> Any:
    """Return the truth of a comparison or a flag; an unknown flag is not true."""
    value = _evaluate(node, values)
    return value == 1.0 if isinstance(node, ast.Name) else value
