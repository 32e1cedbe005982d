"""Harms of bone drugs: published rates, and the events they make of a schedule.

Every number stands with its source in ``tables/harms.toml``. Several vertebral fractures after
denosumab are not among them: they follow from the bone model, in ``remodel.fracture``.
"""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ConfigError
from remodel.schedules import Dose, Schedule, next_due
from remodel.units import DAYS_PER_YEAR, dose_in_mg


@dataclass(frozen=True, slots=True)
class Rate:
    """A published rate of a harm, for 1,000 woman-years on a drug or 1,000 doses of it.

    Attributes
    ----------
    harm : str
    drugs : tuple of str
        Time on any of them counts together.
    per : {"year", "dose"}
    first, last : float
        Years on the drug, or numbers of doses, from which and before which it holds.
    least, most : float
        Intensity of dosing [mg/y] above which, and up to which, it holds.
    value, low, high : float
        Beyond those of women without the drug, with its interval.
    left_after_a_year : float
        Share of the rate that is left a year after the last use.
    source, provenance : str
        ``read``, or ``recalled`` from memory.
    """

    harm: str
    drugs: tuple[str, ...]
    per: Literal["year", "dose"]
    first: float
    last: float
    least: float
    most: float
    value: float
    low: float
    high: float
    left_after_a_year: float
    source: str
    provenance: str


@dataclass(frozen=True, slots=True)
class Harm:
    """Expected events of a harm among 1,000 women, and their interval."""

    name: str
    events: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Piece:
    """A time on drugs at one intensity [d, mg/y], and the years on them before it."""

    start: float
    end: float
    mg_per_year: float
    years_before: float


def events_text(number: float) -> str:
    """Return expected events as they are written in reports."""
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


@functools.cache
def load_rates() -> tuple[Rate, ...]:
    """Return the rates that come with the package."""
    text = files("remodel.decisions").joinpath("tables", "harms.toml").read_text(encoding="utf-8")
    return tuple(_rate(row) for row in tomllib.loads(text)["rate"])


def _rate(row: dict[str, Any]) -> Rate:
    least, most = row.get("mg_per_year", (0.0, math.inf))
    return Rate(
        harm=row["harm"],
        drugs=tuple(row["drugs"]),
        per=row["per"],
        first=float(row.get("from", 0)),
        last=float(row.get("to", math.inf)),
        least=float(least),
        most=float(most),
        value=float(row["value"]),
        low=float(row["low"]),
        high=float(row["high"]),
        left_after_a_year=float(row.get("left_after_a_year", 0.0)),
        source=row["source"],
        provenance=row["provenance"],
    )


def exposures(schedule: Schedule, years: float) -> FloatArray:
    """Return what one woman is exposed to of each rate until a time: woman-years, or doses.

    Parameters
    ----------
    schedule : Schedule
        Doses before day 0 count as time on the drug; only events after it are counted.
    years : float
        From day 0 [y].

    Returns
    -------
    ndarray, shape (n_rates,)

    Raises
    ------
    ConfigError
        If the time is not above 0.
    """
    if not 0 < years < math.inf:
        raise ConfigError(f"harms until year {years:g}: must be above 0 y.", field="years")
    return np.array([_exposure(schedule, years * DAYS_PER_YEAR, rate) for rate in load_rates()])


def expected_harms(schedule: Schedule, years: float) -> tuple[Harm, ...]:
    """Return the expected events of each harm among 1,000 women who follow a schedule.

    Women neither die nor stop; rates are those of the table, whoever the women are.

    Parameters
    ----------
    schedule : Schedule
    years : float
        From day 0 [y].

    Raises
    ------
    ConfigError
        If the time is not above 0.
    """
    return harms_of(exposures(schedule, years))


def harms_of(exposure: FloatArray) -> tuple[Harm, ...]:
    """Return the expected events of each harm among 1,000 women, of their mean exposures.

    A rate is as high, or as low, for all women; errors of different rates are independent.

    Parameters
    ----------
    exposure : ndarray, shape (n_rates,)
        Of :func:`exposures`, or its mean over women.
    """
    events: dict[str, list[tuple[float, float, float]]] = {}
    for rate, amount in zip(load_rates(), exposure, strict=True):
        steps = (rate.value, rate.value - rate.low, rate.high - rate.value)
        events.setdefault(rate.harm, []).append(tuple(amount * step for step in steps))
    return tuple(_summed(name, rows) for name, rows in events.items())


def _summed(name: str, rows: Iterable[tuple[float, float, float]]) -> Harm:
    values, below, above = (np.array(column) for column in zip(*rows, strict=True))
    total = float(values.sum())
    return Harm(name, total, total - math.hypot(*below), total + math.hypot(*above))


def _exposure(schedule: Schedule, horizon: float, rate: Rate) -> float:
    doses = [
        d for d in schedule.doses if d.drug in rate.drugs and d.amount > 0 and d.time < horizon
    ]
    if not doses:
        return 0.0
    if rate.per == "dose":
        return float(_doses_counted(doses, horizon, rate))
    pieces = list(_pieces(doses, horizon))
    on_drug = sum(_years(piece, rate) for piece in pieces)
    if rate.left_after_a_year == 0:
        return on_drug
    return on_drug + sum(_years_left(p, q, horizon, rate) for p, q in _pauses(pieces))


def _doses_counted(doses: Iterable[Dose], horizon: float, rate: Rate) -> int:
    """Return how many doses after day 0 have a number for which a rate holds."""
    singles = Schedule(tuple(doses)).single_doses(until=horizon)
    times = sorted({dose.time for dose in singles})
    return sum(
        rate.first <= number < rate.last for number, time in enumerate(times, 1) if time >= 0
    )


def _pieces(doses: Sequence[Dose], horizon: float) -> Iterator[_Piece]:
    """Yield times on drugs, in order, split where the intensity changes."""
    spans = [(d.time, min(next_due(d), horizon), _mg_per_year(d)) for d in doses]
    edges = sorted({edge for start, end, _ in spans for edge in (start, end)} | {0.0})
    years = 0.0
    for start, end in pairwise(edges):
        intensity = sum(mg for first, last, mg in spans if first <= start and end <= last)
        if intensity > 0:
            yield _Piece(start, end, intensity, years)
            years += (end - start) / DAYS_PER_YEAR


def _mg_per_year(dose: Dose) -> float:
    interval = next_due(dose) - dose.time if dose.interval is None else dose.interval
    mg = dose_in_mg(dose.amount, dose.unit, dose.drug)
    return mg * DAYS_PER_YEAR / interval if interval > 0 else math.inf


def _years(piece: _Piece, rate: Rate) -> float:
    """Return the woman-years of a piece after day 0 for which a rate holds."""
    if piece.start < 0 or not rate.least < piece.mg_per_year <= rate.most:
        return 0.0
    first, length = piece.years_before, (piece.end - piece.start) / DAYS_PER_YEAR
    return max(0.0, min(first + length, rate.last) - max(first, rate.first))


def _pauses(pieces: Sequence[_Piece]) -> Iterator[tuple[_Piece, float]]:
    """Yield a piece and the start of the next one, where the drug is stopped in between."""
    starts = [piece.start for piece in pieces[1:]] + [math.inf]
    for piece, following in zip(pieces, starts, strict=True):
        if following > piece.end:
            yield piece, following


def _years_left(piece: _Piece, following: float, horizon: float, rate: Rate) -> float:
    """Return the woman-years that what is left of a rate after the last use amounts to."""
    used = piece.years_before + (piece.end - piece.start) / DAYS_PER_YEAR
    if not (rate.least < piece.mg_per_year <= rate.most and rate.first < used <= rate.last):
        return 0.0
    fall = -math.log(rate.left_after_a_year)
    since = max(0.0, -piece.end) / DAYS_PER_YEAR
    until = (min(following, horizon) - piece.end) / DAYS_PER_YEAR
    return max(0.0, math.exp(-fall * since) - math.exp(-fall * until)) / fall
