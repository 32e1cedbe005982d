"""Text in another grammar means what the expression means."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remodel.equations.functions import exp, log, maximum, sqrt, where
from remodel.exchange.infix import PETAB, SBML, C, R, infix
from remodel.symbolic.expression import Graph, evaluate


def _joined(parts):
    sign, a, b = parts
    return {"+": a + b, "-": a - b, "*": a * b, "/": a / (b * b + 1.0)}[sign]


GRAPH = Graph()
A, B, D = (GRAPH.symbol(name) for name in "abd")
numbers = st.floats(0.1, 5.0).map(lambda x: round(x, 3))
expressions = st.recursive(
    st.sampled_from([A, B, D]) | numbers.map(GRAPH.constant),
    lambda inner: (
        st.tuples(st.sampled_from("+-*/"), inner, inner).map(_joined)
        | inner.map(lambda x: -x)
        | inner.map(lambda x: exp(0.1 * x))
        | st.tuples(inner, inner).map(lambda pair: maximum(*pair))
        | st.tuples(inner, st.sampled_from([0.3, 2.0, -1.5])).map(
            lambda pair: (pair[0] * pair[0] + 1.0) ** pair[1]
        )
    ),
    max_leaves=12,
)


@given(expressions, numbers, numbers, numbers)
def test_c_and_python_agree(expression, a, b, d):
    values = {"a": a, "b": b, "d": d}
    try:
        (expected,) = evaluate([GRAPH.wrap(expression)], values)
    except (OverflowError, ZeroDivisionError):
        return
    text = infix(GRAPH.wrap(expression), C)
    # C's conditional expression in Python's order of words
    found = eval(_python(text), {"exp": math.exp, "log": math.log, "sqrt": math.sqrt,
                                 "pow": pow, "choose": lambda c, x, y: x if c else y, **values})  # fmt: skip
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def _python(text):
    """Write (c ? x : y) as choose(c, x, y)."""
    while "?" in text:
        mark = text.index("?")
        begin, depth = mark, 0
        while depth >= 0:
            begin -= 1
            depth += {")": 1, "(": -1}.get(text[begin], 0)
        end, colon, depth = mark, 0, 0
        while depth >= 0:
            end += 1
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            nested = text[mark + 1 : end].count("?") - text[mark + 1 : end].count(":")
            if text[end] == ":" and depth == 0 and nested == 0 and not colon:
                colon = end
        parts = text[begin + 1 : mark], text[mark + 1 : colon], text[colon + 1 : end]
        text = f"{text[:begin]}choose({', '.join(parts)}){text[end + 1 :]}"
    return text


def test_brackets_stand_where_they_are_needed():
    assert infix(A - (B - D), C) == "a - (b - d)"
    assert infix(A / (B / D), C) == "a / (b / d)"
    assert infix(A * (B + D), C) == "a * (b + d)"
    assert infix(A + B * D, C) == "a + b * d"


def test_each_language_has_its_own_words():
    power = (A + B) ** D
    assert infix(power, C) == "pow(a + b, d)"
    assert infix(power, R) == "(a + b)^d"
    assert infix(log(A), SBML) == "ln(a)"
    assert infix(log(A), R) == "log(a)"
    assert infix(sqrt(A), PETAB) == "sqrt(a)"
    choice = where(A < B, A, D)
    assert infix(choice, SBML) == "piecewise(a, a < b, d)"
    assert infix(choice, R) == "(if (a < b) a else d)"


def test_symbols_get_the_names_they_have_elsewhere():
    assert infix(A * B, C, {"a": "alpha"}) == "alpha * b"


def test_a_zero_is_written_like_what_it_is_compared_with():
    limited = where(GRAPH.constant(0.0) > A, GRAPH.constant(0.0), A)
    assert infix(limited, SBML, zero=lambda _: "0 gram") == "piecewise(0 gram, a < 0 gram, a)"
