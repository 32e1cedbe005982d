"""What trials published, in the terms of a virtual trial: means, intervals, standard deviations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from remodel.observations import Observation, load_observations, reported_standard_error
from remodel.virtual_trials.design import Design, source_of

if TYPE_CHECKING:
    import pandas as pd

_Z = 1.959963984540054
_COLUMNS = (
    "arm", "endpoint", "months", "quantity", "value", "low_95", "high_95", "n", "study",
)  # fmt: skip


def published_changes(design: Design) -> pd.DataFrame:
    """Return published changes of the arms of a design, and of their differences.

    Parameters
    ----------
    design : Design
        Whose arms name what was ``published``.

    Returns
    -------
    pandas.DataFrame
        ``arm, endpoint, months, quantity, value, low_95, high_95, n, study``. ``quantity`` is
        ``mean``, ``difference`` (of arms, named in ``arm`` as ``A vs B``) or ``sd`` (of change
        within arms, published or implied by an interval and the number of women).
    """
    import pandas as pd

    arm_of = {source: arm.name for arm in design.arm for source in map(source_of, arm.published)}
    rows: list[dict[str, Any]] = []
    for source, arm in arm_of.items():
        for seen in load_observations().where(study=source[0], arm=source[1]):
            if seen.endpoint in design.measurements and seen.relative_to == "baseline":
                rows.extend(_rows(seen, arm, arm_of))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _rows(seen: Observation, arm: str, arm_of: dict[tuple[str, str], str]) -> list[dict[str, Any]]:
    error = reported_standard_error(seen)
    half = math.nan if error is None else _Z * error
    row = {
        "arm": arm,
        "endpoint": seen.endpoint,
        "months": float(seen.time_months),
        "quantity": "mean",
        "value": float(seen.value),
        "low_95": float(seen.value) - half,
        "high_95": float(seen.value) + half,
        "n": math.nan if seen.n is None else float(seen.n),
        "study": seen.study_id,
    }
    if seen.kind == "change":
        return [row, *_spread(row, error, 1.0)]
    other = arm_of.get((seen.study_id, str(seen.comparator)))
    if seen.kind != "difference" or other is None:
        return []
    row |= {"arm": f"{arm} vs {other}", "quantity": "difference"}
    return [row, *_spread(row, error, 2.0)]


def _spread(row: dict[str, Any], error: float | None, arms: float) -> list[dict[str, Any]]:
    """Return the standard deviation that a standard error implies; arms are taken as equal."""
    if error is None or not math.isfinite(row["n"]):
        return []
    sd = error * math.sqrt(row["n"] / arms)
    nothing = {"low_95": math.nan, "high_95": math.nan}
    return [{**row, "quantity": "sd", "value": sd, **nothing}]
