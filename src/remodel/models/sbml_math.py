"""Formulas of SBML as functions that run on symbols and floats alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from remodel.equations import exp, log, maximum, minimum, sqrt, where
from remodel.equations.assembly import TIME
from remodel.errors import ModelError

Values = Mapping[str, Any]
Compute = Callable[[Values], Any]
Choose = Callable[[Values, Any, Any], Any]
_MOST_ROUNDS = 64  # of functions that call functions


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula.

    Attributes
    ----------
    compute : callable
        From values by name to the value; ``time`` is in the unit of the file.
    names : tuple of str
        What it uses.
    corners : tuple of Formula
        Times that it compares the time with.
    """

    compute: Compute
    names: tuple[str, ...]
    corners: tuple[Formula, ...] = ()


def formula_of(node: Any, functions: Mapping[str, Any], where_used: str) -> Formula:
    """Return a formula of libSBML's syntax tree.

    Parameters
    ----------
    node : ASTNode
    functions : mapping of str to FunctionDefinition
    where_used : str
        For the error.

    Raises
    ------
    ModelError
        If it uses what equations here do not have.
    """
    reader = _Reader(functions, where_used)
    compute = reader.value(node)
    return Formula(compute, tuple(dict.fromkeys(reader.names)), tuple(reader.corners))


class _Reader:
    """Reads one formula, and gathers the names and corners that it meets."""

    def __init__(self, functions: Mapping[str, Any], where_used: str) -> None:
        import libsbml

        self.lib = libsbml
        self.functions = functions
        self.where_used = where_used
        self.names: list[str] = []
        self.corners: list[Formula] = []
        self.rounds = 0

    def value(self, node: Any) -> Compute:
        """Return what computes a number."""
        lib, kind = self.lib, node.getType()
        if kind in (lib.AST_INTEGER, lib.AST_REAL, lib.AST_REAL_E, lib.AST_RATIONAL):
            number = float(node.getValue())
            return lambda _: number
        if kind in (lib.AST_NAME, lib.AST_NAME_TIME):
            name = TIME if kind == lib.AST_NAME_TIME else str(node.getName())
            self.names.append(name)
            return lambda values: values[name]
        if kind in (lib.AST_CONSTANT_E, lib.AST_CONSTANT_PI):
            constant = math.e if kind == lib.AST_CONSTANT_E else math.pi
            return lambda _: constant
        if kind == lib.AST_FUNCTION_PIECEWISE:
            return self.piecewise(node)
        if kind == lib.AST_FUNCTION:
            return self.called(node)
        children = [self.value(node.getChild(i)) for i in range(node.getNumChildren())]
        return self.operation(node, children)

    def operation(self, node: Any, children: list[Compute]) -> Compute:
        """Return what computes an operation of its arguments."""
        lib, kind = self.lib, node.getType()
        sums: dict[int, Callable[[Any, Any], Any]] = {
            lib.AST_PLUS: lambda a, b: a + b,
            lib.AST_TIMES: lambda a, b: a * b,
            lib.AST_FUNCTION_MIN: minimum,
            lib.AST_FUNCTION_MAX: maximum,
        }
        if kind in sums:
            neutral = {lib.AST_PLUS: 0.0, lib.AST_TIMES: 1.0}.get(kind, 0.0)
            return lambda values: _folded(sums[kind], [c(values) for c in children], neutral)
        if kind == lib.AST_MINUS and len(children) == 1:
            return lambda values: -children[0](values)
        pairs: dict[int, Callable[[Any, Any], Any]] = {
            lib.AST_MINUS: lambda a, b: a - b,
            lib.AST_DIVIDE: lambda a, b: a / b,
            lib.AST_POWER: lambda a, b: a**b,
            lib.AST_FUNCTION_POWER: lambda a, b: a**b,
            lib.AST_FUNCTION_ROOT: lambda n, a: sqrt(a) if n == 2 else a ** (1.0 / n),
            lib.AST_FUNCTION_LOG: lambda base, a: log(a) / math.log(base),
        }
        singles: dict[int, Callable[[Any], Any]] = {
            lib.AST_FUNCTION_EXP: exp,
            lib.AST_FUNCTION_LN: log,
            lib.AST_FUNCTION_ROOT: sqrt,
            lib.AST_FUNCTION_LOG: lambda a: log(a) / math.log(10.0),
            lib.AST_FUNCTION_ABS: lambda a: maximum(a, -a),
        }
        if len(children) == 2 and kind in pairs:
            first, second = children
            return lambda values: pairs[kind](first(values), second(values))
        if len(children) == 1 and kind in singles:
            return lambda values: singles[kind](children[0](values))
        raise self.unknown(node)

    def piecewise(self, node: Any) -> Compute:
        """Return what computes the first piece whose condition holds."""
        count = node.getNumChildren()
        pieces = [
            (self.value(node.getChild(i)), self.condition(node.getChild(i + 1)))
            for i in range(0, count - 1, 2)
        ]
        if count % 2 == 0:
            raise ModelError(f"{self.where_used}: a piecewise formula without 'otherwise'.")
        otherwise = self.value(node.getChild(count - 1))

        def compute(values: Values) -> Any:
            result = otherwise(values)
            for piece, choose in reversed(pieces):
                result = choose(values, piece(values), result)
            return result

        return compute

    def condition(self, node: Any) -> Choose:
        """Return what takes the first of two values where a condition holds, else the second."""
        lib, kind = self.lib, node.getType()
        if kind in (lib.AST_CONSTANT_TRUE, lib.AST_CONSTANT_FALSE):
            holds = kind == lib.AST_CONSTANT_TRUE
            return lambda _, a, b: a if holds else b
        if kind == lib.AST_LOGICAL_NOT:
            inner = self.condition(node.getChild(0))
            return lambda values, a, b: inner(values, b, a)
        if kind in (lib.AST_LOGICAL_AND, lib.AST_LOGICAL_OR):
            return _all_or_any(
                [self.condition(node.getChild(i)) for i in range(node.getNumChildren())],
                is_all=kind == lib.AST_LOGICAL_AND,
            )
        if node.getNumChildren() != 2:
            raise self.unknown(node)
        x, y = (self.value(node.getChild(i)) for i in (0, 1))
        self.note_corner(node)
        relations: dict[int, Choose] = {
            lib.AST_RELATIONAL_LT: lambda v, a, b: where(x(v) < y(v), a, b),
            lib.AST_RELATIONAL_GT: lambda v, a, b: where(y(v) < x(v), a, b),
            lib.AST_RELATIONAL_LEQ: lambda v, a, b: where(y(v) < x(v), b, a),
            lib.AST_RELATIONAL_GEQ: lambda v, a, b: where(x(v) < y(v), b, a),
        }
        if kind not in relations:
            raise self.unknown(node)
        return relations[kind]

    def note_corner(self, node: Any) -> None:
        """Note the time that a condition compares the time with."""
        for one, other in ((0, 1), (1, 0)):
            if node.getChild(one).getType() == self.lib.AST_NAME_TIME:
                corner = formula_of(node.getChild(other), self.functions, self.where_used)
                if TIME not in corner.names:
                    self.corners.append(corner)

    def called(self, node: Any) -> Compute:
        """Return what computes a function of the file, with its arguments put in."""
        definition = self.functions.get(node.getName())
        if definition is None:
            raise self.unknown(node)
        self.rounds += 1
        if self.rounds > _MOST_ROUNDS:
            raise ModelError(f"{self.where_used}: function {node.getName()} calls itself.")
        count = definition.getNumArguments()
        names = [definition.getArgument(i).getName() for i in range(count)]
        arguments = [self.value(node.getChild(i)) for i in range(node.getNumChildren())]
        before = list(self.names)
        body = self.value(definition.getBody())
        self.names = before + [n for n in self.names[len(before) :] if n not in names]
        self.rounds -= 1
        return lambda values: body(
            {**values, **{n: a(values) for n, a in zip(names, arguments, strict=True)}}
        )

    def unknown(self, node: Any) -> ModelError:
        """Return the error about what cannot be read."""
        what = node.getName() or self.lib.formulaToL3String(node) or "a formula"
        return ModelError(f"{self.where_used}: '{what}' is nothing that equations here can have.")


def _folded(join: Callable[[Any, Any], Any], values: list[Any], neutral: float) -> Any:
    if not values:
        return neutral
    result = values[0]
    for value in values[1:]:
        result = join(result, value)
    return result


def _all_or_any(conditions: list[Choose], *, is_all: bool) -> Choose:
    def choose(values: Values, a: Any, b: Any) -> Any:
        result = a if is_all else b
        for condition in reversed(conditions):
            result = condition(values, result, b) if is_all else condition(values, a, result)
        return result

    return choose
