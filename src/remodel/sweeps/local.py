"""Running a sweep on one machine: a chunk for each processor, and one thread that writes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from remodel.progress import Progress
from remodel.solvers.engine import available_threads
from remodel.solvers.methods import method_of
from remodel.solvers.status import Status
from remodel.sweeps.batches import COUNTERS, Variables, counts, simulate_rows
from remodel.sweeps.design import Design, chosen
from remodel.sweeps.store import EXCLUDED, NOT_DONE, Store

Stored = tuple[int, Variables]
_BEHIND = 2  # chunks waiting to be written
_MOST_LANES = 8  # chunks under way, so that memory does not grow with the machine


class SweepStoppedError(KeyboardInterrupt):
    """The user stopped a sweep; what is complete is stored.

    Attributes
    ----------
    done, total : int
        Chunks.
    at_once : bool
        Whether chunks under way were given up, since the user asked twice.
    """

    def __init__(self, done: int, total: int, *, at_once: bool = False) -> None:
        super().__init__(f"stopped: {done} of {total} chunks are stored; continue with --resume.")
        self.done, self.total, self.at_once = done, total, at_once


def simulate_chunk(store: Store, design: Design, chunk: int, threads: int | None) -> Variables:
    """Return the results of a chunk, excluded simulations among them."""
    rows = store.rows(chunk)
    met = design.met(rows)
    variables = simulate_rows(design, chosen(rows, met), threads) if met.any() else {}
    variables["attempt"] = np.zeros(int(met.sum()), dtype=np.int8)
    if met.all():
        return variables
    return {name: _spread(store, name, variables.get(name), met) for name in store.variables}


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


def run_local(store: Store, design: Design, threads: int | None, progress: Progress) -> None:
    """Simulate what is missing: one chunk per processor, and one thread that writes.

    Raises
    ------
    SweepStoppedError
        If the user stops it; chunks under way are completed and stored first, unless asked twice.
    StoreError
        If the store cannot be written.
    """
    missing = store.missing()
    processors = processors_of(design.solver.method, threads)
    lanes = lanes_of(processors, len(missing))
    with _lanes(lanes) as pool, _Writer(store, progress) as writer:
        under_way: set[Future[Stored]] = set()

        def collect() -> None:
            finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in finished:
                under_way.remove(future)
                writer.add(*future.result())

        try:
            for number, chunk in enumerate(missing):
                # the last chunks share the processors that would have nothing else to do
                shared = processors // min(lanes, len(missing) - number)
                under_way.add(pool.submit(_simulated, store, design, chunk, shared))
                if len(under_way) > lanes:  # one waits its turn, so that no lane waits for it
                    collect()
            while under_way:
                collect()
            writer.finish()
        except KeyboardInterrupt:
            at_once = not _completed(under_way, writer, progress)
            done, total = int(store.done().sum()), store.layout.chunks
            raise SweepStoppedError(done, total, at_once=at_once) from None


def _completed(under_way: set[Future[Stored]], writer: _Writer, progress: Progress) -> bool:
    """Store what is under way, and nothing more; False if the user does not want to wait."""
    try:
        running = [future for future in under_way if not future.cancel()]
        chunks = f"{len(running)} chunk{'' if len(running) == 1 else 's'}"
        progress.say(
            f"remodel: stopping: completing {chunks} under way (Ctrl-C again leaves at once; they "
            "are simulated again by --resume)"
        )
        for future in running:
            writer.add(*future.result())
        writer.finish()
    except KeyboardInterrupt:
        return False
    return True


@contextmanager
def _lanes(number: int) -> Iterator[ThreadPoolExecutor]:
    """Yield threads, which are waited for unless the user wants to leave at once."""
    pool = ThreadPoolExecutor(number)
    waits = True
    try:
        yield pool
    except SweepStoppedError as stop:
        waits = not stop.at_once
        raise
    finally:
        pool.shutdown(wait=waits, cancel_futures=not waits)


def processors_of(method: str, threads: int | None) -> int:
    """Return how many processors work; one for SciPy's methods, which keep state."""
    return (threads or available_threads()) if method_of(method).is_compiled else 1


def lanes_of(processors: int, chunks: int) -> int:
    """Return how many chunks are under way at a time; a chunk may use several processors."""
    return max(1, min(processors, chunks, _MOST_LANES))


def _simulated(store: Store, design: Design, chunk: int, threads: int) -> Stored:
    return chunk, simulate_chunk(store, design, chunk, threads)


class _Writer:
    """The one thread that writes, at most a few chunks behind.

    Leaving the ``with`` block waits for what is being written, unless the user leaves at once.
    """

    def __init__(self, store: Store, progress: Progress) -> None:
        self.store, self.progress = store, progress
        self._pool = ThreadPoolExecutor(1)
        self._pending: deque[tuple[Future[None], tuple[int, int]]] = deque()

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        leaves = isinstance(error, SweepStoppedError) and error.at_once
        self._pool.shutdown(wait=not leaves, cancel_futures=leaves)

    def add(self, chunk: int, variables: Variables) -> None:
        """Write a chunk, now or when those before it are written."""
        writing = self._pool.submit(self.store.write, chunk, variables)
        self._pending.append((writing, counts(variables)))
        while len(self._pending) > _BEHIND or (self._pending and self._pending[0][0].done()):
            self._first()

    def finish(self) -> None:
        """Wait until everything is written."""
        while self._pending:
            self._first()

    def _first(self) -> None:
        writing, numbers = self._pending.popleft()
        writing.result()
        self.progress.advance(*numbers)


def retry_chunks(store: Store, design: Design, threads: int | None, progress: Progress) -> None:
    """Simulate failed simulations again, as a design says, and leave the others as they are.

    A chunk counts as missing while it is written, so that a crash leaves nothing half replaced.
    """
    for chunk in np.flatnonzero(store.done()).tolist():
        failed = store.read("status", chunk) > Status.OK
        if not failed.any():
            continue
        variables = {name: store.read(name, chunk) for name in store.variables}
        new = simulate_rows(design, chosen(store.rows(chunk), failed), threads)
        new["attempt"] = (variables["attempt"][failed] + 1).astype(np.int8)
        for name in store.variables:
            variables[name][failed] = new[name]
        store.unmark(chunk)
        store.write(chunk, variables)
        progress.advance(*counts(new))
