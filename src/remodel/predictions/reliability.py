"""How far predictions can be relied on: coverage by class, drift in time, contrasts in trials."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray
from remodel.predictions.predictive import COVERAGES, clustered_interval

if TYPE_CHECKING:
    import pandas as pd

CONTRAST = (
    "study_id",
    "arm",
    "other_arm",
    "endpoint",
    "time_months",
    "value",
    "predicted",
    "error",
)


def coverage(table: pd.DataFrame, by: Sequence[str] = ("drug_class",)) -> pd.DataFrame:
    """Return how often bands hold the published numbers, by class of treatment.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows with ``probability_below`` (of the predictive distribution, at the published number;
        rows without one do not count), ``log_score``, ``crps``, ``error``, ``study_id`` and
        ``scored``.
    by : sequence of str

    Returns
    -------
    pandas.DataFrame
        ``n``, ``trials``, ``mae``, ``bias``, ``log_score`` and ``crps`` (means), ``within_50``,
        ``within_80``, ``within_90``, ``within_95`` (shares), and ``within_90_low`` and
        ``within_90_high``: the 95 % interval of that share, clustered by trial.
    """
    import pandas as pd

    rows = []
    scored = table[table["scored"].astype(bool) & table["probability_below"].notna()]
    for key, group in scored.groupby(list(by), sort=True):
        off_center = np.abs(group["probability_below"].to_numpy() - 0.5)
        shares = {f"within_{100 * c:.0f}": float(np.mean(off_center <= c / 2)) for c in COVERAGES}
        low, high = clustered_interval((off_center <= 0.45).astype(float), list(group["study_id"]))
        rows.append(
            {
                **dict(zip(by, key, strict=True)),
                "n": len(group),
                "trials": group["study_id"].nunique(),
                "mae": float(group["error"].abs().mean()),
                "bias": float(group["error"].mean()),
                "log_score": float(group["log_score"].mean()),
                "crps": float(group["crps"].mean()),
                **shares,
                "within_90_low": low,
                "within_90_high": high,
            }
        )
    return pd.DataFrame(rows)


def drift(table: pd.DataFrame, by: Sequence[str] = ("drug_class",)) -> pd.DataFrame:
    """Return how errors change with time, a straight line in years after the start.

    Returns
    -------
    pandas.DataFrame
        ``n``, ``slope`` (of the error, predicted minus observed, in its unit a year) and
        ``slope_se``, by least squares with errors clustered by trial (NaN for one trial alone);
        classes of fewer than five numbers, or measured at one time, are left out.
    """
    import pandas as pd

    rows = []
    for key, group in table[table["scored"].astype(bool)].groupby(list(by), sort=True):
        years = group["time_months"].to_numpy(dtype=np.float64) / 12.0
        errors = group["error"].to_numpy(dtype=np.float64)
        kept = np.isfinite(errors)
        years, errors, trials = years[kept], errors[kept], group["study_id"].to_numpy()[kept]
        centered = years - years.mean() if len(years) else years
        if len(years) < 5 or not centered.any():
            continue
        information = float(centered @ centered)
        slope = float(centered @ errors) / information
        residuals = errors - errors.mean() - slope * centered
        scores = pd.Series(centered * residuals).groupby(trials).sum().to_numpy()
        se = _root_of_clusters(scores) / information
        rows.append(
            {**dict(zip(by, key, strict=True)), "n": len(years), "slope": slope, "slope_se": se}
        )
    return pd.DataFrame(rows)


def _root_of_clusters(scores: FloatArray) -> float:
    """Return the standard deviation of a sum over clusters, which says nothing of one alone."""
    n = len(scores)
    return float(np.sqrt(n / (n - 1.0) * (scores @ scores))) if n > 1 else float("nan")


def contrasts(table: pd.DataFrame) -> pd.DataFrame:
    """Return differences between arms of one trial, as published and as predicted.

    Every pair of arms whose change of one endpoint was published for the same month; what all
    arms of a trial share, such as its women and its laboratory, cancels.

    Returns
    -------
    pandas.DataFrame
        ``study_id, arm, other_arm, endpoint, time_months, value, predicted, error``: the change
        in ``arm`` minus that in ``other_arm``, and predicted minus published.
    """
    import pandas as pd

    is_change = (table["kind"] == "change") & (table["relative_to"] == "baseline")
    rows = []
    keys = ["study_id", "endpoint", "time_months"]
    for (study, endpoint, months), group in table[is_change & table["scored"]].groupby(keys):
        single = group.drop_duplicates("arm")
        for first, second in combinations(single.to_dict("records"), 2):
            value = first["value"] - second["value"]
            predicted = first["predicted"] - second["predicted"]
            cells = study, first["arm"], second["arm"], endpoint, months
            rows.append((*cells, value, predicted, predicted - value))
    return pd.DataFrame(rows, columns=list(CONTRAST))
