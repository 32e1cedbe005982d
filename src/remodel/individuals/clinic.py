"""``READINGS.csv``: the readings of many women, one row each, and what is asked of them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from remodel.errors import ConfigError, RemodelError, nearest
from remodel.files import read_text
from remodel.individuals.readings import (
    Reading,
    Reference,
    known_endpoint,
    merged,
    months_between,
    reading_of,
)
from remodel.individuals.rows import number_in, row_of
from remodel.individuals.woman import check_menopause
from remodel.patient import SEXES, Patient
from remodel.schedules import Schedule

NEEDED = ("woman", "age", "endpoint", "months", "value", "use")
KNOWN = (*NEEDED, "sex", "menopause_age", "bmi", "schedule", "unit", "date", "scanner", "fasting",
         "hour")  # fmt: skip
_USES = ("fit", "predict")
_TRAITS = ("age", "sex", "menopause_age", "bmi", "schedule")


@dataclass(frozen=True, slots=True)
class Asked:
    """A reading that is to be forecast: its row in the table, as it was written."""

    row: int
    endpoint: str
    written: str
    months: float


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One woman of a table.

    Attributes
    ----------
    name : str
    age : float
    sex : str
    menopause_age, bmi : float or None
    schedule : str
    readings : tuple of Reading
    asked : tuple of Asked
    """

    name: str
    age: float
    sex: str
    menopause_age: float | None
    bmi: float | None
    schedule: str
    readings: tuple[Reading, ...]
    asked: tuple[Asked, ...]

    @property
    def months(self) -> list[float]:
        """Months of the readings, and of those that are asked for."""
        return [*(r.months for r in self.readings), *(a.months for a in self.asked)]

    @property
    def last(self) -> float:
        """Month of the last reading, or of the last that is asked for."""
        return max([0.0, *self.months])


@dataclass(frozen=True, slots=True, eq=False)
class Clinic:
    """A table of women.

    Attributes
    ----------
    rows : list of dict
        Cells as they are written.
    cases : tuple of Case
        In the order in which they are first named.
    problems : mapping of str to str
        What is wrong with a woman who has no case, by her name.
    """

    rows: Sequence[Mapping[str, str]]
    cases: tuple[Case, ...]
    problems: Mapping[str, str]


def load_clinic(path: str | Path, reference: Reference) -> Clinic:
    """Return the women of a table; a woman with a wrong cell is left out, with the reason.

    Raises
    ------
    ConfigError
        If it is no table of readings.
    """
    rows = _rows(Path(path))
    women: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        women.setdefault(row["woman"], []).append(number)
    cases, problems = [], {}
    for name, numbers in women.items():
        try:
            cases.append(_case(name, numbers, rows, reference))
        except RemodelError as error:
            problems[name] = str(error)
    return Clinic(rows, tuple(cases), problems)


def _rows(path: Path) -> list[dict[str, str]]:
    table = csv.DictReader(io.StringIO(read_text(path, ConfigError)))
    columns = list(table.fieldnames or ())
    for name in NEEDED:
        if name not in columns and not (name == "months" and "date" in columns):
            raise ConfigError(f"{path}: column {name} is missing.", field=name)
    for name in columns:
        if name not in KNOWN:
            raise ConfigError(f"{path}: unknown column '{name}'.{nearest(name, KNOWN)}", field=name)
    rows = [{key: (value or "").strip() for key, value in row.items() if key} for row in table]
    if not rows:
        raise ConfigError(f"{path} has no rows.")
    return rows


def _case(
    name: str, numbers: Sequence[int], rows: Sequence[Mapping[str, str]], reference: Reference
) -> Case:
    if not name:
        raise ConfigError(f"line {numbers[0] + 2}: woman is blank.", field="woman")
    first = rows[numbers[0]]
    for number in numbers:
        for trait in _TRAITS:
            if rows[number].get(trait, "") != first.get(trait, ""):
                raise ConfigError(
                    f"line {number + 2}: {trait} = '{rows[number].get(trait, '')}', and "
                    f"'{first.get(trait, '')}' in line {numbers[0] + 2}.",
                    field=trait,
                )
    age, menopause_age, bmi, sex = _traits(first, numbers[0])
    readings: list[tuple[str, Reading]] = []
    asked: list[Asked] = []
    for number in numbers:
        try:
            _sort_in(rows[number], number, first, reference, readings, asked)
        except RemodelError as error:
            raise error.at(f"line {number + 2}") from error
    schedule = first.get("schedule", "")
    if schedule.lower() in ("none", "untreated"):
        schedule = ""
    if schedule:
        Schedule.parse(schedule)
    return Case(
        name, age, sex, menopause_age, bmi, schedule, merged(readings, reference), tuple(asked)
    )


def _traits(row: Mapping[str, str], number: int) -> tuple[float, float | None, float | None, str]:
    line = f"line {number + 2}"
    try:
        age = number_in(row, "age")
        menopause_age, bmi = number_in(row, "menopause_age"), number_in(row, "bmi")
        if age is None:
            raise ConfigError("age is missing.", field="age")
        sex = row.get("sex", "") or "female"
        if sex not in SEXES:
            raise ConfigError(f"sex = '{sex}': expected female or male.", field="sex")
        if menopause_age is not None:
            check_menopause(age, menopause_age)
        if bmi is not None and not 10 <= bmi <= 80:
            raise ConfigError(f"bmi = {bmi:g} kg/m2: must be from 10 to 80.", field="bmi")
        Patient(age, menopause_age=menopause_age, sex=sex)
    except RemodelError as error:
        raise error.at(line) from error
    return age, menopause_age, bmi, sex


def _sort_in(
    row: Mapping[str, str],
    number: int,
    first: Mapping[str, str],
    reference: Reference,
    readings: list[tuple[str, Reading]],
    asked: list[Asked],
) -> None:
    """Add a row to the readings of a woman, or to what is asked; its value is then not read."""
    use = row["use"]
    if use not in _USES:
        raise ConfigError(f"use = '{use}': expected fit or predict.{nearest(use, _USES)}")
    parsed = row_of(row if use == "fit" else {**row, "value": "0"})
    months = parsed.months
    if months is None:
        start = first.get("date", "")
        if parsed.date is None or not start:
            raise ConfigError("months is missing, and so is a date.", field="months")
        months = months_between(type(parsed.date).fromisoformat(start), parsed.date)
    if not 0 <= months <= 600:
        raise ConfigError(
            f"months = {months:g}: readings lie from month 0, the first row of a woman, to 600.",
            field="months",
        )
    if use == "predict":
        asked.append(Asked(number, known_endpoint(parsed.endpoint), parsed.endpoint, months))
        return
    reading = reading_of(
        parsed.endpoint,
        months,
        parsed.value,
        parsed.unit,
        reference,
        scanner=parsed.scanner,
        fasting=parsed.fasting,
        hour=parsed.hour,
    )
    readings.append((parsed.endpoint, reading))


@dataclass(frozen=True, slots=True)
class History:
    """What women must share to share a stored population.

    The untreated share one population whatever their age: it is simulated from the youngest on,
    and read from the age of each. A menopause that is not known is drawn as one before the start
    of the simulation, so that such women share one only within a year of age.
    """

    sex: str
    menopause_age: float | None
    schedule: str
    age: float | None


def by_history(cases: Sequence[Case]) -> dict[History, list[Case]]:
    """Return women of equal history together, in the order in which they are first named."""
    groups: dict[History, list[Case]] = {}
    for case in cases:
        age = case.age if case.schedule else None
        if age is None and case.menopause_age is None and case.sex != "male":
            age = math.floor(case.age)
        key = History(case.sex, case.menopause_age, case.schedule, age)
        groups.setdefault(key, []).append(case)
    return groups


def output_months(cases: Sequence[Case], *, treated: bool) -> tuple[float, np.ndarray]:
    """Return the age at which a stored population starts, and its output times [months]."""
    youngest = min(case.age for case in cases)
    if treated:  # all are of one age
        wanted = {m for case in cases for m in case.months}
        return youngest, np.array(sorted({0.0, *wanted} if any(wanted) else {0.0, 1.0}))
    end = max((case.age - youngest) * 12 + case.last for case in cases)
    return youngest, np.arange(0.0, 6.0 * (math.ceil(end / 6.0) + 1.5), 6.0)
