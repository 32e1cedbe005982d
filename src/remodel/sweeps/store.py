"""The store of a sweep: labelled arrays in one Zarr folder, written chunk by chunk.

A chunk of the sweep is one chunk, that is one file, of every array. Each file appears whole or not
at all. The entry of ``chunk_done`` is written when all files of a chunk are on disk, so that what
is not marked was never written, or not to the end, and is simulated again.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from remodel.errors import StoreError, require
from remodel.sweeps.factors import Column, Rows
from remodel.sweeps.layout import Layout
from remodel.sweeps.record import FORMAT
from remodel.sweeps.setup import Variables

if TYPE_CHECKING:
    import zarr

NOT_DONE, EXCLUDED = -1, -2
"""Status of a simulation that was not run yet, and of one that the constraints leave out."""
RECORD = "sweep"
_DONE = "chunk_done"
_ROWS = 1 << 16  # rows read at a time, as they lie in the store
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Store:
    """An open store.

    Parameters
    ----------
    group : zarr.Group
    path : Path or None
        None for a store in memory.

    Raises
    ------
    StoreError
        If it is not a store of a sweep, or of another version of the format.
    """

    def __init__(self, group: zarr.Group, path: Path | None) -> None:
        self.group, self.path = group, path
        text = group.attrs.get(RECORD)
        if not isinstance(text, str):
            raise StoreError(f"{path} is not a store of a sweep: its record is missing.")
        self.record: dict[str, Any] = json.loads(text)
        if self.record.get("format") != FORMAT:
            raise StoreError(
                f"{path} has format {self.record.get('format')} and this version reads {FORMAT}."
            )
        layout = self.record["layout"]
        self.layout = Layout(*(tuple(layout[key]) for key in ("dims", "shape", "block")))
        self.factors: dict[str, dict[str, Any]] = self.record["design"]["factors"]
        self.variables: tuple[str, ...] = tuple(self.record["variables"])
        self._rows: tuple[int, Rows] = (0, {})
        self._arrays: dict[str, Any] = {}  # opening one reads a file

    def array(self, name: str) -> Any:
        """Return one array, opened once.

        Raises
        ------
        StoreError
            If it is not there.
        """
        if name in self._arrays:
            return self._arrays[name]
        try:
            return self._arrays.setdefault(name, self.group[name])
        except KeyError as error:
            raise StoreError(f"{self.path} is damaged: its array '{name}' is missing.") from error

    def done(self) -> npt.NDArray[np.bool_]:
        """Return which chunks are done, ndarray of shape (n_chunks,)."""
        marks: npt.NDArray[np.int8] = np.asarray(self.array(_DONE)[:])
        found: npt.NDArray[np.bool_] = marks == 1
        return found

    def is_done(self, chunk: int) -> bool:
        """Whether one chunk is done."""
        return bool(self.array(_DONE)[chunk] == 1)

    def missing(self) -> list[int]:
        """Return the numbers of the chunks that are not done."""
        found: list[int] = np.flatnonzero(~self.done()).tolist()
        return found

    def levels(self, name: str) -> Column:
        """Return a factor along its dimension, or along the simulations."""
        return np.asarray(self.array(name)[:])

    def rows(self, chunk: int) -> Rows:
        """Return the values of the factors of a chunk, excluded simulations among them."""
        if self.layout.dims != ("simulation",):
            levels = [self.levels(name) for name in self.layout.dims]
            rows = self.layout.crossed(chunk, levels)
        else:
            (part,) = self.layout.region(chunk)
            first, block = self._block_of(part)
            inside = slice(part.start - first, part.stop - first)
            rows = {name: values[inside] for name, values in block.items()}
        return {name: _plain(values) for name, values in rows.items()}

    def _block_of(self, part: slice) -> tuple[int, Rows]:
        """Return rows that cover a part, and the number of the first; the last ones are kept."""
        first, block = self._rows
        length = len(next(iter(block.values()), ()))
        if not first <= part.start < part.stop <= first + length:
            first = part.start - part.start % _ROWS
            read = slice(first, max(first + _ROWS, part.stop))
            block = {name: np.asarray(self.array(name)[read]) for name in self.factors}
            self._rows = first, block
        return first, block

    def read(self, name: str, chunk: int) -> npt.NDArray[Any]:
        """Return a chunk of an array, shape (n,) or (n, n_times).

        Raises
        ------
        StoreError
            If its file cannot be read.
        """
        try:
            values = np.asarray(self.array(name)[self.layout.region(chunk)])
        except (OSError, RuntimeError, ValueError) as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(
                f"{self.path} is damaged: chunk {chunk} of '{name}' cannot be read."
            ) from error
        return values.reshape(-1, *values.shape[len(self.layout.dims) :])

    def write(self, chunk: int, variables: Variables) -> None:
        """Write a chunk, then mark it as done.

        Raises
        ------
        StoreError
            If the disk is full or cannot be written; the chunk is not marked then.
        """
        try:
            for name in self.variables:
                self._write_array(name, chunk, variables[name])
            self._flush(chunk)
            self.array(_DONE)[chunk] = 1
        except OSError as error:
            raise self._failure(error) from error

    def unmark(self, chunk: int) -> None:
        """Mark a chunk as not done, before it is written again."""
        self.array(_DONE)[chunk] = 0

    def _write_array(self, name: str, chunk: int, values: npt.NDArray[Any]) -> None:
        shape = (*self.layout.sizes(chunk), *values.shape[1:])
        self.array(name)[self.layout.region(chunk)] = values.reshape(shape)

    def _flush(self, chunk: int) -> None:
        """Wait until the files of a chunk are on disk, not only in the memory of the system."""
        if self.path is None:
            return
        for name in self.variables:
            ends = ("0",) * (self.array(name).ndim - len(self.layout.dims))
            file = self.path.joinpath(name, "c", *map(str, self.layout.place(chunk)), *ends)
            if file.exists():  # a chunk of nothing but fill values has no file
                with file.open("rb") as handle:
                    os.fsync(handle.fileno())

    def _failure(self, error: OSError) -> StoreError:
        done = int(self.done().sum())
        kept = f"{done} of {self.layout.chunks} chunks are complete"
        if error.errno in _FULL:
            message = (
                f"the disk of {self.path} is full; {kept}. Free some room and continue with "
                "--resume."
            )
        else:
            reason = error.strerror or str(error)
            message = f"{self.path} cannot be written: {reason}; {kept}. Continue with --resume."
        return StoreError(message)

    @contextmanager
    def owned(self, *, alone: bool = True) -> Iterator[None]:
        """Keep others from running the same sweep at the same time.

        Parameters
        ----------
        alone : bool
            Whether this process is the only one that writes, and not a cluster.

        Raises
        ------
        StoreError
            If somebody else does.
        """
        if self.path is None:
            yield
            return
        with (self.path / "zarr.json").open("rb") as handle:
            _lock(handle.fileno(), self.path)
            if alone:
                _remove_torn_files(self.path)
            yield

    def bytes_on_disk(self) -> int:
        """Return the size of all files."""
        if self.path is None:
            return 0
        return sum(f.stat().st_size for f in self.path.rglob("*") if f.is_file())


def open_store(path: str | Path, *, writable: bool = False) -> Store:
    """Open a store.

    Raises
    ------
    StoreError
        If there is none, or it is not a store of a sweep.
    """
    zarr = require("zarr", "store")
    place = Path(path)
    if not place.exists():
        raise StoreError(f"there is no store {place}.")
    try:
        group = zarr.open_group(place, mode="r+" if writable else "r", use_consolidated=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{place} is not a store of a sweep.") from error
    return Store(group, place)


def _plain(values: Column) -> Column:
    """Return words as Python strings, whatever kind of text the store gives."""
    if values.dtype.kind in "OUT":
        return np.array([str(v) for v in values], dtype=object)
    return values


def _lock(handle: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # pragma: no cover - not on Windows
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StoreError(f"{path} is being written by another process.") from error
    except OSError:  # pragma: no cover - a file system without locks
        return


def _remove_torn_files(path: Path) -> None:
    """Remove what a killed process left half written; no array ever looks at it."""
    for file in path.rglob("*.partial"):
        file.unlink(missing_ok=True)
