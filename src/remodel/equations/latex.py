r"""Equations as LaTeX: each is traced with the symbols of its arguments, and the trace is written.

Powers come back as powers, products of equal factors too. A name without a symbol of its own is
written as words: ``cytokine_tone`` becomes ``\text{cytokine tone}``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from remodel.equations.equation import Equation
from remodel.symbolic.expression import Expression, Graph

_SUM, _PRODUCT, _POWER, _ATOM = range(4)  # how tightly what was written binds
_LARGE, _SMALL = 1e5, 1e-3

Written = tuple[str, int]


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
    return _write(expression, symbols or {})[0]


def name_latex(name: str, symbols: Mapping[str, str] | None = None) -> str:
    """Return a name as LaTeX: its symbol, or words."""
    found = (symbols or {}).get(name)
    return found or rf"\text{{{name.replace('_', ' ')}}}"


def number_latex(value: float) -> str:
    """Return a number as LaTeX, with a power of ten where it is very large or small."""
    size = abs(value)
    if value and not _SMALL <= size < _LARGE:
        mantissa, exponent = f"{value:.6e}".split("e")
        digits = mantissa.rstrip("0").rstrip(".")
        power = f"10^{{{int(exponent)}}}"
        return power if digits == "1" else rf"{digits} \times {power}"
    return f"{value:.7g}"


def _write(node: Expression, symbols: Mapping[str, str]) -> Written:
    if node.operation == "symbol":
        return name_latex(node.name, symbols), _ATOM
    if node.operation == "constant":
        text = number_latex(node.value)
        return text, _PRODUCT if "times" in text else _ATOM if node.value >= 0 else _SUM
    return _WRITERS[node.operation](node, symbols)


def _bracketed(node: Expression, symbols: Mapping[str, str], least: int) -> str:
    """Return a part, in brackets if it binds more loosely than its surroundings."""
    text, strength = _write(node, symbols)
    return text if strength >= least else rf"\left({text}\right)"


def _sum(node: Expression, symbols: Mapping[str, str]) -> Written:
    first, *others = sorted(_summands(node, 1), key=lambda s: (s[0] < 0, not s[1].is_constant))
    text = ("-" if first[0] < 0 else "") + _bracketed(first[1], symbols, _PRODUCT)
    for sign, part in others:
        text += (" - " if sign < 0 else " + ") + _bracketed(part, symbols, _PRODUCT)
    return text, _SUM


def _summands(node: Expression, sign: int) -> Iterable[tuple[int, Expression]]:
    if node.operation in ("add", "subtract"):
        left, right = node.arguments
        yield from _summands(left, sign)
        yield from _summands(right, -sign if node.operation == "subtract" else sign)
    elif node.operation == "negate":
        yield from _summands(node.arguments[0], -sign)
    else:
        yield sign, node


def _product(node: Expression, symbols: Mapping[str, str]) -> Written:
    above, below = _factors(node)
    if below:
        return rf"\frac{{{_listed(above, symbols) or '1'}}}{{{_listed(below, symbols)}}}", _PRODUCT
    return _listed(above, symbols), _PRODUCT


def _factors(node: Expression) -> tuple[list[Expression], list[Expression]]:
    """Return numerator and denominator of a chain of products and quotients."""
    if node.operation == "multiply":
        parts = [_factors(a) for a in node.arguments]
        return [n for p in parts for n in p[0]], [d for p in parts for d in p[1]]
    if node.operation == "divide":
        top, bottom = (_factors(a) for a in node.arguments)
        return top[0] + bottom[1], top[1] + bottom[0]
    return ([] if node.equals(1.0) else [node]), []


def _listed(factors: Sequence[Expression], symbols: Mapping[str, str]) -> str:
    """Return factors side by side, equal ones as a power: numbers, parameters, then the rest."""
    if len(factors) == 1:
        return _write(factors[0], symbols)[0]
    counted = Counter(f.index for f in factors)
    by_index = {f.index: f for f in factors}
    ordered = sorted(by_index.values(), key=lambda f: _order(f, symbols))
    return r" \, ".join(_repeated(f, counted[f.index], symbols) for f in ordered)


def _order(node: Expression, symbols: Mapping[str, str]) -> tuple[bool, bool, int]:
    return not node.is_constant, node.name not in symbols, node.index


def _repeated(node: Expression, times: int, symbols: Mapping[str, str]) -> str:
    if times == 1:
        return _bracketed(node, symbols, _PRODUCT)
    return f"{_base(node, symbols)}^{{{times}}}"


def _base(node: Expression, symbols: Mapping[str, str]) -> str:
    """Return the base of a power; a symbol with a superscript of its own needs brackets too."""
    text = _bracketed(node, symbols, _ATOM)
    return rf"\left({text}\right)" if "^" in text and node.operation == "symbol" else text


def _exp(node: Expression, symbols: Mapping[str, str]) -> Written:
    """Return a power if it is one (the trace holds it as exp of exponent times log)."""
    (inside,) = node.arguments
    if inside.operation == "multiply":
        for one, other in (inside.arguments, inside.arguments[::-1]):
            if one.operation == "log":
                exponent = _write(other, symbols)[0]
                return f"{_base(one.arguments[0], symbols)}^{{{exponent}}}", _POWER
    return f"e^{{{_write(inside, symbols)[0]}}}", _POWER


def _log(node: Expression, symbols: Mapping[str, str]) -> Written:
    return rf"\ln {_bracketed(node.arguments[0], symbols, _ATOM)}", _POWER


def _sqrt(node: Expression, symbols: Mapping[str, str]) -> Written:
    return rf"\sqrt{{{_write(node.arguments[0], symbols)[0]}}}", _ATOM


def _less(node: Expression, symbols: Mapping[str, str]) -> Written:
    left, right = (_write(a, symbols)[0] for a in node.arguments)
    return f"{left} < {right}", _SUM


def _where(node: Expression, symbols: Mapping[str, str]) -> Written:
    test, one, other = node.arguments
    if test.operation == "less" and {one, other} == set(test.arguments):
        name = r"\max" if one is test.arguments[1] else r"\min"
        inside = rf"{_write(one, symbols)[0]},\, {_write(other, symbols)[0]}"
        return rf"{name}\left({inside}\right)", _ATOM
    condition, then, otherwise = (_write(a, symbols)[0] for a in node.arguments)
    cases = rf"{then} & \text{{if }} {condition} \\ {otherwise} & \text{{otherwise}}"
    return rf"\begin{{cases}} {cases} \end{{cases}}", _SUM


_WRITERS: Mapping[str, Callable[[Expression, Mapping[str, str]], Written]] = {
    "add": _sum,
    "subtract": _sum,
    "negate": _sum,
    "multiply": _product,
    "divide": _product,
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "less": _less,
    "where": _where,
}
