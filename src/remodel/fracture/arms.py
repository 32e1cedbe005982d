"""Arms of trials: who they are, what they were given, and what happens to their bone."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ObservationError, PatientError, RemodelError
from remodel.fracture.background import RISK_FACTORS, load_background
from remodel.fracture.hazards import Exposure, Women
from remodel.fracture.probability import cumulative_probability
from remodel.fracture.sites import SITES
from remodel.fracture.twins import INPUTS
from remodel.models import Model, load_model
from remodel.observations.rows import Row, load_rows, shipped_rows
from remodel.patient import SEXES, Patient
from remodel.schedules import Schedule
from remodel.simulation.simulate import simulate
from remodel.solvers.status import Status
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

COLUMNS = ("study_id", "arm", "comparator", "schedule", "age", "outcome", "months")
"""Columns that a table of arms needs."""
_LONGEST = 600.0  # months
_SD_OF_WOMEN = 1.0  # of the T-score of the femoral neck: women in general, NHANES III (recalled)
_SD_OF_TRIALS = (
    0.65  # of trials that choose women by density: FREEDOM 0.72, HORIZON 0.55 (recalled)
)


@dataclass(frozen=True, slots=True)
class Arm:
    """A group of women under one schedule.

    Attributes
    ----------
    study, name : str
    schedule : Schedule
    patient : Patient
        Of mean age, menopause and T-scores.
    factors : mapping of str to float
        Shares with risk factors; NaN is unknown.
    bmi : float
        [kg/m2]; NaN is unknown.
    country : str
    t_score_sd : float
        Spread of the T-score of the femoral neck in the group.
    """

    study: str
    name: str
    schedule: Schedule
    patient: Patient
    factors: Mapping[str, float]
    bmi: float
    country: str
    t_score_sd: float

    @property
    def key(self) -> tuple[str, str]:
        """What names it in a table."""
        return self.study, self.name

    @classmethod
    def read(cls, row: Row, drugs: Iterable[str]) -> Arm:
        """Read the columns of a row that describe the arm.

        Raises
        ------
        ObservationError
            Naming file, row and column.
        """
        factors = {name: _share(row, name) for name in RISK_FACTORS}
        if np.isnan(factors["prior_vertebral_fracture"]):
            factors["prior_vertebral_fracture"] = 0.0
        bmi = row.optional_number("bmi", "kg/m2")
        if bmi is not None and not 10.0 <= bmi <= 80.0:
            row.fail("bmi", f"{bmi:g} kg/m2: must be from 10 to 80.")
        country = row.text("country", "UK")
        try:
            load_background().country_ratio(country)
        except RemodelError as error:
            row.fail("country", str(error), error)
        return cls(
            row.required("study_id"),
            row.required("arm"),
            _schedule(row, drugs),
            _patient(row),
            factors,
            np.nan if bmi is None else bmi,
            country,
            _t_score_sd(row),
        )


@dataclass(frozen=True, slots=True)
class Question:
    """A row of a table of arms: an arm, a site, a time, and whom the arm is compared with."""

    row: Row
    arm: Arm
    comparator: str
    outcome: str
    months: float


@dataclass(frozen=True, slots=True)
class Exposed:
    """Simulated arms.

    Attributes
    ----------
    keys : tuple of (str, str)
        Study and name of each arm.
    women : Women
        One an arm.
    exposure : Exposure
        Times include every month that was asked for.
    failed : tuple of (str, str)
        Arms whose simulation, or that of the twin, failed.
    """

    keys: tuple[tuple[str, str], ...]
    women: Women
    exposure: Exposure
    failed: tuple[tuple[str, str], ...]

    @property
    def death(self) -> FloatArray:
        """Hazard of death, shape (n, n_times) [1/y]."""
        return load_background().death(self.women.age[:, None] + self.exposure.years)

    def window(self, start: float, end: float) -> slice:
        """Return which times lie between two months."""
        years = self.exposure.years
        first, last = (np.searchsorted(years, m * _YEARS_PER_MONTH - 1e-9) for m in (start, end))
        return slice(int(first), int(last) + 1)


_YEARS_PER_MONTH = DAYS_PER_MONTH / DAYS_PER_YEAR


def read_questions(path: str | Path, model: Model) -> list[Question]:
    """Return the rows of a table of arms, ``ARMS.csv``.

    Raises
    ------
    ObservationError
        If a column is missing, or a cell is not allowed; it names row and column.
    """
    rows = load_rows(path, COLUMNS)
    if not rows:
        raise ObservationError(f"{Path(path).name} has no arms.")
    questions = [_question(row, model.drugs) for row in rows]
    _check_arms(questions)
    return questions


def _question(row: Row, drugs: Iterable[str]) -> Question:
    outcome = row.word("outcome", SITES)
    months = row.number("months", "months")
    if not 0 < months <= _LONGEST:
        row.fail("months", f"{months:g} months: must be above 0 and at most {_LONGEST:g}.")
    return Question(row, Arm.read(row, drugs), row.text("comparator"), outcome, months)


def _check_arms(questions: Sequence[Question]) -> None:
    """Refuse arms described twice in different words, and comparators that are not there."""
    arms: dict[tuple[str, str], Arm] = {}
    names: dict[str, set[str]] = {}
    for question in questions:
        arm = question.arm
        if _described(arms.setdefault(arm.key, arm)) != _described(arm):
            question.row.fail("arm", f"'{arm.name}' is described differently in an earlier row.")
        names.setdefault(arm.study, set()).add(arm.name)
    for question in questions:
        comparator = question.comparator
        if comparator == question.arm.name:
            question.row.fail("comparator", f"'{comparator}' is compared with itself.")
        if comparator and comparator not in names[question.arm.study]:
            known = ", ".join(sorted(names[question.arm.study]))
            question.row.fail(
                "comparator", f"'{comparator}' is no arm of {question.arm.study}; arms: {known}."
            )


def _described(arm: Arm) -> str:
    return repr(arm)


def _schedule(row: Row, drugs: Iterable[str]) -> Schedule:
    sentence = row.text("schedule", "none")
    try:
        return Schedule.parse(sentence, drugs)
    except RemodelError as error:
        row.fail("schedule", str(error), error)


def _patient(row: Row) -> Patient:
    scores = {
        f"t_score_{site}": row.optional_number(f"t_score_{site}")
        for site in ("lumbar_spine", "total_hip", "femoral_neck")
    }
    sex = row.word("sex", SEXES, "female")
    menopause_age = row.optional_number("menopause_age", "y")
    age = row.number("age", "y")
    if not 30.0 <= age <= 100.0:
        row.fail("age", f"{age:g} y: must be from 30 to 100 y.")
    try:
        return Patient(age=age, menopause_age=menopause_age, sex=sex, **scores)  # type: ignore[arg-type]
    except PatientError as error:
        row.fail(error.field or "age", str(error), error)


def _t_score_sd(row: Row) -> float:
    """Return the spread of T-scores in an arm, by default that of all women or of trials."""
    value = row.optional_number("t_score_femoral_neck_sd")
    if value is None:
        return _SD_OF_TRIALS if row.text("t_score_femoral_neck") else _SD_OF_WOMEN
    if not 0.0 <= value <= 3.0:
        row.fail("t_score_femoral_neck_sd", f"{value:g}: must be from 0 to 3.")
    return value


def _share(row: Row, name: str) -> float:
    """Return a risk factor: yes, no, the share of a group from 0 to 1, or NaN if unknown."""
    words = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
    if row.text(name).lower() in words:
        return words[row.text(name).lower()]
    value = row.optional_number(name)
    if value is None:
        return np.nan
    if not 0.0 <= value <= 1.0:
        row.fail(name, f"{value:g}: must be from 0 (no) to 1 (yes), a share of the group between.")
    return value


def simulate_arms(
    arms: Sequence[Arm], months: Iterable[float], model: str | Model = "reference"
) -> Exposed:
    """Simulate arms and their untreated twins, once a month and at the months asked for.

    Parameters
    ----------
    arms : sequence of Arm
    months : iterable of float
    model : str or Model
    """
    chosen = load_model(model)
    asked = sorted({float(m) for m in months})
    monthly = np.arange(0.0, np.ceil(asked[-1]) + 1.0)
    times = np.unique(np.round(np.concatenate([monthly, asked]), 6)) * DAYS_PER_MONTH
    bare = [Schedule((), arm.schedule.interventions) for arm in arms]
    dataset = simulate(
        chosen,
        schedule=[*(arm.schedule for arm in arms), *bare],
        patient=[arm.patient for arm in arms] * 2,
        times=times,
        outputs=INPUTS,
    )
    n = len(arms)
    hip, ctx, score = (dataset[name].to_numpy() for name in INPUTS)
    years = times / DAYS_PER_YEAR
    exposure = Exposure.of(years, hip[:n], ctx[:n], hip[n:], ctx[n:])
    has_failed = dataset["status"].to_numpy() != int(Status.OK)
    failed = [arm.key for i, arm in enumerate(arms) if has_failed[i] or has_failed[n + i]]
    women = Women(
        age=np.array([arm.patient.age for arm in arms]),
        t_score=_t_scores(arms, score[:n, 0]),
        factors={name: np.array([arm.factors[name] for arm in arms]) for name in RISK_FACTORS},
        bmi=np.array([arm.bmi for arm in arms]),
        country=[arm.country for arm in arms],
        t_score_sd=np.array([arm.t_score_sd for arm in arms]),
    )
    return Exposed(tuple(arm.key for arm in arms), women, exposure, tuple(failed))


def _t_scores(arms: Sequence[Arm], simulated: FloatArray) -> FloatArray:
    """Return the T-score of the femoral neck of each arm, of women of the age where it is blank.

    A site that was measured instead of the neck sets the simulated one.
    """
    age = np.array([arm.patient.age for arm in arms])
    mean = load_background().t_score_of_women(age)
    is_measured = np.array([bool(arm.patient.t_scores) for arm in arms])
    return np.where(is_measured & np.isfinite(simulated), np.clip(simulated, -6.0, 6.0), mean)


def probability_of(exposed: Exposed, hazard: FloatArray, i: int, start: float, end: float) -> float:
    """Return the probability of a first fracture of an arm between two months, death competing."""
    window = exposed.window(start, end)
    years, death = exposed.exposure.years[window], exposed.death[i, window]
    return float(cumulative_probability(hazard[i, window], death, years)[-1])


def cumulative_hazard_of(
    exposed: Exposed, hazard: FloatArray, i: int, start: float, end: float
) -> float:
    """Return the hazard of an arm summed between two months."""
    window = exposed.window(start, end)
    return float(np.trapezoid(hazard[i, window], exposed.exposure.years[window]))


@functools.cache
def published_arms() -> tuple[Arm, ...]:
    """Return the arms of published trials of fracture."""
    drugs = load_model("reference").drugs
    return tuple(
        Arm.read(row, drugs)
        for row in shipped_rows("published_arms.csv", ("study_id", "arm"), room="fracture")
    )
