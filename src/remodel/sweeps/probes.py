"""A few simulations of a design that show whether the others can be run."""

from __future__ import annotations

import numpy as np

from remodel.sweeps.design import LISTED, Design
from remodel.sweeps.factors import Column, Rows

_MOST_ROWS = 400
_POINTS = 32
_MOST_LEVELS, _FEW = 40, 5


def probes(design: Design) -> Rows | None:
    """Return the ends of every factor, and some simulations between; None if none is allowed."""
    rows = _listed(design) if design.kind in LISTED else _crossed(design)
    met = design.met(rows)
    if not met.any():
        return None
    return {name: values[met] for name, values in rows.items()}


def _listed(design: Design) -> Rows:
    n = design.drawn
    places = set(np.linspace(0, n - 1, min(n, _MOST_ROWS)).astype(int).tolist())
    for column in design.columns.values():
        if column.dtype != object:
            places |= {int(column.argmin()), int(column.argmax())}
    chosen = sorted(places)
    return {name: column[chosen] for name, column in design.columns.items()}


def _crossed(design: Design) -> Rows:
    """Vary one factor at a time from both ends of the others, then all of them at once."""
    levels = [_levels(design, j) for j in range(len(design.factors))]
    places: list[list[int]] = []
    for base in (0, -1):
        for j, own in enumerate(levels):
            for place in range(len(own)):
                row = [base % len(other) for other in levels]
                row[j] = place
                places.append(row)
    rng = np.random.default_rng(0)
    shares = rng.random((_POINTS, len(levels)))
    places += [[int(s * len(v)) for s, v in zip(row, levels, strict=True)] for row in shares]
    return {
        factor.name: levels[j][[row[j] for row in places]]
        for j, factor in enumerate(design.factors)
    }


def _levels(design: Design, j: int) -> Column:
    factor = design.factors[j]
    most = max(2, min(_MOST_LEVELS, _MOST_ROWS // len(design.factors)))
    if factor.is_range:
        return factor.at(np.linspace(0.0, 1.0, min(factor.count or _FEW, most)))
    every = factor.levels()
    some: Column = every[np.linspace(0, len(every) - 1, min(len(every), most)).astype(int)]
    return some
