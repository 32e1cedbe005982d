"""One replicate of a trial: who enters, which arm each is given, and when she leaves."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.populations.streams import philox, uniforms
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR
from remodel.virtual_trials.pool import Screening

_MONTHS_PER_YEAR = DAYS_PER_YEAR / DAYS_PER_MONTH
_SPARE = 64  # women screened beyond those expected to be needed


@dataclass(frozen=True, slots=True)
class Participants:
    """Women of one replicate in the order in which they entered.

    Attributes
    ----------
    seed : int
        Of everything random in this replicate.
    number : ndarray of int, shape (n,)
        By which the random numbers of each are estimates: her place among those screened.
    woman : ndarray of int, shape (n,)
        Row of the pool.
    arm, stratum : ndarray of int, shape (n,)
    """

    seed: int
    number: IntArray
    woman: IntArray
    arm: IntArray
    stratum: IntArray

    def __len__(self) -> int:
        return len(self.number)


def replicate_seed(seed: int, replicate: int) -> int:
    """Return the seed of a replicate, a function of the seed of the trial and its number."""
    key = (seed % 2**32, seed // 2**32 % 2**32)
    low, high, *_ = philox(([replicate], 0, zlib.crc32(b"replicate"), 0), key)
    return int(low[0]) + 2**32 * int(high[0])


def enrolled(screening: Screening, replicate: int, size: int) -> Participants:
    """Return the women of a replicate.

    The first women of a larger trial are those of a smaller one.

    Parameters
    ----------
    screening : Screening
    replicate : int
        From 0.
    size : int
        How many are to enter.
    """
    design, pool = screening.design, screening.pool
    seed = replicate_seed(design.seed, replicate)
    batch = math.ceil(1.1 * size / screening.share) + _SPARE
    number, woman, first, let_in = [], [], 0, 0
    stratum: list[IntArray] = []
    while let_in < size:
        candidates = np.arange(first, first + batch)
        rows = _drawn(pool.cumulative, uniforms(seed, "woman", candidates)[0])
        values = screening.values(seed, candidates, rows)
        chosen = screening.is_eligible(values) if design.entry else np.ones(batch, dtype=bool)
        number.append(candidates[chosen])
        woman.append(rows[chosen])
        stratum.append(_strata(screening, values, batch)[chosen])
        let_in += int(chosen.sum())
        first += batch
    strata = np.concatenate(stratum)[:size]
    return Participants(
        seed,
        np.concatenate(number)[:size],
        np.concatenate(woman)[:size],
        _allocated(seed, strata, [arm.share for arm in design.arm]),
        strata,
    )


def _drawn(cumulative: FloatArray, shares: FloatArray) -> IntArray:
    """Return rows drawn by weight, with replacement."""
    rows: IntArray = np.minimum(np.searchsorted(cumulative, shares), len(cumulative) - 1)
    return rows


def _strata(screening: Screening, values: dict[str, FloatArray], n: int) -> IntArray:
    """Return the number of the stratum of each woman."""
    numbers = np.zeros(n, dtype=np.int64)
    for stratum in screening.design.stratum:
        cuts = np.array(stratum.cuts)
        numbers = numbers * (len(cuts) + 1) + np.searchsorted(cuts, values[stratum.name], "right")
    return numbers


def _allocated(seed: int, strata: IntArray, shares: list[int]) -> IntArray:
    """Return arms in permuted blocks, each with every arm in its share, within each stratum."""
    divisor = math.gcd(*shares)
    slots = np.repeat(np.arange(len(shares)), [share // divisor for share in shares])
    arms = np.empty(len(strata), dtype=np.int64)
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        blocks = np.arange(math.ceil(len(rows) / len(slots)))[:, None]
        order = uniforms(seed, f"allocation {stratum}", blocks, np.arange(len(slots)))[0]
        arms[rows] = slots[np.argsort(order, axis=1)].ravel()[: len(rows)]
    return arms


def is_present(
    screening: Screening, people: Participants, months: FloatArray, loss: FloatArray
) -> BoolArray:
    """Return which visits after day 0 were kept, shape (n, n_visits).

    Parameters
    ----------
    screening : Screening
    people : Participants
    months : ndarray, shape (n, n_visits)
        When each visit is.
    loss : ndarray, shape (n,)
        Percent by which the true change of each at the last visit is below the mean.
    """
    design = screening.design
    kept = np.ones(months.shape, dtype=bool)
    if design.dropout.per_year:
        rate = -math.log1p(-design.dropout.per_year) / _MONTHS_PER_YEAR
        hazard = rate * design.dropout.hazard_per_percent_lost**loss
        leaves = -np.log(uniforms(people.seed, "dropout", people.number)[0]) / hazard
        kept &= months < leaves[:, None]
    if design.visits.missed:
        share = uniforms(people.seed, "missed", people.number[:, None], _steps(design.later))[0]
        kept &= share >= design.visits.missed
    return kept


def visit_months(screening: Screening, people: Participants) -> FloatArray:
    """Return when each visit after day 0 is, shape (n, n_visits)."""
    later, window = screening.design.later, screening.design.visits.window_months
    months = np.broadcast_to(np.array(later), (len(people), len(later)))
    if not window:
        return months
    share = uniforms(people.seed, "window", people.number[:, None], _steps(later))[0]
    moved: FloatArray = months + window * (2 * share - 1)
    return moved


def _steps(months: Any) -> IntArray:
    steps: IntArray = np.rint(1000 * np.asarray(months)).astype(np.int64)
    return steps
