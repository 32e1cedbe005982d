"""The tables of ``WOMAN.toml``."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from remodel.errors import ConfigError
from remodel.files.schema import Count, Positive, Schema, one_of
from remodel.patient import SEXES

Score = Annotated[float, Field(ge=-6, le=6)]


def _day(value: Any) -> datetime.date:
    """Return a date, which may stand in quotes."""
    try:
        day = datetime.date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if type(day) is not datetime.date:
        raise ConfigError(f"expected a date such as 2024-06-01, got {value!r}.")
    return day


Day = Annotated[datetime.date, BeforeValidator(_day)]


class PatientTable(Schema):
    """The table ``[patient]``."""

    age: Positive
    sex: Annotated[str, one_of(SEXES, "a sex")] = "female"
    menopause_age: Positive | None = None
    bmi: Annotated[float, Field(ge=10, le=80)] | None = None
    start: Day | None = None
    prior_fracture: bool | None = None
    parental_fracture: bool | None = None
    smoking: bool | None = None
    glucocorticoids: bool | None = None
    t_score_lumbar_spine: Score | None = None
    t_score_total_hip: Score | None = None
    t_score_femoral_neck: Score | None = None
    bmd_lumbar_spine: Positive | None = None
    bmd_total_hip: Positive | None = None
    bmd_femoral_neck: Positive | None = None
    scanner: str = ""


class ReadingTable(Schema):
    """A table ``[[reading]]``."""

    endpoint: str
    months: float | None = None
    date: Day | None = None
    value: float
    unit: str = ""
    scanner: str = ""
    fasting: bool = True
    hour: float = 8.0


class OptionTable(Schema):
    """A table ``[[option]]``."""

    name: str
    schedule: str


class DoubtTable(Schema):
    """A table ``[[doubt]]``; times are numbers of months, or texts with a unit."""

    name: str
    probability: Annotated[float, Field(gt=0, lt=1)]
    drugs: Annotated[tuple[str, ...], Field(strict=False)] = ()
    stop: float | str | None = None
    gap: list[float | str] | None = None
    taken: Annotated[float, Field(ge=0, le=1)] = 1.0


class ForecastTable(Schema):
    """The table ``[forecast]``."""

    years: Annotated[float, Field(gt=0, le=30)] = 5.0
    thresholds: Annotated[tuple[float, ...], Field(strict=False)] = (-2.0, -2.5)


class WomanFile(Schema):
    """A woman."""

    patient: PatientTable
    taken: str = ""
    now: Annotated[float, Field(ge=0)] | None = None
    readings: str = ""
    reading: list[ReadingTable] = Field(default_factory=list)
    option: list[OptionTable] = Field(default_factory=list)
    doubt: list[DoubtTable] = Field(default_factory=list)
    forecast: ForecastTable = ForecastTable()
    population: str = "postmenopausal"
    draws: Annotated[int, Field(ge=64, le=65536)] = 2048
    seed: Count = 1
