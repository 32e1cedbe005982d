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
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, get_args

from remodel.errors import ParameterError, nearest
from remodel.parameters.parameter import Parameter, Prior, Provenance, Status
from remodel.parameters.parameter_set import ParameterSet
from remodel.units import time_factor

_REQUIRED = ("value", "unit", "lower", "upper", "meaning", "source")
_OPTIONAL = ("status", "provenance", "prior", "symbol", "note")


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
        table = _read(file)
        about = about or str(table.pop("about", ""))
        for parameter in _parameters(table, "", file.name):
            if parameter.name in found:
                message = f"{file.name}, key {parameter.name}: defined twice in this set."
                raise ParameterError(message)
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
            message = f"{path}: no such parameter file."
            raise ParameterError(message)
        return path
    known = [entry.name.removesuffix(".toml") for entry in sets.iterdir()]
    message = f"'{source}' is not a parameter set.{nearest(str(source), known)}"
    raise ParameterError(message)


def _read(file: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{file.name}: not valid TOML: {error}."
        raise ParameterError(message) from error
    except OSError as error:
        message = f"{file.name}: cannot be read: {error.strerror}."
        raise ParameterError(message) from error


def _parameters(table: Mapping[str, Any], prefix: str, file: str) -> Iterator[Parameter]:
    for key, entry in table.items():
        name = f"{prefix}_{key}" if prefix else key
        if not isinstance(entry, Mapping):
            message = f"{file}, key {name}: expected a table with value, unit and source."
            raise ParameterError(message)
        if not all(isinstance(below, Mapping) for below in entry.values()):
            yield _parameter(name, entry, file)
        else:
            yield from _parameters(entry, name, file)


def _parameter(name: str, entry: Mapping[str, Any], file: str) -> Parameter:
    for key in _REQUIRED:
        if key not in entry:
            message = f"{file}, key {name}: '{key}' is missing."
            raise ParameterError(message)
    for key in entry:
        if key not in (*_REQUIRED, *_OPTIONAL):
            hint = nearest(key, (*_REQUIRED, *_OPTIONAL))
            message = f"{file}, key {name}: '{key}' is not a field of a parameter.{hint}"
            raise ParameterError(message)
    numbers = {key: _number(name, key, entry[key], file) for key in ("value", "lower", "upper")}
    status = _choice(name, "status", entry.get("status", "fixed"), get_args(Status), file)
    provenance = _choice(
        name, "provenance", entry.get("provenance", "read"), get_args(Provenance), file
    )
    unit = str(entry["unit"])
    return Parameter(
        name=name,
        unit=unit,
        meaning=str(entry["meaning"]),
        source=str(entry["source"]),
        status=status,
        provenance=provenance,
        prior=_prior(name, entry.get("prior"), numbers["value"], file),
        symbol=str(entry.get("symbol", "")),
        factor=time_factor(unit),
        **numbers,
    )


def _number(name: str, key: str, value: Any, file: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{file}, key {name}.{key}: expected a number, got {value!r}."
        raise ParameterError(message)
    return float(value)


def _choice(name: str, key: str, value: Any, allowed: tuple[str, ...], file: str) -> Any:
    if value not in allowed:
        message = f"{file}, key {name}.{key}: {value!r} is not one of {', '.join(allowed)}."
        raise ParameterError(message)
    return value


def _prior(name: str, entry: Any, value: float, file: str) -> Prior:
    if entry is None:
        return Prior("uniform")
    if not isinstance(entry, Mapping) or "kind" not in entry:
        message = f"{file}, key {name}.prior: expected a table with kind and sd."
        raise ParameterError(message)
    kind = _choice(name, "prior.kind", entry["kind"], ("lognormal", "normal", "uniform"), file)
    if kind == "uniform":
        return Prior("uniform")
    sd = _number(name, "prior.sd", entry.get("sd", math.nan), file)
    if not sd > 0:
        message = f"{file}, key {name}.prior.sd: must be a positive number, got {sd}."
        raise ParameterError(message)
    return Prior(kind, _number(name, "prior.center", entry.get("center", value), file), sd)


def write_parameters(parameters: ParameterSet, path: str | Path) -> None:
    """Write a set to one TOML file that :func:`load_parameters` reads back equal."""
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
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    plain = re.sub(r"[\x00-\x1f\x7f]", lambda control: f"\\u{ord(control[0]):04x}", escaped)
    return f'"{plain}"'
