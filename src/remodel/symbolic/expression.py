"""Symbolic expressions: a small hash-consed graph that equations are traced into.

An equation is an ordinary Python function. Called with the symbols of a :class:`Graph` it leaves
behind the graph of its operations, from which derivatives, compiled kernels and LaTeX follow.
Equal sub-expressions are one node, so common terms are computed once. A power with an exponent
that is not a small whole number is stored as ``exp(g * log(x))``, so powers of one base share
their logarithm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Union

import numpy as np

Operand = Union["Expression", float, int]

_LARGEST_UNROLLED_POWER = 4


class Expression:
    """One node of a graph: an operation and its arguments.

    Attributes
    ----------
    graph : Graph
        The graph the node belongs to.
    operation : str
        ``symbol``, ``constant``, ``add``, ``subtract``, ``multiply``, ``divide``, ``negate``,
        ``exp``, ``log``, ``sqrt``, ``less`` (a condition) or ``where``.
    arguments : tuple of Expression
    index : int
        Position in the graph; arguments always come before the nodes that use them.
    name : str
        Of a symbol.
    value : float
        Of a constant.
    is_static : bool
        Whether it depends on parameters alone, so is computed once a simulation.
    """

    __slots__ = ("arguments", "graph", "index", "is_static", "name", "operation", "value")

    def __init__(
        self,
        graph: Graph,
        operation: str,
        arguments: tuple[Expression, ...],
        index: int,
        name: str = "",
        value: float = math.nan,
        *,
        is_static: bool = False,
    ) -> None:
        self.graph = graph
        self.operation = operation
        self.arguments = arguments
        self.index = index
        self.name = name
        self.value = value
        self.is_static = is_static

    @property
    def is_constant(self) -> bool:
        """Whether the node is a number."""
        return self.operation == "constant"

    def equals(self, number: float) -> bool:
        """Whether the node is this very number."""
        return self.operation == "constant" and self.value == number

    def __repr__(self) -> str:
        if self.operation == "symbol":
            return self.name
        if self.operation == "constant":
            return repr(self.value)
        return f"{self.operation}({', '.join(map(repr, self.arguments))})"

    def __add__(self, other: Operand) -> Expression:
        return self.graph.add(self, self.graph.wrap(other))

    def __radd__(self, other: Operand) -> Expression:
        return self.graph.add(self.graph.wrap(other), self)

    def __sub__(self, other: Operand) -> Expression:
        return self.graph.subtract(self, self.graph.wrap(other))

    def __rsub__(self, other: Operand) -> Expression:
        return self.graph.subtract(self.graph.wrap(other), self)

    def __mul__(self, other: Operand) -> Expression:
        return self.graph.multiply(self, self.graph.wrap(other))

    def __rmul__(self, other: Operand) -> Expression:
        return self.graph.multiply(self.graph.wrap(other), self)

    def __truediv__(self, other: Operand) -> Expression:
        return self.graph.divide(self, self.graph.wrap(other))

    def __rtruediv__(self, other: Operand) -> Expression:
        return self.graph.divide(self.graph.wrap(other), self)

    def __neg__(self) -> Expression:
        return self.graph.negate(self)

    def __pos__(self) -> Expression:
        return self

    def __pow__(self, exponent: Operand) -> Expression:
        return self.graph.power(self, self.graph.wrap(exponent))

    def __rpow__(self, base: Operand) -> Expression:
        return self.graph.power(self.graph.wrap(base), self)

    def __lt__(self, other: Operand) -> Expression:
        return self.graph.less(self, self.graph.wrap(other))

    def __gt__(self, other: Operand) -> Expression:
        return self.graph.less(self.graph.wrap(other), self)

    def __bool__(self) -> bool:
        raise TypeError(
            "an equation cannot branch with 'if' on a symbolic value; "
            "use remodel.equations.where(condition, a, b)."
        )


class Graph:
    """Builds expressions, keeping equal ones equal and simplifying as it goes.

    Parameters
    ----------
    static : iterable of str
        Symbols that keep one value during a simulation. Factors made of them are gathered, and a
        division by them becomes a multiplication, so that both are done once a simulation.
    """

    def __init__(self, static: Iterable[str] = ()) -> None:
        self._static = frozenset(static)
        self.nodes: list[Expression] = []
        self._known: dict[tuple[object, ...], Expression] = {}

    def _node(
        self,
        operation: str,
        arguments: tuple[Expression, ...] = (),
        name: str = "",
        value: float = math.nan,
    ) -> Expression:
        key = (operation, tuple(a.index for a in arguments), name, repr(value))
        node = self._known.get(key)
        if node is None:
            is_static = name in self._static or (
                operation != "symbol" and all(a.is_static for a in arguments)
            )
            node = Expression(
                self, operation, arguments, len(self.nodes), name, value, is_static=is_static
            )
            self._known[key] = node
            self.nodes.append(node)
        return node

    def symbol(self, name: str) -> Expression:
        """Return the symbol with this name."""
        return self._node("symbol", name=name)

    def constant(self, value: float) -> Expression:
        """Return a number as a node."""
        return self._node("constant", value=float(value))

    def wrap(self, value: Operand) -> Expression:
        """Return ``value`` as a node of this graph."""
        return value if isinstance(value, Expression) else self.constant(value)

    def add(self, a: Expression, b: Expression) -> Expression:
        """Return a + b."""
        if a.is_constant and b.is_constant:
            return self.constant(a.value + b.value)
        if a.equals(0.0):
            return b
        if b.equals(0.0):
            return a
        if b.operation == "negate":
            return self.subtract(a, b.arguments[0])
        if a.operation == "negate":
            return self.subtract(b, a.arguments[0])
        return self._node("add", (a, b) if a.index <= b.index else (b, a))

    def subtract(self, a: Expression, b: Expression) -> Expression:
        """Return a - b."""
        if a.is_constant and b.is_constant:
            return self.constant(a.value - b.value)
        if b.equals(0.0):
            return a
        if a.equals(0.0):
            return self.negate(b)
        if a is b:
            return self.constant(0.0)
        if b.operation == "negate":
            return self.add(a, b.arguments[0])
        return self._node("subtract", (a, b))

    def negate(self, a: Expression) -> Expression:
        """Return -a."""
        if a.is_constant:
            return self.constant(-a.value)
        if a.operation == "negate":
            return a.arguments[0]
        if a.operation == "subtract":
            return self.subtract(a.arguments[1], a.arguments[0])
        return self._node("negate", (a,))

    def multiply(self, a: Expression, b: Expression) -> Expression:
        """Return a * b."""
        if a.is_constant and b.is_constant:
            return self.constant(a.value * b.value)
        for one, other in ((a, b), (b, a)):
            if one.equals(0.0):
                return one
            if one.equals(1.0):
                return other
            if one.equals(-1.0):
                return self.negate(other)
            if one.operation == "negate":
                return self.negate(self.multiply(one.arguments[0], other))
            if one.is_static and other.operation == "multiply" and not other.is_static:
                static, rest = sorted(other.arguments, key=lambda n: not n.is_static)
                if static.is_static:
                    return self.multiply(rest, self.multiply(static, one))
        return self._node("multiply", (a, b) if a.index <= b.index else (b, a))

    def divide(self, a: Expression, b: Expression) -> Expression:
        """Return a / b."""
        if a.is_constant and b.is_constant and b.value != 0.0:
            return self.constant(a.value / b.value)
        if a.equals(0.0) or b.equals(1.0):
            return a
        if b.is_constant and b.value != 0.0:
            return self.multiply(self.constant(1.0 / b.value), a)
        if a.operation == "negate":
            return self.negate(self.divide(a.arguments[0], b))
        if a is b:
            return self.constant(1.0)
        if b.is_static and not b.is_constant and not a.is_static:
            return self.multiply(a, self.divide(self.constant(1.0), b))
        return self._node("divide", (a, b))

    def power(self, base: Expression, exponent: Expression) -> Expression:
        """Return base ** exponent."""
        if exponent.is_constant:
            return self._constant_power(base, exponent.value)
        return self.exp(self.multiply(exponent, self.log(base)))

    def _constant_power(self, base: Expression, exponent: float) -> Expression:
        if exponent == 0.5:
            return self.sqrt(base)
        if abs(exponent) <= _LARGEST_UNROLLED_POWER and exponent == int(exponent):
            result = self.constant(1.0)
            for _ in range(abs(int(exponent))):
                result = self.multiply(result, base)
            return result if exponent >= 0 else self.divide(self.constant(1.0), result)
        return self.exp(self.multiply(self.constant(exponent), self.log(base)))

    def _function(self, name: str, of: Callable[[float], float], a: Expression) -> Expression:
        if a.is_constant:
            try:
                return self.constant(of(a.value))
            except (ValueError, OverflowError):
                return self._node(name, (a,))
        return self._node(name, (a,))

    def exp(self, a: Expression) -> Expression:
        """Return e ** a."""
        if a.operation == "log":
            return a.arguments[0]
        return self._function("exp", math.exp, a)

    def log(self, a: Expression) -> Expression:
        """Return the natural logarithm of a."""
        if a.operation == "exp":
            return a.arguments[0]
        return self._function("log", math.log, a)

    def sqrt(self, a: Expression) -> Expression:
        """Return the square root of a."""
        return self._function("sqrt", math.sqrt, a)

    def less(self, a: Expression, b: Expression) -> Expression:
        """Return the condition a < b."""
        return self._node("less", (a, b))

    def where(self, condition: Expression, a: Expression, b: Expression) -> Expression:
        """Return a where the condition holds, else b."""
        if a is b:
            return a
        return self._node("where", (condition, a, b))


def ancestors(roots: Iterable[Expression]) -> list[Expression]:
    """Return every node the roots depend on, themselves included, arguments first."""
    seen: set[int] = set()
    order: list[Expression] = []
    stack: list[tuple[Expression, bool]] = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
            continue
        if node.index in seen:
            continue
        seen.add(node.index)
        stack.append((node, True))
        stack.extend((a, False) for a in reversed(node.arguments) if a.index not in seen)
    return order


_PLAIN: Mapping[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negate": lambda a: -a,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "less": lambda a, b: a < b,
    "where": lambda condition, a, b: a if condition else b,
}

_ARRAYS: Mapping[str, Callable[..., Any]] = {
    **_PLAIN,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "less": lambda a, b: np.real(a) < np.real(b),
    "where": np.where,
}


def evaluate(roots: Iterable[Expression], values: Mapping[str, float]) -> list[float]:
    """Evaluate expressions in plain Python floats, as a check on the compiled kernels.

    Parameters
    ----------
    roots : iterable of Expression
    values : mapping of str to float
        A value for every symbol.
    """
    return _evaluate(roots, values, _PLAIN)


def evaluate_arrays(roots: Iterable[Expression], values: Mapping[str, Any]) -> list[Any]:
    """Evaluate expressions on numpy arrays (real or complex), element by element."""
    return _evaluate(roots, values, _ARRAYS)


def _evaluate(
    roots: Iterable[Expression],
    values: Mapping[str, Any],
    operations: Mapping[str, Callable[..., Any]],
) -> list[Any]:
    targets = list(roots)
    known: dict[int, Any] = {}
    for node in ancestors(targets):
        if node.operation == "symbol":
            known[node.index] = values[node.name]
        elif node.operation == "constant":
            known[node.index] = node.value
        else:
            arguments = [known[a.index] for a in node.arguments]
            known[node.index] = operations[node.operation](*arguments)
    return [known[node.index] for node in targets]
