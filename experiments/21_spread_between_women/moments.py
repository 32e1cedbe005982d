"""Published spreads, shares and correlations, computed of simulated women with measurement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import remodel as rm
from remodel.files import load_toml
from remodel.measurement.instruments import Instruments
from remodel.populations.definition import Definition
from remodel.populations.load import load_definition
from remodel.populations.trials import definition_like, is_trial
from remodel.units import DAYS_PER_MONTH

HERE = Path(__file__).parent
SCANNED = "untreated_sof"
LEVELS = (
    "bmd_lumbar_spine", "bmd_total_hip", "bmd_femoral_neck", "ctx", "ntx", "p1np", "bsap",
)  # fmt: skip
OUTPUTS = (*LEVELS, *(f"{name}_percent_change" for name in LEVELS), "estradiol")


@dataclass(frozen=True)
class Arm:
    """Women under one schedule, and the months at which targets look at them."""

    name: str
    like: str
    schedule: str
    patient: Mapping[str, Any]
    months: tuple[float, ...]


@dataclass(frozen=True)
class Seen:
    """One arm: readings (with the truth beside them), weights and T-scores."""

    readings: xr.Dataset
    weights: np.ndarray
    mechanism: xr.Dataset | None = None

    def change(self, endpoint: str, months: float, *, read: bool = True) -> np.ndarray:
        """Return percent changes of each woman."""
        name = f"{endpoint}_percent_change{'_reading' if read else ''}"
        return self.readings[name].sel(visit=months).to_numpy()

    def level(self, endpoint: str, months: float) -> np.ndarray:
        """Return readings of each woman."""
        return self.readings[f"{endpoint}_reading"].sel(visit=months).to_numpy()


def load_targets() -> pd.DataFrame:
    """Return the published numbers, with the side that each is on."""
    return pd.read_csv(HERE / "targets.csv")


def load_arms(targets: pd.DataFrame) -> dict[str, Arm]:
    """Return the arms of targets."""
    tables = load_toml(HERE / "arms.toml").content
    months: dict[str, set[float]] = {name: {0.0} for name in tables}
    for names, month in zip(targets["arm"], targets["months"], strict=True):
        for name in _names(names):
            months[name].add(float(month))
    return {
        name: Arm(name, table["like"], table["schedule"], table.get("patient", {}),
                  tuple(sorted(months[name])))
        for name, table in tables.items()
        if len(months[name]) > 1 or any(_names(t) == [name] for t in targets["arm"])
    }  # fmt: skip


def _names(text: str) -> list[str]:
    return text.replace("-", "+").split("+")


def definition(arm: Arm, change: Mapping[str, Definition]) -> Definition:
    """Return the women of an arm, with the spread of ``change['postmenopausal']``."""
    base = (
        definition_like(arm.like)
        if is_trial(arm.like)
        else load_definition(
            {"like": arm.like, "patient": dict(arm.patient)} if arm.patient else arm.like
        )
    )
    spread = change.get("spread")
    if spread is None:
        return base
    return replace(base, components=spread.components, correlations=spread.correlations,
                   wander=spread.wander, text="")  # fmt: skip


def see(
    arms: Mapping[str, Arm], n: int, spread: Definition | None, tools: Instruments, seed: int = 1
) -> dict[str, Seen]:
    """Simulate and measure every arm."""
    seen = {}
    for arm in arms.values():
        women = rm.population(n, like=definition(arm, {} if spread is None else {"spread": spread}),
                              seed=seed)  # fmt: skip
        times = np.unique(np.append(np.array(arm.months), max(arm.months[-1], 1.0)))
        truth = rm.simulate(schedule=arm.schedule, patient=women, outputs=OUTPUTS,
                            times=times * DAYS_PER_MONTH, rtol=1e-4)  # fmt: skip
        plain = None
        if arm.name == SCANNED:  # the mechanism alone, without wander
            plain = rm.simulate(
                schedule=arm.schedule, patient=women.without_wander(), outputs=OUTPUTS,
                times=times * DAYS_PER_MONTH, rtol=1e-4,
            )  # fmt: skip
            plain = rm.measure(plain, arm.months)
        seen[arm.name] = Seen(rm.measure(truth, arm.months, seed=seed, instruments=tools),
                              women.weights, plain)  # fmt: skip
    return seen


def value(row: Any, seen: Mapping[str, Seen]) -> float:
    """Return what simulated women give for one target."""
    names, month, kind = _names(row.arm), float(row.months), str(row.quantity)
    arms = [seen[name] for name in names]
    if kind in ("excess_sd", "true_response_cv"):
        return _contrast(arms, str(row.endpoint), month, kind)
    if kind == "true_slope_sd":
        (arm,) = arms
        assert arm.mechanism is not None
        change = arm.mechanism[f"{row.endpoint}_percent_change"].sel(visit=month).to_numpy()
        return _moments(arm.weights, change)[1] / (month / 12)
    if kind == "r_level_change":
        marker, endpoint = str(row.endpoint).split(">")
        (arm,) = arms
        return _r(arm.weights, arm.level(marker, 0.0), arm.change(endpoint, month))
    if kind in ("cv", "log_sd"):
        (arm,) = arms
        level = arm.level(str(row.endpoint), 0.0)
        level = np.log(level) if kind == "log_sd" else level
        mean, sd = _moments(arm.weights, level)
        return sd if kind == "log_sd" else sd / mean
    spreads = [_one(kind, arm, str(row.endpoint), month) for arm in arms]
    return float(np.sqrt(np.mean(np.square(spreads)))) if kind == "sd" else float(spreads[0])


def _one(kind: str, arm: Seen, endpoint: str, month: float) -> float:
    change, w = arm.change(endpoint, month), arm.weights
    word, _, size = kind.rpartition("_")
    if kind == "sd":
        return _moments(w, change)[1]
    if kind == "r_baseline_change":
        return _r(w, arm.level(endpoint, 0.0), change)
    if word == "quantile":
        order = np.argsort(change)
        below = (np.cumsum(w[order]) - w[order] / 2) / w.sum()
        return float(np.interp(float(size), below, change[order]))
    if word == "share_above":
        return float(np.average(change > float(size), weights=w))
    if word == "share_below":
        return float(np.average(change < float(size), weights=w))
    raise ValueError(kind)


def _contrast(arms: list[Seen], endpoint: str, month: float, kind: str) -> float:
    """Return the spread of the response to a drug, from the same women with and without."""
    treated, untreated = arms
    if kind == "excess_sd":  # as read, from the true variances, which have no sampling noise
        variances = [_moments(a.weights, a.change(endpoint, month, read=False))[1] ** 2
                     for a in arms]  # fmt: skip
        return float(np.sign(d := variances[0] - variances[1]) * np.sqrt(abs(d)))
    relative = [1 + a.change(endpoint, month, read=False) / 100 for a in arms]
    effect = relative[0] / relative[1] - 1
    mean, sd = _moments(treated.weights, effect)
    del untreated
    return sd / abs(mean)


def _moments(weights: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    mean = float(np.average(values, weights=weights))
    return mean, float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))


def _r(weights: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    return float(np.cov(a, b, aweights=weights)[0, 1] / np.sqrt(
        np.cov(a, aweights=weights) * np.cov(b, aweights=weights)))  # fmt: skip


def scored(targets: pd.DataFrame, seen: Mapping[str, Seen]) -> pd.DataFrame:
    """Return targets with what simulated women give, and whether it is near enough.

    Near is within 20 % of the published value, or within its interval.
    """
    simulated = np.array([value(row, seen) for row in targets.itertuples()])
    published = targets["value"].to_numpy()
    near = np.abs(simulated - published) <= 0.2 * np.abs(published)
    inside = (simulated >= targets["low"]) & (simulated <= targets["high"])
    return targets.assign(simulated=simulated, near=near | inside)
