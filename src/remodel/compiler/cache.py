"""The folder of compiled code: who may have written what is loaded from it.

Machine code that another user could have written is never run. A file is read only if it and its
folder belong to this user and nobody else may write to them, and only under the name it was
written for: its checksum covers name and content. Where no such folder can be had, everything is
compiled in memory, and one warning says why. Windows has no owners of this kind; there the
folder is in the user's profile, which other users cannot write to.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import stat
import sys
import warnings
from pathlib import Path

_CHECKSUM = 32  # bytes of SHA-256 in front of the code
_SUFFIX = ".o"
_DRAFT = re.compile(r"[0-9a-f]{40}\.(\d+)\.new|tmp[a-z0-9_]{8}")


class CacheWarning(UserWarning):
    """Compiled code cannot be kept on disk, or must not be loaded from it."""


def cache_directory() -> Path | None:
    """Return where compiled code is kept, or None for a user without a home.

    ``REMODEL_CACHE_DIR`` names the folder; otherwise it is in the user's cache folder.
    """
    chosen = os.environ.get("REMODEL_CACHE_DIR")
    if chosen:
        return Path(chosen)
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "remodel"


def read(key: str) -> bytes | None:
    """Return the code kept under a key; None if there is none that is whole and can be trusted."""
    folder = cache_directory()
    if folder is None:
        return None
    file = folder / (key + _SUFFIX)
    try:
        if not _is_private(folder):
            return None
        with file.open("rb") as opened:
            if _writers(os.fstat(opened.fileno())):
                _warn(f"another user could have written {file}")
                return None
            content = opened.read()
    except OSError:
        return None
    checksum, code = content[:_CHECKSUM], content[_CHECKSUM:]
    return code if checksum == _checksum(key, code) else None


def write(key: str, code: bytes) -> None:
    """Keep code under a key; a folder that cannot be written to costs time, not the result."""
    folder = cache_directory()
    if folder is None:
        _warn("there is no home folder")
        return
    draft = folder / f"{key}.{os.getpid()}.new"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_private(folder):
            return
        _clean(folder)
        draft.touch(mode=0o600)
        with draft.open("wb") as opened:
            opened.write(_checksum(key, code) + code)
        draft.replace(folder / (key + _SUFFIX))
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        _warn(f"{folder} cannot be written ({error.strerror})")


def _checksum(key: str, code: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\0" + code).digest()


def _is_private(folder: Path) -> bool:
    """Whether only this user can have put files into a folder; warn if not."""
    others = _writers(folder.stat())
    if others:
        _warn(f"the cache folder {folder} {others}")
    return not others


def _writers(status: os.stat_result) -> str:
    """Return who else may have written a file or folder, in words; empty if nobody."""
    if sys.platform == "win32":
        return ""
    if status.st_uid != os.geteuid():
        return "belongs to another user"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "can be written by other users (chmod go-w)"
    return ""


@functools.cache
def _warn(problem: str) -> None:
    """Warn once a process."""
    warnings.warn(
        f"{problem}; models are compiled in memory, at every start. REMODEL_CACHE_DIR names "
        "another folder.",
        CacheWarning,
        stacklevel=2,
    )


@functools.cache
def _clean(folder: Path) -> None:
    """Remove, once a process, what interrupted processes left half-written."""
    for file in folder.iterdir():
        draft = _DRAFT.fullmatch(file.name)
        if draft and not (draft[1] and _is_running(int(draft[1]))):
            file.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    if sys.platform == "win32":
        return False  # a file in use cannot be removed there
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
