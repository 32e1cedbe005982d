"""The validation: trials that no fit saw, by class of treatment, with every miss by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remodel.models import Model
from remodel.predictions.reliability import coverage
from remodel.qualification.findings import Findings, records
from remodel.qualification.numbers import slug
from remodel.validation.validate import validate

if TYPE_CHECKING:
    import pandas as pd

_COVERAGE = {
    "n": "1", "trials": "1", "mae": "points", "bias": "points", "within_50": "1", "within_90": "1",
    "within_90_low": "1", "within_90_high": "1",
}  # fmt: skip
_MISS = {"time_months": "mo", "value": "%", "predicted": "%", "low_90": "%", "high_90": "%"}
NOMINAL = 0.9
HOLDS, UNSURE, MISSES, FEW = "holds", "not shown to hold", "misses", "too few"
_ENOUGH = 3  # trials, below which nothing is said of a class


def validate_held_out(findings: Findings, model: Model) -> pd.DataFrame:
    """Add coverage and errors of density by class, and the numbers outside their bands.

    Returns
    -------
    pandas.DataFrame
        The predictions of the held-out trials.
    """
    import pandas as pd

    validation = validate(model, use="validation", figures=False)
    density = validation.predictions[
        validation.predictions["endpoint"].str.startswith("bmd_")
        & validation.predictions["scored"].astype(bool)
    ]
    by_class = coverage(density)
    by_class = by_class.assign(verdict=[_verdict(row) for row in records(by_class)])
    findings.tables["coverage"] = by_class
    for row in records(by_class):
        prefix = f"validation.class.{slug(row['drug_class'])}"
        findings.add_row(prefix, row, _COVERAGE, "tables/coverage.csv")
    (whole,) = records(coverage(density.assign(drug_class="all")))
    findings.add_row("validation.density", whole, _COVERAGE, "validate, all classes together")
    outside = density[(density["probability_below"] - 0.5).abs() > NOMINAL / 2]  # no bounds
    outside = outside.reindex(outside["error"].abs().sort_values(ascending=False).index)
    columns = ["study_id", "arm", "endpoint", "drug_class", *_MISS, "error"]
    findings.tables["misses"] = pd.DataFrame(outside[columns]).reset_index(drop=True)
    for i, row in enumerate(records(findings.tables["misses"])):
        findings.add_row(f"validation.miss.{i}", row, _MISS, "tables/misses.csv")
    findings.add("validation.misses", len(outside), "1", "tables/misses.csv")
    findings.add("validation.failed", len(validation.failed), "1", "validate")
    findings.add("validation.skipped", sum(s.n for s in validation.skipped), "1", "validate")
    findings.add("validation.nominal", NOMINAL, "1", "the bands")
    findings.add("validation.enough_trials", _ENOUGH, "1", "limit of the verdict")
    _contrasts(findings, validation.contrasts)
    findings.tables["predictions"] = validation.predictions
    return validation.predictions


def _verdict(row: dict[str, Any]) -> str:
    """Return what the interval of a coverage says of its nominal value."""
    if row["trials"] < _ENOUGH:
        return FEW
    if row["within_90_high"] < NOMINAL:
        return MISSES
    return HOLDS if row["within_90"] >= NOMINAL else UNSURE


def _contrasts(findings: Findings, contrasts: pd.DataFrame) -> None:
    density = contrasts[contrasts["endpoint"].str.startswith("bmd_")]
    row = {
        "n": len(density),
        "mae": density["error"].abs().mean(),
        "bias": density["error"].mean(),
        "size": density["value"].abs().mean(),
    }
    units = {"n": "1", "mae": "points", "bias": "points", "size": "points"}
    findings.add_row("validation.contrasts", row, units, "validate, contrasts of density")
