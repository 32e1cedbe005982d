"""Published errors of observations: one SE or SD, or the two ends of an interval."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from remodel.errors import ObservationError
from remodel.observations.rows import Row
from remodel.observations.schema import ERROR_KINDS

if TYPE_CHECKING:
    from remodel.observations.cells import ObservationCells

# What others call the columns of a spread, without capitals and marks.
_SPREAD = re.compile(
    r"se|sem|sd|std|stdev|stderr|err|standarderror|standarddeviation|stddev|iqr|q[13]|range|[lu]cl"
    r"|(ci|95ci|ci95)?(low|lower|high|upper|[lu])(ci|95ci|ci95|bound|limit)?|ci|95ci|ci95"
)
_ALIKE = 0.8


def read_interval(
    row: Row, cells: ObservationCells, value: float, *, is_censored: bool
) -> tuple[float | None, float | None, str]:
    """Return the ends of the published interval and its kind, in the unit of the table.

    Raises
    ------
    ObservationError
        If they do not fit each other or the value. A row that carries a flag, as digitised curves
        mark their own faults with, is read without bounds instead.
    """
    try:
        low, high = _bounds(row, cells, value)
    except ObservationError:
        if not cells.flag:
            raise
        return None, None, "none"
    if low is None:
        return None, None, "none"
    if is_censored:
        row.fail("value", f"'{cells.value}' is a limit of detection; it has no error.")
    return low, high, cells.error_kind


def _bounds(
    row: Row, cells: ObservationCells, value: float
) -> tuple[float, float] | tuple[None, None]:
    low, high, kind = cells.error_low, cells.error_high, cells.error_kind
    if cells.error is not None:
        if low is not None or high is not None:
            row.fail("error", "give either error, or error_low and error_high.")
        if kind not in ("se", "sd"):
            row.fail(
                "error_kind",
                f"one error is an se or sd, not '{row.text('error_kind')}'; a 95ci, iqr or range "
                "has error_low and error_high.",
            )
        return value - cells.error, value + cells.error
    if low is None and high is None:
        _check_names(row)
        return None, None
    if low is None or high is None:
        empty = "error_low" if low is None else "error_high"
        row.fail(empty, "the cell is empty, but the other end of the interval is given.")
    if low > high:
        problem = f"{high:g} is below error_low {low:g}: a spread cannot be negative."
        row.fail("error_high", problem)
    if low == high:
        row.fail(
            "error_high",
            f"{high:g} is error_low too: an interval has two ends; an se or sd goes into the "
            "column error.",
        )
    if not low <= value <= high:
        column = "error_low" if value < low else "error_high"
        row.fail(
            column, f"the interval from {low:g} to {high:g} does not hold the value {value:g}."
        )
    if kind == "none":
        kinds = ", ".join(kind for kind in ERROR_KINDS if kind != "none")
        row.fail("error_kind", f"error_low and error_high are given; say what they are: {kinds}.")
    return low, high


def _check_names(row: Row) -> None:
    """Refuse a spread in a column that is not read: it would be lost without a word."""
    columns = ("error", "error_low", "error_high")
    for column in row.cells.keys() - {*columns, "error_kind"}:
        name = re.sub(r"[^a-z0-9]", "", column.lower())
        alike = difflib.get_close_matches(column.lower(), columns, n=1, cutoff=_ALIKE)
        if row.text(column) and (alike or _SPREAD.fullmatch(name)):
            row.fail(
                column,
                "the name is not read; a spread goes into error (error_kind se or sd), or "
                "error_low and error_high (error_kind 95ci, iqr or range).",
            )
