"""Schemas of rows: pydantic reads the cells, errors name file, row and column in our words."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from remodel.errors import nearest
from remodel.observations.endpoints import endpoints
from remodel.observations.rows import Row
from remodel.observations.schema import (
    ERROR_KINDS,
    KINDS,
    LONGEST_MONTHS,
    MENOPAUSES,
    PROVENANCES,
    STATISTICS,
    USES,
)
from remodel.patient import SEXES

C = TypeVar("C", bound="Cells")
_REFERENCE = re.compile(r"baseline|end_of_treatment|month_\d+(\.\d+)?")
_INTERVALS = {"ci95": "95ci", "sem": "se", "": "none"}


class Cells(BaseModel):
    """Cells of a row by column: an empty one is left to its default, others are carried along."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)
    units: ClassVar[dict[str, str]] = {}


def read_cells(row: Row, schema: type[C]) -> C:
    """Return the cells of a row as an object of its schema.

    Raises
    ------
    ObservationError
        For the first cell that is not what its column holds.
    """
    cells = {column: text for column in row.cells if (text := row.text(column))}
    try:
        return schema.model_validate(cells)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        column = str(first["loc"][0])
        cause = first.get("ctx", {}).get("error")
        if first["type"] == "missing":
            row.fail(column, "the cell is empty.", error)
        if cause is not None:
            row.fail(column, str(cause), error)
        unit = schema.units.get(column) or (row.text("unit") if column in _MEASURED else "")
        expected = f" Expected a number in {unit}." if unit else " Expected a number."
        row.fail(column, f"'{row.text(column)}' is not a number.{expected}", error)


_MEASURED = ("value", "error", "error_low", "error_high", "baseline")


def word_of(words: Collection[str]) -> AfterValidator:
    """Return a validator that accepts some words."""

    def check(word: str) -> str:
        if word not in words:
            raise ValueError(f"'{word}' is not known here.{nearest(word, words)}")
        return word

    return AfterValidator(check)


def _time(months: float) -> float:
    if months < 0:
        raise ValueError(f"{months:g} months is before the start of treatment.")
    if months > LONGEST_MONTHS:
        limit = f"{LONGEST_MONTHS:g}"
        raise ValueError(f"{months:g} months cannot be simulated; at most {limit} (120 years).")
    return months


def _patients(n: float) -> float:
    if n < 1:
        raise ValueError(f"{n:g} patients; expected at least 1.")
    return n


def _relative_to(word: str) -> str:
    if not _REFERENCE.fullmatch(word):
        raise ValueError(
            f"'{word}' is neither 'baseline' nor 'end_of_treatment' nor like 'month_60'."
        )
    return word


def _error_kind(word: Any) -> str:
    """Return the kind of interval; '95% CI (inferred)' and the like are understood."""
    plain = re.sub(r"\(.*?\)|[^a-z0-9]", "", str(word).lower())
    plain = _INTERVALS.get(plain, plain)
    if plain not in ERROR_KINDS:
        raise ValueError(f"'{word}' is not known.{nearest(plain, ERROR_KINDS)}")
    return plain


def _positive(value: float) -> float:
    if not value > 0:
        raise ValueError(f"{value:g} is not above 0.")
    return value


class ObservationCells(Cells):
    """One row of a table of observations."""

    units: ClassVar[dict[str, str]] = {"time_months": "months", "n": "patients"}

    study_id: str
    arm: str
    endpoint: Annotated[str, word_of(endpoints())]
    kind: Annotated[str, word_of(KINDS)] = "change"
    unit: str
    time_months: Annotated[float, AfterValidator(_time)]
    value: str
    baseline: float | None = None
    error: Annotated[float, AfterValidator(_positive)] | None = None
    error_low: float | None = None
    error_high: float | None = None
    error_kind: Annotated[str, BeforeValidator(_error_kind)] = "none"
    relative_to: Annotated[str, AfterValidator(_relative_to)] = "baseline"
    comparator: str = ""
    statistic: Annotated[str, word_of(STATISTICS)] = "mean"
    n: Annotated[float, AfterValidator(_patients)] | None = None
    provenance: Annotated[str, word_of(PROVENANCES)] = "user"
    use: Annotated[str, word_of(USES)] = "validation"
    reason: str = ""
    source: str = ""
    note: str = ""
    flag: str = ""


class PatientCells(Cells):
    """What a row of a table of regimens says of the patients of an arm."""

    units: ClassVar[dict[str, str]] = {"age": "years", "menopause_age": "years"}

    study_id: str
    arm: str
    menopause: Annotated[str, word_of(MENOPAUSES)] = "natural"
    age: float | None = None
    menopause_age: float | None = None
    t_score_lumbar_spine: float | None = None
    t_score_total_hip: float | None = None
    t_score_femoral_neck: float | None = None
    sex: Annotated[str, word_of(SEXES)] = "female"
    assumed: str = ""
    recalled: str = ""
    note: str = ""
    pool: str = ""
