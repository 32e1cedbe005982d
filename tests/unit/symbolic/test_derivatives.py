"""Derivatives of expression graphs against complex steps and central differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from remodel.equations import exp, hill, log, maximum, minimum, repression, sqrt, where
from remodel.symbolic.derivatives import directional, gradients, jacobian
from remodel.symbolic.expression import Graph, evaluate, evaluate_arrays

NAMES = ("x", "y", "z")
POINT = {"x": 0.7, "y": 1.9, "z": 2.3}
TINY = 1e-200

FORMULAS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "sum": lambda x, y, z: x + 2 * y - z,
    "product": lambda x, y, z: x * y * z,
    "quotient": lambda x, y, z: x / (y + z * x),
    "nested quotient": lambda x, y, z: (x / y) / (z / x) + y / (x / z),
    "negation": lambda x, y, z: -(x * y) - -(y / z),
    "whole powers": lambda x, y, z: x**3 + y**-2 + z**2 * x**4,
    "broken powers": lambda x, y, z: x**1.7 * y**-0.3 + z**0.5,
    "powers of symbols": lambda x, y, z: x**y + y ** (z - x),
    "exponential": lambda x, y, z: exp(-x * y) * z + exp(z / y),
    "logarithm": lambda x, y, z: log(x * y + z) / log(z),
    "root": lambda x, y, z: sqrt(x * x + y * z),
    "hill": lambda x, y, z: hill(x, y, 2.5) + hill(y, z, x) * repression(z, x, 3),
    "logistic": lambda x, y, z: x / (1 + exp((y - z) / 0.3)),
    "choice": lambda x, y, z: where(x < y, x * z, y) + where(z < y, x, z**2),
    "bounds": lambda x, y, z: maximum(x * y, z) * minimum(x, y * z),
    "shared terms": lambda x, y, z: (x + y) ** 2 * (x + y) / (1 + (x + y)),
}


def _symbols(graph: Graph) -> list[Any]:
    return [graph.symbol(name) for name in NAMES]


def _complex_step(formula: Callable[..., Any], values: Mapping[str, float]) -> list[float]:
    """Return the gradient by a step into the imaginary, exact to rounding."""
    graph = Graph()
    root = formula(*_symbols(graph))
    found = []
    for moved in NAMES:
        at = {n: np.array([v + (TINY * 1j if n == moved else 0.0)]) for n, v in values.items()}
        (value,) = evaluate_arrays([root], at)
        found.append(float(np.imag(np.broadcast_to(value, 1)[0]) / TINY))
    return found


def _gradient(formula: Callable[..., Any], values: Mapping[str, float]) -> list[float]:
    graph = Graph()
    symbols = _symbols(graph)
    entries = jacobian([formula(*symbols)], symbols)
    numbers = dict(zip(entries, evaluate(entries.values(), values), strict=True))
    return [numbers.get((0, j), 0.0) for j in range(len(NAMES))]


@pytest.mark.parametrize("name", FORMULAS)
def test_gradient_is_that_of_a_complex_step(name: str) -> None:
    expected = _complex_step(FORMULAS[name], POINT)
    assert _gradient(FORMULAS[name], POINT) == pytest.approx(expected, rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("name", FORMULAS)
def test_gradient_is_that_of_central_differences(name: str) -> None:
    formula, step = FORMULAS[name], 1e-6
    for j, expected in enumerate(_gradient(formula, POINT)):
        above, below = dict(POINT), dict(POINT)
        above[NAMES[j]] += step
        below[NAMES[j]] -= step
        difference = (formula(*above.values()) - formula(*below.values())) / (2 * step)
        assert difference == pytest.approx(expected, rel=1e-7, abs=1e-8)


coordinates = st.floats(0.2, 3.0)


@settings(max_examples=100)
@given(
    inner=st.sampled_from(sorted(FORMULAS)),
    other=st.sampled_from(sorted(FORMULAS)),
    outer=st.sampled_from(["sum", "product", "quotient", "whole powers", "root", "hill"]),
    x=coordinates,
    y=coordinates,
    z=coordinates,
)
def test_chain_rule_of_composed_formulas(
    inner: str, other: str, outer: str, x: float, y: float, z: float
) -> None:
    def composed(x: Any, y: Any, z: Any) -> Any:
        return FORMULAS[outer](FORMULAS[inner](x, y, z), FORMULAS[other](y, z, x), z)

    values = {"x": x, "y": y, "z": z}
    with np.errstate(all="ignore"):
        at = [np.float64(v) for v in values.values()]
        assume(np.isfinite(composed(*at)))
        assume(FORMULAS[inner](*at) > 1e-3)
        assume(FORMULAS[other](*at[1:], at[0]) > 1e-3)
        expected = _complex_step(composed, values)
    scale = max(map(abs, expected))
    assume(1e-12 < scale < 1e12)
    assert _gradient(composed, values) == pytest.approx(expected, rel=1e-9, abs=1e-10 * scale)


@pytest.mark.parametrize("name", FORMULAS)
def test_directional_derivative_is_the_gradient_along_the_direction(name: str) -> None:
    graph = Graph()
    symbols = _symbols(graph)
    along = {symbol: graph.symbol(f"d{symbol.name}") for symbol in symbols}
    (root,) = directional([FORMULAS[name](*symbols)], along)
    direction = {"dx": 0.3, "dy": -1.1, "dz": 0.8}
    (found,) = evaluate([root], {**POINT, **direction})
    expected = sum(
        g * d for g, d in zip(_gradient(FORMULAS[name], POINT), direction.values(), strict=True)
    )
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_direction_of_some_symbols_leaves_the_others_where_they_are() -> None:
    graph = Graph()
    x, y, z = _symbols(graph)
    roots = directional([x * y, z, y * y], {x: graph.constant(1.0)})
    assert roots[0] is y
    assert roots[1].equals(0.0)
    assert roots[2].equals(0.0)


def test_derivatives_that_are_zero_are_left_out() -> None:
    graph = Graph()
    x, y, z = _symbols(graph)
    entries = jacobian([x * 2, y - y + z, x * 0 + 3, where(x < y, z, z)], [x, y, z])
    assert {key: e.value for key, e in entries.items()} == {(0, 0): 2.0, (1, 2): 1.0, (3, 2): 1.0}


def test_conditions_have_no_derivative() -> None:
    graph = Graph()
    x, y, z = _symbols(graph)
    (row,) = gradients([where(x < y, z, 2 * z)], {x.index: 0, y.index: 1, z.index: 2})
    assert list(row) == [2]


def test_a_symbol_that_is_no_variable_is_a_constant() -> None:
    graph = Graph()
    x, y, _ = _symbols(graph)
    assert jacobian([x * y], [y]) == {(0, 0): x}
