"""Simulations of a design: samples, drawn block by block from a seed, and a few that probe it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import require
from remodel.sweeps.design import LISTED, Design, chosen
from remodel.sweeps.factors import Column, Rows

BLOCK = 1 << 16
_LEVELS = 4  # of a Morris design, as its author advises for few paths
_MOST_PROBES, _RANDOM_PROBES = 400, 32
_MOST_LEVELS, _FEW_LEVELS = 40, 5


def blocks(design: Design) -> Iterator[Rows]:
    """Yield the simulations of a list, table or sample that meet the constraints.

    Blocks have up to 65,536 simulations, so that memory does not grow with the sweep.
    """
    for rows in _drawn(design):
        if not design.constraints:
            yield rows
            continue
        met = design.met(rows)
        if met.any():
            yield chosen(rows, met)


def _drawn(design: Design) -> Iterator[Rows]:
    if design.kind in LISTED:
        for first in range(0, design.drawn, BLOCK):
            yield {name: v[first : first + BLOCK] for name, v in design.columns.items()}
        return
    for points in _POINTS[design.kind](design):
        yield {f.name: f.at(points[:, j]) for j, f in enumerate(design.factors)}


def remark(design: Design) -> str:
    """Return a sentence on the size of a sample that could be better, or nothing."""
    n = design.samples
    if design.kind != "sobol" or not n & (n - 1):
        return ""
    return (
        f"{n:,} is not a power of 2, and sobol points are even only for one; take "
        f"{1 << (n.bit_length() - 1):,} or {1 << n.bit_length():,}."
    )


def points(design: Design) -> FloatArray:
    """Return every point of a sample on the unit cube, shape (n, n_factors)."""
    return np.concatenate(list(_POINTS[design.kind](design)))


def _sizes(n: int) -> Iterator[tuple[int, int]]:
    for number, first in enumerate(range(0, n, BLOCK)):
        yield number, min(BLOCK, n - first)


def _random(design: Design) -> Iterator[FloatArray]:
    for number, size in _sizes(design.samples):
        rng = np.random.default_rng(np.random.SeedSequence(design.seed, spawn_key=(number,)))
        yield rng.random((size, len(design.factors)))


def _latin_hypercube(design: Design) -> Iterator[FloatArray]:
    """Each of n equal parts of every factor holds one point."""
    n = design.samples
    seeds = np.random.SeedSequence(design.seed)
    strata = [
        np.random.default_rng(seed).permutation(np.arange(n, dtype=np.int32))
        for seed in seeds.spawn(len(design.factors))
    ]
    for (number, size), inside in zip(_sizes(n), _random(design), strict=True):
        block = slice(number * BLOCK, number * BLOCK + size)
        yield (np.stack([s[block] for s in strata], axis=1) + inside) / n


def _sobol(design: Design) -> Iterator[FloatArray]:
    from scipy.stats import qmc

    sampler = qmc.Sobol(len(design.factors), scramble=True, rng=design.seed)
    for _, size in _sizes(design.samples):
        with warnings.catch_warnings():  # a number that is not a power of 2 is the user's choice
            warnings.simplefilter("ignore", UserWarning)
            yield sampler.random(size)


def _in_blocks(points: FloatArray) -> Iterator[FloatArray]:
    for first in range(0, len(points), BLOCK):
        yield points[first : first + BLOCK]


def _morris(design: Design) -> Iterator[FloatArray]:
    sample = require("SALib.sample.morris", "sensitivity").sample
    points = sample(unit_cube(design), design.samples, num_levels=_LEVELS, seed=design.seed)
    yield from _in_blocks(points)


def _saltelli(design: Design) -> Iterator[FloatArray]:
    sample = require("SALib.sample.sobol", "sensitivity").sample
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        points = sample(
            unit_cube(design), design.samples, calc_second_order=False, seed=design.seed
        )
    yield from _in_blocks(points)


def unit_cube(design: Design) -> dict[str, object]:
    """Return the factors as SALib wants them, on the unit cube."""
    return {
        "num_vars": len(design.factors),
        "names": list(design.names),
        "bounds": [[0.0, 1.0]] * len(design.factors),
    }


_POINTS = {
    "random": _random,
    "latin_hypercube": _latin_hypercube,
    "sobol": _sobol,
    "morris": _morris,
    "saltelli": _saltelli,
}


def probes(design: Design) -> Rows | None:
    """Return the ends of every factor, and some simulations between; None if none is allowed."""
    rows = _listed_probes(design) if design.kind in LISTED else _crossed_probes(design)
    met = design.met(rows)
    return chosen(rows, met) if met.any() else None


def _listed_probes(design: Design) -> Rows:
    n = design.drawn
    numbers = set(np.linspace(0, n - 1, min(n, _MOST_PROBES)).astype(int).tolist())
    for column in design.columns.values():
        if column.dtype != object:
            numbers |= {int(column.argmin()), int(column.argmax())}
    return chosen(design.columns, np.array(sorted(numbers)))


def _crossed_probes(design: Design) -> Rows:
    """Vary one factor at a time from both ends of the others, then all of them at once."""
    levels = [_probed_levels(design, j) for j in range(len(design.factors))]
    places: list[list[int]] = []
    for base in (0, -1):
        for j, values in enumerate(levels):
            for k in range(len(values)):
                row = [base % len(other) for other in levels]
                row[j] = k
                places.append(row)
    shares = np.random.default_rng(0).random((_RANDOM_PROBES, len(levels)))
    places += [[int(s * len(v)) for s, v in zip(row, levels, strict=True)] for row in shares]
    indices = np.array(places)
    return {name: levels[j][indices[:, j]] for j, name in enumerate(design.names)}


def _probed_levels(design: Design, j: int) -> Column:
    factor = design.factors[j]
    most = max(2, min(_MOST_LEVELS, _MOST_PROBES // len(design.factors)))
    if factor.is_range:
        return factor.at(np.linspace(0.0, 1.0, min(factor.count or _FEW_LEVELS, most)))
    levels = factor.levels()
    probed: Column = levels[np.linspace(0, len(levels) - 1, min(len(levels), most)).astype(int)]
    return probed
