"""Running a sweep on one machine: prepare the next chunk, integrate this one, write the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from remodel.solvers.status import Status
from remodel.sweeps.design import Solver
from remodel.sweeps.factors import Rows
from remodel.sweeps.setup import COUNTERS, Batch, Setup, Variables, prepare, simulate_batch
from remodel.sweeps.store import EXCLUDED, NOT_DONE, Store

Report = Callable[[int, int], None]
"""Told how many simulations are stored since the last call, and how many of them failed."""


class SweepStoppedError(KeyboardInterrupt):
    """The user stopped a sweep; what is complete is stored.

    Attributes
    ----------
    done, total : int
        Chunks.
    """

    def __init__(self, done: int, total: int) -> None:
        super().__init__(f"stopped: {done} of {total} chunks are stored; continue with --resume.")
        self.done, self.total = done, total


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk ready to be integrated.

    Attributes
    ----------
    chunk : int
    met : ndarray of bool, shape (n,)
        Which simulations the constraints allow.
    batch : Batch or None
        None where they allow none.
    """

    chunk: int
    met: npt.NDArray[np.bool_]
    batch: Batch | None


def prepare_chunk(store: Store, setup: Setup, chunk: int, threads: int | None) -> Piece:
    """Read the rows of a chunk and translate them."""
    rows = store.rows(chunk)
    met = setup.design.met(rows)
    allowed = rows if met.all() else _chosen(rows, met)
    return Piece(chunk, met, prepare(setup, allowed, threads) if met.any() else None)


def simulate_chunk(store: Store, piece: Piece) -> Variables:
    """Return the results of a chunk, excluded simulations among them."""
    found = simulate_batch(piece.batch) if piece.batch is not None else {}
    found["attempt"] = np.zeros(int(piece.met.sum()), dtype=np.int8)
    if piece.met.all():
        return found
    return {name: _spread(store, name, found.get(name), piece.met) for name in store.variables}


def _chosen(rows: Rows, which: npt.NDArray[np.bool_]) -> Rows:
    return {name: values[which] for name, values in rows.items()}


def _spread(
    store: Store, name: str, values: npt.NDArray[np.generic] | None, met: npt.NDArray[np.bool_]
) -> npt.NDArray[np.generic]:
    """Return results of allowed simulations among all of a chunk."""
    array = store.array(name)
    fill = EXCLUDED if name == "status" else NOT_DONE if name in COUNTERS else array.fill_value
    shape = (len(met), *array.shape[len(store.layout.dims) :])
    whole: npt.NDArray[np.generic] = np.full(shape, fill, dtype=array.dtype)
    if values is not None and met.any():
        whole[met] = values
    return whole


def counts(variables: Variables) -> tuple[int, int]:
    """Return how many simulations ran, and how many of them failed."""
    status = variables["status"]
    return int((status >= 0).sum()), int((status > Status.OK).sum())


def run_local(store: Store, setup: Setup, threads: int | None, report: Report) -> None:
    """Simulate what is missing.

    Raises
    ------
    SweepStoppedError
        If the user stops it; the chunk being written is completed first.
    StoreError
        If the store cannot be written.
    """
    missing = store.missing()
    try:
        with ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(1) as writer:
            _pipeline(store, setup, missing, threads, report, ahead, writer)
    except KeyboardInterrupt:
        raise SweepStoppedError(int(store.done().sum()), store.layout.chunks) from None


def _pipeline(
    store: Store,
    setup: Setup,
    missing: Sequence[int],
    threads: int | None,
    report: Report,
    ahead: ThreadPoolExecutor,
    writer: ThreadPoolExecutor,
) -> None:
    written: Future[None] | None = None
    stored = (0, 0)
    for piece in _prepared(store, setup, missing, threads, ahead):
        variables = simulate_chunk(store, piece)
        if written is not None:
            written.result()
            report(*stored)
        stored = counts(variables)
        written = writer.submit(store.write, piece.chunk, variables)
    if written is not None:
        written.result()
        report(*stored)


def _prepared(
    store: Store,
    setup: Setup,
    missing: Sequence[int],
    threads: int | None,
    ahead: ThreadPoolExecutor,
) -> Iterator[Piece]:
    """Yield chunks, each prepared while the one before it is integrated."""
    following: Future[Piece] | None = None
    for k, chunk in enumerate(missing):
        current = following or ahead.submit(prepare_chunk, store, setup, chunk, threads)
        piece = current.result()
        following = None
        if k + 1 < len(missing):
            following = ahead.submit(prepare_chunk, store, setup, missing[k + 1], threads)
        yield piece


def retry_failed(
    store: Store, setup: Setup, solver: Solver, threads: int | None, report: Report
) -> None:
    """Simulate failed simulations again, with another solver, and leave the others as they are.

    A chunk counts as missing while it is written, so that a crash leaves nothing half replaced.
    """
    again = setup.with_solver(solver)
    for chunk in range(store.layout.chunks):
        status = store.read("status", chunk)
        failed = status > Status.OK
        if not failed.any():
            continue
        variables = {name: store.read(name, chunk) for name in store.variables}
        batch = prepare(again, _chosen(store.rows(chunk), failed), threads)
        new = simulate_batch(batch)
        new["attempt"] = (variables["attempt"][failed] + 1).astype(np.int8)
        for name in store.variables:
            variables[name][failed] = new[name]
        store.unmark(chunk)
        store.write(chunk, variables)
        report(int(failed.sum()), counts(new)[1])
