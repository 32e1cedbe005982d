"""What a store holds: how far it is, what failed, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from remodel.solvers.status import Status
from remodel.sweeps.damage import Damage, damage_of
from remodel.sweeps.design import chosen
from remodel.sweeps.store import EXCLUDED, Store, open_store

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Summary:
    """How far a sweep is.

    Attributes
    ----------
    simulations : int
        To be run in all.
    finished : int
        Stored, failed ones among them.
    causes : mapping of Status to int
        How many failed, by cause.
    excluded : int
        Cells of a grid that the constraints leave out, among the chunks that are done.
    retried : int
        Simulations that were tried again after a failure.
    chunks, chunks_done : int
    damage : tuple of Damage
        What is not as it was written, to be repaired by resuming.
    """

    simulations: int
    finished: int
    causes: Mapping[Status, int]
    excluded: int
    retried: int
    chunks: int
    chunks_done: int
    damage: tuple[Damage, ...] = ()

    @property
    def failed(self) -> int:
        """How many failed."""
        return sum(self.causes.values())

    @property
    def is_complete(self) -> bool:
        """Whether every chunk is done."""
        return self.chunks_done == self.chunks


def summary_of(store: Store | str | Path, damage: tuple[Damage, ...] | None = None) -> Summary:
    """Return how far a sweep is; chunks that are not done, or damaged, do not count.

    Parameters
    ----------
    store : Store or path
    damage : tuple of Damage, optional
        What is damaged, if that is known; all files are read to find it out otherwise.

    Raises
    ------
    StoreError
        If there is no store, or it cannot be read.
    """
    if not isinstance(store, Store):
        store = open_store(store)
    damage = damage_of(store) if damage is None else damage
    chunks = sound_chunks(store, damage)
    causes: Counter[Status] = Counter()
    finished = excluded = retried = 0
    for chunk in chunks:
        for value, number in zip(
            *np.unique(store.read("status", chunk), return_counts=True), strict=True
        ):
            if value == EXCLUDED:
                excluded += int(number)
                continue
            finished += int(number)
            if value > Status.OK:
                causes[Status(value)] += int(number)
        retried += int((store.read("attempt", chunk) > 0).sum())
    return Summary(
        simulations=store.record["simulations"],
        finished=finished,
        causes=dict(sorted(causes.items())),
        excluded=excluded,
        retried=retried,
        chunks=store.layout.chunks,
        chunks_done=len(chunks),
        damage=damage,
    )


def sound_chunks(store: Store, damage: tuple[Damage, ...]) -> list[int]:
    """Return the numbers of the chunks that are done and whole."""
    if any(d.chunk is None for d in damage):
        return []
    bad = {d.chunk for d in damage}
    return [chunk for chunk in np.flatnonzero(store.done()).tolist() if chunk not in bad]


def failures(store: Store | str | Path, most: int | None = None) -> pd.DataFrame:
    """Return the simulations that failed: their factors, cause and time reached.

    Parameters
    ----------
    store : Store or path
    most : int, optional
        How many at most; all by default.

    Raises
    ------
    StoreError
        If there is no store, or it cannot be read.
    """
    import pandas as pd

    if not isinstance(store, Store):
        store = open_store(store)
    frames: list[pd.DataFrame] = []
    left = np.inf if most is None else most
    for chunk in np.flatnonzero(store.done()).tolist():
        status = store.read("status", chunk)
        failed = np.flatnonzero(status > Status.OK)[: int(min(left, len(status)))]
        if not len(failed):
            continue
        left -= len(failed)
        causes = [Status(int(s)) for s in status[failed]]
        frame = pd.DataFrame(
            dict(chosen(store.rows(chunk), failed)),
            index=pd.Index(store.layout.numbers(chunk)[failed], name="simulation"),
        )
        frame["status"] = [cause.name.lower() for cause in causes]
        frame["stopped_at"] = store.read("stopped_at", chunk)[failed]
        frame["cause"] = [cause.sentence for cause in causes]
        frames.append(frame)
        if left <= 0:
            break
    if frames:
        return pd.concat(frames)
    none = pd.Index([], name="simulation", dtype=np.int64)
    return pd.DataFrame(columns=[*store.factors, "status", "stopped_at", "cause"], index=none)
