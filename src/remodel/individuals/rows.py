"""Rows of tables of readings, as text, and what they say."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping

from remodel.errors import ConfigError
from remodel.individuals.woman_file import ReadingTable

COLUMNS = ("endpoint", "months", "date", "value", "unit", "scanner", "fasting", "hour")
_WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def row_of(cells: Mapping[str, str | None]) -> ReadingTable:
    """Return a row of a table of readings.

    Raises
    ------
    ConfigError
        With the column.
    """
    text = {name: (value or "").strip() for name, value in cells.items() if name}
    day = text.get("date", "")
    try:
        when = datetime.date.fromisoformat(day) if day else None
    except ValueError:
        raise ConfigError(f"date = '{day}': expected YYYY-MM-DD.", field="date") from None
    fasting = text.get("fasting", "").lower() or "yes"
    if fasting not in _WORDS:
        raise ConfigError(f"fasting = '{fasting}': expected yes or no.", field="fasting")
    value = number_in(text, "value")
    if value is None:
        raise ConfigError("value is missing.", field="value")
    hour = number_in(text, "hour")
    return ReadingTable(
        endpoint=text.get("endpoint", ""),
        months=number_in(text, "months"),
        date=when,
        value=value,
        unit=text.get("unit", ""),
        scanner=text.get("scanner", ""),
        fasting=_WORDS[fasting],
        hour=8.0 if hour is None else hour,
    )


def number_in(cells: Mapping[str, str], name: str) -> float | None:
    """Return the number in a column, None where it is blank.

    Raises
    ------
    ConfigError
    """
    text = cells.get(name, "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"{name} = '{text}': expected a finite number.", field=name)
    return number
