"""Where published numbers lie on a chart of simulated arms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from remodel.errors import ConfigError, ObservationError, nearest
from remodel.observations import (
    Observation,
    Observations,
    load_observations,
    load_trial,
    reported_standard_error,
    trial_names,
)
from remodel.observations.error_models import WIDTH_95CI
from remodel.plots.panels import YOURS, arms_of, value_at
from remodel.units import PERCENT_CHANGE

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Source = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Point:
    """One published number on a chart.

    Attributes
    ----------
    arm : str
        The simulated arm it is laid over.
    variable : str
        Of the dataset, such as ``ctx_percent_change``.
    study, label, study_arm : str
    month, value, low, high : float
        ``low`` and ``high`` are the 95 % confidence interval, NaN where none was published.
    n : float
        Patients, NaN where not reported.
    use : str
        ``calibration`` or ``validation``.
    counted_from : str
        ``start``; or ``model`` where the number is a change from a later visit or a difference to
        another arm, and is therefore counted from the simulated value there.
    bound : str
        ``upper`` or ``lower`` for an inequality, else empty.
    """

    arm: str
    variable: str
    study: str
    label: str
    study_arm: str
    month: float
    value: float
    low: float
    high: float
    n: float
    use: str
    counted_from: str
    bound: str


def published_points(
    dataset: xr.Dataset,
    observed: Mapping[str, Sequence[Source]],
    variables: Iterable[str],
    *,
    begins: Mapping[Source, float] | None = None,
    more: Observations | None = None,
) -> pd.DataFrame:
    """Return published numbers in the terms of a dataset's variables.

    Parameters
    ----------
    dataset : xarray.Dataset
        With the coordinate ``arm`` along ``simulation``.
    observed : mapping of str to sequence of (study, arm)
        For each simulated arm, the published arms to lay over it.
    variables : iterable of str
        Percent changes take changes, differences, rates and bounds; levels take levels.
    begins : mapping of (study, arm) to float, optional
        Month of the simulated arm at which a published arm starts; 0 by default.
    more : Observations, optional
        Numbers of these arms beside those of the package, such as digitized curves.

    Returns
    -------
    pandas.DataFrame
        One row a number that can be placed; rows the tables mark as not used are left out.

    Raises
    ------
    ObservationError
        If a study or arm is unknown.
    ConfigError
        If a simulated arm is unknown.
    """
    import pandas as pd

    wanted = list(variables)
    known = arms_of(dataset)
    simulated = {source: arm for arm, sources in observed.items() for source in sources}
    points: list[Point] = []
    for arm, sources in observed.items():
        if arm not in known:
            raise ConfigError(f"no simulated arm is called '{arm}'.{nearest(arm, known)}")
        for source in sources:
            label = study_label(*source, more)
            rows = (
                *load_observations().where(study=source[0], arm=source[1]),
                *(() if more is None else more.where(study=source[0], arm=source[1])),
            )
            for published in rows:
                row = _later(published, (begins or {}).get(source, 0.0))
                for variable in wanted:
                    point = _point(dataset, row, arm, variable, simulated, label)
                    if point is not None:
                        points.append(point)
    names = list(Point.__dataclass_fields__)
    return pd.DataFrame([asdict(p) for p in points], columns=names)


def _later(row: Observation, months: float) -> Observation:
    """Return a number as it is on the axis of an arm that was there before its study."""
    if not months:
        return row
    return replace(
        row,
        time_months=row.time_months + months,
        relative_to=f"month_{row.reference_months + months:g}",
    )


def study_label(study: str, arm: str, more: Observations | None = None) -> str:
    """Return the short name of a study, checked to have the arm; one's own study is called so."""
    if study not in trial_names() and more is not None and study in more.studies:
        known, label = {row.arm for row in more.where(study=study)}, f"{YOURS}: {study}"
    else:
        shipped = load_trial(study)
        known, label = {a.name for a in shipped.arms}, shipped.label
    if arm not in known:
        raise ObservationError(f"study {study} has no arm '{arm}'.{nearest(arm, known)}")
    return label


def _point(
    dataset: xr.Dataset,
    row: Observation,
    arm: str,
    variable: str,
    simulated: Mapping[Source, str],
    label: str,
) -> Point | None:
    """Return a number on the axis of a variable, or None where it does not belong there."""
    if row.use == "not_used" or row.endpoint != variable.removesuffix(PERCENT_CHANGE):
        return None
    if (row.kind == "level") == variable.endswith(PERCENT_CHANGE) or row.kind == "ratio":
        return None
    comparator = simulated.get((row.study_id, row.comparator)) if row.comparator else ""
    if comparator is None or row.time > float(dataset["time"].to_numpy()[-1]):
        return None
    value, from_model = _placed(dataset, row, row.value, arm, comparator, variable)
    error = reported_standard_error(row)
    low = high = np.nan
    if error is not None:
        half = 0.5 * WIDTH_95CI * error
        ends = (row.value - half, row.value + half)
        low, high = (_placed(dataset, row, end, arm, comparator, variable)[0] for end in ends)
    return Point(
        arm=arm,
        variable=variable,
        study=row.study_id,
        label=label,
        study_arm=row.arm,
        month=row.time_months,
        value=value,
        low=low,
        high=high,
        n=np.nan if row.n is None else float(row.n),
        use=row.use,
        counted_from="model" if from_model else "start",
        bound="upper" if row.is_upper else "lower" if row.is_lower else "",
    )


def _placed(
    dataset: xr.Dataset, row: Observation, value: float, arm: str, comparator: str, variable: str
) -> tuple[float, bool]:
    """Return a number as change from the start, and whether the model's own value was needed."""
    if row.kind == "level":
        return value, False
    start = value_at(dataset, arm, variable, row.reference_months)
    if row.kind == "rate_per_year":
        years = (row.time_months - row.reference_months) / 12.0
        value = value * years
    elif comparator:
        other = _change_since(dataset, comparator, variable, row)
        relative = row.kind in ("relative_difference", "bound_upper", "bound_lower")
        value = 100.0 * ((1 + value / 100) * (1 + other / 100) - 1) if relative else value + other
    since_start = value + start + value * start / 100
    return since_start, bool(comparator) or row.reference_months > 0


def _change_since(dataset: xr.Dataset, arm: str, variable: str, row: Observation) -> float:
    start = value_at(dataset, arm, variable, row.reference_months)
    end = value_at(dataset, arm, variable, row.time_months)
    return 100.0 * ((100.0 + end) / (100.0 + start) - 1.0)
