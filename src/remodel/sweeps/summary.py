"""What a store holds: how far it is, what failed, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from remodel.solvers.status import Status
from remodel.sweeps.store import EXCLUDED, Store

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
    """

    simulations: int
    finished: int
    causes: Mapping[Status, int]
    excluded: int
    retried: int
    chunks: int
    chunks_done: int

    @property
    def failed(self) -> int:
        """How many failed."""
        return sum(self.causes.values())

    @property
    def is_complete(self) -> bool:
        """Whether every chunk is done."""
        return self.chunks_done == self.chunks


def summary_of(store: Store) -> Summary:
    """Return how far a sweep is; chunks that are not marked as done do not count."""
    done = store.done()
    causes: dict[Status, int] = {}
    finished = excluded = retried = 0
    for chunk in np.flatnonzero(done).tolist():
        found, numbers = np.unique(store.read("status", chunk), return_counts=True)
        for value, number in zip(found.tolist(), numbers.tolist(), strict=True):
            if value == EXCLUDED:
                excluded += number
                continue
            finished += number
            if value > Status.OK:
                causes[Status(value)] = causes.get(Status(value), 0) + number
        retried += int((store.read("attempt", chunk) > 0).sum())
    return Summary(
        simulations=store.record["simulations"],
        finished=finished,
        causes=dict(sorted(causes.items())),
        excluded=excluded,
        retried=retried,
        chunks=store.layout.chunks,
        chunks_done=int(done.sum()),
    )


def failures(store: Store, most: int | None = None) -> pd.DataFrame:
    """Return the simulations that failed: their factors, cause and time reached.

    Parameters
    ----------
    store : Store
    most : int, optional
        How many at most; all by default.
    """
    import pandas as pd

    frames: list[pd.DataFrame] = []
    left = np.inf if most is None else most
    for chunk in np.flatnonzero(store.done()).tolist():
        status = store.read("status", chunk)
        failed = np.flatnonzero(status > Status.OK)[: int(min(left, len(status)))]
        if not len(failed):
            continue
        left -= len(failed)
        rows = {name: values[failed] for name, values in store.rows(chunk).items()}
        causes = [Status(int(s)) for s in status[failed]]
        frame = pd.DataFrame(
            rows, index=pd.Index(_numbers(store, chunk)[failed], name="simulation")
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


def _numbers(store: Store, chunk: int) -> np.ndarray:
    """Return the numbers of the simulations of a chunk, counted over the whole sweep."""
    layout = store.layout
    axes = [np.arange(part.start, part.stop) for part in layout.region(chunk)]
    mesh = np.meshgrid(*axes, indexing="ij")
    return np.ravel_multi_index([axis.ravel() for axis in mesh], layout.shape)
