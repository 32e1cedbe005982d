"""Cohorts: on which side of the split between calibration and validation their patients stand."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from remodel.errors import ObservationError, nearest
from remodel.observations.rows import Row, shipped_rows
from remodel.observations.schema import USES, Observation

COHORT_COLUMNS = ("cohort", "side", "date", "other_side", "reason")
NOT_USED = "not_used"
_OTHER = {"calibration": "validation", "validation": "calibration"}


@dataclass(frozen=True, slots=True)
class Cohort:
    """Patients whose reports go the same way.

    Attributes
    ----------
    name : str
    side : str
        calibration, validation or not_used.
    date : datetime.date
        Day on which the side was fixed. A row that changes sides needs a later one.
    reason : str
        Why it stands on this side.
    other_side : tuple of str
        Studies, or arms as ``study/arm``, that stand on the other side all the same.
    """

    name: str
    side: str
    date: date
    reason: str
    other_side: tuple[str, ...] = ()

    def side_of(self, row: Observation) -> str:
        """Return the side on which a row of the cohort stands, if it is used."""
        names = (row.study_id, f"{row.study_id}/{row.arm}")
        is_other = any(name in self.other_side for name in names)
        return _OTHER[self.side] if is_other else self.side


@functools.cache
def load_cohorts() -> Mapping[str, Cohort]:
    """Return the cohorts of the shipped tables by name.

    Raises
    ------
    ObservationError
        If a side is not known, a date is not written as 2026-11-30, a reason is missing, or a
        cohort is there twice.
    """
    return read_cohorts(shipped_rows("cohorts.csv", COHORT_COLUMNS))


def read_cohorts(rows: Iterable[Row]) -> Mapping[str, Cohort]:
    """Return the cohorts of the rows of a table by name."""
    cohorts: dict[str, Cohort] = {}
    for row in rows:
        name = row.required("cohort")
        if name in cohorts:
            row.fail("cohort", f"'{name}' is there twice.")
        cohorts[name] = _cohort(name, row)
    return MappingProxyType(cohorts)


def _cohort(name: str, row: Row) -> Cohort:
    side = row.word("side", USES)
    other_side = tuple(row.text("other_side").split())
    if other_side and side == NOT_USED:
        row.fail("other_side", "a cohort that is not used has no other side.")
    return Cohort(name, side, _date(row), row.required("reason"), other_side)


def _date(row: Row) -> date:
    text = row.required("date")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        row.fail("date", f"'{text}' is not a date such as 2026-11-30.", error)


def check_sides(
    observations: Iterable[Observation],
    cohort_of: Mapping[str, str],
    cohorts: Mapping[str, Cohort],
) -> None:
    """Check that every row that is used stands on the side of its cohort.

    Parameters
    ----------
    observations : iterable of Observation
    cohort_of : mapping of str to str
        Name of the cohort by study.
    cohorts : mapping of str to Cohort

    Raises
    ------
    ObservationError
        If a study is of a cohort that is not listed, a row stands on another side than its cohort
        says, or a study or arm said to be on the other side has no row there.
    """
    used = [row for row in observations if row.use != NOT_USED]
    for row in used:
        name = cohort_of[row.study_id]
        arm = f"{row.study_id}, arm {row.arm}"
        if name not in cohorts:
            problem = f"the cohort '{name}' has no side.{nearest(name, cohorts)}"
            raise ObservationError(problem, place=arm, field="cohort", value=name)
        side = cohorts[name].side_of(row)
        if row.use != side:
            problem = (
                f"{row.endpoint} at {row.time_months:g} months is marked {row.use}, its cohort "
                f"'{name}' says {side}."
            )
            raise ObservationError(problem, place=arm, field="use", value=row.use)
    places = {name for row in used for name in (row.study_id, f"{row.study_id}/{row.arm}")}
    for cohort in cohorts.values():
        for name in cohort.other_side:
            if name not in places:
                problem = f"'{name}' is said to be on the other side, and has no row that is used."
                raise ObservationError(problem, place=f"cohort {cohort.name}", value=name)
