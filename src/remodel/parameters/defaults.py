"""A fitted set as the new values of a model's own parameter files, whose comments are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from remodel.errors import ParameterError
from remodel.files import write_text
from remodel.parameters.files import load_parameters

_HEADER = re.compile(r"\s*\[\s*([A-Za-z0-9_.-]+)\s*\]\s*(#.*)?")
_VALUE = re.compile(r"(\s*value\s*=\s*)([^\s#]+)")
DIGITS = 4


def write_values(folder: str | Path, values: Mapping[str, float]) -> dict[str, float]:
    """Write values into the parameter files of a folder, rounded to four digits.

    Only the line ``value = ...`` of each parameter changes.

    Parameters
    ----------
    folder : path
        With TOML files of parameters.
    values : mapping of str to float

    Returns
    -------
    dict of str to float
        The values as they were written.

    Raises
    ------
    ParameterError
        If a parameter is not in the files, or a value is out of its bounds; before any is written.
    """
    written = {name: float(f"{value:.{DIGITS}g}") for name, value in values.items()}
    load_parameters(folder).replace(written)  # raises for unknown names and values out of bounds
    remaining = dict(written)
    texts = {
        file: "".join(_line(name, line, remaining) for name, line in _named_lines(file))
        for file in sorted(Path(folder).glob("*.toml"))
    }
    if remaining:
        raise ParameterError(f"{folder}: no line 'value = ...' of {', '.join(sorted(remaining))}.")
    for file, text in texts.items():
        write_text(file, text)
    return written


def _named_lines(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the lines of a file with the parameter in whose table each stands."""
    name = ""
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if header := _HEADER.fullmatch(line.rstrip("\n")):
            name = header.group(1).replace(".", "_")
        yield name, line


def _line(name: str, line: str, remaining: dict[str, float]) -> str:
    """Return a line with its new value, which then no longer remains; others as they are."""
    match = _VALUE.match(line)
    if match is None or name not in remaining:
        return line
    return f"{match.group(1)}{remaining.pop(name)!r}{line[match.end() :]}"
