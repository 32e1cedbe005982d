"""Sensitivity: how far each uncertain parameter moves what the report is about."""

from __future__ import annotations

import numpy as np

from remodel.models import Model
from remodel.models.draws import posterior_draws
from remodel.patient import Patient
from remodel.qualification.findings import Findings, records
from remodel.qualification.numbers import slug
from remodel.simulation.simulate import simulate

QUESTIONS = {
    "inhibitor alone": "anastrozole 1 mg daily for 5 y",
    "inhibitor with zoledronic acid": (
        "anastrozole 1 mg daily for 5 y; zoledronic acid 4 mg every 6 mo for 5 y"
    ),
    "inhibitor with denosumab": (
        "anastrozole 1 mg daily for 5 y; denosumab 60 mg every 6 mo for 5 y"
    ),
}
_OUTPUT = "bmd_lumbar_spine_percent_change"
_YEARS = 5
_ENDS = (0.05, 0.95)


def swing(findings: Findings, model: Model) -> None:
    """Add what each parameter does from the one end of its posterior to the other, by itself.

    The spread of all draws together is beside it.
    """
    import pandas as pd

    draws = {name: np.asarray(values) for name, values in posterior_draws(model).items()}
    names = list(draws)
    usual = np.array([model.parameters[name].value for name in names])
    ends = np.tile(usual, (2 * len(names), 1))
    for i, name in enumerate(names):
        ends[2 * i : 2 * i + 2, i] = np.quantile(draws[name], _ENDS)
    rows, courses = [], []
    for question, schedule in QUESTIONS.items():
        low_high = _change(model, schedule, ends.T, names)
        together = _change(model, schedule, np.stack([draws[n] for n in names]), names)
        (middle,) = _change(model, schedule, usual[:, None], names)
        low, high = np.quantile(together, _ENDS)
        courses.append({"question": question, "change": middle, "low_90": low, "high_90": high})
        rows += [
            {"question": question, "parameter": name, "at_low": a, "at_high": b,
             "swing": abs(b - a)}
            for name, (a, b) in zip(names, low_high.reshape(-1, 2).tolist(), strict=True)
        ]  # fmt: skip
    table = pd.DataFrame(rows).sort_values(["question", "swing"], ascending=[True, False])
    findings.tables["answers"] = pd.DataFrame(courses)
    findings.tables["sensitivity"] = table.reset_index(drop=True)
    for row in courses:
        units = dict.fromkeys(("change", "low_90", "high_90"), "%")
        findings.add_row(f"answer.{slug(row['question'])}", row, units, "tables/answers.csv")
    for row in records(table):
        units = dict.fromkeys(("at_low", "at_high", "swing"), "%")
        prefix = f"sensitivity.{slug(row['question'])}.{row['parameter']}"
        findings.add_row(prefix, row, units, "tables/sensitivity.csv")
    findings.add("answer.years", _YEARS, "y", "setting")
    findings.add("answer.age", _PATIENT.age, "y", "setting")


_PATIENT = Patient(age=62, menopause_age=50)


def _change(
    model: Model,
    schedule: str,
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    names: list[str],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the change at the end for columns of parameter values, shape (n,)."""
    ds = simulate(
        model,
        schedule=schedule,
        patient=_PATIENT,
        parameters=dict(zip(names, values, strict=True)),
        times=["0 d", f"{_YEARS} y"],
        outputs=[_OUTPUT],
    )
    changes: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = ds[_OUTPUT].to_numpy()[:, -1]
    return changes
