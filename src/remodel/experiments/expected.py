"""Numbers an experiment is expected to give, and the comparison with what it gave."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.errors import ConfigError
from remodel.files import read_text, write_text
from remodel.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import xarray as xr

_FIELDS = ("arm", "output", "month", "value", "tolerance")


@dataclass(frozen=True, slots=True)
class Expected:
    """One number: an output of an arm at a month, within an absolute tolerance."""

    arm: str
    output: str
    month: float
    value: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """An expected number beside the one found."""

    arm: str
    output: str
    month: float
    expected: float
    tolerance: float
    found: float

    @property
    def passed(self) -> bool:
        """Whether the number found is within the tolerance."""
        return bool(abs(self.found - self.expected) <= self.tolerance)


def load_expected(path: Path, mode: str) -> tuple[Expected, ...]:
    """Return the numbers expected of a mode; none if the file is not there.

    Parameters
    ----------
    path : Path
        An ``expected.json``: for ``full`` and ``quick``, a list of numbers.
    mode : str
        ``full`` or ``quick``.

    Raises
    ------
    ConfigError
        If the file is malformed.
    """
    if not path.exists():
        return ()
    content = _read(path)
    if not isinstance(content, dict) or not isinstance(content.get(mode, []), list):
        raise ConfigError(f"{path}: expected an object with lists 'full' and 'quick'.")
    return tuple(_number(path, mode, place, row) for place, row in enumerate(content.get(mode, [])))


def _read(path: Path) -> Any:
    try:
        return json.loads(read_text(path, ConfigError))
    except (ValueError, RecursionError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{path} cannot be read as JSON: {error}.") from error


def _number(path: Path, mode: str, place: int, row: Any) -> Expected:
    if not isinstance(row, dict) or set(row) != set(_FIELDS):
        raise ConfigError(
            f"{path}, {mode}[{place}]: expected the fields {', '.join(_FIELDS)}, got {row!r}."
        )
    try:
        return Expected(
            str(row["arm"]),
            str(row["output"]),
            *(float(row[name]) for name in ("month", "value", "tolerance")),
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(
            f"{path}, {mode}[{place}]: month, value and tolerance must be numbers."
        ) from error


def compare(
    expected: Sequence[Expected], value: Callable[[Expected], float]
) -> tuple[Comparison, ...]:
    """Return expected numbers beside those found, which ``value`` looks up."""
    return tuple(
        Comparison(e.arm, e.output, e.month, e.value, e.tolerance, value(e)) for e in expected
    )


def interpolated(values: xr.DataArray, month: float) -> float:
    """Return the value of a variable over time at a month."""
    return float(np.interp(month * DAYS_PER_MONTH, values["time"].to_numpy(), values.to_numpy()))


def write_numbers(path: Path, numbers: tuple[Comparison, ...]) -> None:
    """Write a comparison as JSON."""
    rows = [{**asdict(number), "passed": number.passed} for number in numbers]
    write_text(path, json.dumps(rows, indent=2) + "\n")


def accept(path: Path, mode: str, numbers: tuple[Comparison, ...]) -> None:
    """Replace the values of a mode in an ``expected.json`` by the ones found."""
    content = _read(path)
    for row, number in zip(content[mode], numbers, strict=True):
        row["value"] = round(number.found, 4)
    lines = {name: [json.dumps(row) for row in rows] for name, rows in content.items()}
    body = ",\n".join(
        f'  "{name}": [\n    ' + ",\n    ".join(rows) + "\n  ]" for name, rows in lines.items()
    )
    write_text(path, "{\n" + body + "\n}\n")
