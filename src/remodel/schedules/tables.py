"""NONMEM-style tables of doses: one row for a dose or a series of equal doses.

==========  ========================================================================================
column      meaning
==========  ========================================================================================
TIME        when the (first) dose is given, never falling from row to row; needed, or DATE. A
            number, or a clock time such as 8:30, which counts from the patient's first row
DATE        month/day/year, DAT1 day/month/year, DAT2 year/month/day, DAT3 year/day/month, and
            2021-02-01 in all but DAT3. Days count from the patient's first row, and TIME is the
            hour of the day
AMT         size of each dose; needed
DRUG        name of the drug
CMT         name of a drug or of one of its compartments; or a number, of the compartments of the
            drug in DRUG, of the model's only drug, or of what ``compartments`` says
ROUTE       iv, sc, oral or patch
UNIT        unit of dose; ``dose_unit``, mg by default, without it
RATE        amount a unit of time, which makes each dose an infusion of AMT/RATE; 0 is a bolus.
            -2 takes the length from DUR or D1 (of CMT 1), -1 the rate from R1
DUR         length of the infusion, instead of or in agreement with RATE
F, F1       share of the dose that counts (of CMT 1): a rate stays and the infusion changes its
            length, a length stays and the rate changes. It comes on top of the bioavailability
            that the model has
LAG, ALAG1  how much later each dose arrives (of CMT 1)
EVID        0 is an observation, 1 a dose, 2 another event, 3 a reset of the system to its start,
            4 a reset and a dose. Without it, a row with AMT or RATE is a dose, and others
            observations
ADDL, II    number of further doses and time between doses
SS          1 is a steady state with interval II that takes the place of all there was, 2 one
            that is added to it
ID          number of the patient; several patients give a list of schedules
C           a row with ``C`` or ``#`` here is a comment
DV, MDV     of observations; they say nothing about doses
==========  ========================================================================================

Names of columns are in upper or lower case. Any other column is refused, unless it is one of
``ignore_columns``. Empty cells and dots leave a value unspecified. Times are in days unless
``time_unit`` says otherwise. A reset ends what is pending and what is being infused.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from remodel.errors import ScheduleError, nearest
from remodel.files import write_text
from remodel.schedules.cells import Row, read_rows, rows_of_mappings
from remodel.schedules.clock import DATE_COLUMNS, times_of
from remodel.schedules.records import LAGS, NUMBERED, Meaning, schedule_of
from remodel.schedules.timeline import Timeline
from remodel.schedules.words import check_dose_unit, length_in_days

if TYPE_CHECKING:
    import pandas as pd

WRITTEN = ("TIME", "AMT", "UNIT", "RATE", "DUR", "EVID", "DRUG", "ROUTE", "ADDL", "II", "SS", "LAG")
_KNOWN = frozenset({*WRITTEN, *DATE_COLUMNS, *LAGS, "CMT", "F", "ID", "C", "DV", "MDV"})
_COMMENTS = frozenset({"C", "#"})
_NO_COMMENTS = frozenset({"", "0"})


def load_csv(
    path: str | Path,
    *,
    time_unit: str = "d",
    dose_unit: str = "mg",
    compartments: Mapping[int | str, str] | None = None,
    drugs: Iterable[str] | None = None,
    ignore_columns: Iterable[str] = (),
) -> dict[str, Timeline]:
    """Return the schedules in a CSV file, by the ID of the patient.

    Parameters
    ----------
    path : str or Path
        File with the columns of this module, separated by commas, semicolons, tabs or blanks; the
        header is row 1, as in a spreadsheet.
    time_unit : str
        Unit of TIME, II, DUR and LAG, and of time in RATE.
    dose_unit : str
        Unit of AMT where UNIT says nothing.
    compartments : mapping of int or str to str, optional
        What a CMT stands for: a drug, or a drug and a route, such as ``{1: "denosumab sc"}``.
    drugs : iterable of str or mapping of str to Drug, optional
        Known drugs, such as those of a model; any name is accepted without it.
    ignore_columns : iterable of str
        Columns that say nothing about doses, such as covariates.

    Raises
    ------
    ScheduleError, UnitError
        If the file cannot be read, with row and column where there are any.
    """
    columns, rows = read_rows(path)
    meaning = _meaning(time_unit, dose_unit, compartments, drugs)
    return _schedules(columns, rows, str(path), meaning, _ignored(ignore_columns))


def schedules_from_rows(
    rows: Iterable[Mapping[str, object]] | pd.DataFrame,
    *,
    time_unit: str = "d",
    dose_unit: str = "mg",
    compartments: Mapping[int | str, str] | None = None,
    drugs: Iterable[str] | None = None,
    ignore_columns: Iterable[str] = (),
) -> dict[str, Timeline]:
    """Return the schedules in a table; parameters and errors are those of ``load_csv``.

    Parameters
    ----------
    rows : iterable of mappings, or pandas.DataFrame
        One mapping of column to cell for each row; the first row is row 1.
    """
    columns, numbered = rows_of_mappings(rows)
    meaning = _meaning(time_unit, dose_unit, compartments, drugs)
    if not numbered:
        return {"": Timeline()}
    return _schedules(columns, numbered, "table", meaning, _ignored(ignore_columns))


def rows_of(schedule: Timeline, until: float | None = None) -> list[dict[str, object]]:
    """Return the doses of a schedule as rows with the columns ``WRITTEN``, times in days.

    Parameters
    ----------
    schedule : Timeline
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
    # a steady state that another row precedes would take that away with SS 1
    first = min((dose.time - dose.lead for dose in doses), default=0.0)
    rows = []
    for number, dose in enumerate(sorted(doses, key=lambda dose: dose.time - dose.lead)):
        count = len(dose.times)  # raises for an open-ended regimen
        repeats = count > 1 or dose.steady_state
        adds = number > 0 or dose.time - dose.lead > first
        rows.append(
            {
                "TIME": dose.time - dose.lead,
                "AMT": dose.amount,
                "UNIT": dose.unit,
                # other programs read RATE; DUR keeps the infusion of a dose of 0, and exactly
                "RATE": dose.amount / dose.infusion if dose.infusion > 0 else 0.0,
                "DUR": dose.infusion,
                "EVID": 1,
                "DRUG": dose.drug,
                "ROUTE": dose.route or "",
                "ADDL": count - 1,
                "II": dose.interval if repeats and dose.interval else 0.0,
                "SS": (2 if adds else 1) if dose.steady_state else 0,
                "LAG": dose.lead,
            }
        )
    return rows


def write_csv(schedule: Timeline, path: str | Path, until: float | None = None) -> None:
    """Write the doses of a schedule as CSV; see ``rows_of`` for parameters and errors.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    rows = rows_of(schedule, until)
    text = io.StringIO()
    writer = csv.DictWriter(text, WRITTEN, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def _meaning(
    time_unit: str,
    dose_unit: str,
    compartments: Mapping[int | str, str] | None,
    drugs: Iterable[str] | None,
) -> Meaning:
    check_dose_unit(dose_unit)
    known = drugs if drugs is None or isinstance(drugs, Mapping) else tuple(drugs)
    return Meaning(length_in_days(1.0, time_unit), dose_unit, compartments, known)


def _ignored(columns: Iterable[str]) -> frozenset[str]:
    names = columns.split(",") if isinstance(columns, str) else columns
    return frozenset(name.strip().upper() for name in names)


def _schedules(
    columns: list[str], rows: list[Row], source: str, meaning: Meaning, ignored: frozenset[str]
) -> dict[str, Timeline]:
    read = [name for name in columns if name not in ignored]
    _check_ignored(columns, ignored, source)
    date = _check_columns(read, source)
    kept = [
        Row(
            row.source,
            row.number,
            {name: cell for name, cell in row.cells.items() if name not in ignored},
            row.decimal_comma,
        )
        for row in rows
    ]
    kept = [row for row in kept if not _is_comment(row)]
    _check_observations(kept)
    schedules: dict[str, Timeline] = {}
    for patient, group in groupby(kept, key=lambda row: row.text("ID")):
        records = list(group)
        if patient in schedules:
            message = f"patient {patient} appears again; keep the rows of each patient together."
            records[0].fail("ID", message)
        times = times_of(records, date, meaning.day_factor)
        schedules[patient] = schedule_of(records, times, meaning)
    return schedules or {"": Timeline()}


def _check_ignored(columns: list[str], ignored: frozenset[str], source: str) -> None:
    for name in sorted(ignored):
        if name not in columns:
            raise ScheduleError(
                f"{source}: column {name} is to be ignored, but there is none."
                f"{nearest(name, columns)}"
            )


def _check_columns(columns: list[str], source: str) -> str | None:
    """Refuse columns that are missing, unknown or there twice; return that of the date."""
    listed = f"found: {', '.join(columns)}"
    dates = [name for name in columns if name in DATE_COLUMNS]
    missing = [name for name in ("TIME", "AMT") if name not in columns]
    if dates and "TIME" in missing:
        missing.remove("TIME")
    if not {"DRUG", "CMT"} & set(columns):
        missing.append("DRUG")
    if missing:
        raise ScheduleError(f"{source}: column {missing[0]} is missing; {listed}.")
    for name in columns:
        if name and columns.count(name) > 1:
            raise ScheduleError(f"{source}: column {name} appears twice; {listed}.")
        if name not in _KNOWN and not NUMBERED.fullmatch(name):
            shown = f"column {name}" if name else "a column without a name"
            raise ScheduleError(
                f"{source}: {shown} is not a column of a table of doses.{nearest(name, _KNOWN)} "
                "If it says nothing about doses, name it in ignore_columns (--ignore-columns)."
            )
    if len(dates) > 1:
        raise ScheduleError(f"{source}: {' and '.join(dates)} are both dates; keep one.")
    return dates[0] if dates else None


def _is_comment(row: Row) -> bool:
    mark = row.text("C")
    if mark.upper() not in _COMMENTS | _NO_COMMENTS:
        row.fail("C", f"'{row.shown('C')}' is neither empty nor C, which makes a row a comment.")
    return mark.upper() in _COMMENTS


def _check_observations(rows: Iterable[Row]) -> None:
    for row in rows:
        if row.whole("MDV", 0) not in (0, 1, 100, 101):
            row.fail("MDV", f"{row.shown('MDV')} is unknown; 1 is a missing value, 0 is none.")
