"""Symbolic LU factorization: which pivots, which entries, in which order.

The order of elimination is chosen once, from the sparsity of the matrix, to keep fill-in small
(Markowitz 1957, Management Science 3:255-269, restricted to the diagonal). The numbers follow as
straight-line code, without pivoting: W = I/(gamma h) - J has a dominant diagonal for small h, and
a bad pivot shows up as a large error or a value that is not finite, which rejects the step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Elimination:
    """Elimination order and structure of a sparse LU factorization.

    Attributes
    ----------
    order : tuple of int
        Pivots, first to last.
    lower : tuple of tuple of int
        For each pivot, the rows still to be eliminated that have an entry in its column.
    upper : tuple of tuple of int
        For each pivot, the later columns that have an entry in its row.
    """

    order: tuple[int, ...]
    lower: tuple[tuple[int, ...], ...]
    upper: tuple[tuple[int, ...], ...]

    @property
    def entries(self) -> list[tuple[int, int]]:
        """Every entry of the factors, fill-in and diagonal included."""
        positions = []
        for pivot, rows, columns in zip(self.order, self.lower, self.upper, strict=True):
            positions.append((pivot, pivot))
            positions.extend((row, pivot) for row in rows)
            positions.extend((pivot, column) for column in columns)
        return positions


def eliminate(size: int, entries: Iterable[tuple[int, int]]) -> Elimination:
    """Choose the order of elimination for a matrix with these entries and a full diagonal.

    Parameters
    ----------
    size : int
        Number of rows.
    entries : iterable of (row, column)
    """
    rows: list[set[int]] = [{i} for i in range(size)]
    columns: list[set[int]] = [{i} for i in range(size)]
    for i, j in entries:
        rows[i].add(j)
        columns[j].add(i)
    left = set(range(size))
    order, lower, upper = [], [], []
    while left:
        pivot = min(left, key=lambda k: ((len(rows[k]) - 1) * (len(columns[k]) - 1), k))
        left.discard(pivot)
        below = sorted(columns[pivot] - {pivot})
        beyond = sorted(rows[pivot] - {pivot})
        for i in below:
            rows[i].discard(pivot)
            rows[i].update(beyond)
        for j in beyond:
            columns[j].discard(pivot)
            columns[j].update(below)
        order.append(pivot)
        lower.append(tuple(below))
        upper.append(tuple(beyond))
    return Elimination(tuple(order), tuple(lower), tuple(upper))
