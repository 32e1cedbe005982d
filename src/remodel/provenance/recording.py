"""The call that made a result, kept beside it: function, arguments, the files it read, versions.

A result in a folder has ``provenance.json`` in it; a file or a store ``NAME.provenance.json``
beside it; a dataset the attribute ``call``. ``remodel.rerun`` repeats the call from there.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from remodel.files.output import DRAFT, write_text
from remodel.files.reading import noted_reads
from remodel.provenance.arguments import encoded
from remodel.provenance.origin import cpu, manifest, sources

P = ParamSpec("P")
R = TypeVar("R")

RECORD = "provenance.json"
CALL = "call"
FORMAT = 1
_PLACES = ("out", "path")  # the first there is says where the result lies
_MEANS = frozenset({"progress", "threads", "workers", "scheduler", "resume", "strict"})
_LARGEST = 5_000_000  # characters of a file that is kept whole
_MOST_FILES = 2000  # of a result whose hashes are kept
_PACKAGE = Path(os.path.abspath(__file__)).parents[1]  # noqa: PTH100 # without ".." in it
_is_recording: ContextVar[bool] = ContextVar("_is_recording", default=False)


def record_file(result: str | Path) -> Path:
    """Return where the record of a result lies: in its folder, or beside a file or store."""
    path = Path(result)
    if path.is_dir() and path.suffix != ".zarr":
        return path / RECORD
    return path.with_name(f"{path.name}.{RECORD}")


def recorded(function: Callable[P, R]) -> Callable[P, R]:
    """Keep the call of a function with its result.

    The argument ``out`` or ``path`` says where the result lies. A function without one returns a
    dataset, which takes the call as an attribute. Calls inside another are not kept.
    """
    signature = inspect.signature(function)
    destination = next((name for name in _PLACES if name in signature.parameters), None)

    @functools.wraps(function)
    def recording_it(*args: P.args, **kwargs: P.kwargs) -> R:
        if _is_recording.get():
            return function(*args, **kwargs)
        arguments = signature.bind(*args, **kwargs).arguments
        if destination is not None:
            out = arguments.pop(destination, None)
            with recording(function.__name__, arguments, out):
                return function(*args, **kwargs)
        with _noting() as inputs:
            result = function(*args, **kwargs)
            said = _encoded(arguments)
        dataset: Any = result
        dataset.attrs[CALL] = json.dumps(_call(function.__name__, said, inputs))
        return result

    return recording_it


@contextmanager
def recording(
    function: str, arguments: Mapping[str, Any], out: str | Path | None
) -> Iterator[None]:
    """Write the record of a call once it has ended well.

    Parameters
    ----------
    function : str
        Public name.
    arguments : mapping
        Those that were given, without the place of the result; with how many processors it ran is
        left out.
    out : path, optional
        The folder, file or store of the result; nothing is written without one.
    """
    if out is None or _is_recording.get():
        yield
        return
    with _noting() as inputs:
        yield
        said = _encoded(arguments)
    destination = Path(out).absolute()
    outside = {p: text for p, text in inputs.items() if not p.is_relative_to(destination)}
    call = _call(function, said, outside)
    content = manifest(**call, cpu=cpu(), sources=sources(), outputs=_outputs(destination))
    write_text(record_file(destination), json.dumps(content, indent=1) + "\n")


@contextmanager
def _noting() -> Iterator[dict[Path, str]]:
    token = _is_recording.set(True)
    try:
        with noted_reads() as inputs:
            yield inputs
    finally:
        _is_recording.reset(token)


def _encoded(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: encoded(value) for name, value in arguments.items() if name not in _MEANS}


def _call(
    function: str, arguments: Mapping[str, Any], inputs: Mapping[Path, str]
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "function": function,
        "arguments": arguments,
        "folder": os.getcwd(),  # noqa: PTH109 # pathlib is slower, and this is said at each call
        "inputs": {
            str(path): _input(path, text)
            for path, text in inputs.items()
            if not path.is_relative_to(_PACKAGE)  # its files are known by version and hash
        },
    }


def _input(path: Path, text: str) -> dict[str, str]:
    """Return hash and text of a file; never the text of a program, which a rerun would execute."""
    digest = {"sha256": hashlib.sha256(text.encode()).hexdigest()}
    is_kept = path.suffix != ".py" and len(text) <= _LARGEST
    return {**digest, "text": text} if is_kept else digest


def _outputs(destination: Path) -> dict[str, str]:
    """Return the hash of each file of a result, by its name; a store has checksums of its own."""
    if destination.suffix == ".zarr":
        return {}
    if destination.is_file():
        return {destination.name: digest(destination)}
    files = [path for path in sorted(destination.rglob("*")) if path.is_file()]
    names = {path.relative_to(destination).as_posix(): path for path in files[:_MOST_FILES]}
    return {
        name: digest(path)
        for name, path in names.items()
        if name != RECORD and not path.name.startswith(DRAFT)
    }


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
