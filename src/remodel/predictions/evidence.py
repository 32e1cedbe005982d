"""Which published numbers a model can be compared with, and why not with the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations import TIME
from remodel.errors import RemodelError
from remodel.models import Model
from remodel.observations import Arm, Observation, Observations, check_pairs
from remodel.patient import Patient
from remodel.simulation.batch import Batch
from remodel.simulation.history import relative_densities
from remodel.simulation.inputs import Inputs

Arms = Mapping[tuple[str, str], Arm]
_UNIT_WORDS = {"g/cm2": "g/cm^2", "nmol_BCE/mmol_creatinine": "nmol/mmol"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A table of observations with the arms they were made in.

    Attributes
    ----------
    name : str
        Tells tables apart that use the same name for a study.
    observations : Observations
    arms : mapping of (str, str) to Arm
        By study and name.
    """

    name: str
    observations: Observations
    arms: Arms


@dataclass(frozen=True, slots=True)
class Target:
    """An observation that a model predicts, with its arm and the arm it is compared with."""

    table: str
    observation: Observation
    arm: Arm
    comparator: Arm | None = None
    unit_factor: float = 1.0

    @property
    def is_baseline(self) -> bool:
        """Whether the value is zero by definition: a change over no time."""
        row = self.observation
        return row.kind != "level" and row.time == row.reference_time


@dataclass(frozen=True, slots=True)
class Skipped:
    """Observations of one endpoint of an arm that a model cannot be compared with."""

    study_id: str
    arm: str
    endpoint: str
    n: int
    reason: str


def targets(model: Model, evidence: Evidence) -> tuple[list[Target], list[Skipped]]:
    """Return the observations that a model can predict, and the others with the reason.

    Rows that the table itself marks as not used are left out of both.

    Raises
    ------
    ObservationError
        If an arm has observations and no regimen.
    """
    check_pairs(evidence.observations, evidence.arms)
    found: list[Target] = []
    counts: dict[tuple[str, str, str, str], int] = {}
    problems: dict[tuple[str, str], str] = {}
    for row in evidence.observations:
        if row.use == "not_used":
            continue
        reason = _reason(model, row, evidence.arms, problems)
        if reason:
            key = (row.study_id, row.arm, row.endpoint, reason)
            counts[key] = counts.get(key, 0) + 1
            continue
        found.append(
            Target(
                table=evidence.name,
                observation=row,
                arm=evidence.arms[row.study_id, row.arm],
                comparator=evidence.arms[row.study_id, row.comparator] if row.comparator else None,
                unit_factor=_unit_factor(model, row) if row.kind == "level" else 1.0,
            )
        )
    skipped = [Skipped(*key[:3], n, key[3]) for key, n in counts.items()]
    return found, skipped


def patient_of(arm: Arm, model: Model, *, scored: bool = False) -> Patient | None:
    """Return the patient who stands for an arm; None if the model knows no patients.

    T-scores are left out unless ``scored``: what percent changes take from them is the relative
    density that :func:`batch_of` gives, whose other parameters keep their sensitivities.
    """
    found = _patient_of(arm, model)
    if found is None or not scored or not model.density:
        return found
    scores: dict[str, Any] = {f"t_score_{site}": arm.t_score(site) for site in model.density}
    return replace(found, **scores)


def _patient_of(arm: Arm, model: Model) -> Patient | None:
    if not model.follows_age:
        return None
    age = Patient().age if arm.age is None else arm.age
    if arm.sex == "male":
        return Patient(age, sex="male")
    if arm.menopause == "none":
        return Patient(age, menopause=None)
    if arm.menopause == "surgical":
        return Patient(age, arm.menopause_age, "surgical")
    return Patient(age, arm.menopause_age)


def patients_of(arms: Sequence[Arm], model: Model, *, scored: bool = False) -> list[Patient] | None:
    """Return the patients who stand for arms; None if the model knows no patients."""
    found = [patient_of(arm, model, scored=scored) for arm in arms]
    return [patient for patient in found if patient is not None] or None


def _reason(
    model: Model, row: Observation, arms: Arms, problems: dict[tuple[str, str], str]
) -> str:
    """Return why a row cannot be predicted, empty if it can."""
    if row.endpoint not in model.endpoints:
        return f"model '{model.name}' has no endpoint '{row.endpoint}'."
    if row.kind == "ratio":
        return "a ratio is never compared with a model."
    if row.kind == "level" and not _unit_factor(model, row):
        unit = model.endpoints[row.endpoint].unit
        return f"the level is in {row.unit}, model '{model.name}' gives it in '{unit}'."
    for name in (row.arm, row.comparator):
        key = (row.study_id, name)
        if not name:
            continue
        if key not in problems:
            problems[key] = _problem(model, arms[key])
        if problems[key]:
            return problems[key]
    return ""


def _problem(model: Model, arm: Arm) -> str:
    """Return why a model cannot simulate an arm, empty if it can."""
    unknown = [drug for drug in arm.schedule.drugs if drug not in model.drugs]
    if unknown:
        return f"model '{model.name}' has no drug '{unknown[0]}'."
    if arm.sex == "male" and not model.male:
        return f"model '{model.name}' knows women only."
    if not model.follows_age and _crosses_menopause(arm):
        return f"model '{model.name}' knows neither age nor menopause."
    try:
        batch_of(model, [arm], np.array([0.0, 1.0]), ())
    except RemodelError as error:
        return str(error)
    return ""


def _crosses_menopause(arm: Arm) -> bool:
    """Whether the ovaries still work at day 0."""
    if arm.menopause == "none":
        return True
    return arm.age is not None and arm.menopause_age is not None and arm.menopause_age >= arm.age


def batch_of(
    model: Model, arms: list[Arm], times: np.ndarray, outputs: tuple[str, ...], rtol: float = 1e-6
) -> Batch:
    """Return the simulation of some arms, one simulation an arm.

    Parameters
    ----------
    times : ndarray, shape (n_times,)
        From day 0 of each arm [d].
    """
    people, schedules = patients_of(arms, model), [arm.schedule for arm in arms]
    densities = _relative_densities(model, arms, people)
    inputs = Inputs.read(model, schedules, people, densities)
    return Batch.build(model, inputs, times, outputs, rtol=rtol)


def _relative_densities(
    model: Model, arms: Sequence[Arm], people: Sequence[Patient] | None
) -> dict[str, FloatArray] | None:
    """Return what the T-scores of arms say of how fast their bone turns over."""
    scores = {
        site: np.array([np.nan if arm.t_score(site) is None else arm.t_score(site) for arm in arms])
        for site in model.density
        if any(arm.t_score(site) is not None for arm in arms)
    }
    if not scores or people is None:
        return None
    usual = model.all_parameters
    known = {name: np.full(len(arms), p.value * p.factor) for name, p in usual.items()}
    known[TIME] = np.array([p.age for p in people]) * model.days_per_year
    known[model.male] = np.array([float(p.sex == "male") for p in people])
    return {
        name: np.where(np.isfinite(relative), relative, usual[name].value)
        for name, relative in relative_densities(model, scores, known).items()
    }


def _unit_factor(model: Model, row: Observation) -> float:
    """Return what turns the model's level into the observation's unit, 0 if nothing does."""
    from pint.errors import PintError

    from remodel.units import parse

    unit = model.endpoints[row.endpoint].unit
    wanted = _UNIT_WORDS.get(row.unit, row.unit)
    if unit == wanted:
        return 1.0
    if unit in ("-", "1", ""):
        return 0.0
    try:
        return float((1.0 * parse(unit)).to(parse(wanted)).magnitude)
    except (PintError, RemodelError):
        return 0.0
