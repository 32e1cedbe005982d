"""Which published numbers a model can be compared with, and why not with the others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from remodel.errors import ConfigError, ObservationError, RemodelError
from remodel.models import Model
from remodel.observations import (
    Arm,
    Observation,
    Observations,
    check_pairs,
    load_observations,
    load_regimens,
    with_references,
)
from remodel.predictions.arms import (
    Arms,
    Members,
    batch_of,
    density_at_start,
    drug_class,
    members_of,
)

SHIPPED = "shipped"
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

    def __post_init__(self) -> None:
        """Let changes that count from the end of treatment count from its month."""
        object.__setattr__(self, "observations", with_references(self.observations, self.arms))

    def arms_of(self, row: Observation) -> list[Arm]:
        """Return the arms that an observation comes from, those in pools included."""
        named = [self.arms[row.study_id, name] for name in (row.arm, row.comparator) if name]
        return [member for arm in named for member, _ in members_of(arm, self.arms)]

    @classmethod
    def read(
        cls,
        observations: str | Path | None = None,
        regimens: str | Path | None = None,
        use: str = "validation",
    ) -> Self:
        """Return a user's tables, or those of the package.

        Parameters
        ----------
        observations, regimens : path, optional
            Both or none.
        use : str
            Of the package's tables: ``validation``, ``calibration`` or ``all``.

        Raises
        ------
        ConfigError
            If one of two files is missing, or ``use`` is not known.
        ObservationError
            If a table is malformed, or an arm has no regimen.
        """
        if observations is None and regimens is None:
            if use not in ("validation", "calibration", "all"):
                raise ConfigError(f"use = '{use}': must be validation, calibration or all.")
            uses = ("validation", "calibration") if use == "all" else use
            return cls(SHIPPED, load_observations().where(use=uses), load_regimens())
        if observations is None or regimens is None:
            raise ConfigError(
                "give both tables, observations and regimens, or neither for the shipped trials."
            )
        rows = load_observations(observations)
        if not len(rows):
            raise ObservationError(f"{Path(observations).name} has no observations.")
        arms = load_regimens(regimens)
        check_pairs(rows, arms)
        return cls(Path(observations).name, rows, arms)


@dataclass(frozen=True, slots=True)
class Target:
    """An observation that a model predicts, with the arms it comes from.

    Attributes
    ----------
    table : str
        Name of the table it stands in.
    observation : Observation
    members : tuple of (Arm, float)
        Its arm, or those that were reported together, with their shares.
    drug_class : str
        Of their treatment when it was measured.
    comparators : tuple of (Arm, float)
        The same of the arm it is compared with; empty without one.
    factor : float
        Multiplies a level of the model, or one relative to the start, to give it in the unit of
        the observation.
    is_scaled : bool
        Whether a level is predicted relative to that at the start, which a T-score says.
    """

    table: str
    observation: Observation
    members: Members
    drug_class: str
    comparators: Members = ()
    factor: float = 1.0
    is_scaled: bool = False

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


def find_targets(model: Model, evidence: Evidence) -> tuple[list[Target], list[Skipped]]:
    """Return the observations that a model can predict, and the others with the reason.

    Rows that the table itself marks as not used are left out of both.

    Raises
    ------
    ObservationError
        If an arm has observations and no regimen.
    """
    check_pairs(evidence.observations, evidence.arms)
    targets: list[Target] = []
    counts: Counter[tuple[str, str, str, str]] = Counter()
    problems: dict[tuple[str, str], str] = {}
    for row in evidence.observations:
        if row.use == "not_used":
            continue
        if reason := _reason(model, row, evidence, problems):
            counts[row.study_id, row.arm, row.endpoint, reason] += 1
            continue
        targets.append(_target(model, row, evidence))
    return targets, [Skipped(*key[:3], n, key[3]) for key, n in counts.items()]


def _target(model: Model, row: Observation, evidence: Evidence) -> Target:
    arm = evidence.arms[row.study_id, row.arm]
    other = evidence.arms[row.study_id, row.comparator] if row.comparator else None
    members = members_of(arm, evidence.arms)
    density = density_at_start(arm, model, row.endpoint) if row.kind == "level" else None
    factor = _unit_factor(model, row) if row.kind == "level" else 1.0
    return Target(
        table=evidence.name,
        observation=row,
        members=members,
        drug_class=drug_class(members, model, row.time_months),
        comparators=() if other is None else members_of(other, evidence.arms),
        factor=factor if density is None else factor * density,
        is_scaled=density is not None,
    )


def _reason(
    model: Model, row: Observation, evidence: Evidence, problems: dict[tuple[str, str], str]
) -> str:
    """Return why a row cannot be predicted, empty if it can."""
    if row.endpoint not in model.endpoints:
        return f"model '{model.name}' has no endpoint '{row.endpoint}'."
    if row.kind == "ratio":
        return "a ratio is never compared with a model."
    if row.kind == "level" and not _unit_factor(model, row):
        unit = model.endpoints[row.endpoint].unit
        return f"the level is in {row.unit}, model '{model.name}' gives it in '{unit}'."
    for member in evidence.arms_of(row):
        key = (row.study_id, member.name)
        if key not in problems:
            problems[key] = _problem(model, member)
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
        batch_of(model, [arm], np.array([0.0, 1.0]), (), rtol=1e-6)
    except RemodelError as error:
        return str(error)
    return ""


def _crosses_menopause(arm: Arm) -> bool:
    """Whether the ovaries still work at day 0."""
    if arm.menopause == "none":
        return True
    return arm.age is not None and arm.menopause_age is not None and arm.menopause_age >= arm.age


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
