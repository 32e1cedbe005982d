"""What a fit says of her future: bands, thresholds, and how two options differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import BoolArray, FloatArray
from remodel.individuals.patient_fit import ENDPOINTS, PatientFit
from remodel.patient import SITES
from remodel.schedules import Schedule

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

KINDS = {"truth": "", "reading": "_reading"}
_BANDS = {"low_50": 0.25, "high_50": 0.75, "low_90": 0.05, "high_90": 0.95}
_LOSS = 5.0  # percent
_SCORES = tuple(f"t_score_{site}" for site in SITES)
VARIABLES = (*ENDPOINTS, *_SCORES)


def courses_of(fit: PatientFit) -> dict[str, xr.Dataset]:
    """Return her course under each option, on the same draws; without options, under none."""
    options = fit.woman.options or {"none": Schedule()}
    return {
        name: fit.predict(schedule, fit.woman.years, step_months=min(6.0, 12 * fit.woman.years))
        for name, schedule in options.items()
    }


def forecast_table(courses: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Return ``option, endpoint, months, kind, mean, median``, and bands, from now on."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for option, course in courses.items():
        months = course["months"].to_numpy()
        later = np.flatnonzero(months >= float(course["now"]) - 1e-6)
        for name in VARIABLES:
            for kind, ending in KINDS.items():
                values = course[name + ending].to_numpy()
                for i in later.tolist():
                    at = {"option": option, "endpoint": name, "months": months[i], "kind": kind}
                    rows.append(at | _summary(values[:, i]))
    return pd.DataFrame(rows)


def _summary(values: FloatArray) -> dict[str, float]:
    bands = np.quantile(values, list(_BANDS.values()))
    middle = {"mean": float(values.mean()), "median": float(np.median(values))}
    return middle | dict(zip(_BANDS, map(float, bands), strict=True))


def threshold_table(courses: Mapping[str, xr.Dataset], thresholds: Sequence[float]) -> pd.DataFrame:
    """Return the probability of each threshold, once a year from now on.

    ``option, endpoint, threshold, months, probability``; T-scores below a number, and densities
    more than 5 % below what they are now.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for option, course in courses.items():
        months, now = course["months"].to_numpy(), float(course["now"])
        at_now = int(np.argmin(np.abs(months - now)))
        last = int(np.floor((months[-1] - now) / 12 + 1e-9))
        years = [int(np.argmin(np.abs(months - now - 12 * y))) for y in range(last + 1)]
        for endpoint, text, beyond in _events(course, thresholds, at_now):
            rows += [
                {
                    "option": option,
                    "endpoint": endpoint,
                    "threshold": text,
                    "months": float(months[i]),
                    "probability": float(beyond[:, i].mean()),
                }
                for i in years
            ]
    return pd.DataFrame(rows)


def _events(
    course: xr.Dataset, thresholds: Sequence[float], now: int
) -> list[tuple[str, str, BoolArray]]:
    """Return endpoint, threshold and who is beyond it, shape (m, n_months)."""
    events = []
    for site in SITES:
        score = course[f"t_score_{site}"].to_numpy()
        events += [(f"t_score_{site}", f"< {limit:g}", score < limit) for limit in thresholds]
        density = course[f"bmd_{site}"].to_numpy()
        lost = density < (1 - _LOSS / 100) * density[:, [now]]
        events.append((f"bmd_{site}", f"loss > {_LOSS:g} %", lost))
    return events


def difference_table(courses: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Return how options differ from the first, on the same draws, in percent of it.

    ``option, against, endpoint, months, mean, low_90, high_90, probability_higher``.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    names = list(courses)
    for option in names[1:]:
        first, other = courses[names[0]], courses[option]
        months, now = first["months"].to_numpy(), float(first["now"])
        for endpoint in ENDPOINTS:
            ratio = other[endpoint].to_numpy() / first[endpoint].to_numpy()
            for i in np.flatnonzero(months > now + 1e-6).tolist():
                change = 100 * (ratio[:, i] - 1)
                low, high = np.quantile(change, (0.05, 0.95))
                rows.append(
                    {
                        "option": option,
                        "against": names[0],
                        "endpoint": endpoint,
                        "months": float(months[i]),
                        "mean": float(change.mean()),
                        "low_90": float(low),
                        "high_90": float(high),
                        "probability_higher": float((change > 0).mean()),
                    }
                )
    return pd.DataFrame(rows)


def posterior_table(fit: PatientFit) -> pd.DataFrame:
    """Return one row a draw: traits, and how she took her drugs."""
    import pandas as pd

    names = np.array([pattern.name for pattern in fit.woman.patterns], dtype=object)
    table: dict[str, Any] = {"draw": np.arange(len(fit.posterior)), **fit.traits}
    return pd.DataFrame(table | {"adherence": names[fit.pattern]})
