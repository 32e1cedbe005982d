"""The record of a result, wherever it is kept, and the files that it read, put back."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remodel.errors import ConfigError, RemodelError
from remodel.files import read_text, write_text, writing
from remodel.provenance import CALL, RECORD, record_file

_NETCDF = ".nc"
_LONGEST = 60  # characters of a line that is shown


@dataclass(frozen=True, slots=True)
class Record:
    """How a result was made.

    Attributes
    ----------
    result : Path
        What was written: a folder, a file or a store.
    function : str
    arguments : mapping
        As JSON holds them.
    folder : Path
        From where relative paths count.
    inputs : mapping of str to mapping
        Hash and, where it is kept, text of each file that was read.
    about : mapping
        Versions, platform, and hashes.
    outputs : mapping of str to str
        Hash of each file as it was written.
    """

    result: Path
    function: str
    arguments: Mapping[str, Any]
    folder: Path
    inputs: Mapping[str, Mapping[str, str]]
    about: Mapping[str, Any]
    outputs: Mapping[str, str] = field(default_factory=dict)


def load_record(path: str | Path) -> Record:
    """Return how a result was made.

    Raises
    ------
    ConfigError
        If nothing is there, or it does not say.
    """
    result = Path(path)
    if not result.exists():
        raise ConfigError(f"{result}: there is no such result.", field="path")
    if record_file(result).is_file():
        return _record(result, record_file(result), _json(record_file(result)))
    if result.suffix == _NETCDF and (attributes := _attributes(result)).get(CALL):
        about = json.loads(attributes.get("provenance", "{}"))
        return _record(result, result, {**about, **json.loads(attributes[CALL])})
    for folder in result.absolute().parents[:2]:
        if (folder / RECORD).is_file():
            return _record(folder, folder / RECORD, _json(folder / RECORD))
    raise ConfigError(
        f"{result} does not say how it was made: no {record_file(result).name} lies with it. Only "
        "results of this version and later ones can be repeated.",
        field="path",
    )


def _json(file: Path) -> Any:
    try:
        return json.loads(read_text(file, ConfigError))
    except ValueError as error:
        raise ConfigError(f"{file} is damaged: {error}.") from error


def _attributes(file: Path) -> Mapping[str, Any]:
    import xarray as xr

    try:
        with xr.open_dataset(file, engine="h5netcdf") as dataset:
            return dict(dataset.attrs)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read as NetCDF: {error}.") from error


def _record(result: Path, source: Path, content: Any) -> Record:
    try:
        return Record(
            result=result,
            function=str(content["function"]),
            arguments=dict(content["arguments"]),
            folder=Path(content["folder"]),
            inputs={name: _input(name, kept) for name, kept in content["inputs"].items()},
            about=content,
            outputs=dict(content.get("outputs", {})),
        )
    except KeyError as error:
        raise ConfigError(f"{source} is damaged: it lacks {error}.") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise ConfigError(f"{source} is damaged: {error}.") from error


def _input(name: str, kept: Any) -> Mapping[str, str]:
    """Return what is kept of an input, whose path leads below the folder of inputs.

    Raises
    ------
    ValueError
        If it is damaged, or the path would lead elsewhere.
    """
    path = Path(name)
    if not path.is_absolute() or ".." in path.parts or "\0" in name:
        raise ValueError(f"{name!r}, from which this was made, is not an absolute path")
    if not all(isinstance(text, str) for text in kept.values()) or "sha256" not in kept:
        raise ValueError(f"what it keeps of {name} is neither hash nor text")
    return dict(kept)


def restored(record: Record, root: Path, *, current: bool) -> None:
    """Put the files that a result was made from below a folder, each under its absolute path.

    Parameters
    ----------
    record : Record
    root : Path
    current : bool
        Take the files as they are now, not as they were.

    Raises
    ------
    ConfigError
        If a file was not kept and is gone, or is a program that has changed.
    """
    for name, was in record.inputs.items():
        target = moved(Path(name), root)
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        is_program = Path(name).suffix == ".py"  # never executed from a text in the record
        if "text" in was and not current and not is_program:
            write_text(target, was["text"])
            continue
        if not Path(name).is_file():
            raise ConfigError(f"{name}, from which this was made, is gone, and no copy was kept.")
        if is_program and _hash_now(name) != was["sha256"]:
            raise ConfigError(
                f"{name}, from which this was made, is a program that has changed; it is not "
                "executed. Bring back the old one, or make the result anew."
            )
        target.symlink_to(name)


def moved(path: Path, root: Path) -> Path:
    """Return where a file of an absolute path is put."""
    return root.joinpath(*path.parts[1:])


def changed_inputs(record: Record) -> dict[str, str]:
    """Return, for each file that is no longer what was read, a sentence that says how."""
    changes = {}
    for name, was in record.inputs.items():
        if not Path(name).is_file():
            changes[name] = f"{name} is gone."
        elif _hash_now(name) != was["sha256"]:
            changes[name] = f"{name} has changed{_how(was.get('text'), name)}."
    return changes


def _hash_now(name: str) -> str:
    return hashlib.sha256(read_text(name, RemodelError).encode()).hexdigest()


def _how(before: str | None, name: str) -> str:
    """Return the first line that differs, where the old text is kept."""
    if before is None:
        return ""
    old, new = before.splitlines(), read_text(name, RemodelError).splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    _, start, end, first, last = next(o for o in matcher.get_opcodes() if o[0] != "equal")
    was = _shown(old[start]) if end > start else "not there"
    now = _shown(new[first]) if last > first else "not there"
    return f": line {start + 1} was {was} and is {now}"


def _shown(line: str) -> str:
    text = line.strip()
    return f"'{text if len(text) <= _LONGEST else text[:_LONGEST] + '...'}'"


def restored_argument(value: Any, record: Record, root: Path) -> Any:
    """Return an argument with the paths of files in it led to where these were put back."""
    if isinstance(value, str) and value:
        path, colon, rest = value, "", ""
        if ".py:" in value:
            path, colon, rest = value.rpartition(":")
        absolute = Path(os.path.abspath(record.folder / path))  # noqa: PTH100 # without ".."
        if any(Path(name).is_relative_to(absolute) for name in record.inputs):
            return f"{moved(absolute, root)}{colon}{rest}"
        return value
    if isinstance(value, list):
        return [restored_argument(item, record, root) for item in value]
    if isinstance(value, dict):
        return {key: restored_argument(item, record, root) for key, item in value.items()}
    return value
