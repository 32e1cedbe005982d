"""``predictions.csv``: what is written of draws of later readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.individuals.clinic import Case, Clinic
from remodel.individuals.readings import T_SCORE, Reference
from remodel.individuals.stored import Later
from remodel.observations.endpoints import endpoints as known_endpoints

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("mean", "sd", "low_50", "high_50", "low_90", "high_90", "effective_size")
_QUANTILES = (0.25, 0.75, 0.05, 0.95)


def rows_of(
    cases: Sequence[Case], readings: Sequence[Later], reference: Reference, enough: float
) -> list[dict[str, Any]]:
    """Return forecasts of women as rows of a table.

    Parameters
    ----------
    cases : sequence of Case
    readings : sequence of Later
        Of each.
    reference : Reference
    enough : float
        Effective draws, below which a row says how many there are.
    """
    asked = [
        (case.name, one, later)
        for case, later in zip(cases, readings, strict=True)
        for one in case.asked
    ]
    read = np.exp(np.concatenate([later.log.T for later in readings]))
    for i, (_, one, _) in enumerate(asked):
        read[i] = _in_unit(one.written, read[i], reference)
    numbers = _summary(read).tolist()
    rows = []
    for (name, one, later), values in zip(asked, numbers, strict=True):
        size = later.effective_size
        problem = "" if size >= enough else f"few effective draws: {size:.0f}"
        row = {"row": one.row, "woman": name, "problem": problem, "severe": False}
        rows.append(row | dict(zip(NUMBERS, (*values, size), strict=True)))
    return rows


def _in_unit(written: str, values: FloatArray, reference: Reference) -> FloatArray:
    """Return densities as T-scores where those were asked for."""
    if not written.startswith(T_SCORE):
        return values
    site = written.removeprefix(T_SCORE)
    return (values - reference.mean[site]) / reference.sd[site]


def _summary(values: FloatArray) -> FloatArray:
    """Return mean, standard deviation and quantiles of draws, shape (n, 6).

    Parameters
    ----------
    values : ndarray, shape (n, n_draws)
        Sorted in place.
    """
    n = values.shape[1]
    at = np.array(_QUANTILES) * (n - 1)
    low = at.astype(np.int64)
    values.sort(axis=1)
    quantiles = values[:, low] + (values[:, low + 1] - values[:, low]) * (at - low)
    mean = values.sum(axis=1) / n
    spread = np.sqrt(np.square(values - mean[:, None]).sum(axis=1) / (n - 1))
    return np.column_stack([mean, spread, quantiles])


def predictions(clinic: Clinic, results: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the rows that were asked for, and those of a wrong use, in the order of the table."""
    import pandas as pd

    by_row = {result["row"]: result for result in results}
    rows = []
    for number, row in enumerate(clinic.rows):
        if row["use"] == "fit":
            continue
        name = row["woman"]
        result = by_row.get(number, {"problem": clinic.problems.get(name, "")})
        cells = {key: value for key, value in row.items() if key != "value"}
        if not cells.get("unit") and not row["endpoint"].startswith(T_SCORE):
            described = known_endpoints().get(row["endpoint"])
            cells["unit"] = described.level_unit if described else ""
        rows.append(
            cells
            | {key: result.get(key, np.nan) for key in NUMBERS}
            | {"problem": result["problem"]}
        )
    columns = [key for key in clinic.rows[0] if key != "value"]
    if "unit" not in columns:
        columns.append("unit")
    return pd.DataFrame(rows, columns=[*columns, *NUMBERS, "problem"])
