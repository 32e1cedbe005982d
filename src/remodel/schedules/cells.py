"""Rows of a dosing table: how a file is cut into cells, and what one cell says."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from remodel.errors import RemodelError, ScheduleError
from remodel.files import read_text

EMPTY = frozenset({".", "nan", "na", "<na>"})  # the last is how pandas writes it
MOST_ROWS = 200_000
COMMENT = "#"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?", re.ASCII)
_WITH_COMMA = re.compile(r"[+-]?\d*,\d+([eEdD][+-]?\d+)?", re.ASCII)
_WITH_POINT = re.compile(r"[+-]?\d*\.\d+([eEdD][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """One row, which knows where it stands so that errors can say it.

    Parameters
    ----------
    source : str
        File, or ``table``.
    number : int
        Line of the file, the first being 1; of a table without a file, which row.
    cells : dict of str to object
        By name of the column, in capitals.
    decimal_comma : bool
        Numbers are written as ``0,5``.
    """

    source: str
    number: int
    cells: dict[str, object]
    decimal_comma: bool = False

    def fail(
        self, column: str, message: str, error: type[RemodelError] = ScheduleError
    ) -> NoReturn:
        """Raise an error that names the row and the column."""
        full = f"{self.source}, row {self.number}, column {column}: {message}"
        raise error(full) from None

    def text(self, column: str) -> str:
        """Return a cell as text, empty where nothing is said."""
        cell = self.cells.get(column)
        text = "" if cell is None else str(cell).strip()
        return "" if text.lower() in EMPTY else text

    def shown(self, column: str) -> str:
        """Return a cell as it stands in a message: no longer than a message can be."""
        text = self.text(column)
        return text if len(text) <= 40 else f"{text[:37]}..."

    def value(self, column: str) -> float | None:
        """Return a cell as a finite number, None where nothing is said."""
        text = self.text(column)
        if not text:
            return None
        if self.decimal_comma:
            text = text.replace(",", ".")
        if text.lower().lstrip("+-") in {"inf", "infinity"}:
            self.fail(column, f"'{self.shown(column)}' is not a finite number.")
        if not _NUMBER.fullmatch(text):
            self.fail(column, f"'{self.shown(column)}' is not a number.")
        value = float(re.sub("[dD]", "e", text))
        if not math.isfinite(value):
            self.fail(column, f"'{self.shown(column)}' is not a finite number.")
        return value

    def not_negative(self, column: str, default: float = 0.0) -> float:
        """Return a cell as a number that is not negative."""
        value = self.value(column)
        if value is None:
            return default
        if value < 0:
            self.fail(column, f"{self.shown(column)} is negative.")
        return value

    def whole(self, column: str, default: int) -> int:
        """Return a cell as a whole number."""
        value = self.value(column)
        if value is None:
            return default
        if value != int(value):
            self.fail(column, f"{self.shown(column)} is not a whole number.")
        return int(value)


def read_rows(path: str | Path) -> tuple[list[str], list[Row]]:
    """Return the columns and the rows of a file.

    Cells are separated by semicolons, tabs, commas or blanks, whichever the header uses; where
    it is not the comma, numbers may have a decimal comma. Blank lines, lines of nothing but
    separators, and lines that begin with ``#`` are passed over.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    ScheduleError
        If the file cannot be read, or is not a table.
    """
    lines = _lines(path)
    try:
        records = [
            (n, record) for n, record in _records(lines) if any(c.strip(" ,;\t") for c in record)
        ]
    except csv.Error as error:
        raise ScheduleError(f"{path} is not a CSV file ({error}).") from error
    if not records:
        raise ScheduleError(
            f"{path} is empty; a table of doses has at least a header with TIME, AMT and DRUG."
        )
    columns = [name.strip().upper() for name in records[0][1]]
    while columns and not columns[-1]:
        columns.pop()
    comma = _has_decimal_comma(str(path), records[1:], _separator(lines))
    rows = []
    for number, record in records[1:]:
        if any(cell.strip() for cell in record[len(columns) :]):
            raise ScheduleError(
                f"{path}, row {number}: {len(record)} cells in {len(columns)} columns."
            )
        rows.append(Row(str(path), number, dict(zip(columns, record, strict=False)), comma))
    return columns, rows


def rows_of_mappings(rows: Any) -> tuple[list[str], list[Row]]:
    """Return the columns and the rows of a data frame, or of mappings of column to cell."""
    to_dict = getattr(rows, "to_dict", None)  # a data frame
    plain: list[object] = list(rows) if to_dict is None else to_dict("records")
    numbered = []
    for number, row in enumerate(plain, 1):
        if not isinstance(row, Mapping):
            raise ScheduleError(
                f"table, row {number}: expected a mapping of column to cell, got {row!r}."
            )
        cells = {str(name).strip().upper(): cell for name, cell in row.items()}
        numbered.append(Row("table", number, cells))
    return list({column: None for row in numbered for column in row.cells}), numbered


def _lines(path: str | Path) -> list[str]:
    text = read_text(path, ScheduleError)
    lines = text.splitlines(keepends=True)
    if len(lines) > MOST_ROWS:
        raise ScheduleError(f"{path} has {len(lines)} rows; a table has at most {MOST_ROWS}.")
    return ["\n" if line.lstrip().startswith(COMMENT) else line for line in lines]


def _separator(lines: Iterable[str]) -> str:
    header = next((line.strip() for line in lines if line.strip(" \t\r\n,;")), "")
    return next((mark for mark in ";\t," if mark in header), " ")


def _records(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line on which each record begins, and its cells."""
    separator = _separator(lines)
    if separator == " ":
        yield from ((number, line.split()) for number, line in enumerate(lines, 1))
        return
    reader = csv.reader(lines, strict=True, delimiter=separator)
    begin = 1
    for record in reader:
        yield begin, record
        begin = reader.line_num + 1


def _has_decimal_comma(
    source: str, records: Iterable[tuple[int, list[str]]], separator: str
) -> bool:
    """Return whether numbers have a decimal comma; both kinds in one file are refused."""
    if separator == ",":
        return False
    point: tuple[int, str] | None = None
    comma: tuple[int, str] | None = None
    for number, record in records:
        for cell in map(str.strip, record):
            if _WITH_COMMA.fullmatch(cell):
                comma = comma or (number, cell)
            elif _WITH_POINT.fullmatch(cell):
                point = point or (number, cell)
    if comma and point:
        raise ScheduleError(
            f"{source}, row {comma[0]}: '{comma[1]}' has a decimal comma and '{point[1]}' in row "
            f"{point[0]} a decimal point; write all numbers in one way."
        )
    return comma is not None
