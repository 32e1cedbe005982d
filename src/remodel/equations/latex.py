r"""Equations as LaTeX, written by SymPy from their trace.

A name without a symbol of its own is written as words: ``cytokine_tone`` becomes
``\text{cytokine tone}``. Needs the extra ``latex``.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from remodel.equations.equation import Equation
from remodel.symbolic.expression import Expression, Graph, ancestors
from remodel.symbolic.powers import power_of

if TYPE_CHECKING:
    import sympy

_LARGE, _SMALL = 1e5, 1e-3


def equation_latex(
    equation: Equation, arguments: Sequence[str], symbols: Mapping[str, str] | None = None
) -> str:
    """Return the right-hand side of an equation.

    Parameters
    ----------
    equation : Equation
    arguments : sequence of str
        Full names of its arguments, as ``Assembly.arguments_of`` gives them.
    symbols : mapping of str to str, optional
        LaTeX of names, such as the symbols of parameters.
    """
    graph = Graph()
    traced = equation.function(*(graph.symbol(name) for name in arguments))
    return expression_latex(graph.wrap(traced), symbols)


def expression_latex(expression: Expression, symbols: Mapping[str, str] | None = None) -> str:
    """Return an expression as LaTeX."""
    import sympy

    known = symbols or {}
    named = {
        # factors are ordered by name: parameters with symbols, then words, as they come
        node: sympy.Symbol(f"{node.name not in known:d} {node.index:06d} {node.name}")
        for node in ancestors([expression])
        if node.operation == "symbol"
    }
    written = {symbol: name_latex(node.name, known) for node, symbol in named.items()}
    style = {"symbol_names": written, "mul_symbol": r" \, ", "ln_notation": True}
    text: str = _printer()(style).doprint(_converted(expression, named))
    return text


def name_latex(name: str, symbols: Mapping[str, str] | None = None) -> str:
    """Return a name as LaTeX: its symbol, or words."""
    symbol = (symbols or {}).get(name)
    return symbol or rf"\text{{{name.replace('_', ' ')}}}"


def number_latex(value: float) -> str:
    """Return a number as LaTeX, with a power of ten where it is very large or small."""
    size = abs(value)
    if value and not _SMALL <= size < _LARGE:
        mantissa, exponent = f"{value:.6e}".split("e")
        digits = mantissa.rstrip("0").rstrip(".")
        power = f"10^{{{int(exponent)}}}"
        return power if digits == "1" else rf"{digits} \times {power}"
    return f"{value:.7g}"


@functools.cache
def _printer() -> Any:
    from sympy.printing.latex import LatexPrinter

    class Printer(LatexPrinter):  # type: ignore[misc]
        """Numbers before symbols, and what is taken away last."""

        def _print_Float(self, number: Any) -> str:  # noqa: N802 # named by SymPy
            return number_latex(float(number))

        def _as_ordered_terms(self, expression: Any, order: Any = None) -> list[Any]:
            terms = super()._as_ordered_terms(expression, order)
            return sorted(terms, key=lambda t: (t.could_extract_minus_sign(), not t.is_number))

    return Printer


def _converted(root: Expression, named: Mapping[Expression, sympy.Symbol]) -> Any:
    """Return an expression as SymPy's."""
    import sympy

    operations: dict[str, Callable[..., Any]] = {
        "add": operator.add,
        "subtract": operator.sub,
        "multiply": operator.mul,
        "divide": operator.truediv,
        "negate": operator.neg,
        "exp": sympy.exp,
        "log": sympy.log,
        "sqrt": sympy.sqrt,
        "less": sympy.StrictLessThan,
        "where": lambda test, a, b: sympy.Piecewise((a, test), (b, True)),
    }
    done: dict[Expression, Any] = dict(named)
    for node in ancestors([root]):
        if node.is_constant:
            is_whole = node.value == round(node.value)
            done[node] = (sympy.Integer if is_whole else sympy.Float)(node.value)
        elif node not in done:
            name, arguments = _as_read(node)
            operation = operations.get(name) or getattr(sympy, name)
            done[node] = operation(*(done[a] for a in arguments))
    return done[root]


def _as_read(node: Expression) -> tuple[str, tuple[Expression, ...]]:
    """Return operation and arguments as a reader sees them: powers and extremes are their own."""
    if node.operation == "where" and {*node.arguments[1:]} == {*node.arguments[0].arguments}:
        test, one, other = node.arguments
        return "Max" if one is test.arguments[1] else "Min", (one, other)
    power = power_of(node)
    return ("Pow", power) if power else (node.operation, node.arguments)
