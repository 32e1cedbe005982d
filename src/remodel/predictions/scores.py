"""Errors of predictions: one row an observation, one a curve, and totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.observations import reported_standard_error, residual, standard_error
from remodel.observations.endpoints import PERCENT
from remodel.observations.error_models import WIDTH_95CI
from remodel.predictions.evidence import Target

if TYPE_CHECKING:
    import pandas as pd

SCORECARD = ("study_id", "arm", "endpoint", "n", "mae", "rmse", "bias", "mape", "within_error")
COLUMNS = (
    "table", "study_id", "arm", "endpoint", "time_months", "value", "predicted", "residual",
    "error", "unit", "kind", "relative_to", "comparator", "error_low", "error_high", "error_kind",
    "within_error", "within_95", "standard_error", "standardized", "n_patients", "use",
    "drug_class", "group", "scored",
)  # fmt: skip
TOTALS = ("n", "mae", "rmse", "bias", "n_interval", "within_95", "rms_standardized")
WITHOUT_INTERVAL = 1.5  # percentage points of BMD within which a change without interval counts
_GROUPS = {
    "bmd_lumbar_spine": "BMD",
    "bmd_total_hip": "BMD",
    "bmd_femoral_neck": "BMD",
    "ctx": "CTX",
    "ntx": "NTX",
    "ntx_serum": "NTX",
    "p1np": "P1NP",
    "bsap": "BSAP",
}


def prediction_table(targets: Sequence[Target], predicted: FloatArray) -> pd.DataFrame:
    """Return observations beside their predictions, one row each.

    ``residual`` is predicted minus observed in the unit of the observation, 0 where a bound is
    kept. ``error`` is the same in percentage points of change, in percent of the observed value
    for a level, and in percentage points a year for a rate. ``scored`` is false for a change over
    no time, which every model meets.

    Parameters
    ----------
    predicted : ndarray, shape (n,)
    """
    import pandas as pd

    rows = [_row(t, float(p)) for t, p in zip(targets, predicted, strict=True)]
    return pd.DataFrame(rows, columns=None if rows else list(COLUMNS))


def scorecard(table: pd.DataFrame) -> pd.DataFrame:
    """Return the errors of each endpoint of each arm.

    ``mae``, ``rmse`` and ``bias`` (predicted minus observed) are in percentage points of change;
    ``mape`` is the error in percent of the published value, over values that are not zero;
    ``within_error`` is the share of points whose published interval holds the prediction, NaN
    where none has one. Baseline rows are left out.
    """
    import pandas as pd

    rows = []
    scored = table[table["scored"].astype(bool)]
    for key, group in scored.groupby(["study_id", "arm", "endpoint"], sort=False):
        rows.append(
            {
                **dict(zip(SCORECARD[:3], key, strict=True)),
                **_errors(group),
                "mape": _mean(100.0 * group["residual"].abs() / group["value"].abs(), finite=True),
                "within_error": _mean(group["within_error"]),
            }
        )
    return pd.DataFrame(rows, columns=list(SCORECARD))


def totals(table: pd.DataFrame, by: Sequence[str] = ("drug_class", "group")) -> pd.DataFrame:
    """Return errors added up, by drug class and kind of measurement unless said otherwise.

    ``n_interval`` counts the points with a published interval. ``within_95`` is the share of
    points within their 95 % confidence interval, or, for changes of BMD without one, within 1.5
    points; other points without an interval do not count, and it is NaN where none is left.
    ``rms_standardized`` is the root mean square of residuals over standard errors.
    """
    import pandas as pd

    rows = []
    scored = table[table["scored"].astype(bool)]
    for key, group in scored.groupby(list(by), sort=True):
        rows.append(
            {
                **dict(zip(by, key, strict=True)),
                **_errors(group),
                "n_interval": int(_has_interval(group).sum()),
                "within_95": _mean(group["within_95"]),
                "rms_standardized": float(np.sqrt(_mean(group["standardized"] ** 2))),
            }
        )
    return pd.DataFrame(rows, columns=[*by, *TOTALS])


def _has_interval(table: pd.DataFrame) -> pd.Series[bool]:
    """Return which rows come with a published interval."""
    return (table["error_high"] > table["error_low"]) & (table["error_kind"] != "none")


def _errors(group: pd.DataFrame) -> dict[str, float]:
    error = group["error"]
    return {
        "n": len(group),
        "mae": _mean(error.abs()),
        "rmse": float(np.sqrt(_mean(error**2))),
        "bias": _mean(error),
    }


def _mean(values: Any, *, finite: bool = False) -> float:
    """Return the mean of the values there are; NaN without any."""
    numbers = np.asarray(values, dtype=np.float64)
    kept = numbers[np.isfinite(numbers) if finite else ~np.isnan(numbers)]
    return float(kept.mean()) if len(kept) else float("nan")


def _row(target: Target, predicted: float) -> dict[str, Any]:
    row = target.observation
    off = residual(row, predicted) if np.isfinite(predicted) else float("nan")
    error = 100.0 * off / row.value if row.kind == "level" else off
    sigma = standard_error(row)
    return {
        "table": target.table,
        "study_id": row.study_id,
        "arm": row.arm,
        "endpoint": row.endpoint,
        "time_months": row.time_months,
        "value": row.value,
        "predicted": predicted,
        "residual": off,
        "error": error,
        "unit": row.unit,
        "kind": row.kind,
        "relative_to": row.relative_to,
        "comparator": row.comparator,
        "error_low": _number(row.error_low),
        "error_high": _number(row.error_high),
        "error_kind": row.error_kind,
        "within_error": _within_published(row.error_low, row.error_high, row.value + off),
        "within_95": _within_95(target, off),
        "standard_error": sigma,
        "standardized": off / sigma,
        "n_patients": _number(row.n),
        "use": row.use,
        "drug_class": target.drug_class,
        "group": _GROUPS.get(row.endpoint, row.endpoint),
        "scored": not target.is_baseline,
        **{name: cell for name, cell in row.extra.items() if name not in COLUMNS},
    }


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _within_published(low: float | None, high: float | None, predicted: float) -> float:
    """Return 1 or 0, NaN without an interval."""
    if low is None or high is None or high <= low:
        return float("nan")
    return float(low <= predicted <= high)


def _within_95(target: Target, off: float) -> float:
    """Return 1 or 0: within the 95 % confidence interval, or 1.5 points of a change of BMD.

    NaN where no interval was published and the number is not a change of BMD.
    """
    row = target.observation
    sigma = reported_standard_error(row)
    is_bmd_change = _GROUPS.get(row.endpoint) == "BMD" and row.unit == PERCENT
    if np.isnan(off) or (sigma is None and not is_bmd_change):
        return float("nan")
    limit = WITHOUT_INTERVAL if sigma is None else 0.5 * WIDTH_95CI * sigma
    return float(abs(off) <= limit)
