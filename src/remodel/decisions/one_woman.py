"""One woman: the draws of her posterior, given any schedule from now on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.decisions.design import Design
from remodel.decisions.people import (
    MECHANISM,
    Draw,
    People,
    Taken,
    fracture_draws,
    women_at_risk,
)
from remodel.fracture.background import RISK_FACTORS
from remodel.fracture.hazards import Women
from remodel.individuals.fit import fit_patient
from remodel.individuals.patient_fit import PatientFit
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

_MONTHS_PER_YEAR = 12


@dataclass(frozen=True, eq=False)
class WomanPeople(People):
    """Draws of one woman; each is a row. Day 0 is now."""

    rows_are_draws: ClassVar[bool] = True
    fit: PatientFit
    weights: FloatArray
    draw_of: IntArray
    draws: tuple[Draw, ...]
    member_of: IntArray
    women: Women
    columns: Mapping[str, FloatArray]
    inflation: float
    failed: int = 0

    @property
    def words(self) -> str:
        """Who they are, for a report."""
        return f"{len(self):,} draws of one woman, {self.fit.effective_size:.0f} effective"

    def as_taken(self, schedule: Schedule) -> Taken:
        """Return the schedule as each pattern of adherence edits it, from now on."""
        now = self.fit.woman.now * DAYS_PER_MONTH
        ways = []
        for number in range(len(self.fit.woman.patterns)):
            whole = self.fit.woman.taken_as(number, schedule).delayed(-now)
            ways.append(_from_now(whole))
        return Taken(tuple(ways), self.fit.pattern)

    def levels(
        self, schedules: Sequence[Schedule], times: FloatArray, names: Sequence[str]
    ) -> dict[str, FloatArray]:
        """Return her true levels, drawn with the same wander under each schedule."""
        shape = len(schedules), len(self), len(times)
        values = {name: np.empty(shape) for name in names}
        for i, schedule in enumerate(schedules):
            for name, course in self._course(schedule, times, names).items():
                values[name][i] = course
        return values

    def _course(
        self, schedule: Schedule, times: FloatArray, names: Sequence[str]
    ) -> dict[str, FloatArray]:
        bare = [name.removeprefix(MECHANISM) for name in names]
        endpoints = tuple(dict.fromkeys(n.replace("t_score_", "bmd_") for n in bare))
        years = float(times[-1]) / DAYS_PER_YEAR
        dataset = self.fit.predict(schedule, years, endpoints=endpoints, step_months=3.0)
        months = self.fit.woman.now + times / DAYS_PER_MONTH
        known = dataset["months"].to_numpy()
        return {
            name: _between(known, dataset[plain].to_numpy(), months)
            for name, plain in zip(names, bare, strict=True)
        }


def _between(known: FloatArray, values: FloatArray, months: FloatArray) -> FloatArray:
    """Return values at some months, straight between those that are known."""
    right = np.clip(np.searchsorted(known, months - 1e-6), 1, len(known) - 1)
    share = np.clip((months - known[right - 1]) / (known[right] - known[right - 1]), 0.0, 1.0)
    course: FloatArray = values[:, right - 1] + share * (values[:, right] - values[:, right - 1])
    return course


def _from_now(schedule: Schedule) -> Schedule:
    """Return what is given from day 0 on."""
    doses = tuple(dose for dose in schedule.doses if dose.end > 0)
    return Schedule(doses, schedule.interventions)


def woman_people(design: Design, fitted: PatientFit | None, threads: int | None) -> WomanPeople:
    """Return the draws of the woman of a problem.

    Parameters
    ----------
    design : Design
    fitted : PatientFit, optional
        Instead of the woman of the design, who is fitted.
    threads : int, optional

    Raises
    ------
    RemodelError
        One of its subclasses, if her file is not allowed.
    """
    fit = fitted or fit_patient(design.woman, threads=threads)
    n = len(fit.posterior)
    now = fit.predict(None, 1.0, endpoints=("bmd_femoral_neck",), step_months=12.0)
    at_now = int(np.searchsorted(now["months"].to_numpy(), fit.woman.now - 1e-6))
    score = now["t_score_femoral_neck"].to_numpy()[:, at_now]
    columns = _columns(fit, n)
    draws = fracture_draws(design.uncertainty.draws, design.seed)
    return WomanPeople(
        fit=fit,
        weights=np.full(n, 1.0 / n),
        draw_of=np.arange(n) % len(draws),
        draws=draws,
        member_of=np.arange(n),
        women=women_at_risk(columns, score, design.country),
        columns=columns,
        inflation=float(np.sqrt(n / min(n, fit.effective_size))),
    )


def _columns(fit: PatientFit, n: int) -> dict[str, FloatArray]:
    """Return her traits, her age now and her risk factors, NaN where unknown, one entry a draw."""
    woman = fit.woman
    known = {"bmi": woman.bmi, "menopause_age": woman.menopause_age, **woman.risks}
    columns = dict(fit.traits)
    for name in (*RISK_FACTORS, "bmi", "menopause_age"):
        value = known.get(name)
        if name not in columns:
            columns[name] = np.full(n, np.nan if value is None else float(value))
    columns["age"] = np.full(n, woman.age + woman.now / _MONTHS_PER_YEAR)
    return columns
