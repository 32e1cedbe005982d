"""Readings of one replicate of a trial, as arrays for analyses and as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.measurement.measure import reading_errors
from remodel.virtual_trials.participants import Participants, enrolled, is_present, visit_months
from remodel.virtual_trials.pool import Pool, Screening

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Replicate:
    """What one replicate of a trial measured; the truth beside it.

    Attributes
    ----------
    people : Participants
    months : ndarray, shape (n, n_visits)
        When visits after day 0 were.
    baseline, level : mapping of str to ndarray, shape (n,) and (n, n_visits)
        As read, by what is measured; NaN where a visit was missed.
    change, truth : mapping of str to ndarray, shape (n, n_visits)
        Percent change as read, and the true one, at visits that were kept.
    """

    people: Participants
    months: FloatArray
    baseline: Mapping[str, FloatArray]
    level: Mapping[str, FloatArray]
    change: Mapping[str, FloatArray]
    truth: Mapping[str, FloatArray]


def replicate_of(screening: Screening, number: int, size: int) -> Replicate:
    """Return a replicate of a trial.

    Parameters
    ----------
    screening : Screening
        The trial and the pool it draws from.
    number : int
        Of the replicate, from 0; it decides all that is random.
    size : int
        Women who enter.
    """
    people = enrolled(screening, number, size)
    months = visit_months(screening, people)
    errors = _errors(screening, people, months)
    baseline, level, change, truth = {}, {}, {}, {}
    kept = None
    for name in screening.design.measurements:
        start, later = _true(screening.pool, name, people, months)
        percent = 100 * (later / start[:, None] - 1)
        if kept is None:
            loss = np.nanmean(percent[:, -1]) - percent[:, -1]
            kept = is_present(screening, people, months, loss)
        sample = screening.instruments.samples.get(name)
        limit = 0.0 if sample is None or name not in errors else sample.limit
        error = errors.get(name, np.zeros((len(people), 1 + months.shape[1])))
        baseline[name] = np.maximum(start * np.exp(error[:, 0]), limit)
        read = np.maximum(later * np.exp(error[:, 1:]), limit)
        level[name] = np.where(kept, read, np.nan)
        change[name] = 100 * (level[name] / baseline[name][:, None] - 1)
        truth[name] = np.where(kept, percent, np.nan)
    return Replicate(people, months, baseline, level, change, truth)


def _errors(
    screening: Screening, people: Participants, months: FloatArray
) -> Mapping[str, FloatArray]:
    """Return the logarithm of reading over truth, shape (n, 1 + n_visits), by name."""
    if not screening.pool.has_errors:
        return {}
    steps = np.rint(1000 * np.array([0.0, *screening.design.later])).astype(np.int64)
    at = np.concatenate((np.zeros((len(people), 1)), months), axis=1)
    return dict(
        reading_errors(
            screening.design.measurements,
            screening.instruments,
            screening.conditions(people.seed),
            people.number,
            steps,
            at,
        )
    )


def _true(
    pool: Pool, name: str, people: Participants, months: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return true levels at day 0 and at visits, straight between months of the pool."""
    course = pool.levels[name][people.arm, people.woman]
    right = np.clip(np.searchsorted(pool.months, months - 1e-9), 1, len(pool.months) - 1)
    width = pool.months[right] - pool.months[right - 1]
    share = np.clip((months - pool.months[right - 1]) / width, 0.0, 1.0)
    rows = np.arange(len(people))[:, None]
    low, high = course[rows, right - 1], course[rows, right]
    return course[:, 0], np.where(share == 1, high, low + share * (high - low))


def to_frame(screening: Screening, replicate: Replicate, number: int) -> pd.DataFrame:
    """Return the readings of a replicate, one row a reading, with the columns of READINGS.csv."""
    import pandas as pd

    design, pool, people = screening.design, screening.pool, replicate.people
    arms = np.array(design.names, dtype=object)[people.arm]
    sentences = np.array([str(design.schedule(arm)) for arm in design.arm], dtype=object)
    unknown = np.full(len(pool), np.nan)
    male = pool.facts.get("male", np.zeros(len(pool))) > 0

    def fact(name: str) -> FloatArray:
        return pool.facts.get(name, unknown)[people.woman]

    who = {
        "replicate": number,
        "arm": arms,
        "woman": people.number,
        "age": fact("age"),
        "sex": np.where(male, "male", "female")[people.woman],
        "menopause_age": fact("menopause_age"),
        "bmi": fact("bmi"),
        "schedule": sentences[people.arm],
    }
    tables = []
    for name in design.measurements:
        values = np.concatenate((replicate.baseline[name][:, None], replicate.level[name]), axis=1)
        at = np.concatenate((np.zeros((len(people), 1)), replicate.months), axis=1)
        for visit in range(values.shape[1]):
            reading = {"endpoint": name, "months": at[:, visit], "value": values[:, visit]}
            tables.append(pd.DataFrame({**who, **reading, "unit": pool.units[name], "use": "fit"}))
    table = pd.concat(tables, ignore_index=True).dropna(subset=["value"])
    return table.sort_values(["woman", "endpoint", "months"], ignore_index=True)


def stacked(arrays: list[FloatArray] | list[IntArray]) -> FloatArray:
    """Return arrays of several replicates as one, shape (n_replicates, ...)."""
    return np.stack(arrays)
