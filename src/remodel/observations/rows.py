"""Rows of a CSV file whose cells know where they stand, so that an error can say so."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import NoReturn

from remodel.errors import ObservationError, nearest
from remodel.files import read_text


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table; ``line`` counts the header as row 1."""

    file: str
    line: int
    cells: Mapping[str, str]

    def fail(self, column: str, problem: str, cause: Exception | None = None) -> NoReturn:
        """Raise an error that names the file, the row and the column."""
        cell = f"{self.file}, row {self.line}, column {column}"
        value = self.text(column)
        raise ObservationError(problem, place=cell, field=column, value=value) from cause

    def text(self, column: str, default: str = "") -> str:
        """Return a cell without surrounding blanks; an empty or missing one is ``default``."""
        return self.cells.get(column, "").strip() or default

    def required(self, column: str) -> str:
        """Return a cell that may not be empty."""
        word = self.text(column)
        if not word:
            self.fail(column, "the cell is empty.")
        return word

    def word(self, column: str, vocabulary: Collection[str], default: str | None = None) -> str:
        """Return a cell that must be one of the words of ``vocabulary``."""
        word = self.required(column) if default is None else self.text(column, default)
        if word not in vocabulary:
            self.fail(column, f"'{word}' is not known here.{nearest(word, vocabulary)}")
        return word

    def optional_number(self, column: str, unit: str = "") -> float | None:
        """Return a cell as a number, or None if it is empty or the column is missing."""
        word = self.text(column)
        return self._number(column, word, unit) if word else None

    def number(self, column: str, unit: str = "") -> float:
        """Return a cell that must be a number."""
        return self._number(column, self.required(column), unit)

    def _number(self, column: str, word: str, unit: str) -> float:
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            expected = f" Expected a number in {unit}." if unit else " Expected a number."
            self.fail(column, f"'{word}' is not a number.{expected}")
        return value


def load_rows(path: str | Path, required: Collection[str]) -> list[Row]:
    """Return the rows of a CSV file.

    Raises
    ------
    ObservationError
        If the file cannot be read, or a column is missing, or a row has too many cells.
    """
    file = Path(path)
    return read_rows(read_text(file, ObservationError), file.name, required)


def shipped_rows(name: str, required: Collection[str], *, room: str = "observations") -> list[Row]:
    """Return the rows of a CSV file that ships with the package, in the tables of a room."""
    table = files("remodel") / room / "tables" / name
    return read_rows(table.read_text(encoding="utf-8"), name, required)


def read_rows(text: str, name: str, required: Collection[str]) -> list[Row]:
    """Return the rows of CSV text; ``name`` stands for the file in errors."""
    try:
        records = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise ObservationError(f"{name} cannot be read as a CSV file ({error}).") from error
    header = [column.strip() for column in records[0]] if records else []
    _check_header(header, name, required)
    rows = []
    for line, record in enumerate(records[1:], start=2):
        if not record:
            continue
        if len(record) > len(header):
            raise ObservationError(
                f"{name}, row {line}: more cells than the {len(header)} columns."
            )
        cells = dict(zip(header, record, strict=False))
        if cells.pop("", ""):
            raise ObservationError(
                f"{name}, row 1: column {header.index('') + 1} has cells, but no name."
            )
        rows.append(Row(name, line, cells))
    return rows


def _check_header(header: Sequence[str], name: str, required: Collection[str]) -> None:
    """Refuse columns that are separated otherwise, missing, or there twice."""
    separator = next((mark for mark in ";\t" if len(header) == 1 and mark in header[0]), "")
    if separator:
        shown = "tabs" if separator == "\t" else f"'{separator}'"
        raise ObservationError(
            f"{name}, row 1: columns are separated by {shown}; separate them by commas, and write "
            "numbers with points."
        )
    for column in required:
        if column not in header:
            raise ObservationError(
                f"{name}, row 1: the column '{column}' is missing.{nearest(column, header)}"
            )
    for column in header:
        if column and header.count(column) > 1:
            raise ObservationError(f"{name}, row 1: the column '{column}' is there twice.")
