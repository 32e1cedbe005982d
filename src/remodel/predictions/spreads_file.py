"""Files of spreads between trials: those that ship with the package, and those of a fit."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import Field

from remodel.files import load_toml, write_text
from remodel.files.schema import Positive, Schema, validate
from remodel.predictions.spreads import DENSITY, MARKER, Spreads

SHIPPED_SPREADS = Path(__file__).with_name("spreads.toml")
_USUAL = Spreads()
_HEADER = """\
# Spread between trials of one treatment, and of the model itself, as estimated together with the
# parameters of a fit; see the page on calibration. A fit writes this file; do not edit it by hand.
"""


class _TimeTable(Schema):
    growth: float = _USUAL.growth
    visit_months: Positive = _USUAL.visit_months


class _SpreadsFile(Schema):
    about: str = ""
    scale: float = Field(default=1.0, ge=0.0)
    size: dict[str, Positive] = Field(default_factory=dict)
    share: dict[str, dict[str, Positive]] = Field(default_factory=dict)
    factor: dict[str, dict[str, Positive]] = Field(default_factory=dict)
    time: _TimeTable = _TimeTable()


@functools.cache
def shipped_spreads() -> Spreads:
    """Return the spreads that were estimated with the parameters of the reference model."""
    return load_spreads(SHIPPED_SPREADS)


def load_spreads(path: str | Path) -> Spreads:
    """Return the spreads of a file.

    Raises
    ------
    ConfigError
        If it cannot be read or a value is not allowed; it names file, line and key.
    """
    file = validate(load_toml(path), _SpreadsFile)
    return Spreads(
        size=file.size,
        share=_flat(file.share),
        factor=_flat(file.factor),
        growth=file.time.growth,
        visit_months=file.time.visit_months,
        about=file.about,
        scale=file.scale,
    )


def write_spreads(spreads: Spreads, path: str | Path) -> None:
    """Write spreads into a TOML file, rounded to four digits.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    time = {"growth": spreads.growth, "visit_months": spreads.visit_months}
    lines = [f"about = {json.dumps(spreads.about)}", f"scale = {spreads.scale!r}"]
    lines += _table("size", spreads.size)
    for name, values in (("share", spreads.share), ("factor", spreads.factor)):
        for kind in (DENSITY, MARKER):
            lines += _table(f"{name}.{kind}", {n: v for (k, n), v in values.items() if k == kind})
    lines += _table("time", time)
    write_text(Path(path), _HEADER + "\n" + "\n".join(lines) + "\n")


def _flat(tables: Mapping[str, Mapping[str, float]]) -> dict[tuple[str, str], float]:
    return {(kind, name): v for kind, table in tables.items() for name, v in table.items()}


def _table(name: str, values: Mapping[str, float]) -> Iterator[str]:
    """Yield the lines of a table; none without values."""
    if values:
        yield from ("", f"[{name}]")
    for key, value in sorted(values.items()):
        bare = key if key.replace("_", "").isalnum() else json.dumps(key)
        yield f"{bare} = {float(f'{value:.4g}')!r}"
