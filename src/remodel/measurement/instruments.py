"""Instruments: how far readings of scanners and assays lie from the truth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from remodel.errors import ConfigError
from remodel.files import Table, load_toml, parse_toml
from remodel.files.schema import Schema, validate

NotNegative = Annotated[float, Field(ge=0)]
Hour = Annotated[float, Field(ge=0, le=24)]


class Scan(Schema):
    """A table ``[scans.ENDPOINT]``: standard deviations of log density.

    Attributes
    ----------
    long_term : float
        Between scans months and years apart, drift of the scanner among it.
    same_day : float
        Between scans of one day.
    drift : float
        Slope of a scanner, per year; for ``same_day`` precision only.
    scanner : float
        Between scanners, after cross-calibration.
    """

    long_term: NotNegative
    same_day: NotNegative
    drift: NotNegative = 0.0
    scanner: NotNegative = 0.0
    source: str


class Sample(Schema):
    """A table ``[samples.ENDPOINT]``: coefficients of variation of a marker.

    Attributes
    ----------
    within : float
        Of one woman from day to day.
    analytical : float
        Of the assay.
    food : float
        Relative change after a meal.
    amplitude, peak_hour : float
        Of the daily rhythm, relative to its mean, and when it is highest [h].
    limit : float
        Below it a reading is the limit [unit].
    unit : str
    """

    within: NotNegative
    analytical: NotNegative = 0.0
    food: Annotated[float, Field(gt=-1)] = 0.0
    amplitude: Annotated[float, Field(ge=0, lt=1)] = 0.0
    peak_hour: Hour = 0.0
    limit: NotNegative = 0.0
    unit: str = ""
    source: str

    @property
    def spread(self) -> float:
        """Standard deviation of the logarithm of one reading."""
        return math.sqrt(math.log1p(self.within**2) + math.log1p(self.analytical**2))

    def rhythm(self, hour: float) -> float:
        """Return the level at an hour relative to 8 in the morning."""
        return self._wave(hour) / self._wave(8.0)

    def _wave(self, hour: float) -> float:
        return 1 + self.amplitude * math.cos(2 * math.pi * (hour - self.peak_hour) / 24)


class ScanTails(Schema):
    """The table ``[scan]``: what the sites of one scan share."""

    freedom: Annotated[float, Field(gt=2, allow_inf_nan=True)] = math.inf
    correlation: Annotated[float, Field(gt=-1, lt=1)] = 0.0
    source: str


class Instruments(Schema):
    """Scanners and assays, by endpoint."""

    scan: ScanTails
    scans: dict[str, Scan] = Field(default_factory=dict)
    samples: dict[str, Sample] = Field(default_factory=dict)


def load_instruments(source: str | Path | Mapping[str, Any] | None = None) -> Instruments:
    """Return instruments: those of the package, with the changes of a TOML file or mapping.

    Parameters
    ----------
    source : path or mapping, optional
        Tables of it replace those of the package, key by key.

    Raises
    ------
    ConfigError
        If it is malformed; the message names file, line and key.
    """
    text = (resources.files("remodel.measurement") / "instruments.toml").read_text("utf-8")
    shipped = parse_toml(text, "instruments.toml", ConfigError)
    if source is None:
        return validate(Table(None, "", shipped), Instruments)
    changes = Table(None, "", source) if isinstance(source, Mapping) else load_toml(source)
    changes.check_keys(shipped)
    merged = Table(changes.path, "", _merged(shipped, changes.content))
    return validate(merged, Instruments)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        below = base.get(key)
        is_table = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(below, value) if is_table else value  # type: ignore[arg-type]
    return merged
