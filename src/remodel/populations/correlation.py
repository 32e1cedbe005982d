"""Correlated standard normal numbers, each woman computed by herself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError

_SMALLEST = 1e-9


def factor(names: Sequence[str], pairs: Mapping[tuple[str, str], float]) -> FloatArray:
    """Return the triangular factor of a correlation matrix, shape (n, n).

    Parameters
    ----------
    names : sequence of str
    pairs : mapping of two str to float
        Correlations; other pairs have none.

    Raises
    ------
    ConfigError
        If a correlation is not between -1 and 1, or all together are impossible.
    """
    position = {name: i for i, name in enumerate(names)}
    matrix = np.eye(len(names))
    for (a, b), r in pairs.items():
        if not -1 < r < 1:
            raise ConfigError(
                f"correlation of {a} and {b}: r = {r:g} must be above -1 and below 1.", field="r"
            )
        matrix[position[a], position[b]] = matrix[position[b], position[a]] = r
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < _SMALLEST:
        worst = np.argsort(-np.abs(vectors[:, 0]))[:3]
        words = ", ".join(names[i] for i in sorted(worst))
        raise ConfigError(
            f"these correlations are impossible together, above all those of {words}: the smallest "
            f"eigenvalue of their matrix is {values[0]:.3g} and must be above 0.",
            field="r",
        )
    return np.linalg.cholesky(matrix).astype(np.float64)


def correlated(lower: FloatArray, scores: Sequence[FloatArray]) -> list[FloatArray]:
    """Return correlated scores from independent ones, each of shape (n,).

    Sums are written out, since a product of matrices may round differently for other numbers of
    women.
    """
    mixed = []
    for i in range(len(scores)):
        total = lower[i, i] * scores[i]
        for j in np.flatnonzero(lower[i, :i]).tolist():
            total = total + lower[i, j] * scores[j]
        mixed.append(total)
    return mixed
