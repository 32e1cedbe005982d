"""The calibration: what the data say of each parameter beyond its prior, and how well they fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel.calibration.report import IDENTIFIED_BELOW, PRIOR_ONLY_ABOVE, verdict_of
from remodel.models import Model
from remodel.models.draws import posterior_draws
from remodel.parameters import Parameter
from remodel.predictions import Evidence, Predictor, prediction_table, totals
from remodel.qualification.findings import Findings, records

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = {
    "value": "", "low_90": "", "high_90": "", "prior_low_90": "", "prior_high_90": "",
    "sd_over_prior": "1",
}  # fmt: skip
_Z = 1.6448536269514722


def assess_fit(findings: Findings, model: Model) -> pd.DataFrame:
    """Add the parameters with their uncertainty, and the errors on the data they were fitted to.

    Returns
    -------
    pandas.DataFrame
        The predictions of the data of the fit.
    """
    import pandas as pd

    draws = posterior_draws(model)
    table = pd.DataFrame(
        [_row(model.parameters[name], np.asarray(values)) for name, values in draws.items()]
    )
    findings.tables["parameters"] = table
    for row in records(table):
        units = {name: unit or row["unit"] for name, unit in _COLUMNS.items()}
        findings.add_row(f"parameter.{row['parameter']}", row, units, "tables/parameters.csv")
    for verdict, count in table["verdict"].value_counts().items():
        findings.add(f"fit.{str(verdict).replace(' ', '_')}", count, "1", "tables/parameters.csv")
    for verdict in ("identified", "weak", "prior_only"):
        if f"fit.{verdict}" not in findings.numbers:
            findings.add(f"fit.{verdict}", 0, "1", "tables/parameters.csv")
    share = findings.value("fit.prior_only") / len(table)
    findings.add("fit.share_prior_only", share, "1", "tables/parameters.csv")
    findings.add("fit.draws", len(next(iter(draws.values()))), "1", "the shipped posterior")
    findings.add("fit.parameters", len(table), "1", "tables/parameters.csv")
    findings.add("fit.limit_identified", IDENTIFIED_BELOW, "1", "limit of the verdict")
    findings.add("fit.limit_prior_only", PRIOR_ONLY_ABOVE, "1", "limit of the verdict")
    return _residuals(findings, model)


def _row(parameter: Parameter, values: Any) -> dict[str, Any]:
    prior = parameter.prior
    is_log = prior.kind == "lognormal"
    spread = float(np.std(np.log(values) if is_log else values, ddof=1))
    ratio = spread / prior.sd
    reach = _Z * prior.sd
    low, high = prior.center - reach, prior.center + reach
    if is_log:
        low, high = prior.center * math.exp(-reach), prior.center * math.exp(reach)
    return {
        "parameter": parameter.name,
        "unit": parameter.unit,
        "value": parameter.value,
        "low_90": float(np.quantile(values, 0.05)),
        "high_90": float(np.quantile(values, 0.95)),
        "prior_low_90": max(low, parameter.lower),
        "prior_high_90": min(high, parameter.upper),
        "sd_over_prior": ratio,
        "verdict": verdict_of(ratio),
    }


def _residuals(findings: Findings, model: Model) -> pd.DataFrame:
    predictor = Predictor.of(model, [Evidence.read(use="calibration")])
    table = prediction_table(predictor.targets, predictor.predict({}))
    errors = totals(table, by=("group",))
    findings.tables["fit_errors"] = errors
    density = next(row for row in records(errors) if row["group"] == "BMD")
    units = {"n": "1", "mae": "points", "bias": "points"}
    findings.add_row("fit.density", density, units, "tables/fit_errors.csv")
    return table
