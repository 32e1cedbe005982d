"""Symbolic elimination: the factors it plans solve any matrix of that sparsity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remodel.compiler import workspace as slots
from remodel.compiler.elimination import Elimination, eliminate
from remodel.compiler.kernels import stepper_of, workspace


def _sparse(seed: int, size: int, share: float) -> Any:
    """Return a random matrix with a dominant diagonal."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(size, size)) * (random.random((size, size)) < share)
    np.fill_diagonal(matrix, 1.0 + np.abs(matrix).sum(axis=1))
    return matrix


def _solve(plan: Elimination, matrix: Any, right: Any) -> Any:
    """Carry out the plan, touching no entry that is not in it."""
    inside = set(plan.entries)
    work = {ij: matrix[ij] for ij in inside}
    x = right.copy()
    for pivot, rows, columns in zip(plan.order, plan.lower, plan.upper, strict=True):
        for row in rows:
            multiple = work[row, pivot] / work[pivot, pivot]
            for column in columns:
                work[row, column] -= multiple * work[pivot, column]
            x[row] -= multiple * x[pivot]
    for pivot, columns in zip(reversed(plan.order), reversed(plan.upper), strict=True):
        for column in columns:
            x[pivot] -= work[pivot, column] * x[column]
        x[pivot] /= work[pivot, pivot]
    return x


@given(
    seed=st.integers(0, 10_000),
    size=st.integers(1, 25),
    share=st.sampled_from([0.0, 0.05, 0.2, 0.5, 1.0]),
)
def test_the_plan_solves_random_matrices(seed: int, size: int, share: float) -> None:
    matrix = _sparse(seed, size, share)
    plan = eliminate(size, zip(*np.nonzero(matrix), strict=True))
    assert sorted(plan.order) == list(range(size))
    assert set(map(tuple, np.transpose(np.nonzero(matrix)).tolist())) <= set(plan.entries)
    right = np.random.default_rng(seed).normal(size=size)
    assert _solve(plan, matrix, right) == pytest.approx(np.linalg.solve(matrix, right), rel=1e-9)


def test_an_arrow_is_eliminated_without_fill_in() -> None:
    size = 8
    arrow = [(0, j) for j in range(size)] + [(i, 0) for i in range(size)]
    plan = eliminate(size, arrow)
    assert len(plan.entries) == 3 * size - 2
    assert plan.order.index(0) >= size - 2, "the hub comes at the end"


def test_a_diagonal_needs_nothing_but_its_pivots() -> None:
    plan = eliminate(3, [])
    assert plan.entries == [(0, 0), (1, 1), (2, 2)]


def test_a_full_matrix_is_full_in_its_factors() -> None:
    full = [(i, j) for i in range(4) for j in range(4)]
    assert sorted(eliminate(4, full).entries) == full


@pytest.mark.parametrize("seed", range(3))
def test_the_compiled_solution_is_that_of_numpy(seed: int, make_system) -> None:
    size, h = 7, 0.4
    matrix = _sparse(seed, size, 0.35) * np.random.default_rng(seed).choice([-1, 1], (size, size))
    names = [f"x{i}" for i in range(size)]

    def row(i: int):
        def slope(*states):
            return sum(matrix[i, j] * x for j, x in zip(used, states, strict=True))

        used = np.flatnonzero(matrix[i]).tolist()
        arguments = ", ".join(names[j] for j in used)
        return eval(f"lambda {arguments}: slope({arguments})", {"slope": slope})

    system = make_system({name: row(i) for i, name in enumerate(names)}, signed=True)
    step = stepper_of(system, "rodas5p", 4)
    layout = step.layout
    ws = workspace(layout.size, 4)
    ws[:] = 1.0
    ws[slots.STEP] = h
    y = np.random.default_rng(seed + 10).normal(size=(size, 4))
    ws[layout.state : layout.state + size] = y
    for kernel in ("derive", "advance"):
        step.library.function(kernel)(ws.ctypes.data)
    first_stage = ws[layout.increments : layout.increments + size]
    shifted = np.eye(size) / (step.tableau.gamma * h) - matrix
    assert first_stage == pytest.approx(np.linalg.solve(shifted, matrix @ y), rel=1e-10)
