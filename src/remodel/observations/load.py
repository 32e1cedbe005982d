"""Loaders of observations and regimens: the shipped tables, or files in either of two layouts.

The package's own layout has one row an arm, with the whole schedule as a sentence. The plain
layout has one row a dose (``schedule`` is discrete), one row a stretch of daily dosing
(continuous), or one row for an arm without treatment (none). Files of observations may leave out
every column that is not in ``OBSERVATION_COLUMNS``; columns of their own are carried along.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from remodel.errors import ObservationError, ScheduleError, UnitError, nearest
from remodel.observations.endpoints import (
    PERCENT,
    PERCENT_PER_YEAR,
    Endpoint,
    endpoints,
)
from remodel.observations.plain import PLAIN_COLUMNS, check_no_menopause, plain_arms
from remodel.observations.rows import Row, load_rows, read_rows
from remodel.observations.schema import (
    COMPARED_KINDS,
    ERROR_KINDS,
    KINDS,
    LONGEST_MONTHS,
    MENOPAUSES,
    PROVENANCES,
    SEXES,
    STATISTICS,
    USES,
    Arm,
    Observation,
    Observations,
)
from remodel.schedules import Schedule

OBSERVATION_COLUMNS = ("study_id", "arm", "endpoint", "time_months", "value", "unit")
REGIMEN_COLUMNS = ("study_id", "arm", "schedule")
_OWN_COLUMNS = frozenset(Observation.__dataclass_fields__) - {"extra"}
_REFERENCE = re.compile(r"baseline|month_\d+(\.\d+)?")
_INTERVALS = {"ci95": "95ci", "sem": "se", "": "none"}


def load_observations(path: str | Path | None = None) -> Observations:
    """Return observations from a CSV file, or the shipped ones.

    Parameters
    ----------
    path : path, optional
        Needs the columns of ``OBSERVATION_COLUMNS``; None means the shipped table.

    Raises
    ------
    ObservationError
        If a column is missing, or a cell is not what its column holds; the message names the
        file, the row (the header is row 1) and the column.
    """
    if path is None:
        return _shipped_observations()
    return _observations(load_rows(path, OBSERVATION_COLUMNS))


def load_regimens(path: str | Path | None = None) -> Mapping[tuple[str, str], Arm]:
    """Return the arms of a CSV file of regimens by study and name, or the shipped ones.

    Parameters
    ----------
    path : path, optional
        In the package's own layout, or, if it has a column ``drug``, in the plain one; None means
        the shipped table.

    Raises
    ------
    ObservationError
        As ``load_observations``.
    """
    if path is None:
        return _shipped_regimens()
    rows = load_rows(path, REGIMEN_COLUMNS)
    if rows and "drug" in rows[0].cells:
        rows = load_rows(path, PLAIN_COLUMNS)
        return MappingProxyType(plain_arms(rows))
    return MappingProxyType(_arms(rows))


def check_pairs(observations: Iterable[Observation], arms: Iterable[tuple[str, str]]) -> None:
    """Check that every arm with an observation, or compared with, has a regimen.

    Regimens that nothing was measured under do no harm.

    Raises
    ------
    ObservationError
        If an arm has observations and no regimen; it names the nearest arm of the study.
    """
    known = set(arms)
    for row in observations:
        for arm in (row.arm, row.comparator):
            if not arm or (row.study_id, arm) in known:
                continue
            siblings = [name for study, name in known if study == row.study_id]
            hint = nearest(arm, siblings) or f" No arm of {row.study_id} has a regimen."
            raise ObservationError(f"Study {row.study_id}: the arm '{arm}' has no regimen.{hint}")


def check_drugs(path: str | Path, known: Iterable[str]) -> None:
    """Check that every drug in a file of regimens is known.

    Raises
    ------
    ObservationError
        If one is not; it names file, row and column, and the nearest drug.
    """
    names = tuple(known)
    for row in load_rows(path, REGIMEN_COLUMNS):
        is_plain = "drug" in row.cells
        (arm,) = (plain_arms([row]) if is_plain else _arms([row])).values()
        for drug in arm.schedule.drugs:
            if drug not in names:
                problem = f"no model has a drug '{drug}'.{nearest(drug, names)}"
                row.fail("drug" if is_plain else "schedule", problem)


def idle_arms(
    observations: Iterable[Observation], arms: Iterable[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Return the arms that have a regimen, but neither observations nor a comparison with them."""
    used = set()
    for row in observations:
        used |= {(row.study_id, row.arm), (row.study_id, row.comparator)}
    return tuple(arm for arm in arms if arm not in used)


def shipped_rows(name: str, required: Iterable[str]) -> list[Row]:
    """Return the rows of a CSV file shipped with the package."""
    table = files("remodel.observations").joinpath("tables", name)
    return read_rows(table.read_text(encoding="utf-8"), name, tuple(required))


@functools.cache
def _shipped_observations() -> Observations:
    return _observations(shipped_rows("observations.csv", OBSERVATION_COLUMNS))


@functools.cache
def _shipped_regimens() -> Mapping[tuple[str, str], Arm]:
    return MappingProxyType(_arms(shipped_rows("regimens.csv", REGIMEN_COLUMNS)))


def _observations(rows: Iterable[Row]) -> Observations:
    """Return the observations of rows, checked that none is there twice among those used."""
    found: list[Observation] = []
    lines: dict[tuple[object, ...], int] = {}
    for row in rows:
        one = _observation(row)
        found.append(one)
        if one.use == "not_used":
            continue
        before = lines.setdefault(_identity(one), row.line)
        if before != row.line:
            problem = (
                f"row {before} already has a {one.kind} of {one.endpoint} at "
                f"{one.time_months:g} months for the arm '{one.arm}'; keep one of them."
            )
            row.fail("value", problem)
    return Observations(tuple(found))


def _identity(one: Observation) -> tuple[object, ...]:
    """Return what no two rows share; only bounds on one number may be several."""
    limit = one.value if one.is_bound else None
    return (
        one.study_id, one.arm, one.endpoint, one.time_months, one.kind, one.relative_to,
        one.comparator, limit,
    )  # fmt: skip


def _observation(row: Row) -> Observation:
    endpoint = endpoints()[row.word("endpoint", endpoints())]
    kind, unit = _kind_and_unit(row, endpoint)
    low, high, error_kind = _interval(row, unit)
    return Observation(
        study_id=row.required("study_id"),
        arm=row.required("arm"),
        endpoint=endpoint.name,
        time_months=_time(row),
        value=row.number("value", unit),
        unit=unit,
        kind=kind,
        relative_to=_relative_to(row, kind),
        comparator=_comparator(row, kind),
        statistic=row.word("statistic", STATISTICS, "mean"),
        error_low=low,
        error_high=high,
        error_kind=error_kind,
        n=_patients(row),
        provenance=row.word("provenance", PROVENANCES, "user"),
        use=row.word("use", USES, "validation"),
        reason=row.text("reason"),
        source=row.text("source"),
        note=row.text("note"),
        extra={name: cell for name, cell in row.cells.items() if name not in _OWN_COLUMNS},
    )


def _kind_and_unit(row: Row, endpoint: Endpoint) -> tuple[str, str]:
    kind = row.word("kind", KINDS, "change")
    word = row.required("unit")
    unit = endpoint.canonical_unit(word)
    if unit is None:
        allowed = ", ".join(endpoint.units)
        row.fail("unit", f"'{word}' is not a unit of {endpoint.name}; use {allowed}.")
    expected = {"level": endpoint.level_unit, "rate_per_year": PERCENT_PER_YEAR}.get(kind, PERCENT)
    if unit != expected and kind != "ratio":
        problem = f"a {kind} of {endpoint.name} is given in {expected}, not in {unit}."
        row.fail("unit", problem)
    return kind, unit


def _time(row: Row) -> float:
    time = row.number("time_months", "months")
    if time < 0:
        row.fail("time_months", f"{time:g} months is before the start of treatment.")
    if time > LONGEST_MONTHS:
        problem = f"{time:g} months cannot be simulated; at most {LONGEST_MONTHS:g} (120 years)."
        row.fail("time_months", problem)
    return time


def _relative_to(row: Row, kind: str) -> str:
    word = row.text("relative_to", "baseline")
    if not _REFERENCE.fullmatch(word):
        row.fail("relative_to", f"'{word}' is neither 'baseline' nor like 'month_60'.")
    start = 0.0 if word == "baseline" else float(word.removeprefix("month_"))
    time = row.number("time_months")
    if start > time:
        row.fail("relative_to", f"{word} is after the month of the value, {time:g}.")
    if kind == "rate_per_year" and start == time:
        if word != "baseline":
            row.fail("relative_to", f"{word} is not before the month of the value.")
        row.fail("time_months", "a rate_per_year counts from month 0; it needs a later month.")
    return word


def _comparator(row: Row, kind: str) -> str:
    name = row.text("comparator")
    if kind in {"difference", "relative_difference"} and not name:
        row.fail("comparator", f"a {kind} needs the arm it is a difference to.")
    if name and kind not in COMPARED_KINDS:
        problem = f"a {kind} is of one arm; leave the cell empty, or make the kind a difference."
        row.fail("comparator", problem)
    if name and name == row.text("arm"):
        row.fail("comparator", f"'{name}' is the arm itself; name the arm it is compared with.")
    return name


def _patients(row: Row) -> float | None:
    n = row.optional_number("n", "patients")
    if n is not None and n < 1:
        row.fail("n", f"{n:g} patients; expected at least 1.")
    return n


def _interval(row: Row, unit: str) -> tuple[float | None, float | None, str]:
    low = row.optional_number("error_low", unit)
    high = row.optional_number("error_high", unit)
    error_kind = _error_kind(row)
    if low is None and high is None:
        return None, None, "none"
    if low is None or high is None:
        empty = "error_low" if low is None else "error_high"
        row.fail(empty, "the cell is empty, but the other end of the interval is given.")
    if low > high:
        problem = f"{high:g} is below error_low {low:g}: a spread cannot be negative."
        row.fail("error_high", problem)
    if error_kind == "none":
        kinds = ", ".join(kind for kind in ERROR_KINDS if kind != "none")
        row.fail("error_kind", f"error_low and error_high are given; say what they are: {kinds}.")
    return low, high, error_kind


def _error_kind(row: Row) -> str:
    """Return the kind of interval; '95% CI (inferred)' and the like are understood."""
    word = row.text("error_kind")
    plain = re.sub(r"\(.*?\)|[^a-z0-9]", "", word.lower())
    plain = _INTERVALS.get(plain, plain)
    if plain not in ERROR_KINDS:
        row.fail("error_kind", f"'{word}' is not known.{nearest(plain, ERROR_KINDS)}")
    return plain


def _arms(rows: Iterable[Row]) -> dict[tuple[str, str], Arm]:
    arms: dict[tuple[str, str], Arm] = {}
    for row in rows:
        arm = _arm(row)
        if (arm.study_id, arm.name) in arms:
            row.fail("arm", f"{arm.study_id} has two rows for the arm '{arm.name}'.")
        arms[arm.study_id, arm.name] = arm
    return arms


def _arm(row: Row) -> Arm:
    menopause = row.word("menopause", MENOPAUSES, "natural")
    sex = row.word("sex", SEXES, "female")
    if sex == "male":
        check_no_menopause(row)
    return Arm(
        study_id=row.required("study_id"),
        name=row.required("arm"),
        schedule=_schedule(row),
        age=row.optional_number("age", "years"),
        menopause_age=row.optional_number("menopause_age", "years"),
        menopause=menopause,
        t_score_lumbar_spine=row.optional_number("t_score_lumbar_spine"),
        t_score_total_hip=row.optional_number("t_score_total_hip"),
        t_score_femoral_neck=row.optional_number("t_score_femoral_neck"),
        sex=sex,
        assumed=tuple(row.text("assumed").split()),
        recalled=tuple(row.text("recalled").split()),
        note=row.text("note"),
    )


def _schedule(row: Row) -> Schedule:
    try:
        return Schedule.parse(row.required("schedule"))
    except (ScheduleError, UnitError) as error:
        row.fail("schedule", str(error), error)
