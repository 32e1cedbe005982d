"""Reading text from a file that a user names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from remodel.errors import RemodelError

_LARGEST = 200_000_000  # bytes; parsing more would exhaust the memory
_reads: ContextVar[dict[Path, str] | None] = ContextVar("_reads", default=None)


@contextmanager
def noted_reads() -> Iterator[dict[Path, str]]:
    """Collect the text of every file that :func:`read_text` reads meanwhile, by absolute path."""
    texts: dict[Path, str] = {}
    token = _reads.set(texts)
    try:
        yield texts
    finally:
        _reads.reset(token)


def read_text(path: str | Path, error: type[RemodelError]) -> str:
    """Return the text of a file in UTF-8, without a byte-order mark.

    Parameters
    ----------
    path : path
    error : type of RemodelError
        Raised if the file cannot be read.

    Raises
    ------
    RemodelError
        If the file is missing, no regular file (a pipe would block), too large, or not UTF-8.
    """
    file = Path(path)
    name = str(file) if len(str(file)) <= 300 else f"{str(file)[:300]}..."
    try:
        if not file.is_file():
            file.stat()  # raises the reason why there is none
            what = "a folder" if file.is_dir() else "a device or pipe"
            raise error(f"{name} cannot be read: it is {what}, not a file.", field="path")
        if (size := file.stat().st_size) > _LARGEST:
            raise error(
                f"{name} cannot be read: it has {size:,} bytes; at most {_LARGEST:,} are allowed.",
                field="path",
            )
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as cause:
        raise error(f"{name} is not text in UTF-8 (byte {cause.start}).", field="path") from cause
    except (OSError, ValueError) as cause:
        if isinstance(cause, RemodelError):
            raise
        reason = getattr(cause, "strerror", None) or cause  # ValueError: a NUL in the name
        raise error(f"{name} cannot be read: {reason}.", field="path") from cause
    if (texts := _reads.get()) is not None:
        texts[Path(os.path.abspath(file))] = text  # noqa: PTH100 # without ".." in it
    return text


def is_folder(path: str | Path) -> bool:
    """Return whether a path is a folder; one that no file can have is none."""
    try:
        return Path(path).is_dir()
    except OSError:
        return False
