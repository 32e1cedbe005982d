"""The expression graph: what is simplified, and that simplifying changes no value."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from remodel.equations import exp, hill, log, maximum, minimum, repression, sqrt, where
from remodel.symbolic.expression import Graph, ancestors, evaluate, evaluate_arrays

EPSILON = np.finfo(float).eps
Tree = Any  # a name, a number, or a tuple of an operation and its arguments


class Measured(NamedTuple):
    """A float with a bound on its rounding error, carried to first order."""

    value: float
    error: float = 0.0


def _rounded(value: float, error: float) -> Measured:
    assume(math.isfinite(value) and abs(value) < 1e100)
    return Measured(value, error + 8 * EPSILON * abs(value))


def _power(a: Measured, b: Measured) -> Measured:
    assume(a.value > 0)
    value = a.value**b.value
    slope, growth = b.value / a.value, math.log(a.value)
    rounding = EPSILON * (abs(b.value * growth) + 1)  # of exp(b log a)
    error = abs(value) * (abs(slope) * a.error + abs(growth) * b.error + rounding)
    return _rounded(value, error)


def _quotient(a: Measured, b: Measured) -> Measured:
    assume(b.value != 0.0)
    value = a.value / b.value
    return _rounded(value, (a.error + abs(value) * b.error) / abs(b.value))


def _choice(c: Measured, d: Measured, a: Measured, b: Measured) -> Measured:
    assume(abs(c.value - d.value) > 1e3 * (c.error + d.error))
    return a if c.value < d.value else b


def _exponential(a: Measured) -> Measured:
    assume(abs(a.value) < 200)
    value = math.exp(a.value)
    return _rounded(value, value * (a.error + EPSILON * abs(a.value)))


def _logarithm(a: Measured) -> Measured:
    assume(a.value > 0)
    return _rounded(math.log(a.value), a.error / a.value + EPSILON)


def _root(a: Measured) -> Measured:
    assume(a.value > 0)
    value = math.sqrt(a.value)
    return _rounded(value, a.error / value)


PLAIN: Mapping[str, Callable[..., Measured]] = {
    "+": lambda a, b: _rounded(a.value + b.value, a.error + b.error),
    "-": lambda a, b: _rounded(a.value - b.value, a.error + b.error),
    "*": lambda a, b: _rounded(a.value * b.value, abs(a.value) * b.error + abs(b.value) * a.error),
    "/": _quotient,
    "neg": lambda a: Measured(-a.value, a.error),
    "**": _power,
    "exp": _exponential,
    "log": _logarithm,
    "sqrt": _root,
    "where": _choice,
}
TRACED: Mapping[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "neg": lambda a: -a,
    "**": lambda a, b: a**b,
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "where": lambda c, d, a, b: where(c < d, a, b),
}
ARGUMENTS = {"neg": 1, "exp": 1, "log": 1, "sqrt": 1, "where": 4}
NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 2.0, 3.0, 0.5, -0.5, 4.0, 5.0, -2.0]),
    st.floats(-3.0, 3.0, allow_subnormal=False),
)
SYMBOLS = ("x", "y", "z")


def _nodes(below: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    return st.one_of(
        *(st.tuples(st.just(name), *([below] * ARGUMENTS.get(name, 2))) for name in PLAIN)
    )


TREES = st.recursive(st.one_of(st.sampled_from(SYMBOLS), NUMBERS), _nodes, max_leaves=12)
VALUES = st.fixed_dictionaries({name: st.floats(0.05, 4.0) for name in SYMBOLS})


def _fold(tree: Tree, leaf: Callable[[Any], Any], operations: Mapping[str, Any]) -> Any:
    if isinstance(tree, tuple):
        return operations[tree[0]](*(_fold(part, leaf, operations) for part in tree[1:]))
    return leaf(tree)


def _plain(tree: Tree, values: Mapping[str, float]) -> Measured:
    return _fold(tree, lambda leaf: Measured(values.get(leaf, leaf)), PLAIN)


def _traced(tree: Tree, graph: Graph) -> Any:
    def leaf(name: Any) -> Any:
        return graph.symbol(name) if isinstance(name, str) else graph.constant(name)

    return _fold(tree, leaf, TRACED)


@settings(max_examples=300)
@given(tree=TREES, values=VALUES, static=st.sets(st.sampled_from(SYMBOLS)))
def test_traced_expressions_have_the_value_of_plain_python(
    tree: Tree, values: dict[str, float], static: set[str]
) -> None:
    expected = _plain(tree, values)
    found = _traced(tree, Graph(static))
    (value,) = evaluate([found], values)
    assert value == pytest.approx(expected.value, rel=0, abs=8 * expected.error + 1e-300)
    (array,) = evaluate_arrays([found], {n: np.array([v, v]) for n, v in values.items()})
    assert np.broadcast_to(array, 2) == pytest.approx(value, rel=1e-13, abs=1e-300)


@given(tree=TREES)
def test_tracing_again_adds_no_node(tree: Tree) -> None:
    graph = Graph()
    try:
        first = _traced(tree, graph)
    except (ZeroDivisionError, OverflowError, TypeError):
        assume(False)
    size = len(graph.nodes)
    assert _traced(tree, graph) is first
    assert len(graph.nodes) == size


@given(tree=TREES)
def test_arguments_come_before_the_nodes_that_use_them(tree: Tree) -> None:
    graph = Graph()
    try:
        root = _traced(tree, graph)
    except (ZeroDivisionError, OverflowError, TypeError):
        assume(False)
    place = {node.index: i for i, node in enumerate(ancestors([root]))}
    assert list(place.values())[-1] == place[root.index]
    for node in ancestors([root]):
        assert all(place[a.index] < place[node.index] for a in node.arguments)


@pytest.fixture
def graph() -> Graph:
    return Graph()


SIMPLER: list[tuple[str, Callable[[Any, Any, Graph], tuple[Any, Any]]]] = [
    ("x + 0", lambda x, y, g: (x + 0, x)),
    ("0 + x", lambda x, y, g: (0 + x, x)),
    ("x - 0", lambda x, y, g: (x - 0, x)),
    ("x - x", lambda x, y, g: (x - x, g.constant(0.0))),
    ("x + -y", lambda x, y, g: (x + -y, x - y)),
    ("-x + y", lambda x, y, g: (-x + y, y - x)),
    ("x - -y", lambda x, y, g: (x - -y, x + y)),
    ("- -x", lambda x, y, g: (g.negate(-x), x)),
    ("-(x - y)", lambda x, y, g: (-(x - y), y - x)),
    ("x + y", lambda x, y, g: (x + y, y + x)),
    ("x * y", lambda x, y, g: (x * y, y * x)),
    ("x * 0", lambda x, y, g: (x * 0, g.constant(0.0))),
    ("x * 1", lambda x, y, g: (x * 1, x)),
    ("-1 * x", lambda x, y, g: (-1 * x, -x)),
    ("-x * y", lambda x, y, g: (-x * y, -(x * y))),
    ("x / 1", lambda x, y, g: (x / 1, x)),
    ("x / x", lambda x, y, g: (x / x, g.constant(1.0))),
    ("0 / x", lambda x, y, g: (0 / x, g.constant(0.0))),
    ("x / 4", lambda x, y, g: (x / 4, 0.25 * x)),
    ("x ** 0", lambda x, y, g: (x**0, g.constant(1.0))),
    ("x ** 1", lambda x, y, g: (x**1, x)),
    ("x ** 3", lambda x, y, g: (x**3, x * x * x)),
    ("x ** -2", lambda x, y, g: (x**-2, 1 / (x * x))),
    ("x ** 0.5", lambda x, y, g: (x**0.5, sqrt(x))),
    ("x ** 1.3", lambda x, y, g: (x**1.3, exp(1.3 * log(x)))),
    ("2 ** x", lambda x, y, g: (2**x, exp(x * math.log(2.0)))),
    ("exp(log(x))", lambda x, y, g: (exp(log(x)), x)),
    ("log(exp(x))", lambda x, y, g: (log(exp(x)), x)),
    ("where(x < y, x, x)", lambda x, y, g: (where(x < y, x, x), x)),
    ("numbers", lambda x, y, g: (g.constant(2.0) * 3 + g.constant(1.0), g.constant(7.0))),
    ("+x", lambda x, y, g: (+x, x)),
    ("x > y", lambda x, y, g: (x > y, y < x)),
]


@pytest.mark.parametrize(("name", "pair"), SIMPLER, ids=[name for name, _ in SIMPLER])
def test_simplifications(name: str, pair: Callable[..., tuple[Any, Any]], graph: Graph) -> None:
    found, expected = pair(graph.symbol("x"), graph.symbol("y"), graph)
    assert found is expected


def test_powers_of_one_base_share_their_logarithm(graph: Graph) -> None:
    x, n, m = (graph.symbol(name) for name in ("x", "n", "m"))
    roots = [x**n, x**m, x**1.7]
    assert sum(node.operation == "log" for node in ancestors(roots)) == 1


def test_a_quotient_by_zero_is_kept_for_the_solver_to_find(graph: Graph) -> None:
    x = graph.symbol("x")
    assert (x / 0.0).operation == "divide"
    assert (graph.constant(1.0) / 0.0).operation == "divide"
    assert log(graph.constant(-1.0)).operation == "log"


def test_zero_and_minus_zero_are_not_one_node(graph: Graph) -> None:
    assert graph.constant(0.0) is not graph.constant(-0.0)


def test_branching_with_if_is_refused_with_the_way_out(graph: Graph) -> None:
    x = graph.symbol("x")
    with pytest.raises(TypeError) as caught:
        1.0 if x < 2 else 2.0  # noqa: B018
    assert str(caught.value) == (
        "an equation cannot branch with 'if' on a symbolic value; "
        "use remodel.equations.where(condition, a, b)."
    )


def test_nodes_show_what_they_compute(graph: Graph) -> None:
    x = graph.symbol("x")
    assert repr(2 * x + 1) == "add(multiply(x, 2.0), 1.0)"


@given(x=st.floats(0.01, 100.0), half=st.floats(0.01, 100.0), exponent=st.floats(0.5, 6.0))
def test_hill_functions_add_up_to_one(x: float, half: float, exponent: float) -> None:
    activating, repressing = hill(x, half, exponent), repression(x, half, exponent)
    assert activating + repressing == pytest.approx(1.0, rel=1e-13)
    assert activating == pytest.approx(x**exponent / (half**exponent + x**exponent), rel=1e-10)


@pytest.mark.parametrize("function", [maximum, minimum])
def test_functions_of_floats_and_arrays_are_the_same(function: Callable[..., Any]) -> None:
    a, b = np.array([1.0, 3.0, 2.0]), np.array([2.0, 1.0, 2.0])
    by_element = [function(x, y) for x, y in zip(a, b, strict=True)]
    assert function(a, b).tolist() == by_element
    traced = Graph()
    root = function(traced.symbol("a"), traced.symbol("b"))
    values = [evaluate([root], {"a": x, "b": y})[0] for x, y in zip(a, b, strict=True)]
    assert values == by_element


@pytest.mark.parametrize(
    ("function", "reference"), [(exp, math.exp), (log, math.log), (sqrt, math.sqrt)]
)
def test_functions_of_plain_floats(
    function: Callable[[float], float], reference: Callable[[float], float]
) -> None:
    assert function(0.7) == pytest.approx(reference(0.7), rel=1e-15)


def test_where_of_arrays_chooses_by_element() -> None:
    condition = np.array([True, False])
    assert where(condition, 1.0, 2.0).tolist() == [1.0, 2.0]
