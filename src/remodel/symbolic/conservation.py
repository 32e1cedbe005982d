"""Sums of states that the equations conserve, found from their terms.

Where terms leave one state and enter another, a weighted sum of states stays constant. A method
that solves the equations conserves it too, but for rounding: how far it drifts shows how much of a
solution is lost to rounding (as in problem E5 of
Hairer and Wanner 1996, Solving Ordinary Differential Equations II, section IV.10).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from remodel._arrays import FloatArray
from remodel.symbolic.expression import Expression, ancestors

_MOST_TERMS = 64  # of one sum; a longer one counts as one term
_MOST_PRODUCTS = 8  # of one product of sums, likewise
_NOTHING = 1e-12
Terms = dict[tuple[int, ...], float]  # from the factors of a product to its coefficient


def conserved_sums(rates: Sequence[Expression]) -> FloatArray:
    """Return weights of sums of two states or more whose derivative is zero.

    Parameters
    ----------
    rates : sequence of Expression
        Derivative of each state.

    Returns
    -------
    ndarray, shape (n_sums, n_states)
        Independent sums, each with as few states as elimination finds; the largest weight is 1.
    """
    known: dict[int, Terms] = {}
    for node in ancestors(rates):
        known[node.index] = _terms(node, known)
    listed = [known[rate.index] for rate in rates]
    columns = {key: j for j, key in enumerate(dict.fromkeys(k for terms in listed for k in terms))}
    matrix = np.zeros((len(rates), max(len(columns), 1)))
    for i, terms in enumerate(listed):
        for key, coefficient in terms.items():
            matrix[i, columns[key]] = coefficient
    largest = np.abs(matrix).max(axis=0, initial=0.0)
    matrix = matrix[:, np.isfinite(largest) & (largest > 0.0)] / largest[largest > 0.0]
    return _sparse_left_null_space(matrix)


def _terms(node: Expression, known: dict[int, Terms]) -> Terms:
    """Return an expression as a sum of products; the terms of its arguments are known."""
    itself: Terms = {(node.index + 1,): 1.0}
    parts = [known[a.index] for a in node.arguments]
    if node.is_constant:
        return {(): node.value}
    if node.operation == "negate":
        return {key: -c for key, c in parts[0].items()}
    if node.operation in ("add", "subtract"):
        sign = 1.0 if node.operation == "add" else -1.0
        terms = dict(parts[0])
        for key, coefficient in parts[1].items():
            terms[key] = terms.get(key, 0.0) + sign * coefficient
    elif node.operation == "multiply":
        if len(parts[0]) * len(parts[1]) > _MOST_PRODUCTS:
            return itself
        terms = {}
        for one, a in parts[0].items():
            for other, b in parts[1].items():
                key = tuple(sorted(one + other))
                terms[key] = terms.get(key, 0.0) + a * b
    elif node.operation == "divide":
        below = -(node.arguments[1].index + 1)
        terms = {tuple(sorted((*key, below))): c for key, c in parts[0].items()}
    else:
        return itself
    return terms if len(terms) <= _MOST_TERMS else itself


def _sparse_left_null_space(matrix: FloatArray) -> FloatArray:
    """Return a basis of the vectors v with v @ matrix = 0, in reduced echelon form."""
    vectors, sizes, _ = np.linalg.svd(matrix)
    rank = int(np.sum(sizes > _NOTHING * sizes.max(initial=0.0)))
    basis = vectors[:, rank:].T.copy()
    for k in range(len(basis)):
        column = int(np.argmax(np.abs(basis[k])))
        basis[k] /= basis[k, column]
        others = np.arange(len(basis)) != k
        basis[others] -= np.outer(basis[others, column], basis[k])
        basis[np.abs(basis) < _NOTHING] = 0.0
    several = np.count_nonzero(basis, axis=1) > 1
    scaled: FloatArray = basis[several] / np.abs(basis[several]).max(axis=1, keepdims=True)
    return scaled
