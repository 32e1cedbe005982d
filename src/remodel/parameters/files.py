"""Parameter files: TOML in, TOML out, with errors that name file and key.

A set is a file ``NAME.toml`` or a folder ``NAME/`` of files. A table of tables is a group, whose
name prefixes the parameters in it; any other table is a parameter::

    [osteoclast_turnover_rate]
    value = 0.07
    unit = "1/d"
    lower = 0.03
    upper = 0.15
    status = "fixed"                                # or "estimated", "input"
    prior = { kind = "lognormal", sd = 0.5 }        # about the value unless center is given
    provenance = "recalled"                         # read, derived, recalled, estimated, definition
    meaning = "Rate at which active osteoclasts are replaced"
    source = "Manolagas 2000, Endocr Rev 21:115-137"
    symbol = "k_C"

    [anastrozole.clearance]                         # the parameter anastrozole_clearance
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, get_args

from remodel.errors import ParameterError, StoreError, UnitError, nearest
from remodel.parameters.parameter import Parameter, Prior, Provenance, Status
from remodel.parameters.parameter_set import ParameterSet
from remodel.units import time_factor

_TEXTS = ("unit", "meaning", "source")
_REQUIRED = ("value", "lower", "upper", *_TEXTS)
_OPTIONAL = ("status", "provenance", "prior", "symbol", "note")
_HEADER = re.compile(r"\s*\[([^\[\]]+)\]")


@dataclass(frozen=True, slots=True)
class _File:
    """A file and the lines where its tables begin, so that errors can say the place."""

    name: str
    lines: Mapping[str, int]

    def at(self, parameter: str, field: str = "") -> str:
        line = self.lines.get(parameter)
        place = self.name if line is None else f"{self.name}, line {line}"
        return f"{place}, key {parameter}{field and '.' + field}"


def _file(name: str, text: str) -> _File:
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            key = "_".join(part.strip(" \t\"'") for part in header[1].split("."))
            lines.setdefault(key, number)
    return _File(name, lines)


def load_parameters(source: str | Path) -> ParameterSet:
    """Load a parameter set.

    Parameters
    ----------
    source : str or Path
        Name of a set that comes with the package, or path of a TOML file or a folder of them.

    Raises
    ------
    ParameterError
        If it does not exist or an entry is malformed; the message names file and key.
    """
    root = _locate(source)
    files = [root] if root.is_file() else sorted(root.iterdir(), key=lambda f: f.name)
    found: dict[str, Parameter] = {}
    about = ""
    for file in files:
        if not file.name.endswith(".toml"):
            continue
        text = _read(file)
        table, place = _parsed(file.name, text), _file(file.name, text)
        about = about or str(table.pop("about", ""))
        for parameter in _parameters(table, "", place):
            if parameter.name in found:
                raise ParameterError(f"{place.at(parameter.name)}: defined twice in this set.")
            found[parameter.name] = parameter
    return ParameterSet(found.values(), root.name.removesuffix(".toml"), about)


def _locate(source: str | Path) -> Traversable:
    path, sets = Path(source), resources.files("remodel.parameters") / "sets"
    if source == path.name and path.suffix != ".toml":  # a folder here must not hide a set
        for candidate in (sets / source, sets / f"{source}.toml"):
            if candidate.is_dir() or candidate.is_file():
                return candidate
    if path.suffix == ".toml" or path.is_dir():
        if not path.exists():
            raise ParameterError(f"{path}: no such parameter file.")
        return path
    known = [entry.name.removesuffix(".toml") for entry in sets.iterdir()]
    raise ParameterError(f"'{source}' is not a parameter set.{nearest(str(source), known)}")


def _read(file: Traversable) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ParameterError(f"{file.name}: not valid TOML: {error}.") from error
    except OSError as error:
        raise ParameterError(f"{file.name}: cannot be read: {error.strerror}.") from error


def _parsed(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ParameterError(f"{name}: not valid TOML: {error}.") from error


def _parameters(table: Mapping[str, Any], prefix: str, file: _File) -> Iterator[Parameter]:
    for key, entry in table.items():
        name = f"{prefix}_{key}" if prefix else key
        if not isinstance(entry, Mapping):
            raise ParameterError(f"{file.at(name)}: expected a table with value, unit and source.")
        if not all(isinstance(below, Mapping) for below in entry.values()):
            yield _parameter(name, entry, file)
        else:
            yield from _parameters(entry, name, file)


def _parameter(name: str, entry: Mapping[str, Any], file: _File) -> Parameter:
    for key in _REQUIRED:
        if key not in entry:
            raise ParameterError(f"{file.at(name)}: '{key}' is missing.")
    for key in entry:
        if key not in (*_REQUIRED, *_OPTIONAL):
            hint = nearest(key, (*_REQUIRED, *_OPTIONAL))
            raise ParameterError(f"{file.at(name)}: '{key}' is not a field of a parameter.{hint}")
    unit, meaning, source = (_text(name, key, entry[key], file) for key in _TEXTS)
    numbers = {key: _number(name, key, entry[key], file) for key in ("value", "lower", "upper")}
    status = _choice(name, "status", entry.get("status", "fixed"), get_args(Status), file)
    provenance = _choice(
        name, "provenance", entry.get("provenance", "read"), get_args(Provenance), file
    )
    prior = _prior(name, entry.get("prior"), numbers["value"], file)
    try:
        return Parameter(
            name=name,
            unit=unit,
            meaning=meaning,
            source=source,
            status=status,
            provenance=provenance,
            prior=prior,
            symbol=str(entry.get("symbol", "")),
            factor=time_factor(unit),
            **numbers,
        )
    except (ParameterError, UnitError) as error:
        raise type(error)(f"{file.at(name)}: {error}") from error


def _text(name: str, key: str, value: Any, file: _File) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ParameterError(f"{file.at(name, key)}: expected some words, got {value!r}.")
    return value


def _number(name: str, key: str, value: Any, file: _File) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ParameterError(f"{file.at(name, key)}: expected a number, got {value!r}.")
    return float(value)


def _choice(name: str, key: str, value: Any, allowed: tuple[str, ...], file: _File) -> Any:
    if value not in allowed:
        raise ParameterError(f"{file.at(name, key)}: {value!r} is not one of {', '.join(allowed)}.")
    return value


def _prior(name: str, entry: Any, value: float, file: _File) -> Prior:
    if entry is None:
        return Prior("uniform")
    if not isinstance(entry, Mapping) or "kind" not in entry:
        raise ParameterError(f"{file.at(name, 'prior')}: expected a table with kind and sd.")
    kind = _choice(name, "prior.kind", entry["kind"], ("lognormal", "normal", "uniform"), file)
    if kind == "uniform":
        return Prior("uniform")
    sd = _number(name, "prior.sd", entry.get("sd", math.nan), file)
    if not 0 < sd < math.inf:
        raise ParameterError(f"{file.at(name, 'prior.sd')}: must be a positive number, got {sd}.")
    return Prior(kind, _number(name, "prior.center", entry.get("center", value), file), sd)


def write_parameters(parameters: ParameterSet, path: str | Path) -> None:
    """Write a set to one TOML file that :func:`load_parameters` reads back equal.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    lines = [f"about = {_quoted(parameters.about)}"] if parameters.about else []
    for p in parameters.values():
        lines += ["", f"[{p.name}]", f"value = {p.value!r}", f"unit = {_quoted(p.unit)}"]
        lines += [f"lower = {p.lower!r}", f"upper = {p.upper!r}"]
        lines += [f'status = "{p.status}"', f'provenance = "{p.provenance}"']
        if p.prior.kind != "uniform":
            lines.append(
                f'prior = {{ kind = "{p.prior.kind}", '
                f"center = {p.prior.center!r}, sd = {p.prior.sd!r} }}"
            )
        lines += [f"meaning = {_quoted(p.meaning)}", f"source = {_quoted(p.source)}"]
        if p.symbol:
            lines.append(f"symbol = {_quoted(p.symbol)}")
    try:
        Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    plain = re.sub(r"[\x00-\x1f\x7f]", lambda control: f"\\u{ord(control[0]):04x}", escaped)
    return f'"{plain}"'
