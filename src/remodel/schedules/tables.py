"""NONMEM-style tables of doses: one row a dose or a series of equal doses.

========  ==========================================================================================
column    meaning
========  ==========================================================================================
TIME      when the (first) dose is given; needed, and never falling from one row to the next
AMT       size of each dose; needed
DRUG/CMT  name of the drug; a number in CMT needs ``compartments`` to say which drug it is
UNIT      unit of dose; mg without it
RATE      amount a unit of time, which makes each dose an infusion of AMT/RATE; 0 is a bolus
DUR       length of the infusion, instead of or in agreement with RATE
EVID      1 is a dose; rows with 0 (observations) and 2 (other events) are passed over; the resets
          3 and 4 are errors, because a patient cannot be reset. Without it, rows with AMT are doses
ADDL, II  number of further doses and time between doses
SS        1 is a steady state with interval II
ROUTE     iv, sc, oral or patch
ID        number of the patient, the same in all rows
========  ==========================================================================================

Names of columns are in upper or lower case; other columns are passed over. Empty cells and a dot
mean nothing is said. Times are in days unless ``time_unit`` says otherwise.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from remodel.errors import RemodelError, ScheduleError, UnitError, nearest
from remodel.schedules.events import MOST_DOSES, Dose
from remodel.schedules.schedule import Schedule
from remodel.schedules.words import ROUTE_WORDS, ROUTES, check_dose_unit, drug_name, length_in_days

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("TIME", "AMT", "UNIT", "RATE", "DUR", "EVID", "DRUG", "ROUTE", "ADDL", "II", "SS")
EMPTY = frozenset({".", "nan", "na", "<na>"})  # the last is how pandas writes it


@dataclass(frozen=True, slots=True)
class _Row:
    """One row, which knows where it stands so that errors can say it."""

    source: str
    number: int
    cells: dict[str, object]

    def fail(
        self, column: str, message: str, error: type[RemodelError] = ScheduleError
    ) -> NoReturn:
        full = f"{self.source}, row {self.number}, column {column}: {message}"
        raise error(full) from None

    def text(self, column: str) -> str:
        """Return a cell as text, empty where nothing is said."""
        cell = self.cells.get(column)
        text = "" if cell is None else str(cell).strip()
        return "" if text.lower() in EMPTY else text

    def value(self, column: str) -> float | None:
        """Return a cell as a finite number, None where nothing is said."""
        text = self.text(column)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            self.fail(column, f"'{text}' is not a number.")
        if not math.isfinite(value):
            self.fail(column, f"'{text}' is not a finite number.")
        return value

    def not_negative(self, column: str) -> float:
        """Return a cell as a number that is not negative, 0 where nothing is said."""
        value = self.value(column) or 0.0
        if value < 0:
            self.fail(column, f"{self.text(column)} is negative.")
        return value

    def whole(self, column: str, default: int) -> int:
        value = self.value(column)
        if value is None:
            return default
        if value != int(value):
            self.fail(column, f"{self.text(column)} is not a whole number.")
        return int(value)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """How the cells of a table are to be understood."""

    day_factor: float
    compartments: Mapping[int, str] | None
    drugs: tuple[str, ...] | None


def load_csv(
    path: str | Path,
    *,
    time_unit: str = "d",
    compartments: Mapping[int, str] | None = None,
    drugs: Iterable[str] | None = None,
) -> Schedule:
    """Return the schedule in a CSV file.

    Parameters
    ----------
    path : str or Path
        File with the columns of this module; the header is row 1, as in a spreadsheet.
    time_unit : str
        Unit of TIME, II and DUR, and of time in RATE.
    compartments : mapping of int to str, optional
        Which drug a number in CMT stands for.
    drugs : iterable of str, optional
        Canonical names of the known drugs; any name is accepted without it.

    Raises
    ------
    ScheduleError, UnitError
        If the file cannot be read, with row and column where there are any.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            records = list(csv.reader(file, strict=True))
    except OSError as error:
        raise ScheduleError(f"{path} cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ScheduleError(f"{path} is not a CSV file ({error}).") from error
    filled = [(number, record) for number, record in enumerate(records, 1) if any(record)]
    if not filled:
        raise ScheduleError(
            f"{path} is empty; a table of doses has at least a header with TIME, AMT and DRUG."
        )
    columns = [name.strip().upper() for name in filled[0][1]]
    _check_columns(columns, str(path))
    rows = [_csv_row(str(path), number, columns, record) for number, record in filled[1:]]
    return _schedule(rows, _meaning(time_unit, compartments, drugs))


def schedule_from_rows(
    rows: Iterable[Mapping[str, object]] | pd.DataFrame,
    *,
    time_unit: str = "d",
    compartments: Mapping[int, str] | None = None,
    drugs: Iterable[str] | None = None,
) -> Schedule:
    """Return the schedule in a table; parameters and errors are those of ``load_csv``.

    Parameters
    ----------
    rows : iterable of mappings, or pandas.DataFrame
        One mapping of column to cell for each row; the first row is row 1.
    """
    records = _records(rows)
    if not records:
        return Schedule()
    columns = {column: None for record in records for column in record}
    _check_columns(list(columns), "table")
    numbered = [_Row("table", number, record) for number, record in enumerate(records, 1)]
    return _schedule(numbered, _meaning(time_unit, compartments, drugs))


def rows_of(schedule: Schedule, until: float | None = None) -> list[dict[str, object]]:
    """Return the doses of a schedule as rows with ``COLUMNS``, times in days.

    Parameters
    ----------
    schedule : Schedule
        Without interventions, which a table of doses cannot hold.
    until : float, optional
        Leave out doses at or after this time [d]; needed for an open-ended schedule.

    Raises
    ------
    ScheduleError
        If there are interventions, or an open-ended regimen and no ``until``.
    """
    if schedule.interventions:
        name = schedule.interventions[0].name
        raise ScheduleError(f"A table holds doses only; {name} cannot be written to it.")
    doses = (schedule if until is None else schedule.stopped(until)).doses
    return [_row_of(dose) for dose in doses]


def write_csv(schedule: Schedule, path: str | Path, until: float | None = None) -> None:
    """Write the doses of a schedule as CSV; see ``rows_of`` for parameters and errors."""
    rows = rows_of(schedule, until)
    try:
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise ScheduleError(f"{path} cannot be written ({error.strerror}).") from error


def _row_of(dose: Dose) -> dict[str, object]:
    count = len(dose.times)  # raises for an open-ended regimen
    return {
        "TIME": dose.time,
        "AMT": dose.amount,
        "UNIT": dose.unit,
        # RATE is what other programs read; DUR keeps the infusion of a dose of 0, and exactly.
        "RATE": dose.amount / dose.infusion if dose.infusion > 0 else 0.0,
        "DUR": dose.infusion,
        "EVID": 1,
        "DRUG": dose.drug,
        "ROUTE": dose.route or "",
        "ADDL": count - 1,
        "II": dose.interval or 0.0,
        "SS": int(dose.steady_state),
    }


def _meaning(
    time_unit: str, compartments: Mapping[int, str] | None, drugs: Iterable[str] | None
) -> _Meaning:
    known = None if drugs is None else tuple(drugs)
    return _Meaning(length_in_days(1.0, time_unit), compartments, known)


def _records(rows: Iterable[Mapping[str, object]] | pd.DataFrame) -> list[dict[str, object]]:
    to_dict = getattr(rows, "to_dict", None)  # a data frame
    plain: Any = list(rows) if to_dict is None else to_dict("records")
    for number, row in enumerate(plain, 1):
        if not isinstance(row, Mapping):
            raise ScheduleError(
                f"table, row {number}: expected a mapping of column to cell, got {row!r}."
            )
    return [{str(name).strip().upper(): cell for name, cell in row.items()} for row in plain]


def _csv_row(source: str, number: int, columns: list[str], record: list[str]) -> _Row:
    if len(record) > len(columns):
        raise ScheduleError(
            f"{source}, row {number}: {len(record)} cells in {len(columns)} columns."
        )
    return _Row(source, number, dict(zip(columns, record, strict=False)))


def _check_columns(columns: list[str], source: str) -> None:
    found = f"found: {', '.join(columns)}"
    missing = [name for name in ("TIME", "AMT") if name not in columns]
    if not {"DRUG", "CMT"} & set(columns):
        missing.append("DRUG")
    if missing:
        raise ScheduleError(f"{source}: column {missing[0]} is missing; {found}.")
    for name in columns:
        if name and columns.count(name) > 1:
            raise ScheduleError(f"{source}: column {name} is there twice; {found}.")


def _schedule(rows: list[_Row], meaning: _Meaning) -> Schedule:
    _check_one_patient(rows)
    doses: list[Dose] = []
    for row, time in zip(rows, _rising_times(rows), strict=True):
        if not _is_dose(row):
            continue
        dose = _dose(row, time, meaning)
        if dose.steady_state and dose.drug in {earlier.drug for earlier in doses}:
            row.fail("SS", f"a steady state of {dose.drug} after doses of it is not supported.")
        doses.append(dose)
    return Schedule(tuple(doses))


def _check_one_patient(rows: list[_Row]) -> None:
    for row in rows:
        if row.text("ID") != rows[0].text("ID"):
            row.fail("ID", "the table holds more than one patient; give it one at a time.")


def _rising_times(rows: list[_Row]) -> Iterator[float]:
    last = -math.inf
    for row in rows:
        time = row.value("TIME")
        if time is None:
            row.fail("TIME", "a time is missing.")
        if time < last:
            row.fail("TIME", f"{row.text('TIME')} comes after {last:g}; sort the rows by TIME.")
        last = time
        yield time


def _is_dose(row: _Row) -> bool:
    kind = row.whole("EVID", default=1 if row.text("AMT") else 0)
    if kind in {3, 4}:
        row.fail("EVID", f"{kind} resets the patient, which is not supported; bone has a memory.")
    if kind not in {0, 1, 2}:
        row.fail("EVID", f"{kind} is unknown; 1 is a dose, 0 and 2 are passed over.")
    return kind == 1


def _dose(row: _Row, time: float, meaning: _Meaning) -> Dose:
    if not row.text("AMT"):
        row.fail("AMT", "an amount is missing; a dose has one, if only 0.")
    amount = row.not_negative("AMT")
    more, interval, steady_state = _repetition(row)
    return Dose(
        _drug(row, meaning),
        amount,
        _unit(row),
        time * meaning.day_factor,
        interval=interval * meaning.day_factor or None,
        count=more + 1,
        infusion=_infusion(row, amount) * meaning.day_factor,
        route=_route(row),
        steady_state=steady_state,
    )


def _repetition(row: _Row) -> tuple[int, float, bool]:
    more, interval, steady = row.whole("ADDL", 0), row.not_negative("II"), row.whole("SS", 0)
    if not 0 <= more < MOST_DOSES:
        row.fail("ADDL", f"{more} is not a number of further doses from 0 to {MOST_DOSES - 1}.")
    if more > 0 and interval == 0:
        row.fail("II", f"the interval of the {more} further doses is missing.")
    if steady not in {0, 1}:
        row.fail("SS", f"{steady} is not supported; 1 is a steady state, 0 is none.")
    if steady and interval == 0:
        row.fail("II", "the interval of the steady state is missing.")
    return more, interval, steady == 1


def _unit(row: _Row) -> str:
    unit = row.text("UNIT") or "mg"
    try:
        check_dose_unit(unit)
    except UnitError as error:
        row.fail("UNIT", str(error), UnitError)
    return unit


def _infusion(row: _Row, amount: float) -> float:
    """Return the length of the infusion in the unit of time of the table."""
    rate = row.value("RATE") or 0.0
    if rate < 0:
        row.fail("RATE", f"{row.text('RATE')} is not supported; give the rate itself, or DUR.")
    length = row.not_negative("DUR")
    if rate > 0 and length > 0 and not math.isclose(rate * length, amount, rel_tol=1e-6):
        row.fail(
            "DUR", f"AMT {amount:g} is not RATE {rate:g} times DUR {length:g}; give one of them."
        )
    return length or (amount / rate if rate > 0 else 0.0)


def _drug(row: _Row, meaning: _Meaning) -> str:
    column = "DRUG" if row.text("DRUG") else "CMT"
    text = row.text(column)
    if not text:
        row.fail(column, "the name of the drug is missing.")
    number = text.removesuffix(".0")
    if column == "CMT" and number.isdecimal():
        if meaning.compartments is None or int(number) not in meaning.compartments:
            row.fail(
                column, f"no drug is known for number {number}; give its name or compartments."
            )
        text = meaning.compartments[int(number)]
    try:
        return drug_name(text, meaning.drugs)
    except ScheduleError as error:
        row.fail(column, str(error))


def _route(row: _Row) -> str | None:
    word = row.text("ROUTE").lower()
    if word and word not in ROUTE_WORDS:
        row.fail("ROUTE", f"'{word}' is not a route.{nearest(word, ROUTES)}")
    return ROUTE_WORDS.get(word)
