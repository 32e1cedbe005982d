"""``remodel.sweep``: from a design to one labelled, resumable set of arrays."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from remodel.errors import ConfigError, StoreError
from remodel.simulation.inputs import check_count
from remodel.sweeps.creation import create_store, plan
from remodel.sweeps.load import DesignSource, load_design
from remodel.sweeps.record import check_same, record_of
from remodel.sweeps.runner import Report, Stopping, run_local
from remodel.sweeps.setup import Setup, setup_of
from remodel.sweeps.store import Store, open_store

if TYPE_CHECKING:
    import xarray as xr
    from distributed import Client


def sweep(
    design: DesignSource,
    out: str | Path | None = None,
    *,
    resume: bool = False,
    threads: int | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    chunk: int | None = None,
    progress: Report | None = None,
) -> xr.Dataset:
    """Run every simulation of a design and return the results, labelled.

    Parameters
    ----------
    design : path or mapping
        A ``design.toml``, or a mapping with the same keys.
    out : path, optional
        Zarr store, written chunk by chunk; in memory by default.
    resume : bool
        Continue a store: simulate what is missing. Begins a new one if there is none.
    threads : int, optional
        Processors the engine may use; all by default. Results do not depend on it.
    scheduler : str, optional
        Address of a Dask scheduler whose workers share the disk of ``out``, or ``local`` for
        workers on this machine. Results do not depend on it.
    workers : int, optional
        How many local workers; one a processor by default.
    chunk : int, optional
        Simulations that are run, stored and lost together; chosen by default. Results do not
        depend on it.
    progress : callable, optional
        Called with the number of simulations stored since the last call, and how many of them
        failed.

    Returns
    -------
    xarray.Dataset
        One dimension a factor for a grid, ``simulation`` otherwise. Values are read from the store
        when they are used. ``status`` is 0 where a simulation reached its end; after a failure
        values are NaN.

    Raises
    ------
    RemodelError
        One of its children, before any work starts, if the design is not allowed or the store
        cannot be continued; StoreError if the disk is full.
    """
    setup = setup_of(load_design(design))
    check_count("threads", threads)
    with machines(scheduler, workers, out) as client:
        store = begin(setup, out, resume=resume, chunk=chunk)
        run(store, setup, threads=threads, client=client, progress=progress)
    return open_dataset(store)


def machines(
    scheduler: str | None, workers: int | None, out: str | Path | None
) -> AbstractContextManager[Client | None]:
    """Return the cluster that will run a sweep, before anything is written; None for this machine.

    Raises
    ------
    ConfigError
        If it cannot be reached, or cannot share the store.
    """
    check_count("workers", workers)
    if scheduler is None:
        if workers is not None:
            raise ConfigError("workers belong to a cluster; use scheduler 'local', or threads.")
        return nullcontext()
    if out is None:
        raise ConfigError(
            "workers of a cluster need a store on a disk they share; name one with out=."
        )
    from remodel.sweeps.cluster import connected

    return connected(scheduler, workers)


def begin(
    setup: Setup, out: str | Path | None, *, resume: bool = False, chunk: int | None = None
) -> Store:
    """Return a new store, or the one to be continued.

    Raises
    ------
    StoreError
        If there is one and ``resume`` is not set, or it was made from something else.
    """
    check_count("chunk", chunk)
    if not isinstance(out, str | Path | None):
        raise StoreError(f"a store is a path, not {out!r}.")
    path = None if out is None else Path(out)
    if path is None or not path.exists():
        if path is not None and not path.absolute().parent.is_dir():
            raise StoreError(f"{path}: there is no folder {path.parent}.")
        return create_store(setup, plan(setup, chunk), path)
    store = open_store(path, writable=True)
    if not resume:
        raise StoreError(
            f"{path} is there already; continue it with --resume, or use another name."
        )
    check_same(path, store.record, record_of(setup, store.layout, store.record["simulations"]))
    return store


def run(
    store: Store,
    setup: Setup,
    *,
    threads: int | None = None,
    client: Client | None = None,
    progress: Report | None = None,
    stopping: Stopping | None = None,
) -> None:
    """Simulate what a store misses, here or on a cluster."""
    report = progress or (lambda _finished, _failed: None)
    if client is None:
        with store.owned():
            run_local(store, setup, threads, report, stopping)
        return
    from remodel.sweeps.cluster import run_on_cluster

    with store.owned(alone=False):
        run_on_cluster(store, setup, client, report)


def open_dataset(store: Store | str | Path) -> xr.Dataset:
    """Return a store as labelled arrays, read when they are used.

    ``xarray.open_zarr`` opens the same store without this package.
    """
    import xarray as xr

    from remodel.simulation import accessor  # noqa: F401  (what makes ``ds.remodel``)

    found = store if isinstance(store, Store) else open_store(store)
    dataset: xr.Dataset = xr.open_zarr(found.group.store, chunks=None, consolidated=False)
    return dataset[[*found.variables]]
