"""Bands about predictions: of the parameters, of a new trial's mean, of what it publishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from remodel._arrays import FloatArray
from remodel.models import Model
from remodel.predictions.covariance import MARKER_POWER, blocks_of
from remodel.predictions.evidence import Target
from remodel.predictions.predictive import BANDS, Predictive
from remodel.predictions.spreads import DEGREES, DENSITY, SCALE, Spreads, kind_of
from remodel.units import PERCENT_CHANGE

if TYPE_CHECKING:
    import pandas as pd

Band = Literal["parameters", "trial", "published"]
BAND_NAMES: tuple[Band, ...] = get_args(Band)
MEANING = {
    "parameters": "uncertainty of the parameters",
    "trial": "true mean of a new trial: parameters, and spread between trials",
    "published": "published number of a new trial: that, and its standard error",
}
SCORES = ("probability_below", "log_score", "crps")
COLUMNS = ("low_90", "low_50", "high_50", "high_90", "band", *SCORES)


def predictive_of(
    model: Model,
    targets: Sequence[Target],
    centers: FloatArray,
    spreads: Spreads,
    band: Band = "published",
) -> Predictive:
    """Return the predictive distribution of published numbers.

    Parameters
    ----------
    model : Model
    targets : sequence of Target
    centers : ndarray, shape (draws, n)
        Their predictions by draws of the parameters.
    spreads : Spreads
        Between trials.
    band : {"parameters", "trial", "published"}
        What is uncertain.
    """
    sd = np.zeros(len(targets))
    if band != "parameters":
        for block in blocks_of(model, targets, np.median(centers, axis=0)):
            covariance = block.covariance(spreads)
            if band == "trial":
                covariance = covariance - block.fixed
            sd[block.rows] = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return Predictive(centers, SCALE * sd, DEGREES)


def with_bands(
    table: pd.DataFrame, targets: Sequence[Target], predictive: Predictive, band: Band
) -> pd.DataFrame:
    """Return a table of predictions with bands and scores of their distribution.

    ``low_90`` to ``high_90`` are the ends of bands of 50 and 90 %, ``band`` says of what,
    ``probability_below`` is the predicted probability of a number below the published one,
    ``log_score`` the logarithm of the predicted density there (NaN where only the parameters are
    uncertain), and ``crps`` the continuous ranked probability score. Inequalities and limits of
    detection are no numbers to be predicted and have no scores. Where a simulation failed all are
    NaN.
    """
    columns = dict.fromkeys(COLUMNS, np.full(len(table), np.nan))
    columns["band"] = np.full(len(table), band)
    kept = np.isfinite(predictive.centers).all(axis=0)
    if kept.any():
        whole = Predictive(predictive.centers[:, kept], predictive.sd[kept], predictive.degrees)
        observed = table["value"].to_numpy(dtype=np.float64)[kept]
        scores = {"probability_below": whole.cdf(observed), "crps": whole.crps(observed)}
        if whole.sd.all():
            scores["log_score"] = whole.log_scores(observed)
        for share, ends in BANDS.items():
            low, high = whole.quantiles(ends)
            scores |= {f"low_{share}": low, f"high_{share}": high}
        for name, values in scores.items():
            columns[name] = np.full(len(table), np.nan)
            columns[name][kept] = values
    with_scores = table.assign(**columns)
    is_bound = np.array([target.observation.is_bound for target in targets], dtype=bool)
    with_scores.loc[is_bound, list(SCORES)] = np.nan
    return with_scores


def curve_sd(
    spreads: Spreads, variable: str, group: str, months: FloatArray, values: FloatArray
) -> FloatArray:
    """Return the standard deviation of the true mean of a new trial along a curve.

    Parameters
    ----------
    variable : str
        An endpoint, or its percent change from the start.
    group : str
        Of the treatment; see ``treatment_group``.
    months : ndarray, shape (n_times,)
        Since the start.
    values : ndarray, shape (..., n_times)
        Of the curve, in its unit.
    """
    endpoint = variable.removesuffix(PERCENT_CHANGE)
    sd = np.sqrt(spreads.variance(endpoint, group, months))
    is_density = kind_of(endpoint) == DENSITY
    if not variable.endswith(PERCENT_CHANGE):
        return sd * values * (0.01 if is_density else 1.0)
    if is_density:
        return np.where(months > 0.0, sd, 0.0) * np.ones_like(values)
    ratio = np.maximum(1.0 + values / 100.0, 0.0)
    return np.where(months > 0.0, 100.0 * sd * ratio**MARKER_POWER, 0.0)
