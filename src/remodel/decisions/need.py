"""Who needs a drug: a condition on the true course without one, looked at every year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from remodel._arrays import BoolArray, FloatArray
from remodel.fracture import ten_year_probability
from remodel.patient import SITES
from remodel.rules import Condition
from remodel.rules.names import FLAGS, MARKERS, PROBABILITIES, READING_OF, RISK_FACTORS, with_lowest
from remodel.units import DAYS_PER_YEAR, PERCENT_CHANGE

LEVELS = (*(f"bmd_{site}" for site in SITES), *(f"t_score_{site}" for site in SITES))
_OLDEST = 100.0
_SCORES = (-6.0, 6.0)


def needed_levels(need: Condition | None) -> tuple[str, ...]:
    """Return endpoints that a condition of need looks at."""
    if need is None:
        return ()
    markers = [m for m in MARKERS if {m, m + PERCENT_CHANGE} & need.names]
    return (*LEVELS, *markers)


def in_need(
    need: Condition,
    levels: Mapping[str, FloatArray],
    times: FloatArray,
    columns: Mapping[str, FloatArray],
) -> BoolArray:
    """Return who meets a condition in any year, shape (n,).

    Parameters
    ----------
    need : Condition
    levels : mapping of str to ndarray, shape (n, n_times)
        True, without a drug for bone.
    times : ndarray, shape (n_times,)
        Days from 0.
    columns : mapping of str to ndarray, shape (n,)
        Age and other traits at day 0.
    """
    n = len(columns["age"])
    result = np.zeros(n, dtype=bool)
    years = np.arange(int(times[-1] / DAYS_PER_YEAR + 1e-6) + 1)
    at = np.searchsorted(times, years * DAYS_PER_YEAR - 1e-6)
    for year, now in zip(years, at, strict=True):
        before = at[year - 1] if year else now
        values = _values(levels, now, before, columns, float(year))
        result |= need.holds(with_lowest(_with_probabilities(values, need, n)), n)
    return result


def _values(
    levels: Mapping[str, FloatArray],
    now: int,
    before: int,
    columns: Mapping[str, FloatArray],
    year: float,
) -> dict[str, FloatArray]:
    """Return what the condition looks at in a year, NaN where nothing is known."""
    n = len(columns["age"])
    values = {name: np.full(n, np.nan) for name in READING_OF if name != RISK_FACTORS}
    values |= {name: columns[name] for name in (*FLAGS, "menopause_age", "bmi") if name in columns}
    values |= {"age": columns["age"] + year, "months": np.full(n, 12 * year)}
    values["treated"] = np.zeros(n)
    for name, level in levels.items():
        values[name] = level[:, now]
        if not name.startswith("t_score_"):
            values[name + PERCENT_CHANGE] = 100.0 * (level[:, now] / level[:, 0] - 1.0)
        if name.startswith("bmd_") and now > before:
            values[f"{name}_change_per_year"] = 100.0 * (level[:, now] / level[:, before] - 1.0)
    return values


def _with_probabilities(
    values: dict[str, FloatArray], need: Condition, n: int
) -> dict[str, FloatArray]:
    for name in set(PROBABILITIES) & need.names:
        factors: dict[str, Any] = {f: values[f] for f in FLAGS if f != "treated"}
        values[name] = ten_year_probability(
            np.minimum(values["age"], _OLDEST),
            np.clip(values["t_score_femoral_neck"], *_SCORES),
            name.removeprefix("ten_year_probability_"),
            bmi=values["bmi"],
            **factors,
        ) * np.ones(n)
    return values
