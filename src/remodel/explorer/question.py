"""What the page asks: everything that stands on it, checked, as values of the package."""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationError

from remodel.errors import (
    ConfigError,
    EquivalentDoseWarning,
    ParameterError,
    PatientError,
    RemodelError,
    nearest,
)
from remodel.files.schema import Schema, first_problem, one_of
from remodel.models import Model, load_model, model_names
from remodel.parameters import ParameterSet
from remodel.patient import SEXES, Patient
from remodel.schedules import Schedule

MOST_ARMS = 6
MOST_YEARS = 40.0
AS_CALIBRATED = "as calibrated"
_MENOPAUSES = ("natural", "surgical", "none")
_PARSING = threading.Lock()
_CHANGE = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*[=:]\s*(\S+)\s*")

Name = Annotated[str, Field(max_length=60)]
Sentence = Annotated[str, Field(max_length=1000)]
Months = Annotated[float, Field(ge=0, le=600)]


class WhoTable(Schema):
    """Who she is."""

    age: float = 62.0
    sex: Annotated[str, one_of(SEXES, "a sex")] = "female"
    menopause: Annotated[str, one_of(_MENOPAUSES, "a kind of menopause")] = "natural"
    menopause_age: float | None = None
    t_score_lumbar_spine: float | None = None
    t_score_total_hip: float | None = None
    t_score_femoral_neck: float | None = None
    bmi: Annotated[float, Field(ge=10, le=80)] | None = None
    prior_fracture: bool = False
    parental_fracture: bool = False
    smoking: bool = False
    glucocorticoids: bool = False
    country: Name = "UK"


class ArmTable(Schema):
    """A schedule with its name."""

    name: Name
    schedule: Sentence = ""


class ReadingRow(Schema):
    """One number of a scanner or a laboratory."""

    endpoint: Name
    months: float
    value: float
    unit: Name = ""


class ReasonTable(Schema):
    """Which difference is explained."""

    endpoint: Name = "bmd_total_hip"
    arm: Annotated[int, Field(ge=0)] = 0
    versus: Annotated[int, Field(ge=-1)] = -1
    months: Months = 24.0


class Page(Schema):
    """Everything that stands on the page."""

    patient: WhoTable = WhoTable()
    arms: Annotated[list[ArmTable], Field(min_length=1, max_length=MOST_ARMS)]
    model: Name = "reference"
    parameters: Name = AS_CALIBRATED
    changes: Annotated[str, Field(max_length=2000)] = ""
    years: Annotated[float, Field(gt=0, le=MOST_YEARS)] = 10.0
    panels: Annotated[list[Name], Field(max_length=12)] = Field(default_factory=list)
    visits: Annotated[list[Months], Field(max_length=40)] = Field(default_factory=list)
    hidden: Annotated[list[Name], Field(max_length=400)] = Field(default_factory=list)
    taken: Sentence = ""
    population: Name = "postmenopausal"
    readings: Annotated[list[ReadingRow], Field(max_length=60)] = Field(default_factory=list)
    reason: ReasonTable = ReasonTable()


@dataclass(frozen=True, slots=True)
class Case:
    """What is simulated; equal cases give equal results.

    Attributes
    ----------
    model : str
    arms : tuple of (str, Schedule)
    patient : Patient or None
        None where the model has none.
    parameters : tuple of (str, float)
        Values that replace those of the model.
    years : float
    """

    model: str
    arms: tuple[tuple[str, Schedule], ...]
    patient: Patient | None
    parameters: tuple[tuple[str, float], ...]
    years: float

    @property
    def schedules(self) -> dict[str, Schedule]:
        """Schedules by the name of their arm."""
        return dict(self.arms)


@dataclass(frozen=True, slots=True)
class Question:
    """A page that was read.

    Attributes
    ----------
    page : Page
    case : Case
    notes : tuple of (int, str)
        What is to be said of the sentence of an arm, by its number.
    """

    page: Page
    case: Case
    notes: tuple[tuple[int, str], ...] = ()


@contextmanager
def at_field(path: str) -> Iterator[None]:
    """Say beside which field of the page an error belongs.

    Raises
    ------
    ConfigError
        Of the same problem, with the path of the field.
    """
    try:
        yield
    except RemodelError as error:
        raise ConfigError(str(error), field=path) from error


def read_page(content: object) -> Page:
    """Return the page, with its shape checked.

    Raises
    ------
    ConfigError
        With the path of the field, such as ``arms.0.schedule``.
    """
    try:
        return Page.model_validate(content)
    except ValidationError as error:
        path, problem = first_problem(error, Page)
        raise ConfigError(f"{path.rpartition('.')[2]}: {problem}", field=path) from error


def read_question(content: object, sets: Mapping[str, ParameterSet] | None = None) -> Question:
    """Return what is asked, every part checked before anything is simulated.

    Parameters
    ----------
    content : object
        As JSON gives it.
    sets : mapping of str to ParameterSet, optional
        Parameter sets beside that of the model.

    Raises
    ------
    ConfigError
        With the path of the field.
    """
    page = read_page(content)
    if page.model not in model_names():  # never a file
        hint = nearest(page.model, model_names())
        raise ConfigError(f"'{page.model}' is not a model of the package.{hint}", field="model")
    model = load_model(page.model)
    patient = patient_of(page.patient) if model.follows_age else None
    arms, notes = _arms(page.arms, model)
    case = Case(model.name, arms, patient, _parameters(page, model, sets or {}), page.years)
    return Question(page, case, notes)


def patient_of(table: WhoTable) -> Patient:
    """Return the patient.

    Raises
    ------
    ConfigError
    """
    scores = {n: getattr(table, n) for n in WhoTable.model_fields if n.startswith("t_score")}
    is_male, has_menopause = table.sex == "male", table.menopause != "none"
    try:
        return Patient(
            age=table.age,
            sex="male" if is_male else "female",
            menopause_age=table.menopause_age if has_menopause and not is_male else None,
            menopause="natural" if is_male else table.menopause,  # type: ignore[arg-type]
            **scores,
        )
    except PatientError as error:
        raise ConfigError(str(error), field=f"patient.{error.field or 'age'}") from error


def _arms(
    tables: Sequence[ArmTable], model: Model
) -> tuple[tuple[tuple[str, Schedule], ...], tuple[tuple[int, str], ...]]:
    """Return names with schedules, and what is to be said of their sentences."""
    arms: dict[str, Schedule] = {}
    notes: list[tuple[int, str]] = []
    for number, table in enumerate(tables):
        name = " ".join(table.name.split())
        if not name:
            raise ConfigError("an arm needs a name.", field=f"arms.{number}.name")
        if name in arms:
            raise ConfigError(
                f"two arms are called '{name}'; every arm needs a name of its own.",
                field=f"arms.{number}.name",
            )
        with at_field(f"arms.{number}.schedule"):
            arms[name], said = parsed(table.schedule, model)
        notes += [(number, sentence) for sentence in said]
    return tuple(arms.items()), tuple(notes)


def parsed(sentence: str, model: Model) -> tuple[Schedule, list[str]]:
    """Return a schedule, checked to have drugs of the model, and what was read as another dose.

    Raises
    ------
    ScheduleError, ModelError, UnitError
    """
    drugs = set(load_model("reference").drugs) | set(model.drugs)
    with _PARSING, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", EquivalentDoseWarning)
        schedule = Schedule.parse(sentence.strip() or "none", drugs=drugs)
    model.with_drugs(schedule.drugs)
    said = [str(w.message) for w in caught if issubclass(w.category, EquivalentDoseWarning)]
    return schedule, said


def _parameters(
    page: Page, model: Model, sets: Mapping[str, ParameterSet]
) -> tuple[tuple[str, float], ...]:
    """Return the values that replace those of the model: of a set, then those that were typed."""
    values: dict[str, float] = {}
    if page.parameters != AS_CALIBRATED:
        if page.parameters not in sets:
            hint = nearest(page.parameters, [AS_CALIBRATED, *sets])
            raise ConfigError(
                f"'{page.parameters}' is not a parameter set here.{hint}",
                field="parameters",
            )
        values |= _different(sets[page.parameters], model)
    values |= _changes(page.changes)
    with at_field("changes"):
        model.all_parameters.replace(values)
    return tuple(values.items())


def _different(chosen: ParameterSet, model: Model) -> dict[str, float]:
    """Return the values of a set that are not those of the model.

    Raises
    ------
    ConfigError
        If the set is that of another model.
    """
    usual = model.all_parameters
    for name, parameter in chosen.items():
        if name not in usual or usual[name].unit != parameter.unit:
            raise ConfigError(
                f"the parameter set '{chosen.name}' is not one of model '{model.name}': {name}.",
                field="parameters",
            )
    return {n: p.value for n, p in chosen.items() if p.value != usual[n].value}


def _changes(text: str) -> dict[str, float]:
    """Return values by name, from lines such as ``osteoclast_apoptosis_rate = 0.3``.

    Raises
    ------
    ConfigError
    """
    values: dict[str, Any] = {}
    for line in filter(None, map(str.strip, re.split(r"[\n;]", text))):
        match = _CHANGE.fullmatch(line)
        try:
            if match is None:
                raise ParameterError
            values[match[1]] = float(match[2])
        except ValueError as error:  # a ParameterError is one, too
            raise ConfigError(
                f"'{line[:60]}': expected NAME = NUMBER, one a line.", field="changes"
            ) from error
    return values
