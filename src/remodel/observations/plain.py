"""The plain layout of regimens: one row a dose, a stretch of daily dosing, or no treatment."""

from __future__ import annotations

import math
from collections.abc import Iterable

from remodel.errors import ScheduleError, UnitError
from remodel.observations.rows import Row
from remodel.observations.schema import LONGEST_MONTHS, Arm
from remodel.patient import SEXES
from remodel.schedules import Dose, Schedule
from remodel.units import days

PLAIN_COLUMNS = (
    "study_id",
    "arm",
    "drug",
    "schedule",
    "dose_mg",
    "time_months",
    "start_month",
    "end_month",
    "dose_mg_per_day",
)


def plain_arms(rows: Iterable[Row]) -> dict[tuple[str, str], Arm]:
    """Return the arms of a plain table of regimens by study and name.

    Parameters
    ----------
    rows : iterable of Row
        With the columns of ``PLAIN_COLUMNS``, and perhaps ``age_at_start``, ``menopause_age``,
        ``sex`` and T-scores, such as ``t_score_lumbar_spine``.

    Raises
    ------
    ObservationError
        If a cell is not what its column holds, or two rows disagree about the patients of an arm.
    """
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        grouped.setdefault((row.required("study_id"), row.required("arm")), []).append(row)
    return {key: _arm(key, group) for key, group in grouped.items()}


def _arm(key: tuple[str, str], rows: list[Row]) -> Arm:
    doses = tuple(dose for row in rows for dose in _doses(row))
    notes = dict.fromkeys(row.text("note") for row in rows if row.text("note"))
    return Arm(
        study_id=key[0],
        name=key[1],
        schedule=Schedule(doses=doses),
        age=_same(rows, "age_at_start"),
        menopause_age=_same(rows, "menopause_age"),
        t_score_lumbar_spine=_same(rows, "t_score_lumbar_spine", "SD"),
        t_score_total_hip=_same(rows, "t_score_total_hip", "SD"),
        t_score_femoral_neck=_same(rows, "t_score_femoral_neck", "SD"),
        sex=_sex(rows),
        note="; ".join(notes),
    )


def _sex(rows: list[Row]) -> str:
    sexes = {row.word("sex", SEXES, "female") for row in rows}
    if len(sexes) > 1:
        row = rows[-1]
        row.fail("sex", f"the rows of {row.text('arm')} do not agree about it.")
    (sex,) = sexes
    if sex == "male":
        check_no_menopause(rows[0])
    return sex


def check_no_menopause(row: Row) -> None:
    """Check that a row about men gives no age at menopause.

    Raises
    ------
    ObservationError
    """
    if row.text("menopause_age"):
        row.fail("menopause_age", "men have no menopause; leave the cell empty.")


def _same(rows: list[Row], column: str, unit: str = "years") -> float | None:
    first = rows[0].optional_number(column, unit)
    for row in rows[1:]:
        value = row.optional_number(column, unit)
        if value != first:
            before, after = (
                rows[0].text(column) or "nothing",
                row.text(column) or "nothing",
            )
            row.fail(column, f"{after}, but another row of this arm says {before}.")
    return first


def _doses(row: Row) -> tuple[Dose, ...]:
    how = row.word("schedule", ("discrete", "continuous", "none"))
    if how == "none":
        return ()
    drug = row.required("drug")
    try:
        return (_single(row, drug) if how == "discrete" else _daily(row, drug),)
    except (ScheduleError, UnitError) as error:
        row.fail("drug", str(error), error)


def _single(row: Row, drug: str) -> Dose:
    return Dose(
        drug,
        _not_negative(row, "dose_mg", "mg"),
        "mg",
        time=_day(row, "time_months"),
    )


def _daily(row: Row, drug: str) -> Dose:
    amount = _not_negative(row, "dose_mg_per_day", "mg/d")
    start, end = _day(row, "start_month"), _day(row, "end_month")
    if end <= start:
        problem = f"{row.text('end_month')} is not after start_month {row.text('start_month')}."
        row.fail("end_month", problem)
    # Rounding to an hour keeps 24 months from becoming one dose more than 730.5 days hold.
    count = max(1, math.ceil(round(end - start, 4)))
    return Dose(drug, amount, "mg", time=start, interval=1.0, count=count, duration=end - start)


def _day(row: Row, column: str) -> float:
    """Return a time in months as days."""
    months = row.number(column, "months")
    if abs(months) > LONGEST_MONTHS:
        limit = f"{LONGEST_MONTHS:g}"
        row.fail(column, f"{months:g} months cannot be simulated; at most {limit} (120 years).")
    return days(months, "mo")


def _not_negative(row: Row, column: str, unit: str) -> float:
    amount = row.number(column, unit)
    if amount < 0:
        row.fail(column, f"a dose of {amount:g} {unit} is negative.")
    return amount
