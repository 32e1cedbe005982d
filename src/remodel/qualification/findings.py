"""What the parts of a report find: numbers by name, and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remodel.qualification.numbers import Number

if TYPE_CHECKING:
    import pandas as pd


@dataclass(slots=True)
class Findings:
    """Numbers and tables, added to as a report is made.

    Attributes
    ----------
    numbers : dict of str to Number
    tables : dict of str to DataFrame
        Written as ``tables/NAME.csv``.
    words : dict of str to str
        Versions and hashes.
    """

    numbers: dict[str, Number] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def add(self, key: str, value: Any, unit: str, source: str) -> None:
        """Add a number."""
        self.numbers[key] = Number(float(value), unit, source)

    def add_row(
        self, prefix: str, row: Mapping[str, Any], units: Mapping[str, str], source: str
    ) -> None:
        """Add the numbers of a row of a table, each as ``PREFIX.COLUMN``."""
        for column, unit in units.items():
            self.add(f"{prefix}.{column}", row[column], unit, source)

    def value(self, key: str) -> float:
        """Return a number by its name."""
        return self.numbers[key].value


def records(table: pd.DataFrame) -> Iterable[dict[str, Any]]:
    """Return the rows of a table by column."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
