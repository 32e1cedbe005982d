"""Repeated scans of women kept for the check, beside women simulated and measured at their ages."""

from __future__ import annotations

import numpy as np
import pandas as pd

import remodel as rm
from remodel.measurement.instruments import Instruments
from remodel.populations.definition import Definition
from remodel.units import DAYS_PER_MONTH

VISITS = (2, 4, 5, 6)
SITES = ("total_hip", "femoral_neck")


def moments(changes: dict[str, np.ndarray]) -> dict[str, float]:
    """Return spreads, shares and correlations of changes in percent since the first visit.

    Parameters
    ----------
    changes : dict of str to ndarray, shape (n, 3)
        By site; NaN where a scan is missing.
    """
    numbers = {}
    for site, change in changes.items():
        log = 100 * np.log1p(change / 100)
        first, second, third = log[:, 0], log[:, 1] - log[:, 0], log[:, 2] - log[:, 1]
        for visit, column in zip(VISITS[1:], change.T, strict=True):
            values = column[np.isfinite(column)]
            low, high = np.quantile(values, [0.25, 0.75])
            numbers[f"{site} 2-{visit} mean"] = values.mean()
            numbers[f"{site} 2-{visit} SD"] = values.std()
            numbers[f"{site} 2-{visit} robust SD"] = (high - low) / 1.349
            numbers[f"{site} 2-{visit} loses 5 %"] = np.mean(values < -5)
        for words, a, b in (("successive 1", first, second), ("successive 2", second, third),
                            ("disjoint", first, third)):  # fmt: skip
            both = np.isfinite(a + b)
            numbers[f"{site} r {words}"] = np.corrcoef(a[both], b[both])[0, 1]
    return {name: float(value) for name, value in numbers.items()}


def compared(scans: pd.DataFrame, definition: Definition, tools: Instruments) -> pd.DataFrame:
    """Return moments of scanned and of simulated women."""
    rows = scans[scans["visit"].isin(VISITS)]
    years = rows.groupby("visit")["years"].mean()
    real, first = {}, rows[rows["visit"] == VISITS[0]]
    for site in SITES:
        wide = rows.pivot_table(index="woman", columns="visit", values=f"bmd_{site}")
        real[site] = 100 * (wide[list(VISITS[1:])].to_numpy() / wide[[VISITS[0]]].to_numpy() - 1)
        real[site] = real[site][wide[VISITS[0]].notna().to_numpy()]
    women = rm.population(4000, like=aged(definition, first["age_at_visit_2"]), seed=11)
    months = [0.0, *(float(12 * years[visit]) for visit in VISITS[1:])]
    truth = rm.simulate(patient=women, times=np.array(months) * DAYS_PER_MONTH, rtol=1e-4,
                        outputs=[f"bmd_{site}_percent_change" for site in SITES])  # fmt: skip
    seen = rm.measure(truth, months, seed=12, instruments=tools)
    read = {s: seen[f"bmd_{s}_percent_change_reading"].to_numpy()[:, 1:] for s in SITES}
    table = pd.DataFrame({"scanned": moments(real), "simulated": moments(read)})
    return table.rename_axis("moment").reset_index()


def aged(definition: Definition, ages: pd.Series) -> Definition:
    """Return a definition with the ages of the scanned women."""
    from dataclasses import replace

    age = replace(definition.patient["age"], center=float(ages.mean()), sd=float(ages.std()),
                  lower=float(ages.min()), upper=float(ages.max()))  # fmt: skip
    return replace(definition, patient={**definition.patient, "age": age}, text="")
