"""How the results of a sweep are cut: one chunk is a unit of work, of storage and of restart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from remodel.solvers.methods import method_of
from remodel.sweeps.design import Design
from remodel.sweeps.factors import Rows

CHUNK = 8192  # simulations: large enough that files cost little, small enough to lose
_FEWEST, _PARTS = 1024, 16
_FEW_OF_SCIPY = 32  # whose solvers take a hundred times as long
_MOST_VALUES = 1 << 23  # computed at a time: outputs by simulations by times, 64 MiB


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
    def parts(self) -> tuple[int, ...]:
        """Number of chunks along each dimension."""
        return tuple(-(-n // b) for n, b in zip(self.shape, self.block, strict=True))

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return math.prod(self.parts)

    def place(self, chunk: int) -> tuple[int, ...]:
        """Return where a chunk lies among the chunks along each dimension."""
        return tuple(int(i) for i in np.unravel_index(chunk, self.parts))

    def region(self, chunk: int) -> tuple[slice, ...]:
        """Return the part of the dimensions that a chunk covers."""
        return tuple(
            slice(i * b, min((i + 1) * b, n))
            for i, b, n in zip(self.place(chunk), self.block, self.shape, strict=True)
        )

    def sizes(self, chunk: int) -> tuple[int, ...]:
        """Return the shape of a chunk."""
        return tuple(s.stop - s.start for s in self.region(chunk))

    def crossed(self, chunk: int, levels: Sequence[np.ndarray]) -> Rows:
        """Return the rows of a chunk of a grid, in the order of its cells."""
        region = self.region(chunk)
        mesh = np.meshgrid(
            *(level[part] for level, part in zip(levels, region, strict=True)), indexing="ij"
        )
        return {dim: axis.ravel() for dim, axis in zip(self.dims, mesh, strict=True)}


def lay_out(design: Design, size: int, outputs: int, chunk: int | None = None) -> Layout:
    """Cut a sweep into chunks.

    Parameters
    ----------
    design : Design
    size : int
        Number of simulations of a list, table or sample.
    outputs : int
        Number of outputs that are computed.
    chunk : int, optional
        Most simulations of a chunk; chosen by default.
    """
    if design.kind == "grid":
        dims, shape = design.names, tuple(len(f.values) or f.count for f in design.factors)
    else:
        dims, shape = ("simulation",), (size,)
    total = math.prod(shape)
    if chunk is None:
        room = _MOST_VALUES // (outputs * len(design.times()))
        chunk = max(1, min(CHUNK, max(_FEWEST, -(-total // _PARTS)), room))
        if not method_of(design.solver.method).is_compiled:
            chunk = min(chunk, _FEW_OF_SCIPY)
    return Layout(dims, shape, _block(shape, chunk))


def _block(shape: tuple[int, ...], wanted: int) -> tuple[int, ...]:
    """Return a block of about ``wanted`` cells, whole along the last dimensions."""
    sizes: list[int] = []
    room = wanted
    for length in reversed(shape):
        own = min(length, max(1, room))
        own = -(-length // -(-length // own))  # equal parts
        sizes.append(own)
        room //= own
    return tuple(reversed(sizes))
