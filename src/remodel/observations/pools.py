"""Arms that a study reports together: which they are, and how much each weighs."""

from __future__ import annotations

import math
from collections.abc import Mapping

from remodel.errors import nearest
from remodel.observations.rows import Row
from remodel.observations.schema import Arm

Pool = tuple[tuple[str, float], ...]


def read_pool(row: Row) -> Pool:
    """Return the arms and weights of a cell like ``risedronate 240; placebo 118``.

    Raises
    ------
    ObservationError
        If a weight is not above 0, an arm is named twice, or fewer than two are named.
    """
    pool: dict[str, float] = {}
    for entry in filter(None, (text.strip() for text in row.text("pool").split(";"))):
        name, _, weight = entry.rpartition(" ")
        try:
            value = float(weight)
        except ValueError:
            value = math.nan
        if not name or not (math.isfinite(value) and value > 0):
            row.fail("pool", f"'{entry}' is not the name of an arm and its weight, above 0.")
        if name in pool:
            row.fail("pool", f"the arm '{name}' is named twice.")
        pool[name.strip()] = value
    if len(pool) == 1:
        row.fail("pool", "name at least two arms, such as 'risedronate 240; placebo 118'.")
    if pool and row.text("schedule", "none") != "none":
        row.fail("schedule", "arms that are pooled have schedules of their own; leave it empty.")
    return tuple(pool.items())


def check_pools(rows: Mapping[tuple[str, str], Row], arms: Mapping[tuple[str, str], Arm]) -> None:
    """Check that pooled arms have regimens in the same study, and are not pools themselves.

    Raises
    ------
    ObservationError
    """
    for (study, _), arm in arms.items():
        for name, _ in arm.pool:
            member = arms.get((study, name))
            row = rows[study, arm.name]
            if member is None:
                siblings = [n for s, n in arms if s == study and n != arm.name]
                row.fail("pool", f"{study} has no arm '{name}'.{nearest(name, siblings)}")
            if member.pool:
                row.fail("pool", f"the arm '{name}' is a pool itself; name the arms in it.")


def pooled(levels: Mapping[str, float], pool: Pool) -> float:
    """Return the mean of simulated levels of the arms in a pool, by weight."""
    total = sum(weight for _, weight in pool)
    return sum(levels[name] * weight for name, weight in pool) / total
