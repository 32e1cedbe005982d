"""A fitted set as the new values of a model's own parameter files, whose comments are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from remodel.errors import ParameterError
from remodel.parameters import load_parameters

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
    left = dict(written)
    for file in sorted(Path(folder).glob("*.toml")):
        lines = [_line(line, left) for line in _with_names(file.read_text(encoding="utf-8"))]
        file.write_text("".join(lines), encoding="utf-8")
    if left:
        raise ParameterError(f"{folder}: no line 'value = ...' of {', '.join(sorted(left))}.")
    return written


def _with_names(text: str) -> list[tuple[str, str]]:
    """Return lines with the parameter in whose table each stands."""
    name, found = "", []
    for line in text.splitlines(keepends=True):
        if header := _HEADER.fullmatch(line.rstrip("\n")):
            name = header.group(1).replace(".", "_")
        found.append((name, line))
    return found


def _line(named: tuple[str, str], left: dict[str, float]) -> str:
    """Return a line, with its new value if it has one; what is written is no longer left."""
    name, line = named
    match = _VALUE.match(line)
    if match is None or name not in left:
        return line
    return f"{match.group(1)}{left.pop(name)!r}{line[match.end() :]}"
