"""The store of a sweep: labelled arrays in one Zarr folder, written chunk by chunk.

A chunk of the sweep is one chunk, that is one file, of every array. Each file appears whole or not
at all. The entry of ``chunk_done`` is written when all files of a chunk are on disk, so that what
is not marked was never written, or not to the end, and is simulated again. The entry is a checksum
of these files, so that a chunk that was damaged later is known and simulated again, too.
"""

from __future__ import annotations

import errno
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from remodel.errors import StoreError, require
from remodel.provenance import fingerprint
from remodel.sweeps.batches import Variables
from remodel.sweeps.chunks import Layout
from remodel.sweeps.factors import Column, Rows
from remodel.sweeps.record import FORMAT

if TYPE_CHECKING:
    import zarr

NOT_DONE, EXCLUDED = -1, -2
"""Status of a simulation that was not run yet, and of one that the constraints leave out."""
RECORD, CHECKSUM = "sweep", "sweep_checksum"
DONE = "chunk_done"
METADATA = "zarr.json"
_WHOLE = 1 << 32  # added to a checksum, so that the mark of a chunk is never zero
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
        If it is not a store of a sweep, or of another version of the format, or its record is
        damaged.
    """

    def __init__(self, group: zarr.Group, path: Path | None) -> None:
        self.group, self.path = group, path
        self.record = _record(dict(group.attrs), path)
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
            If it is not there, or its description cannot be read.
        """
        if name not in self._arrays:
            try:
                self._arrays[name] = _with_empty_chunks(self.group[name])
            except KeyError as error:
                raise StoreError(
                    f"{self.path} is damaged: its array '{name}' is missing."
                ) from error
            except (OSError, ValueError, TypeError) as error:
                raise StoreError(
                    f"{self.path} is damaged: the description of '{name}' cannot be read."
                ) from error
        return self._arrays[name]

    def marks(self) -> npt.NDArray[np.int64]:
        """Return the mark of every chunk, shape (n_chunks,): 0 unless it is done."""
        array = self.array(DONE)
        try:
            return np.asarray(array[:])
        except (OSError, RuntimeError, ValueError):  # one of them is damaged
            return np.array([self._mark(chunk) for chunk in range(self.layout.chunks)])

    def _mark(self, chunk: int) -> int:
        try:
            return int(self.array(DONE)[chunk])
        except (OSError, RuntimeError, ValueError):
            return 0

    def done(self) -> npt.NDArray[np.bool_]:
        """Return which chunks are done, shape (n_chunks,)."""
        done: npt.NDArray[np.bool_] = self.marks() != 0
        return done

    def is_done(self, chunk: int) -> bool:
        """Whether one chunk is done."""
        return self._mark(chunk) != 0

    def missing(self) -> list[int]:
        """Return the numbers of the chunks that are not done."""
        return [int(chunk) for chunk in np.flatnonzero(~self.done())]

    def levels(self, name: str) -> Column:
        """Return a factor along its dimension, or along the simulations."""
        return np.asarray(self.array(name)[:])

    def rows(self, chunk: int) -> Rows:
        """Return the values of the factors of a chunk, excluded simulations among them."""
        if self.layout.dims != ("simulation",):
            levels = [self.levels(name) for name in self.layout.dims]
            rows = self.layout.crossed(chunk, levels)
        else:
            (ends,) = self.layout.region(chunk)
            first, block = self._block_of(ends)
            inside = slice(ends.start - first, ends.stop - first)
            rows = {name: values[inside] for name, values in block.items()}
        return {name: _plain(values) for name, values in rows.items()}

    def _block_of(self, ends: slice) -> tuple[int, Rows]:
        """Return rows that cover a part, and the number of the first; the last ones are kept."""
        first, block = self._rows
        length = len(next(iter(block.values()), ()))
        if not first <= ends.start < ends.stop <= first + length:
            first = ends.start - ends.start % _ROWS
            read = slice(first, max(first + _ROWS, ends.stop))
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
        array = self.array(name)
        try:
            values = np.asarray(array[self.layout.region(chunk)])
        except (OSError, RuntimeError, ValueError) as error:
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
            self.array(DONE)[chunk] = self.checksum(chunk)
        except OSError as error:
            raise self._failure(error) from error

    def unmark(self, chunk: int) -> None:
        """Mark a chunk as not done, before it is written again."""
        self.array(DONE)[chunk] = 0

    def _write_array(self, name: str, chunk: int, values: npt.NDArray[Any]) -> None:
        shape = (*self.layout.sizes(chunk), *values.shape[1:])
        self.array(name)[self.layout.region(chunk)] = values.reshape(shape)

    def files(self, chunk: int) -> Iterator[tuple[str, Path]]:
        """Yield the file of a chunk in every array, with the name of the array.

        Raises
        ------
        StoreError
            If the description of an array is damaged.
        """
        if self.path is None:
            return
        for name in self.variables:
            ends = ("0",) * (self.array(name).ndim - len(self.layout.dims))
            yield name, self.path.joinpath(name, "c", *map(str, self.layout.index(chunk)), *ends)

    def checksum(self, chunk: int) -> int:
        """Return the checksum of the files of a chunk, never 0.

        Raises
        ------
        OSError
            If one cannot be read.
        """
        return checksum_of(self.files(chunk))

    def _flush(self, chunk: int) -> None:
        """Wait until the files of a chunk are on disk, not only in the memory of the system."""
        for _, file in self.files(chunk):
            with file.open("rb") as handle:
                os.fsync(handle.fileno())

    def _failure(self, error: OSError) -> StoreError:
        done = int(self.done().sum())
        kept = f"{done} of {self.layout.chunks} chunks are complete"
        if error.errno in _FULL:
            return StoreError(
                f"the disk of {self.path} is full; {kept}. Free some room and continue with "
                "--resume."
            )
        reason = error.strerror or str(error)
        return StoreError(
            f"{self.path} cannot be written: {reason}; {kept}. Continue with --resume."
        )

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
        with (self.path / METADATA).open("rb") as handle:
            if not locked(handle.fileno()):
                raise StoreError(f"{self.path} is being written by another process.")
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
    folder = Path(path)
    if not folder.exists():
        raise StoreError(f"there is no store {folder}.")
    try:
        group = zarr.open_group(folder, mode="r+" if writable else "r", use_consolidated=False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{folder} is not a store of a sweep.") from error
    return Store(group, folder)


def checksum_of(files: Iterable[tuple[str, Path]]) -> int:
    """Return the checksum of files and of the names they are known by, never 0.

    Raises
    ------
    OSError
        If one cannot be read.
    """
    value = 0
    for name, file in files:
        value = zlib.crc32(file.read_bytes(), zlib.crc32(name.encode(), value))
    return value + _WHOLE


def coordinate_files(path: Path, name: str) -> list[tuple[str, Path]]:
    """Return the files of a factor or time, by their names."""
    folder = path / name / "c"
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return [(f"{name}/{file.relative_to(folder)}", file) for file in files]


def sealed(record: dict[str, Any]) -> dict[str, str]:
    """Return the attributes that hold a record, and its checksum."""
    text = json.dumps(record)
    return {RECORD: text, CHECKSUM: fingerprint(text)}


def _record(attributes: dict[str, Any], path: Path | None) -> dict[str, Any]:
    """Return the record in the attributes of a store.

    Raises
    ------
    StoreError
        If it is missing, of another format, or not what was written.
    """
    text = attributes.get(RECORD)
    if not isinstance(text, str):
        raise StoreError(f"{path} is not a store of a sweep: its record is missing.")
    try:
        record = json.loads(text)
        number = record["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} is damaged: its record cannot be read.") from error
    if number != FORMAT:
        raise StoreError(f"{path} has format {number} and this version reads {FORMAT}.")
    if attributes.get(CHECKSUM) != fingerprint(text):
        raise StoreError(f"{path} is damaged: its record is not the one that was written.")
    whole: dict[str, Any] = record
    return whole


def _with_empty_chunks(array: Any) -> Any:
    """Return an array that writes a file for every chunk, so that a missing one is noticed."""
    return array.with_config({"write_empty_chunks": True})


def _plain(values: Column) -> Column:
    """Return words as Python strings, whatever kind of text the store gives."""
    if values.dtype.kind in "OUT":
        return np.array([str(v) for v in values], dtype=object)
    return values


def locked(handle: int) -> bool:
    """Lock an open file or folder for this process; False if another process has locked it."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - not on Windows
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # pragma: no cover - a file system without locks
        return True
    return True


def _remove_torn_files(path: Path) -> None:
    """Remove what a killed process left half written; no array ever looks at it."""
    for file in path.rglob("*.partial"):
        file.unlink(missing_ok=True)
