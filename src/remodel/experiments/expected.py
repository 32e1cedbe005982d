"""Numbers an experiment is expected to give, and the comparison with what it gave."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.errors import ConfigError
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
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
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
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"{path}, {mode}[{place}]: month, value and tolerance must be numbers."
        ) from error


def check_expected(
    path: Path, expected: tuple[Expected, ...], keys: tuple[str, ...], outputs: tuple[str, ...]
) -> None:
    """Raise if an expected number is of an arm or output that is not simulated.

    Raises
    ------
    ConfigError
    """
    for number in expected:
        for what, name, known in (("arm", number.arm, keys), ("output", number.output, outputs)):
            if name not in known:
                raise ConfigError(f"{path}: the {what} '{name}' is not simulated in this mode.")


def compare(
    dataset: xr.Dataset, keys: tuple[str, ...], expected: tuple[Expected, ...]
) -> tuple[Comparison, ...]:
    """Return expected numbers beside those of a dataset whose simulations are ``keys``."""
    return tuple(
        Comparison(
            arm=number.arm,
            output=number.output,
            month=number.month,
            expected=number.value,
            tolerance=number.tolerance,
            found=float(
                np.interp(
                    number.month * DAYS_PER_MONTH,
                    dataset["time"].to_numpy(),
                    dataset[number.output].to_numpy()[keys.index(number.arm)],
                )
            ),
        )
        for number in expected
    )


def write_numbers(path: Path, numbers: tuple[Comparison, ...]) -> None:
    """Write a comparison as JSON."""
    rows = [{**asdict(number), "passed": number.passed} for number in numbers]
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def accept(path: Path, mode: str, numbers: tuple[Comparison, ...]) -> None:
    """Replace the values of a mode in an ``expected.json`` by the ones found."""
    content = _read(path)
    for row, number in zip(content[mode], numbers, strict=True):
        row["value"] = round(number.found, 4)
    lines = {name: [json.dumps(row) for row in rows] for name, rows in content.items()}
    body = ",\n".join(
        f'  "{name}": [\n    ' + ",\n    ".join(rows) + "\n  ]" for name, rows in lines.items()
    )
    path.write_text("{\n" + body + "\n}\n", encoding="utf-8")
