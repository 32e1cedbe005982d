"""``WOMAN.toml``: who she is, what she took, what was read, and what she may take from now on."""

from __future__ import annotations

import csv
import datetime
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remodel.errors import ConfigError, RemodelError, nearest
from remodel.files import Table, load_toml, read_text
from remodel.files.schema import validate
from remodel.individuals.readings import (
    T_SCORE,
    Reading,
    Reference,
    merged,
    months_between,
    reading_of,
)
from remodel.individuals.rows import COLUMNS, row_of
from remodel.individuals.woman_file import DoubtTable, PatientTable, ReadingTable, WomanFile
from remodel.models import Model, load_model
from remodel.patient import SITES, Patient
from remodel.populations.adherence import Pattern
from remodel.populations.definition import RISKS, Definition
from remodel.populations.load import load_definition
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH, DAYS_PER_WEEK, DAYS_PER_YEAR, read_time

AS_PRESCRIBED = "as prescribed"
NOT_TAKEN = "not taken"
_NOT_TAKEN_SHARE = 0.15
_NOT_TAKEN_SOURCE = (
    "Share of women who hardly take their tablets: 9.5 % decline quickly (Winn 2016, "
    "Pharmacoepidemiol Drug Saf 25:953), 17 % have stopped by 1 y (Kemp 2014, SpringerPlus 3:282)"
)
_LATEST_MENOPAUSE = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Woman:
    """One woman as she was described.

    Attributes
    ----------
    age, menopause_age, bmi : float or None
    sex : str
    readings : tuple of Reading
        In the order of time.
    taken : Schedule
        So far, as prescribed.
    patterns : tuple of Pattern
        How it may have been taken; shares sum to 1.
    now : float
        Months since month 0.
    options : mapping of str to Schedule
        From now on.
    years : float
        Of the forecast.
    thresholds : tuple of float
        T-scores.
    population : Definition
    model : Model
    draws, seed : int
    risks : mapping of str to bool
        Risk factors that are known of her.
    """

    age: float
    menopause_age: float | None
    bmi: float | None
    sex: str
    readings: tuple[Reading, ...]
    taken: Schedule
    patterns: tuple[Pattern, ...]
    now: float
    options: Mapping[str, Schedule]
    years: float
    thresholds: tuple[float, ...]
    population: Definition
    model: Model
    draws: int
    seed: int
    risks: Mapping[str, bool] = field(default_factory=dict)

    @property
    def is_male(self) -> bool:
        """Whether this is a man."""
        return self.sex == "male"

    def taken_as(self, number: int, since: Schedule | None = None) -> Schedule:
        """Return what was taken until now in a pattern, and a schedule from now on."""
        now = self.now * DAYS_PER_MONTH
        until = self.patterns[number].edited(self.taken)
        return until if since is None else until.stopped(now) & since.delayed(now)


def load_woman(source: str | Path | Mapping[str, Any]) -> Woman:
    """Return the woman of a file, or of the content of one.

    Raises
    ------
    ConfigError
        With file, line and key.
    """
    top = Table(None, "", source) if isinstance(source, Mapping) else load_toml(source)
    content = validate(top, WomanFile)
    model = load_model("reference")
    reference = Reference.of(model)
    patient = content.patient
    _check_patient(top, patient)
    readings = merged_readings(top, content, reference)
    last = max((r.months for r in readings), default=0.0)
    now = last if content.now is None else content.now
    if now < last:
        top.fail("now", f"month {now:g} lies before the last reading, month {last:g}.")
    taken = top.checked("taken", Schedule.parse, content.taken) if content.taken else Schedule()
    top.checked("taken", model.with_drugs, taken.drugs)
    population = top.checked("population", _population, content.population, top)
    return Woman(
        patient.age,
        patient.menopause_age,
        patient.bmi,
        patient.sex,
        readings,
        taken,
        _patterns(top, content, taken),
        now,
        _options(top, content, now, model),
        content.forecast.years,
        tuple(content.forecast.thresholds),
        population,
        model,
        content.draws,
        content.seed,
        {name: value for name in RISKS if (value := getattr(patient, name)) is not None},
    )


def _population(name: str, top: Table) -> Definition:
    if name.endswith(".toml") and top.path is not None:
        return load_definition(top.path.parent / name)
    return load_definition(name)


def _check_patient(top: Table, patient: PatientTable) -> None:
    table = top.table("patient")
    if patient.sex == "male" and patient.menopause_age is not None:
        table.fail("menopause_age", "a man has no menopause.")
    if patient.menopause_age is not None:
        table.checked("menopause_age", check_menopause, patient.age, patient.menopause_age)
    table.checked("age", Patient, patient.age)


def check_menopause(age: float, menopause_age: float) -> None:
    """Check a menopause, which may lie ahead of a woman who is young enough.

    Raises
    ------
    ConfigError
    """
    if menopause_age > max(age, _LATEST_MENOPAUSE):
        raise ConfigError(
            f"menopause_age = {menopause_age:g} y lies after age {age:g} y; a menopause ahead is "
            f"one at {_LATEST_MENOPAUSE:g} y or before.",
            field="menopause_age",
        )


def merged_readings(top: Table, content: WomanFile, reference: Reference) -> tuple[Reading, ...]:
    """Return all readings of a file: of ``[patient]``, ``[[reading]]`` and the table beside it."""
    written = _baseline(top, content.patient, reference)
    start, latest, before = content.patient.start, -math.inf, ""
    for number, row in enumerate(content.reading):
        table = top.item("reading", number)
        months = _months(table, row, start)
        if months < latest:
            key = "date" if row.date is not None else "months"
            table.fail(
                key,
                f"this reading, {_when(row)}, stands after one of {before}; list readings in the "
                "order of time.",
            )
        latest, before = months, _when(row)
        reading = _placed(table, row, months, reference)
        written.append((row.endpoint, reading))
    if content.readings:
        path = Path(content.readings)
        if top.path is not None:
            path = top.path.parent / path
        written += _from_table(path, start, reference)
    try:
        return merged(written, reference)
    except ConfigError as error:
        if error.field in top.table("patient").content:
            top.table("patient").fail(str(error.field), error.problem, error)
        raise (error if top.path is None else error.at(str(top.path))) from error


def _when(row: ReadingTable) -> str:
    """Return when a reading was taken, as it is written."""
    return f"month {row.months:.3g}" if row.date is None else f"{row.date}"


def _baseline(top: Table, patient: PatientTable, reference: Reference) -> list[tuple[str, Reading]]:
    table, readings = top.table("patient"), []
    for site in SITES:
        for endpoint in (f"bmd_{site}", f"{T_SCORE}{site}"):
            value = getattr(patient, endpoint)
            if value is not None:
                row = ReadingTable(endpoint=endpoint, value=value, scanner=patient.scanner)
                readings.append((endpoint, _placed(table, row, 0.0, reference, endpoint)))
    return readings


def _placed(
    table: Table, row: ReadingTable, months: float, reference: Reference, key: str = ""
) -> Reading:
    """Return a reading; errors stand at the line it is on."""
    try:
        return reading_of(
            row.endpoint,
            months,
            row.value,
            row.unit,
            reference,
            scanner=row.scanner,
            fasting=row.fasting,
            hour=row.hour,
        )
    except RemodelError as error:
        table.fail(key or error.field or "endpoint", error.problem, error)


def _months(table: Table, row: ReadingTable, start: datetime.date | None) -> float:
    if (row.months is None) == (row.date is None):
        table.fail("months", "a reading has either months or a date.")
    if row.date is None:
        assert row.months is not None  # noqa: S101 # checked above
        return row.months
    if start is None:
        table.fail("date", "dates need start in [patient], the date of month 0.")
    if row.date < start:
        table.fail("date", f"{row.date} lies before the start, {start}; month 0 comes first.")
    return months_between(start, row.date)


def _from_table(
    path: Path, start: datetime.date | None, reference: Reference
) -> list[tuple[str, Reading]]:
    text = read_text(path, ConfigError)
    rows = csv.DictReader(io.StringIO(text))
    for name in rows.fieldnames or ():
        if name not in COLUMNS:
            raise ConfigError(f"{path}: unknown column '{name}'.{nearest(name, COLUMNS)}")
    readings, latest = [], -math.inf
    for number, cells in enumerate(rows, 2):
        try:
            row = row_of(cells)
            table = Table(None, "", {})
            months = _months(table, row, start)
            if months < latest:
                raise ConfigError(
                    f"month {months:.3g} stands after month {latest:.3g}; list readings in the "
                    "order of time.",
                    field="months",
                )
            latest = months
            readings.append((row.endpoint, _placed(table, row, months, reference)))
        except RemodelError as error:
            raise error.at(f"{path}, line {number}") from error
    return readings


def _patterns(top: Table, content: WomanFile, taken: Schedule) -> tuple[Pattern, ...]:
    """Return how she may have taken her drugs; without doubts of the user, the usual one."""
    doubts = []
    if content.doubt and not taken.drugs:
        top.item("doubt", 0).fail("name", "a doubt is about what she takes; say what, in taken.")
    for number, doubt in enumerate(content.doubt):
        table = top.item("doubt", number)
        for drug in doubt.drugs:
            if drug not in taken.drugs:
                hint = nearest(drug, taken.drugs)
                table.fail("drugs", f"she does not take '{drug}'.{hint}")
        doubts.append(table.checked("name", _doubt, doubt))
    tablets = tuple(
        dict.fromkeys(
            dose.drug
            for dose in taken.doses
            if dose.interval is not None and dose.interval <= DAYS_PER_WEEK
        )
    )
    if not doubts and tablets:
        doubts = [
            Pattern(NOT_TAKEN, _NOT_TAKEN_SHARE, tablets, taken=0.0, source=_NOT_TAKEN_SOURCE)
        ]
    total = math.fsum(doubt.share for doubt in doubts)
    if total >= 1:
        top.fail("doubt", f"the probabilities of doubts sum to {total:g}; they must stay below 1.")
    return (Pattern(AS_PRESCRIBED, 1 - total), *doubts)


def _doubt(doubt: DoubtTable) -> Pattern:
    stop = None if doubt.stop is None else read_time(doubt.stop, "mo", "stop")
    gap = None
    if doubt.gap is not None:
        if len(doubt.gap) != 2:
            raise ConfigError(f"gap: expected two times, got {len(doubt.gap)}.", field="gap")
        begin, end = (read_time(time, "mo", "gap") for time in doubt.gap)
        gap = (begin, end)
    pattern = Pattern(
        doubt.name, doubt.probability, tuple(doubt.drugs), stop, gap, doubt.taken, 0.0, "as given"
    )
    if pattern.is_perfect:
        raise ConfigError("a doubt needs stop, gap or taken below 1.", field="stop")
    return pattern


def _options(top: Table, content: WomanFile, now: float, model: Model) -> dict[str, Schedule]:
    options: dict[str, Schedule] = {}
    for number, option in enumerate(content.option):
        table = top.item("option", number)
        if option.name in options:
            table.fail("name", f"'{option.name}' names two options.")
        none = option.schedule.strip().lower() in ("", "none")
        schedule = (
            Schedule() if none else table.checked("schedule", Schedule.parse, option.schedule)
        )
        table.checked("schedule", model.with_drugs, schedule.drugs)
        early = min((dose.time for dose in schedule.doses), default=0.0)
        if early < 0:
            table.fail(
                "schedule",
                f"this option starts {-early / DAYS_PER_MONTH:.3g} months before now, month "
                f"{now:g}, where her last reading is; what was given before belongs into taken.",
            )
        options[option.name] = schedule
    return options


def years_text(months: float) -> str:
    """Return a time as people say it."""
    years = months * DAYS_PER_MONTH / DAYS_PER_YEAR
    return f"{years:g} y" if float(years).is_integer() else f"{months:g} months"
