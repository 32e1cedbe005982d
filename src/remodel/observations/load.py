"""Loaders of observations and regimens: the shipped tables, or files in either of two layouts.

The package's own layout has one row an arm, with the whole schedule as a sentence. The plain
layout has one row a dose (``schedule`` is discrete), one row a stretch of daily dosing
(continuous), or one row for an arm without treatment (none). Files of observations may leave out
every column that is not in ``OBSERVATION_COLUMNS``; columns of their own are carried along.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from remodel.errors import ObservationError, ScheduleError, UnitError, nearest
from remodel.observations.endpoints import PERCENT, PERCENT_PER_YEAR, endpoints
from remodel.observations.intervals import read_interval
from remodel.observations.plain import PLAIN_COLUMNS, check_no_menopause, plain_arms
from remodel.observations.pools import check_pools, read_pool
from remodel.observations.rows import Row, load_rows, shipped_rows
from remodel.observations.schema import (
    COMPARED_KINDS,
    END_OF_TREATMENT,
    Arm,
    Observation,
    Observations,
)
from remodel.observations.units import T_SCORE, Conversion, canonical_unit, conversion
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from remodel.observations.cells import ObservationCells

OBSERVATION_COLUMNS = ("study_id", "arm", "endpoint", "time_months", "value", "unit")
REGIMEN_COLUMNS = ("study_id", "arm", "schedule")
_OWN_COLUMNS = frozenset(Observation.__dataclass_fields__) - {"extra"}
_DENSEST = 5.0  # g/cm2; two to three times the densest bone
_LIMITS = {"<": "below", "≤": "below", ">": "above", "≥": "above"}


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
        (arm,) = plain_arms([row]).values() if is_plain else (_arm(row),)
        for drug in arm.schedule.drugs:
            if drug not in names:
                problem = f"no model has a drug '{drug}'.{nearest(drug, names)}"
                row.fail("drug" if is_plain else "schedule", problem)


def with_references(
    observations: Iterable[Observation], arms: Mapping[tuple[str, str], Arm]
) -> Observations:
    """Return observations whose ``end_of_treatment`` is the month at which the arm's doses end.

    Raises
    ------
    ObservationError
        If an arm has no regimen, no doses, doses without end, or ends after the value.
    """
    return Observations(
        tuple(
            replace(row, relative_to=f"month_{_end_of_treatment(row, arms):.10g}")
            if row.relative_to == END_OF_TREATMENT
            else row
            for row in observations
        )
    )


def _end_of_treatment(row: Observation, arms: Mapping[tuple[str, str], Arm]) -> float:
    label = f"{row.study_id}, arm {row.arm}"
    arm = arms.get((row.study_id, row.arm))
    ends = [] if arm is None else [dose.end for dose in arm.schedule.doses]
    if not ends:
        raise ObservationError("it counts from the end of treatment, and has none.", place=label)
    months = max(ends) / DAYS_PER_MONTH
    if not math.isfinite(months):
        raise ObservationError(
            "it counts from the end of treatment, and its doses have no end.", place=label
        )
    if months > row.time_months:
        raise ObservationError(
            f"the value at {row.time_months:g} months counts from the end of treatment, which is "
            f"at {months:g} months.",
            place=label,
        )
    return months


def idle_arms(
    observations: Iterable[Observation], arms: Mapping[tuple[str, str], Arm]
) -> tuple[tuple[str, str], ...]:
    """Return the arms that have a regimen, and nothing that was measured in or compared with them.

    Arms that were reported together with others are not among them.
    """
    used = {(row.study_id, name) for row in observations for name in (row.arm, row.comparator)}
    used |= {
        (study, member) for study, name in used if name for member, _ in arms[study, name].pool
    }
    return tuple(arm for arm in arms if arm not in used)


@functools.cache
def _shipped_observations() -> Observations:
    return _observations(shipped_rows("observations.csv", OBSERVATION_COLUMNS))


@functools.cache
def _shipped_regimens() -> Mapping[tuple[str, str], Arm]:
    return MappingProxyType(_arms(shipped_rows("regimens.csv", REGIMEN_COLUMNS)))


def _observations(rows: Iterable[Row]) -> Observations:
    """Return the observations of rows, checked that none is there twice among those used."""
    observations: list[Observation] = []
    lines: dict[tuple[object, ...], int] = {}
    for row in rows:
        observation = _observation(row)
        observations.append(observation)
        if observation.use == "not_used":
            continue
        before = lines.setdefault(_identity(observation), row.line)
        if before != row.line:
            problem = (
                f"row {before} already has a {observation.kind} of {observation.endpoint} at "
                f"{observation.time_months:g} months for the arm '{observation.arm}'; keep one of "
                "them."
            )
            row.fail("value", problem)
    return Observations(tuple(observations))


def _identity(row: Observation) -> tuple[object, ...]:
    """Return what no two rows share; only bounds on one number may be several."""
    limit = row.value if row.is_bound else None
    return (
        row.study_id, row.arm, row.endpoint, row.time_months, row.kind, row.relative_to,
        row.comparator, limit,
    )  # fmt: skip


def _observation(row: Row) -> Observation:
    from remodel.observations.cells import ObservationCells, read_cells

    cells = read_cells(row, ObservationCells)
    value, censored = _value(row, cells)
    convert = _conversion(row, cells)
    low, high, error_kind = read_interval(row, cells, value, is_censored=bool(censored))
    for column, number in (("value", value), ("error_low", low), ("error_high", high)):
        if number is not None and not math.isfinite(convert(number)):
            row.fail(column, f"{number:g} is too large.")
    _check_size(row, convert, value)
    _check_reference(row, cells)
    _check_comparator(row, cells)
    return Observation(
        study_id=cells.study_id,
        arm=cells.arm,
        endpoint=cells.endpoint,
        time_months=cells.time_months,
        value=convert(value),
        unit=convert.unit,
        kind=convert.kind,
        relative_to=cells.relative_to,
        comparator=cells.comparator,
        statistic=cells.statistic,
        censored=censored,
        error_low=None if low is None else convert(low),
        error_high=None if high is None else convert(high),
        error_kind=error_kind,
        n=cells.n,
        provenance=cells.provenance,
        use=cells.use,
        reason=cells.reason,
        source=cells.source,
        note=cells.note,
        extra={name: cell for name, cell in row.cells.items() if name not in _OWN_COLUMNS},
    )


def _check_size(row: Row, convert: Conversion, value: float) -> None:
    """Refuse what no patient has, which a wrong unit or kind makes."""
    size = convert(value)
    if convert.kind == "level" and size < 0:
        row.fail("value", f"{size:g} {convert.unit} is below 0, which no level is.")
    if convert.kind == "level" and convert.unit == "g/cm2" and size > _DENSEST:
        row.fail("value", f"{size:g} g/cm2 is beyond {_DENSEST:g} g/cm2; check the unit.")
    if convert.kind == "change" and convert.unit == PERCENT and size < -100:
        row.fail("value", f"a change of {size:g} % would leave less than nothing.")


def _value(row: Row, cells: ObservationCells) -> tuple[float, str]:
    """Return a number, and whether it is a limit that the value is ``below`` or ``above``."""
    sign = cells.value[0]
    text = cells.value.lstrip("<>≤≥=").strip() if sign in _LIMITS else cells.value
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        row.fail("value", f"'{cells.value}' is not a number. Expected a number in {cells.unit}.")
    return value, _LIMITS.get(sign, "")


def _conversion(row: Row, cells: ObservationCells) -> Conversion:
    endpoint = endpoints()[cells.endpoint]
    unit = canonical_unit(endpoint, cells.unit)
    if unit is None:
        allowed = ", ".join(endpoint.units)
        row.fail("unit", f"'{cells.unit}' is not a unit of {endpoint.name}; use {allowed}.")
    if cells.baseline is not None and cells.baseline <= 0 and unit[0] != T_SCORE:
        row.fail("baseline", f"{cells.baseline:g} is not above 0.")
    convert = conversion(endpoint, *unit, cells.kind, cells.baseline)
    if convert is None:
        expected = {"level": endpoint.level_unit, "rate_per_year": PERCENT_PER_YEAR}
        wanted = expected.get(cells.kind, PERCENT)
        hint = ""
        if unit[0] in (T_SCORE, endpoint.level_unit) and cells.kind in ("change", "difference"):
            hint = " A column baseline, with the level at the start, converts it."
        row.fail(
            "unit",
            f"a {cells.kind} of {endpoint.name} is given in {wanted}, not in {unit[0]}.{hint}",
        )
    return convert


def _check_reference(row: Row, cells: ObservationCells) -> None:
    word, time = cells.relative_to, cells.time_months
    if word == END_OF_TREATMENT:
        return
    start = 0.0 if word == "baseline" else float(word.removeprefix("month_"))
    if start > time:
        row.fail("relative_to", f"{word} is after the month of the value, {time:g}.")
    if cells.kind == "rate_per_year" and start == time:
        if word != "baseline":
            row.fail("relative_to", f"{word} is not before the month of the value.")
        row.fail("time_months", "a rate_per_year counts from month 0; it needs a later month.")


def _check_comparator(row: Row, cells: ObservationCells) -> None:
    kind, name = cells.kind, cells.comparator
    if kind in {"difference", "relative_difference"} and not name:
        row.fail("comparator", f"a {kind} needs the arm it is a difference to.")
    if name and kind not in COMPARED_KINDS:
        problem = f"a {kind} is of one arm; leave the cell empty, or make the kind a difference."
        row.fail("comparator", problem)
    if name and name == cells.arm:
        row.fail("comparator", f"'{name}' is the arm itself; name the arm it is compared with.")


def _arms(rows: Iterable[Row]) -> dict[tuple[str, str], Arm]:
    arms: dict[tuple[str, str], Arm] = {}
    places: dict[tuple[str, str], Row] = {}
    for row in rows:
        arm = _arm(row)
        key = (arm.study_id, arm.name)
        if key in arms:
            row.fail("arm", f"{arm.study_id} has two rows for the arm '{arm.name}'.")
        arms[key], places[key] = arm, row
    check_pools(places, arms)
    return arms


def _arm(row: Row) -> Arm:
    from remodel.observations.cells import PatientCells, read_cells

    cells = read_cells(row, PatientCells)
    if cells.sex == "male":
        check_no_menopause(row)
    pool = read_pool(row)
    return Arm(
        study_id=cells.study_id,
        name=cells.arm,
        schedule=Schedule() if pool else _schedule(row),
        age=cells.age,
        menopause_age=cells.menopause_age,
        menopause=cells.menopause,
        t_score_lumbar_spine=cells.t_score_lumbar_spine,
        t_score_total_hip=cells.t_score_total_hip,
        t_score_femoral_neck=cells.t_score_femoral_neck,
        sex=cells.sex,
        assumed=tuple(cells.assumed.split()),
        recalled=tuple(cells.recalled.split()),
        note=cells.note,
        pool=pool,
    )


def _schedule(row: Row) -> Schedule:
    try:
        return Schedule.parse(row.text("schedule"))
    except (ScheduleError, UnitError) as error:
        row.fail("schedule", str(error), error)
