"""The smallest trial that reaches a power."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from remodel.errors import ConfigError
from remodel.virtual_trials.analyses import expected_size
from remodel.virtual_trials.design import QUICK, Design
from remodel.virtual_trials.pool import Pool
from remodel.virtual_trials.run import Estimates, Task
from remodel.virtual_trials.tables import power_table

if TYPE_CHECKING:
    import pandas as pd

    Tried = Callable[[Sequence[int]], pd.DataFrame]

_GRID = 9  # sizes tried at once
_PILOT, _PILOT_REPLICATES = 100, 200
_SMALLEST = 2
_WIDER = 3.0


def sample_size(design: Design, pool: Pool, compute: Callable[[Task], Estimates]) -> pd.DataFrame:
    """Return the smallest trial whose first endpoint reaches the power asked for.

    The last visit, first comparison and first analysis of the first endpoint count. Sizes that are
    tried share their replicates, in which a smaller trial is the beginning of a larger one; each
    round tries sizes between the last without and the first with enough power.

    Parameters
    ----------
    design : Design
    pool : Pool
    compute : callable
        Runs a task.

    Returns
    -------
    pandas.DataFrame
        One row: that of ``power.csv`` with ``power_asked`` and ``n_closed_form``, the size by the
        normal approximation for the effect and the spread of a pilot.

    Raises
    ------
    ConfigError
        If the largest allowed trial does not reach it.
    """
    asked, (narrow, analysis) = design.sample_size, _primary(design)
    assert asked is not None  # noqa: S101 # the caller has seen to it

    def tried(sizes: Sequence[int], replicates: int | None = None) -> pd.DataFrame:
        task = Task.of(narrow, pool, sizes, replicates, [analysis])
        return power_table(compute(task), design.power.alpha)

    pilot = tried([_PILOT], _PILOT_REPLICATES).iloc[0]
    guess = math.inf
    if pilot["effect"] != 0:
        guess = expected_size(pilot["effect"], pilot["sd"], asked.power, design.power.alpha)
    low, high, table = _bracket(tried, min(guess, float(asked.largest)), asked.power, asked.largest)
    while high - low > 1:
        sizes = np.unique(np.linspace(low, high, _GRID + 2).round().astype(int))
        table = tried(sizes.tolist())
        low, high = _around(table, asked.power)
    row = table[table["n_per_arm"] == high].iloc[[0]].copy()
    row["power_asked"] = asked.power
    row["n_closed_form"] = math.ceil(guess) if math.isfinite(guess) else math.nan
    return row.reset_index(drop=True)


def _primary(design: Design) -> tuple[Design, str]:
    """Return a design with one comparison, and its analysis."""
    first = design.endpoint[0]
    analysis = next((name for name in first.analysis if name in QUICK), None)
    if analysis is None:
        raise ConfigError(
            f"[sample_size]: the first endpoint needs one of the analyses {', '.join(QUICK)}.",
            field="analysis",
        )
    pair = " vs ".join(design.comparisons(first)[0])
    only = first.model_copy(update={"months": (first.months[-1],), "comparison": (pair,)})
    return design.model_copy(update={"endpoint": [only]}), analysis


def _bracket(
    tried: Tried, center: float, power: float, largest: int
) -> tuple[int, int, pd.DataFrame]:
    """Return sizes without and with enough power, and the table of the latter."""
    while True:
        sizes = np.geomspace(max(center / 2, _SMALLEST), max(center * 1.6, 2 * _SMALLEST), _GRID)
        whole = np.unique(np.clip(np.ceil(sizes), _SMALLEST, largest).astype(int))
        table = tried(whole.tolist())
        if (table["power"] >= power).any():
            return (*_around(table, power), table)
        if whole[-1] >= largest:
            raise ConfigError(
                f"[sample_size]: with {largest:,} women an arm the power is "
                f"{table['power'].iloc[-1]:.2f}, below {power:g}; raise 'largest'.",
                field="largest",
            )
        center *= _WIDER


def _around(table: pd.DataFrame, power: float) -> tuple[int, int]:
    """Return the largest size below the first with enough power, and that one."""
    high = int(table.loc[table["power"] >= power, "n_per_arm"].min())
    below = table.loc[table["n_per_arm"] < high, "n_per_arm"]
    return (int(below.max()) if len(below) else min(high - 1, _SMALLEST)), high
