"""Running a sweep on a Dask cluster: workers read their rows from the store and write to it."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import logging
import shutil
import signal
import socket
import tempfile
import threading
import uuid
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remodel.errors import ConfigError, ModelError, RemodelWarning, StoreError, require
from remodel.files import read_text
from remodel.models import load_model, model_names
from remodel.progress import Progress
from remodel.solvers.engine import available_threads
from remodel.sweeps.batches import counts
from remodel.sweeps.design import Design
from remodel.sweeps.local import SweepStoppedError, simulate_chunk
from remodel.sweeps.record import check_model, record_of
from remodel.sweeps.store import Store, open_store

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"
_HERE = "127.0.0.1"  # cannot be reached from the network
_PATIENCE = 5  # seconds to reach a scheduler
_AHEAD = 3  # chunks waiting for each processor, so that none is idle and few are lost
_MOST_DEATHS = 10  # workers that may die under one chunk before it is given up


def run_on_cluster(store: Store, design: Design, client: Client, progress: Progress) -> None:
    """Simulate what a store misses on the workers of a cluster.

    Raises
    ------
    StoreError
        If a worker does not see the store, or cannot write to it.
    SweepStoppedError
        If the user stops it.
    """
    try:
        _distribute(client, store, design, progress)
    except KeyboardInterrupt:
        progress.say(
            "remodel: stopping: chunks under way on the cluster are given up; they are simulated "
            "again by --resume"
        )
        raise SweepStoppedError(int(store.done().sum()), store.layout.chunks) from None


@contextmanager
def connected(scheduler: str, workers: int | None = None) -> Iterator[Client]:
    """Yield a client of a Dask cluster.

    Parameters
    ----------
    scheduler : str
        Address, or ``local`` for workers on this machine.
    workers : int, optional
        How many local ones.

    Raises
    ------
    ConfigError
        If the scheduler does not answer within seconds.
    """
    distributed = require("distributed", "cluster")
    if scheduler == LOCAL:
        with (
            _own_workers(workers or available_threads()) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    if workers is not None:
        raise ConfigError(
            "workers are started beside the scheduler; this option is for scheduler 'local'."
        )
    try:
        _call(scheduler)
        client = distributed.Client(scheduler, timeout=_PATIENCE)
    except Exception as error:  # Dask may raise anything at the reply of another kind of server
        raise ConfigError(
            f"no Dask scheduler answers at '{scheduler}' within {_PATIENCE} s; expected an address "
            "such as tcp://HOST:8786, or 'local'."
        ) from error
    with client:
        yield client


def _call(scheduler: str) -> None:
    """Raise unless a Dask server greets; a client would wait for ever for a silent one."""
    if scheduler.startswith("inproc://"):
        return
    connect = require("distributed.comm", "cluster").connect

    async def call() -> None:
        line = await connect(scheduler, timeout=_PATIENCE)
        await line.close()

    with ThreadPoolExecutor(1) as pool:  # this thread may have a loop already, in a notebook
        pool.submit(asyncio.run, asyncio.wait_for(call(), _PATIENCE + 1)).result()


@contextmanager
def _own_workers(number: int) -> Iterator[Any]:
    """Yield a cluster of processes on this machine that ignore Ctrl-C.

    They are stopped when this process is done; each would print a traceback otherwise.
    """
    distributed = require("distributed", "cluster")
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if is_main else None
    quiet = {"distributed.worker.profile.enabled": False}  # it interrupts them 100 times a second
    try:
        with require("dask", "cluster").config.set(quiet):
            cluster = distributed.LocalCluster(
                n_workers=number,
                threads_per_worker=1,
                host=_HERE,
                dashboard_address=f"{_HERE}:0",
                worker_dashboard_address=f"{_HERE}:0",
                silence_logs=logging.CRITICAL,
            )
    finally:
        if is_main:
            signal.signal(signal.SIGINT, before)
    with cluster:
        yield cluster


def _distribute(client: Client, store: Store, design: Design, progress: Progress) -> None:
    """Keep a few chunks for every processor under way until none is missing."""
    sent = SentDesign.of(design)
    path, run = str(Path(str(store.path)).absolute()), uuid.uuid4().hex[:8]
    waiting, deaths = iter(store.missing()), Counter[int]()
    under_way: dict[str, int] = {}  # chunks, by the key of their task
    queue = require("distributed", "cluster").as_completed()

    def submit(chunk: int) -> None:
        key = f"chunk-{chunk}-{deaths[chunk]}-{run}"
        under_way[key] = chunk
        queue.add(client.submit(simulate_and_store, path, sent, chunk, key=key, pure=False))

    while True:
        for chunk in itertools.islice(waiting, max(0, _wanted(client) - len(under_way))):
            submit(chunk)
        if not under_way:
            return
        future = next(queue)
        chunk = under_way.pop(future.key)
        numbers = _result(future, chunk, deaths)
        if numbers is None:
            submit(chunk)
        else:
            progress.advance(*numbers)


def _wanted(client: Any) -> int:
    """Return how many chunks are under way at a time; workers may have come or gone."""
    threads: dict[str, int] = client.nthreads()
    return _AHEAD * max(1, sum(threads.values()))


def _result(future: Any, chunk: int, deaths: Counter[int]) -> tuple[int, int] | None:
    """Return what a task counted; None if its workers died and it must be sent again."""
    from distributed import KilledWorker

    try:
        numbers: tuple[int, int] = future.result()
    except KilledWorker as error:
        deaths[chunk] += 1
        if deaths[chunk] < _MOST_DEATHS:
            return None
        raise StoreError(
            f"chunk {chunk} was lost {_MOST_DEATHS} times because its worker died; give workers "
            "more memory, or use smaller chunks."
        ) from error
    except ModuleNotFoundError as error:
        raise StoreError(
            f"a worker cannot import {error.name}; install this package on all of them."
        ) from error
    except CancelledError as error:
        raise StoreError(
            "the Dask scheduler is gone; start it again and continue with --resume."
        ) from error
    return numbers


@dataclass(frozen=True, slots=True)
class SentDesign:
    """A design on its way to workers, which keep it; the rows of a list or table are in the store.

    Attributes
    ----------
    content : bytes
        The design, pickled; with the name of its model if that can be loaded by name.
    source : str
        Text of the file of a user's own model, for workers that do not see it.
    """

    content: bytes
    source: str = ""

    @classmethod
    def of(cls, design: Design) -> SentDesign:
        """Return a design to be sent."""
        pickle = require("cloudpickle", "cluster")
        values = {f.name: getattr(design, f.name) for f in fields(design)}
        model = design.model
        is_shipped = model.name in model_names() and load_model(model.name) is model
        sent = model.reference if model.file or is_shipped else model
        file = Path(model.file.rpartition(":")[0]) if model.file else None
        return cls(
            pickle.dumps({**values, "columns": {}, "model": sent}),
            "" if file is None else read_text(file, ModelError),
        )

    def design(self) -> Design:
        """Return the design; the same object for the same content."""
        return _received(self.content, self.source)


@lru_cache(maxsize=4)
def _received(content: bytes, source: str) -> Design:
    values = require("cloudpickle", "cluster").loads(content)
    model = values["model"]
    if source and not Path(model.rpartition(":")[0]).exists():
        folder = Path(tempfile.mkdtemp(prefix="remodel-model-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        name = Path(model.rpartition(":")[0]).name
        (folder / name).write_text(source, encoding="utf-8")
        model = f"{folder / name}:{model.rpartition(':')[2]}"
    return Design(**{**values, "model": load_model(model)})


def simulate_and_store(path: str, sent: SentDesign, chunk: int) -> tuple[int, int]:
    """Simulate one chunk on a worker, write it, and return what was run and what failed.

    A chunk that is marked as done is left alone: another worker has written it and was lost before
    it could say so.
    """
    store, design = _seen_from_here(path), sent.design()
    check_model(path, store.record, record_of(design, store.layout, 0))
    if store.is_done(chunk):
        return counts({"status": store.read("status", chunk)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RemodelWarning)  # given once, when the design was read
        variables = simulate_chunk(store, design, chunk, 1)
    store.write(chunk, variables)
    return counts(variables)


def _seen_from_here(path: str) -> Store:
    if not Path(path).exists():
        raise StoreError(
            f"a worker on {socket.gethostname()} does not see {path}; the store must be on a disk "
            "that all workers share, under the same name."
        )
    return open_store(path, writable=True)
