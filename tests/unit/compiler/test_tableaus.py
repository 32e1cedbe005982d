"""Rosenbrock methods: order conditions, stiff accuracy, and the order that is measured.

A method in the form of ``tableaus`` is brought back to its coefficients alpha, gamma and b
(Hairer and Wanner 1996, IV.7). Its order is p if for every rooted tree t of at most p vertices
sum_i b_i phi_i(t) = 1 / density(t), where phi takes alpha at a vertex with several branches and
alpha + gamma at a vertex with one.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from remodel.compiler import workspace as slots
from remodel.compiler.kernels import Evaluator, Stepper, evaluator_of, stepper_of, workspace
from remodel.compiler.tableaus import TABLEAUS, Tableau
from remodel.equations.system import System

Tree = tuple[Any, ...]  # the branches of the root, sorted
METHODS = sorted(TABLEAUS)


def trees(size: int) -> list[Tree]:
    """Return all rooted trees with so many vertices."""
    if size == 1:
        return [()]
    found = set()
    for parts in _partitions(size - 1):
        for branches in itertools.product(*(trees(part) for part in parts)):
            found.add(tuple(sorted(branches, key=repr)))
    return sorted(found, key=repr)


def _partitions(total: int, largest: int | None = None) -> list[tuple[int, ...]]:
    if total == 0:
        return [()]
    top = total if largest is None else min(largest, total)
    return [(k, *rest) for k in range(top, 0, -1) for rest in _partitions(total - k, k)]


def vertices(tree: Tree) -> int:
    return 1 + sum(vertices(branch) for branch in tree)


def density(tree: Tree) -> int:
    result = vertices(tree)
    for branch in tree:
        result *= density(branch)
    return result


class Coefficients:
    """A method in its classical coefficients."""

    def __init__(self, tableau: Tableau) -> None:
        s = tableau.stages
        a, coupling = np.zeros((s, s)), np.zeros((s, s))
        for i in range(s):
            a[i, :i], coupling[i, :i] = tableau.a[i], tableau.coupling[i]
        self.gamma = np.linalg.inv(np.eye(s) / tableau.gamma - coupling)
        self.alpha = a @ self.gamma
        self.beta = self.alpha + self.gamma
        self.embedded = a[-1] @ self.gamma
        self.weights = (a[-1] + np.eye(s)[-1]) @ self.gamma
        self.dense = [np.array(row) @ self.gamma for row in tableau.dense]

    def phi(self, tree: Tree) -> Any:
        below = [self.phi(branch) for branch in tree]
        if len(below) == 1:
            return self.beta @ below[0]
        result = np.ones(len(self.alpha))
        for values in below:
            result = result * (self.alpha @ values)
        return result

    def inside(self, x: float) -> Any:
        """Weights of the solution at a position in the step."""
        bend = sum(row * x**k for k, row in enumerate(self.dense))
        return x * self.weights + x * (1 - x) * bend


def defect(coefficients: Coefficients, weights: Any, order: int, x: float = 1.0) -> float:
    """Return the largest violation of the order conditions of exactly this order."""
    return max(
        abs(weights @ coefficients.phi(tree) - x**order / density(tree)) for tree in trees(order)
    )


def test_there_are_as_many_trees_as_there_should_be() -> None:
    assert [len(trees(n)) for n in range(1, 7)] == [1, 1, 2, 4, 9, 20]
    assert density(((), ((),))) == 4 * 2  # a root with a leaf and a branch of two


@pytest.mark.parametrize("name", METHODS)
def test_order_conditions_hold_up_to_the_order_and_no_further(name: str) -> None:
    tableau, method = TABLEAUS[name], Coefficients(TABLEAUS[name])
    for order in range(1, tableau.order + 1):
        assert defect(method, method.weights, order) < 1e-12, order
    assert defect(method, method.weights, tableau.order + 1) > 1e-6
    for order in range(1, tableau.embedded_order + 1):
        assert defect(method, method.embedded, order) < 1e-12, order
    assert defect(method, method.embedded, tableau.embedded_order + 1) > 1e-6


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("x", [0.1, 0.5, 0.85])
def test_order_conditions_of_the_interpolation(name: str, x: float) -> None:
    tableau, method = TABLEAUS[name], Coefficients(TABLEAUS[name])
    for order in range(1, tableau.dense_order + 1):
        assert defect(method, method.inside(x), order, x) < 1e-12, order
    assert defect(method, method.inside(x), tableau.dense_order + 1, x) > 1e-6


@pytest.mark.parametrize("name", METHODS)
def test_interpolation_joins_the_ends_of_a_step(name: str) -> None:
    method = Coefficients(TABLEAUS[name])
    assert np.all(method.inside(0.0) == 0.0)
    assert method.inside(1.0) == pytest.approx(method.weights, abs=0.0)


@pytest.mark.parametrize("name", METHODS)
def test_nodes_are_the_row_sums(name: str) -> None:
    tableau, method = TABLEAUS[name], Coefficients(TABLEAUS[name])
    assert method.alpha.sum(axis=1) == pytest.approx(tableau.c, abs=1e-12)
    assert method.gamma.sum(axis=1) == pytest.approx(tableau.d, abs=1e-12)
    assert np.diag(method.gamma) == pytest.approx(np.full(tableau.stages, tableau.gamma), abs=1e-14)


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_stiffly_accurate_and_damp_at_infinity(name: str) -> None:
    tableau, method = TABLEAUS[name], Coefficients(TABLEAUS[name])
    assert method.beta[-1] == pytest.approx(method.weights, abs=1e-12)
    assert tableau.c[-1] == 1.0
    ones = np.ones(tableau.stages)
    for weights in (method.weights, method.embedded):
        at_infinity = 1 - weights @ np.linalg.solve(method.beta, ones)
        assert abs(at_infinity) < 1e-11


@pytest.mark.parametrize("name", METHODS)
def test_stability_function_is_that_of_an_a_stable_method(name: str) -> None:
    method = Coefficients(TABLEAUS[name])
    s = len(method.weights)
    for y in np.logspace(-2, 5, 60):
        z = 1j * y
        growth = 1 + z * method.weights @ np.linalg.solve(np.eye(s) - z * method.beta, np.ones(s))
        assert abs(growth) <= 1 + 1e-12


class Fixed:
    """The compiled stepper driven with fixed steps."""

    def __init__(self, system: System, method: str) -> None:
        self.step: Stepper = stepper_of(system, method, 1)
        self.observe: Evaluator = evaluator_of(system, method, system.state_names, 1)
        self.layout = self.step.layout
        self.ws = workspace(self.layout.size + self.observe.outputs, 1)
        self.ws[:] = 1.0
        self.ws[slots.RTOL] = 1e-6

    def start(self, t: float, y: Any, parameters: Any = ()) -> None:
        n, at = self.layout.states, self.layout
        self.ws[slots.TIME] = t
        self.ws[at.state : at.state + n, 0] = y
        self.ws[at.parameter : at.parameter + at.parameters, 0] = parameters
        self.call("derive")

    def call(self, kernel: str) -> None:
        self.step.library.function(kernel)(self.ws.ctypes.data)

    def advance(self, h: float) -> None:
        self.ws[slots.STEP] = h
        self.call("advance")

    def commit(self, h: float) -> Any:
        self.ws[slots.ACCEPTED] = 1.0
        self.call("commit")
        self.ws[slots.TIME] += h
        return self.ws[self.layout.state : self.layout.state + self.layout.states, 0].copy()

    def inside(self, x: float) -> Any:
        for kernel in ("interpolate", "observe"):
            self.ws[slots.POSITION] = x
            self.observe.library.function(kernel)(self.ws.ctypes.data)
        return self.ws[self.layout.size :, 0].copy()


START, END = np.array([1.2, 0.4]), 2.0


def _slope(t: float, y: Any) -> list[float]:
    a, b = y
    return [
        b * np.exp(-a * a / 4) - a / 2 + t / (1 + t * t),
        -a * (1 + b * b / 5) + np.exp(-t),
    ]


def _exact(times: Any) -> Any:
    found = solve_ivp(
        _slope, (0, END), START, method="DOP853", t_eval=times, rtol=1e-13, atol=1e-15
    )
    return found.y.T


@pytest.mark.parametrize("name", METHODS)
def test_measured_order_of_the_solution(name: str, oscillator: System) -> None:
    exact, errors, counts = _exact([END])[0], [], (16, 32, 64)
    for count in counts:
        run = Fixed(oscillator, name)
        run.start(0.0, START)
        h = END / count
        for _ in range(count):
            run.advance(h)
            y = run.commit(h)
        errors.append(np.max(np.abs(y - exact)))
    orders = -np.diff(np.log2(errors))
    assert orders == pytest.approx(TABLEAUS[name].order, abs=0.35)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("x", [0.3, 0.7])
def test_measured_order_inside_a_step(name: str, x: float, oscillator: System) -> None:
    errors = []
    for h in (0.2, 0.1, 0.05):
        run = Fixed(oscillator, name)
        run.start(0.0, START)
        run.advance(h)
        errors.append(np.max(np.abs(run.inside(x) - _exact([x * h])[0])))
    orders = -np.diff(np.log2(errors))
    assert np.all(orders > TABLEAUS[name].dense_order + 1 - 0.4)


@pytest.mark.parametrize("name", METHODS)
def test_the_error_estimate_shrinks_with_the_embedded_order(name: str, oscillator: System) -> None:
    estimates = []
    for h in (0.2, 0.1, 0.05):
        run = Fixed(oscillator, name)
        run.start(0.0, START)
        run.advance(h)
        estimates.append(run.ws[slots.ERROR, 0])
    orders = -np.diff(np.log2(estimates))
    assert np.all(orders > TABLEAUS[name].embedded_order + 1 - 0.4)


@pytest.mark.parametrize("name", METHODS)
def test_a_very_stiff_decay_is_gone_after_one_step(name: str, decay: System) -> None:
    run = Fixed(decay, name)
    run.start(0.0, [1.0], [1e12])
    run.advance(1.0)
    assert abs(run.commit(1.0)[0]) < 1e-9


def test_each_method_names_its_source() -> None:
    for name, tableau in TABLEAUS.items():
        assert tableau.name == name
        assert len(tableau.source) > 20
