"""Simulated arms of one study over its published numbers, from any table of observations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remodel.observations import endpoints
from remodel.observations.error_models import WIDTH_95CI
from remodel.plots.overlay import draw_overlay
from remodel.plots.panels import arm_looks, arms_of, value_at
from remodel.units import PERCENT_CHANGE

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure


def study_overlay(
    dataset: xr.Dataset,
    predictions: pd.DataFrame,
    *,
    title: str = "",
    label: str = "",
    split: bool = True,
) -> tuple[Figure, pd.DataFrame]:
    """Draw the arms of a study over its numbers, one panel a measurement.

    Parameters
    ----------
    dataset : xarray.Dataset
        One simulation an arm, named by the coordinate ``arm``, with the percent change of every
        endpoint in ``predictions``, or the endpoint itself where its numbers are levels. Where a
        variable also comes as ``NAME_low`` and ``NAME_high``, the band between them is drawn.
    predictions : pandas.DataFrame
        Rows of one study from ``remodel.predictions.prediction_table``.
    title : str
    label : str
        Of the study in the legend.
    split : bool
        Whether open markers tell numbers that were not used to fit from the others; all are
        filled if not.

    Returns
    -------
    matplotlib.figure.Figure
    pandas.DataFrame
        The points as drawn. A number that is not a change from the start (a difference, a yearly
        rate, a change from a later visit) lies as far from the curve as it is from its prediction.
    """
    points = overlay_points(dataset, predictions, label)
    order = {name: place for place, name in enumerate(endpoints())}
    variables = sorted(
        dict.fromkeys(points["variable"]), key=lambda v: order[v.removesuffix(PERCENT_CHANGE)]
    )
    figure = draw_overlay(
        dataset,
        variables,
        points if split else points.assign(use="calibration"),
        arm_looks(arms_of(dataset)),
        columns=1 if len(variables) < 3 else 2,
        title=title,
    )
    return figure, points


def overlay_points(dataset: xr.Dataset, predictions: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return where the numbers of a study lie on a chart of its simulated arms."""
    import pandas as pd

    rows = []
    for row in predictions.to_dict("records"):
        variable = row["endpoint"] + ("" if row["kind"] == "level" else PERCENT_CHANGE)
        here = value_at(dataset, row["arm"], variable, row["time_months"])
        rows.append(_point(row, variable, here, label or row["study_id"]))
    return pd.DataFrame(rows)


def _point(row: dict[str, Any], variable: str, here: float, label: str) -> dict[str, Any]:
    years = 1.0
    if row["kind"] == "rate_per_year":
        months = str(row["relative_to"]).removeprefix("month_").replace("baseline", "0")
        years = (row["time_months"] - float(months)) / 12.0
    is_plain = row["kind"] in ("change", "level", "bound_upper", "bound_lower")
    is_plain = is_plain and row["relative_to"] == "baseline" and not row["comparator"]
    value = row["value"] if is_plain else here - (row["predicted"] - row["value"]) * years
    low, high = _interval(row)
    return {
        "arm": row["arm"],
        "variable": variable,
        "study": row["study_id"],
        "label": label,
        "study_arm": row["arm"],
        "month": row["time_months"],
        "value": value,
        "low": value + (low - row["value"]) * years,
        "high": value + (high - row["value"]) * years,
        "n": row["n_patients"],
        "use": row["use"],
        "counted_from": "start" if is_plain else "model",
        "bound": row["kind"].removeprefix("bound_") if row["kind"].startswith("bound") else "",
        "simulated": here,
    }


def _interval(row: dict[str, Any]) -> tuple[float, float]:
    """Return the 95 % confidence interval, NaN where no spread was published."""
    if not row["error_high"] > row["error_low"]:
        return float("nan"), float("nan")
    half = 0.5 * WIDTH_95CI * row["standard_error"]
    return row["value"] - half, row["value"] + half
