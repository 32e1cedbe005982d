"""How the results of a sweep are cut: one chunk is a unit of work, of storage and of restart."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from remodel.errors import ConfigError
from remodel.solvers.methods import method_of
from remodel.sweeps.batches import COUNTERS
from remodel.sweeps.design import Design
from remodel.sweeps.factors import Column, Rows
from remodel.sweeps.samples import BLOCK, blocks

CHUNK = 8192  # simulations: large enough that files cost little, small enough to lose
_FEWEST, _CHUNKS_OF_FEW = 1024, 16
_FEW_OF_SCIPY = 32  # whose solvers take a hundred times as long
_MOST_VALUES = 1 << 23  # computed at a time: outputs by simulations by times, 64 MiB
_MOST_SIMULATIONS = 1_000_000_000
_DRAWN_WHOLE = {"latin_hypercube": 8, "morris": 24, "saltelli": 24}  # bytes a point and factor


@dataclass(frozen=True, slots=True)
class Layout:
    """Dimensions of a sweep, and the blocks they are cut into.

    Parameters
    ----------
    dims : tuple of str
        The factors of a grid, or ``simulation``.
    shape : tuple of int
    block : tuple of int
        Shape of a chunk; those at the edges are smaller.
    """

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    block: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of simulations, excluded ones among them."""
        return math.prod(self.shape)

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of chunks along each dimension."""
        return tuple(-(-n // b) for n, b in zip(self.shape, self.block, strict=True))

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return math.prod(self.counts)

    def index(self, chunk: int) -> tuple[int, ...]:
        """Return the number of a chunk along each dimension."""
        return tuple(int(i) for i in np.unravel_index(chunk, self.counts))

    def region(self, chunk: int) -> tuple[slice, ...]:
        """Return the part of the dimensions that a chunk covers."""
        return tuple(
            slice(i * b, min((i + 1) * b, n))
            for i, b, n in zip(self.index(chunk), self.block, self.shape, strict=True)
        )

    def sizes(self, chunk: int) -> tuple[int, ...]:
        """Return the shape of a chunk."""
        return tuple(s.stop - s.start for s in self.region(chunk))

    def crossed(self, chunk: int, levels: Sequence[Column]) -> Rows:
        """Return the rows of a chunk of a grid, in the order of its cells."""
        region = self.region(chunk)
        mesh = np.meshgrid(
            *(level[ends] for level, ends in zip(levels, region, strict=True)), indexing="ij"
        )
        return {dim: axis.ravel() for dim, axis in zip(self.dims, mesh, strict=True)}

    def numbers(self, chunk: int) -> np.ndarray:
        """Return the numbers of the simulations of a chunk, counted over the whole sweep."""
        axes = [np.arange(ends.start, ends.stop) for ends in self.region(chunk)]
        mesh = np.meshgrid(*axes, indexing="ij")
        return np.ravel_multi_index([axis.ravel() for axis in mesh], self.shape)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a sweep is cut, and how many simulations its constraints leave."""

    layout: Layout
    simulations: int


def plan(design: Design, chunk: int | None = None) -> Plan:
    """Return how many simulations a sweep has, and how it is cut.

    Parameters
    ----------
    design : Design
    chunk : int, optional
        Most simulations of a chunk; chosen by default.

    Raises
    ------
    ConfigError
        If no simulation meets the constraints, or there are too many.
    """
    if design.drawn > _MOST_SIMULATIONS:
        raise ConfigError(
            f"the design has {design.drawn:,} simulations, and at most {_MOST_SIMULATIONS:,} are "
            f"allowed; their results would take {gib(bytes_of(design, design.drawn))}."
        )
    _check_memory(design)
    allowed = _allowed(design) if design.constraints else design.drawn
    if not allowed:
        raise ConfigError(f"none of the {design.drawn:,} simulations meets the constraints.")
    dims, shape = _dimensions(design, allowed)
    return Plan(Layout(dims, shape, _block(shape, chunk or _length(design, shape))), allowed)


def _check_memory(design: Design) -> None:
    """Refuse a sample that is drawn as a whole and does not fit into memory.

    Raises
    ------
    ConfigError
        Saying how large it is.
    """
    each = _DRAWN_WHOLE.get(design.kind, 0) * len(design.factors)
    available = _free_memory()
    if design.drawn * each > available:
        raise ConfigError(
            f"the {design.drawn:,} points of the {design.kind} take {gib(design.drawn * each)} of "
            f"memory while they are drawn, and {gib(available)} are there; use sobol or random."
        )


def _free_memory() -> float:
    """Return the memory that is free; infinite where the system does not report it."""
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):  # pragma: no cover - not on Windows or macOS
        return math.inf


def bytes_of(design: Design, size: int) -> int:
    """Return the size of results and factors before they are compressed."""
    width = np.dtype(design.precision).itemsize
    stored = len(design.outputs) * len(design.stored_times()) + len(design.reductions)
    return size * (stored * width + 8 + 4 * len(COUNTERS) + 2) + bytes_of_factors(design, size)


def bytes_of_factors(design: Design, size: int) -> int:
    """Return the size of the factors of a sample, which hardly compress; a grid's are few."""
    return 0 if design.kind == "grid" else 8 * size * (len(design.factors) + 1)


def gib(size: float) -> str:
    """Return a number of bytes as readable text."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if size < 999.5:  # three digits
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} PiB"


def _allowed(design: Design) -> int:
    """Return how many simulations meet the constraints."""
    if design.kind != "grid":
        return sum(len(next(iter(rows.values()))) for rows in blocks(design))
    dims, shape = _dimensions(design, 0)
    layout = Layout(dims, shape, _block(shape, BLOCK))
    levels = [factor.levels() for factor in design.factors]
    return sum(
        int(design.met(layout.crossed(chunk, levels)).sum()) for chunk in range(layout.chunks)
    )


def _dimensions(design: Design, simulations: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    if design.kind != "grid":
        return ("simulation",), (simulations,)
    return design.names, tuple(len(f.values) or f.count for f in design.factors)


def _length(design: Design, shape: tuple[int, ...]) -> int:
    """Return how many simulations a chunk has unless the user says so."""
    room = _MOST_VALUES // (len(design.base_outputs) * len(design.times()))
    length = max(1, min(CHUNK, max(_FEWEST, -(-math.prod(shape) // _CHUNKS_OF_FEW)), room))
    return length if method_of(design.solver.method).is_compiled else min(length, _FEW_OF_SCIPY)


def _block(shape: tuple[int, ...], wanted: int) -> tuple[int, ...]:
    """Return a block of about ``wanted`` cells, whole along the last dimensions."""
    sizes: list[int] = []
    room = wanted
    for length in reversed(shape):
        size = min(length, max(1, room))
        size = -(-length // -(-length // size))  # equal parts
        sizes.append(size)
        room //= size
    return tuple(reversed(sizes))
