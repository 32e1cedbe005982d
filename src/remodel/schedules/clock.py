"""Dates and clock times of a dosing table, as NM-TRAN reads them, in days."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from remodel.schedules.cells import Row
from remodel.units import days

# Order of the parts of a date in each column.
DATE_COLUMNS = {
    "DATE": ("month", "day", "year"),
    "DAT1": ("day", "month", "year"),
    "DAT2": ("year", "month", "day"),
    "DAT3": ("year", "day", "month"),
}
_LAST_OF_THIS_CENTURY = 50  # of years in two digits, as in NM-TRAN
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_HOURS_PER_DAY = 24.0
_DIGITS_OF_A_DAY = 5  # of a date that is the number of a day, as NM-TRAN allows


def times_of(rows: Iterable[Row], date_column: str | None, day_factor: float) -> list[float]:
    """Return the time of each row of one patient [d].

    Numbers in TIME count from day 0. Dates and clock times count from the patient's first row;
    beside a date, a number in TIME is the hour of the day.

    Parameters
    ----------
    rows : iterable of Row
    date_column : str, optional
        The one of ``DATE_COLUMNS`` that the table has.
    day_factor : float
        Length of the unit of TIME [d].

    Raises
    ------
    ScheduleError
        If a time is missing, cannot be read, or falls.
    """
    rows = list(rows)
    is_clock = date_column is not None or any(":" in row.text("TIME") for row in rows)
    times: list[float] = []
    zero: tuple[float, float] | None = None
    for row in rows:
        if is_clock:
            day, hour = _day_and_hour(row, date_column)
            zero = zero or (day, hour)
            time = day - zero[0] + days(hour - zero[1], "h")
        else:
            time = _number(row) * day_factor
        if times and time < times[-1]:
            column = date_column or "TIME"
            row.fail(
                column, f"{row.shown(column)} comes after a later time; sort the rows by TIME."
            )
        times.append(time)
    return times


def _number(row: Row) -> float:
    time = row.value("TIME")
    if time is None:
        row.fail("TIME", "a time is missing.")
    return time


def _day_and_hour(row: Row, date_column: str | None) -> tuple[float, float]:
    """Return the number of the day, 0 without a date, and the hour of the day."""
    day = 0.0 if date_column is None else _day(row, date_column)
    text = row.text("TIME")
    if not text and date_column is None:
        row.fail("TIME", "a time is missing.")
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds = (int(piece or 0) for piece in clock.groups())
        if minutes > 59 or seconds > 59 or (date_column and hours > 24):
            row.fail("TIME", f"'{text}' is not a time of the day.")
        return day, hours + minutes / 60 + seconds / 3600
    hour = row.not_negative("TIME")
    if date_column is None:
        row.fail("TIME", f"'{row.shown('TIME')}' stands among times of the form 8:30.")
    if hour > _HOURS_PER_DAY:
        row.fail(
            "TIME",
            f"{row.shown('TIME')} is not an hour of the day; beside {date_column}, TIME is the "
            "hour, from 0 to 24, or a clock time such as 8:30.",
        )
    return day, hour


def _day(row: Row, column: str) -> float:
    text = row.text(column)
    if not text:
        row.fail(column, "a date is missing.")
    if text.isdecimal() and len(text) <= _DIGITS_OF_A_DAY:
        return row.not_negative(column)
    written = text.split("T")[0].split(" ")[0]  # a date as other programs write it, at midnight
    is_midnight = re.fullmatch(r"([T ]00:00(:00(\.0+)?)?)?", text[len(written) :])
    pieces = re.split("[/-]", written)
    if not is_midnight or len(pieces) != 3 or not all(piece.isdecimal() for piece in pieces):
        row.fail(column, f"'{row.shown(column)}' is not a date; write for example 2021-02-01.")
    order = DATE_COLUMNS[column]
    if len(pieces[0]) == 4 and order[0] != "year":
        order = DATE_COLUMNS["DAT2"]  # 2021-02-01 can be read in one way only
    day = {name: int(piece[:9]) for name, piece in zip(order, pieces, strict=True)}
    if day["year"] < 100:
        day["year"] += 2000 if day["year"] <= _LAST_OF_THIS_CENTURY else 1900
    try:
        return float(date(day["year"], day["month"], day["day"]).toordinal())
    except (ValueError, OverflowError):
        row.fail(
            column,
            f"'{row.shown(column)}' is not a date written {'/'.join(order)}; DATE is "
            "month/day/year, DAT1 day/month/year, DAT2 year/month/day, DAT3 year/day/month.",
        )
