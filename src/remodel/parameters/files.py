"""Parameter files: TOML in, TOML out, with errors that name file and key.

A set is a file ``NAME.toml`` or a folder ``NAME/`` of files. A table of tables is a group, whose
name prefixes the parameters in it; any other table is a parameter::

    [osteoclast_turnover_rate]
    value = 0.07
    unit = "1/d"
    lower = 0.03
    upper = 0.15
    population_lower = 0.02                         # of one woman among others; lower by default
    population_upper = 0.25
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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, get_args

from remodel.errors import ParameterError, UnitError, nearest
from remodel.files import as_float, is_folder, parse_toml, read_text, shown, write_text
from remodel.parameters.parameter import Parameter, Prior, Provenance, Status
from remodel.parameters.parameter_set import ParameterSet
from remodel.units import time_factor

_TEXTS = ("unit", "meaning", "source")
_NUMBERS = ("value", "lower", "upper")
_REQUIRED = (*_NUMBERS, *_TEXTS)
_WIDER = ("population_lower", "population_upper")
_OPTIONAL = (*_WIDER, "status", "provenance", "prior", "symbol", "note")
_HEADER = re.compile(r"\s*\[([^\[\]]+)\]")


@dataclass(frozen=True, slots=True)
class _File:
    """A file and the lines where its tables begin, so that errors can say the place."""

    name: str
    lines: Mapping[str, int]

    def at(self, parameter: str, field: str = "") -> str:
        line = self.lines.get(parameter)
        position = self.name if line is None else f"{self.name}, line {line}"
        return f"{position}, key {parameter}{field and '.' + field}"


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
    files = [root] if root.name.endswith(".toml") else sorted(root.iterdir(), key=_name)
    parameters: dict[str, Parameter] = {}
    about = ""
    for file in files:
        if not file.name.endswith(".toml"):
            continue
        text = _read(file)
        table, source_file = parse_toml(text, file.name, ParameterError), _file(file.name, text)
        words = table.pop("about", "")
        if not isinstance(words, str):
            raise ParameterError(
                f"{source_file.at('about')}: expected a string, got {shown(words)}."
            )
        about = about or words
        for parameter in _parameters(table, "", source_file):
            if parameter.name in parameters:
                raise ParameterError(
                    f"{source_file.at(parameter.name)}: defined twice in this set."
                )
            parameters[parameter.name] = parameter
    return ParameterSet(parameters.values(), root.name.removesuffix(".toml"), about)


def _name(file: Traversable) -> str:
    return file.name


def _locate(source: str | Path) -> Traversable:
    path = Path(source)
    sets = {
        entry.name.removesuffix(".toml"): entry
        for entry in (resources.files("remodel.parameters") / "sets").iterdir()
    }
    if source in sets:  # a folder here must not hide a set
        return sets[str(source)]
    if path.suffix == ".toml" or is_folder(path):
        return path
    raise ParameterError(
        f"'{shown(str(source), 60)}' is not a parameter set.{nearest(str(source), sets)}"
    )


def _read(file: Traversable) -> str:
    return read_text(file, ParameterError) if isinstance(file, Path) else file.read_text("utf-8")


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
    wider = (key for key in _WIDER if key in entry)
    numbers = {key: _number(name, key, entry[key], file) for key in (*_NUMBERS, *wider)}
    if numbers.get("population_lower", -math.inf) > numbers["lower"]:
        raise ParameterError(f"{file.at(name, 'population_lower')}: must not exceed 'lower'.")
    if numbers.get("population_upper", math.inf) < numbers["upper"]:
        raise ParameterError(f"{file.at(name, 'population_upper')}: must not be below 'upper'.")
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
            symbol=_text(name, "symbol", entry["symbol"], file) if "symbol" in entry else "",
            factor=time_factor(unit),
            **numbers,
        )
    except (ParameterError, UnitError) as error:
        raise type(error)(f"{file.at(name)}: {error}") from error


def _text(name: str, key: str, value: Any, file: _File) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ParameterError(f"{file.at(name, key)}: expected some words, got {shown(value)}.")
    return value


def _number(name: str, key: str, value: Any, file: _File) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ParameterError(f"{file.at(name, key)}: expected a number, got {shown(value)}.")
    return as_float(value)


def _choice(name: str, key: str, value: Any, allowed: tuple[str, ...], file: _File) -> Any:
    if value not in allowed:
        raise ParameterError(
            f"{file.at(name, key)}: {shown(value)} is not one of {', '.join(allowed)}."
        )
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
        bounds = zip((p.lower, p.upper), (p.population_lower, p.population_upper), strict=True)
        lines += [
            f"{key} = {wider!r}"
            for key, (bound, wider) in zip(_WIDER, bounds, strict=True)
            if wider != bound
        ]
        lines += [f'status = "{p.status}"', f'provenance = "{p.provenance}"']
        if p.prior.kind != "uniform":
            lines.append(
                f'prior = {{ kind = "{p.prior.kind}", '
                f"center = {p.prior.center!r}, sd = {p.prior.sd!r} }}"
            )
        lines += [f"meaning = {_quoted(p.meaning)}", f"source = {_quoted(p.source)}"]
        if p.symbol:
            lines.append(f"symbol = {_quoted(p.symbol)}")
    write_text(path, "\n".join(lines) + "\n")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    plain = re.sub(r"[\x00-\x1f\x7f]", lambda control: f"\\u{ord(control[0]):04x}", escaped)
    return f'"{plain}"'
