"""How well an early marker tells who loses most bone: ``remodel.early_markers``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import BoolArray, FloatArray
from remodel.errors import ConfigError, nearest
from remodel.measurement.instruments import Instruments, load_instruments
from remodel.measurement.measure import READING, measure
from remodel.populations.population import Population
from remodel.simulation.arguments import Schedules
from remodel.simulation.simulate import simulate
from remodel.units import DAYS_PER_MONTH, PERCENT_CHANGE

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

MARKERS = ("ctx", "p1np", "bsap", "ntx")
QUANTITIES = ("level", "change")
ALL_ARMS = "all arms"
_Z = 1.959963984540054
_BELOW_ONE = 1 - 1e-12  # for points on a line, as two women are


@dataclass(frozen=True, slots=True)
class Pair:
    """A marker early and a change of density later, of the women of an arm, shape (n,)."""

    arm: str
    marker: str
    month: float
    quantity: str
    samples: int
    read: bool
    outcome: str
    outcome_month: float
    early: FloatArray
    late: FloatArray
    weights: FloatArray


def early_markers(
    women: Population,
    schedule: Schedules = None,
    *,
    model: str = "reference",
    markers: Sequence[str] = MARKERS,
    months: Sequence[float] = (1, 3, 6),
    outcome: str = "bmd_lumbar_spine",
    outcome_months: Sequence[float] = (24, 60),
    worst: float = 0.25,
    samples: Sequence[int] = (1, 2),
    seed: int = 0,
    instruments: str | Path | Mapping[str, Any] | Instruments | None = None,
    threads: int | None = None,
) -> pd.DataFrame:
    """Return how levels and changes of markers go with later change of density, arm by arm.

    Parameters
    ----------
    women : Population
    schedule : str, Schedule, sequence of these or mapping of str to these, optional
        With several arms, rows ``all arms`` are of all women together, each once in every arm.
    model : str
    markers : sequence of str
    months : sequence of float
        When the marker is sampled; the level at month 0 is added.
    outcome : str
        A density, whose percent change counts.
    outcome_months : sequence of float
    worst : float
        Share of women who lose most, which the marker is asked to tell.
    samples : sequence of int
        Blood samples, and scans at neither, whose mean is one reading of the marker.
    seed : int
        Of the errors of readings.
    instruments : path, mapping or Instruments, optional
    threads : int, optional

    Returns
    -------
    pandas.DataFrame
        ``arm, marker, months, quantity (level|change), samples, kind (truth|reading), outcome,
        outcome_months, n, r, r_low_95, r_high_95, auc, auc_low_95, auc_high_95``. ``auc`` is the
        chance that a woman among the worst has the higher marker; 0.5 tells nothing. Intervals are
        those of so many women, not of the model.

    Raises
    ------
    RemodelError
        One of its subclasses, if a name, month or share is not allowed.
    """
    import pandas as pd

    if not 0 < worst < 1:
        raise ConfigError(f"worst = {worst:g}: must be between 0 and 1.", field="worst")
    pairs = early_and_late(
        women,
        schedule,
        model=model,
        markers=markers,
        months=months,
        outcome=outcome,
        outcome_months=outcome_months,
        samples=samples,
        seed=seed,
        instruments=instruments,
        threads=threads,
    )
    return pd.DataFrame([_row(pair, worst) for pair in pairs])


def early_and_late(
    women: Population,
    schedule: Schedules = None,
    *,
    model: str = "reference",
    markers: Sequence[str] = MARKERS,
    months: Sequence[float] = (1, 3, 6),
    outcome: str = "bmd_lumbar_spine",
    outcome_months: Sequence[float] = (24, 60),
    samples: Sequence[int] = (1, 2),
    seed: int = 0,
    instruments: str | Path | Mapping[str, Any] | Instruments | None = None,
    threads: int | None = None,
) -> list[Pair]:
    """Return the values that ``early_markers`` compares; parameters as there."""
    tools = instruments if isinstance(instruments, Instruments) else load_instruments(instruments)
    _check_names(tools, markers, outcome)
    early, late = _months("months", months), _months("outcome_months", outcome_months)
    if early[-1] >= late[0]:
        raise ConfigError(
            f"months: a marker at {early[-1]:g} months is not earlier than the outcome at "
            f"{late[0]:g}.",
            field="months",
        )
    times = np.unique(np.array([0.0, *early, *late]))
    changes = [f"{name}{PERCENT_CHANGE}" for name in (*markers, outcome)]
    dataset = simulate(
        model,
        schedule=schedule,
        patient=women,
        times=times * DAYS_PER_MONTH,
        outputs=[*markers, outcome, *changes],
        threads=threads,
    )
    scans = measure(dataset, late, seed=seed, instruments=tools)
    reads = {
        n: measure(dataset, [0.0, *early], seed=seed, instruments=tools, samples=n) for n in samples
    }
    first = next(iter(reads.values()))
    arms = _arms(dataset, len(women))
    return [
        Pair(arm, marker, month, quantity, n, is_read, outcome, last, a, b, weights)
        for arm, rows in arms.items()
        for marker in markers
        for month, quantity in _occasions(early)
        for n, is_read, source in [(0, False, first), *((n, True, reads[n]) for n in samples)]
        for last in late
        for a, b, weights in [
            _values(source, scans, marker, month, quantity, outcome, last, is_read, rows)
        ]
    ]


def _check_names(tools: Instruments, markers: Sequence[str], outcome: str) -> None:
    for name in markers:
        if name not in tools.samples:
            raise ConfigError(
                f"'{name}' is no marker that is sampled.{nearest(name, tools.samples)}",
                field="markers",
            )
    if outcome not in tools.scans:
        raise ConfigError(
            f"'{outcome}' is no density that is scanned.{nearest(outcome, tools.scans)}",
            field="outcome",
        )


def _months(name: str, months: Sequence[float]) -> list[float]:
    values = sorted({float(month) for month in months})
    if not values or not np.isfinite(values).all() or values[0] <= 0:
        raise ConfigError(f"{name}: expected months after the start.", field=name)
    return values


def _occasions(months: Sequence[float]) -> Iterator[tuple[float, str]]:
    yield 0.0, "level"
    for month in months:
        yield from ((month, quantity) for quantity in QUANTITIES)


def _arms(dataset: xr.Dataset, n: int) -> dict[str, Any]:
    """Return rows of each arm, and of all where there are several."""
    size = dataset.sizes["simulation"]
    if size == n:
        return {"all women": slice(None)}
    names = dataset["arm"].to_numpy() if "arm" in dataset.coords else np.arange(size) // n + 1
    rows = {str(name): np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())}
    return {**rows, ALL_ARMS: slice(None)}


def _values(
    source: xr.Dataset,
    scans: xr.Dataset,
    marker: str,
    month: float,
    quantity: str,
    outcome: str,
    last: float,
    is_read: bool,
    rows: Any,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return marker, later change and weights of women who have both."""
    end = READING if is_read else ""
    name = f"{marker}{PERCENT_CHANGE if quantity == 'change' else ''}{end}"
    early = source[name].sel(visit=month).to_numpy()[rows]
    late = scans[f"{outcome}{PERCENT_CHANGE}{end}"].sel(visit=last).to_numpy()[rows]
    weights = source["weight"].to_numpy()[rows]
    usable = np.isfinite(early) & np.isfinite(late)
    return early[usable], late[usable], weights[usable]


def _row(pair: Pair, worst: float) -> dict[str, Any]:
    """Return a row of the table."""
    r = correlation(pair.early, pair.late, pair.weights)
    size = float(pair.weights.sum() ** 2 / np.square(pair.weights).sum())
    half = _Z / math.sqrt(max(size - 3, 1))
    score = math.atanh(r * _BELOW_ONE)
    loses_most = is_worst(pair.late, pair.weights, worst)
    area = auc(pair.early, loses_most, pair.weights)
    wide = _Z * auc_error(area, size * worst, size * (1 - worst))
    return {
        "arm": pair.arm,
        "marker": pair.marker,
        "months": pair.month,
        "quantity": pair.quantity,
        "samples": pair.samples,
        "kind": "reading" if pair.read else "truth",
        "outcome": pair.outcome,
        "outcome_months": pair.outcome_month,
        "n": len(pair.early),
        "r": r,
        "r_low_95": math.tanh(score - half),
        "r_high_95": math.tanh(score + half),
        "auc": area,
        "auc_low_95": max(0.0, area - wide),
        "auc_high_95": min(1.0, area + wide),
    }


def correlation(x: FloatArray, y: FloatArray, weights: FloatArray) -> float:
    """Return the weighted correlation; NaN where one of them does not vary."""
    a, b = x - np.average(x, weights=weights), y - np.average(y, weights=weights)
    spread = np.average(a * a, weights=weights) * np.average(b * b, weights=weights)
    return float(np.average(a * b, weights=weights) / math.sqrt(spread)) if spread else math.nan


def is_worst(late: FloatArray, weights: FloatArray, share: float) -> BoolArray:
    """Return who is among the share with the lowest values, shape (n,)."""
    order = np.argsort(late, kind="stable")
    chosen = np.zeros(len(late), dtype=bool)
    below = np.cumsum(weights[order]) - weights[order] / 2
    chosen[order[below <= share * weights.sum()]] = True
    return chosen


def auc(score: FloatArray, is_case: BoolArray, weights: FloatArray) -> float:
    """Return the chance that a case has a higher score than another, ties counted half."""
    values, rank = np.unique(score, return_inverse=True)
    cases = np.bincount(rank, weights * is_case, len(values))
    others = np.bincount(rank, weights * ~is_case, len(values))
    total = cases.sum() * others.sum()
    below = np.cumsum(others) - others / 2
    return float((cases * below).sum() / total) if total else math.nan


def auc_error(area: float, cases: float, others: float) -> float:
    """Return the standard error of an area (Hanley 1982, Radiology 143:29)."""
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (cases - 1) * (first - area**2)
    variance += (others - 1) * (second - area**2)
    return math.sqrt(max(variance, 0.0) / (cases * others))
