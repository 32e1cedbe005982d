"""Running a sweep on a Dask cluster: workers read their rows from the store and write to it."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remodel.errors import ConfigError, StoreError, require
from remodel.solvers.engine import available_threads
from remodel.sweeps.design import Design
from remodel.sweeps.record import check_model, record_of
from remodel.sweeps.runner import Report, SweepStoppedError, counts, prepare_chunk, simulate_chunk
from remodel.sweeps.setup import Setup, setup_of
from remodel.sweeps.store import Store, open_store

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"
_PATIENCE = 5  # seconds to reach a scheduler
_AHEAD = 3  # chunks waiting for each processor, so that none is idle and few are lost
_MOST_DEATHS = 10  # workers that may die under one chunk before it is given up


def run_on_cluster(store: Store, setup: Setup, client: Client, report: Report) -> None:
    """Simulate what a store misses on the workers of a cluster.

    Raises
    ------
    StoreError
        If a worker does not see the store, or cannot write to it.
    SweepStoppedError
        If the user stops it.
    """
    try:
        _distribute(client, store, setup, report)
    except KeyboardInterrupt:
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
    except Exception as error:  # Dask fails in any way at what a server of another kind says
        raise ConfigError(
            f"no Dask scheduler answers at '{scheduler}' within {_PATIENCE} s; expected an address "
            "such as tcp://HOST:8786, or 'local'."
        ) from error
    with client:
        yield client


def _call(scheduler: str) -> None:
    """Raise unless a Dask server greets; a client would wait for ever where others are silent."""
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
    """Yield a cluster of processes on this machine, to which Ctrl-C does not matter.

    They are stopped when this process is done; each would print a traceback otherwise.
    """
    distributed = require("distributed", "cluster")
    is_main = threading.current_thread() is threading.main_thread()
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN) if is_main else None
    quiet = {"distributed.worker.profile.enabled": False}  # it interrupts them 100 times a second
    try:
        with require("dask", "cluster").config.set(quiet):
            cluster = distributed.LocalCluster(
                n_workers=number,
                threads_per_worker=1,
                dashboard_address=":0",
                silence_logs=logging.CRITICAL,
            )
    finally:
        if is_main:
            signal.signal(signal.SIGINT, heard)
    with cluster:
        yield cluster


def _distribute(client: Client, store: Store, setup: Setup, report: Report) -> None:
    """Keep a few chunks for every processor under way until none is missing."""
    design = replace(setup.design, columns={})  # the rows are in the store
    path, run = str(Path(str(store.path)).absolute()), uuid.uuid4().hex[:8]
    waiting, deaths = iter(store.missing()), Counter[int]()
    of: dict[str, int] = {}  # chunks under way, by the key of their task
    queue = require("distributed", "cluster").as_completed()

    def submit(chunk: int) -> None:
        key = f"chunk-{chunk}-{deaths[chunk]}-{run}"
        of[key] = chunk
        queue.add(client.submit(simulate_and_store, path, design, chunk, key=key, pure=False))

    while True:
        for chunk in _some(waiting, _wanted(client) - len(of)):
            submit(chunk)
        if not of:
            return
        future = next(queue)
        chunk = of.pop(future.key)
        found = _result(future, chunk, deaths)
        if found is None:
            submit(chunk)
        else:
            report(*found)


def _some(waiting: Iterator[int], most: int) -> Iterator[int]:
    for _, chunk in zip(range(most), waiting, strict=False):
        yield chunk


def _wanted(client: Any) -> int:
    """Return how many chunks are under way at a time; workers may have come or gone."""
    threads: dict[str, int] = client.nthreads()
    return _AHEAD * max(1, sum(threads.values()))


def _result(future: Any, chunk: int, deaths: Counter[int]) -> tuple[int, int] | None:
    """Return what a task counted; None if its workers died and it must be sent again."""
    from distributed import KilledWorker

    try:
        found: tuple[int, int] = future.result()
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
    return found


def simulate_and_store(path: str, design: Design, chunk: int) -> tuple[int, int]:
    """Simulate one chunk on a worker, write it, and return what was run and what failed.

    A chunk that is marked as done is left alone: another worker has written it and was lost before
    it could say so.
    """
    store = _seen_from_here(path)
    setup = setup_of(design)
    check_model(path, store.record, record_of(setup, store.layout, 0))
    if store.is_done(chunk):
        return counts({"status": store.read("status", chunk)})
    variables = simulate_chunk(store, prepare_chunk(store, setup, chunk, 1))
    store.write(chunk, variables)
    return counts(variables)


def _seen_from_here(path: str) -> Store:
    if not Path(path).exists():
        raise StoreError(
            f"a worker on {socket.gethostname()} does not see {path}; the store must be on a disk "
            "that all workers share, under the same name."
        )
    return open_store(path, writable=True)
