"""Writing results: each file whole or not at all, and a full disk is one sentence."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remodel.errors import StoreError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

DRAFT = ".remodel-"
"""Names of unfinished files start with this; any left behind may be removed."""
_IN_MEMORY = 1 << 28  # bytes of a dataset that is assembled in memory before it is written


@contextlib.contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Turn what fails while a file or folder is written into one sentence.

    Raises
    ------
    StoreError
        If the disk is full, the folder is missing or may not be written.
    """
    try:
        yield
    except StoreError:
        raise
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if isinstance(error, RuntimeError) and "errno" not in reason:  # HDF5 raises these, too
            raise
        raise StoreError(f"{path} cannot be written: {reason}.", field="path") from error


def results_folder(
    path: str | Path, files: Iterable[str], *, mark: str, key: str, what: str
) -> Path:
    """Return a folder for results, made, and free of files that something else wrote.

    Parameters
    ----------
    path : path
    files : iterable of str
        Names of what will be written; they may be there if the folder is marked.
    mark : str
        JSON file that is written first.
    key : str
        In it, if the folder is one of the same kind.
    what : str
        That kind, such as ``fit``; the message says that none wrote the file.

    Raises
    ------
    StoreError
        If the folder cannot be made, or holds one of the files without the mark.
    """
    folder = Path(path)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        present = [name for name in files if (folder / name).exists()]
        if present and not _is_marked(folder / mark, key):
            raise StoreError(
                f"{folder} holds {present[0]}, which no {what} wrote; use another folder for "
                "results.",
                field="out",
            )
    return folder


def _is_marked(path: Path, key: str) -> bool:
    try:
        return key in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def write_atomically(path: str | Path, writer: Callable[[Path], object]) -> Path:
    """Write a file beside its place, then move it there, so that it is whole or not there.

    Parameters
    ----------
    path : path
        An existing file is replaced. A link is followed; a device such as ``/dev/stdout`` is
        written directly.
    writer : callable
        Writes to the path that it is given, which has the suffix of ``path``.

    Returns
    -------
    Path
        Where the file lies.

    Raises
    ------
    StoreError
        If the disk is full, the folder is missing or may not be written. Nothing is left behind.
    """
    named = Path(path)
    with writing(named):
        target = Path(os.path.realpath(named))
        if target.exists() and not target.is_file():
            if target.is_dir():
                raise StoreError(f"{named} cannot be written: it is a folder.", field="path")
            writer(named)
            return named
        draft = target.with_name(f"{DRAFT}{secrets.token_hex(6)}{target.suffix}")
        try:
            writer(draft)
            with draft.open("rb+") as file:
                os.fsync(file.fileno())
            draft.replace(target)
        finally:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
    return named


def write_csv(path: str | Path, table: pd.DataFrame, **options: Any) -> Path:
    """Write a table without its index, whole or not at all.

    Parameters
    ----------
    path : path
    table : pandas.DataFrame
    **options
        Of ``DataFrame.to_csv``.

    Raises
    ------
    StoreError
        As :func:`write_atomically`.
    """
    return write_atomically(path, lambda draft: table.to_csv(draft, index=False, **options))


def write_text(path: str | Path, text: str) -> Path:
    """Write text in UTF-8, whole or not at all.

    Raises
    ------
    StoreError
        As :func:`write_atomically`.
    """
    return write_atomically(path, lambda draft: draft.write_text(text, encoding="utf-8"))


def write_netcdf(dataset: xr.Dataset | xr.DataTree, path: str | Path) -> Path:
    """Write a dataset, or a tree of them, as NetCDF, whole or not at all.

    HDF5 ends the process when the disk fills up while it writes, so that small datasets are made
    in memory, and others are not begun without room for them.

    Raises
    ------
    StoreError
        As :func:`write_atomically`.
    """
    import xarray as xr

    if isinstance(dataset, xr.Dataset) and dataset.nbytes <= _IN_MEMORY:
        return write_atomically(path, lambda draft: draft.write_bytes(_netcdf(dataset)))
    with writing(path):
        free = shutil.disk_usage(Path(path).absolute().parent).free
    if free < dataset.nbytes:
        raise StoreError(
            f"{path} cannot be written: it takes up to {dataset.nbytes / 1e9:.1f} GB and the disk "
            f"has {free / 1e9:.1f} GB free.",
            field="path",
        )
    return write_atomically(path, lambda draft: dataset.to_netcdf(draft, engine="h5netcdf"))


def _netcdf(dataset: xr.Dataset) -> bytes:
    from xarray.backends import H5NetCDFStore

    store = H5NetCDFStore.open(
        "memory", mode="w", driver="core", driver_kwds={"backing_store": False}
    )
    try:
        dataset.dump_to_store(store)
        file = store.ds._h5file
        file.flush()
        return bytes(file.id.get_file_image())
    finally:
        store.close()
