"""``remodel.sweep``: from a design to one labelled, resumable set of arrays."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from remodel import files
from remodel.errors import ConfigError, RemodelWarning, StoreError
from remodel.models import Model
from remodel.progress import Progress, ProgressLike, progress_of
from remodel.provenance import recorded
from remodel.simulation.inputs import check_count
from remodel.solvers.methods import checked_rtol, method_of
from remodel.sweeps.chunks import plan
from remodel.sweeps.damage import check_whole, repaired
from remodel.sweeps.design import Design
from remodel.sweeps.load import DesignSource, load_design
from remodel.sweeps.local import retry_chunks, run_local
from remodel.sweeps.new_store import create_store
from remodel.sweeps.record import check_same, record_of
from remodel.sweeps.store import Store, open_store
from remodel.sweeps.summary import summary_of

if TYPE_CHECKING:
    import xarray as xr
    from distributed import Client


@recorded
def sweep(
    design: DesignSource,
    out: str | Path | None = None,
    *,
    model: str | Model | None = None,
    resume: bool = False,
    threads: int | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    chunk: int | None = None,
    progress: ProgressLike = None,
) -> xr.Dataset:
    """Run every simulation of a design and return the results, labelled.

    Parameters
    ----------
    design : path or mapping
        A ``design.toml``, or a mapping with the same keys.
    out : path, optional
        Zarr store, written chunk by chunk; in memory by default.
    model : str or Model, optional
        Instead of the one that the design names.
    resume : bool
        Continue a store: repair what is damaged and simulate what is missing. Begins a new one if
        there is none.
    threads : int, optional
        Processors the engine may use; all by default. Results do not depend on it.
    scheduler : str, optional
        Address of a Dask scheduler whose workers share the disk of ``out``, or ``local`` for
        workers on this machine. Results do not depend on it.
    workers : int, optional
        How many local workers; one per processor by default.
    chunk : int, optional
        Simulations that are run, stored and lost together; chosen by default. Results do not
        depend on it.
    progress : Progress or callable, optional
        Is told how many simulations are stored, and how many of them failed.

    Returns
    -------
    xarray.Dataset
        One dimension per factor for a grid, ``simulation`` otherwise. Values are read from the
        store when they are used. ``status`` is 0 where a simulation reached its end; after a
        failure values are NaN.

    Raises
    ------
    RemodelError
        One of its subclasses, before any work starts, if the design is not allowed or the store
        cannot be continued; StoreError if the disk is full.
    """
    loaded, shown = load_design(design, model), progress_of(progress)
    check_count("threads", threads)
    with machines(scheduler, workers, out) as client:
        store = begin(loaded, out, resume=resume, chunk=chunk)
        return labelled(run(store, loaded, threads=threads, client=client, progress=shown))


def retry_failed(
    design: DesignSource,
    out: str | Path,
    *,
    model: str | Model | None = None,
    method: str | None = None,
    rtol: float | None = None,
    max_steps: int | None = None,
    threads: int | None = None,
    progress: ProgressLike = None,
) -> xr.Dataset:
    """Simulate the failed simulations of a store again, and leave the others as they are.

    Parameters
    ----------
    design, out, model
        As in ``sweep``.
    method, rtol, max_steps
        As in ``remodel.simulate``; those of the design by default. One of them must differ.
    threads, progress
        As in ``sweep``.

    Returns
    -------
    xarray.Dataset
        All results, with the number of attempts in ``attempt``.

    Raises
    ------
    RemodelError
        One of its subclasses if an argument is not allowed or the store is of another design.
    """
    if method is None and rtol is None and max_steps is None:
        raise ConfigError(
            "--retry-failed needs another way to solve them: --method, --rtol or --max-steps; "
            "as they are they would fail again."
        )
    loaded, shown = load_design(design, model), progress_of(progress)
    solver = loaded.solver
    name = method_of(method or solver.method).name
    check_count("max_steps", max_steps)
    check_count("threads", threads)
    again = replace(
        solver,
        method=name,
        rtol=solver.rtol if rtol is None else checked_rtol(rtol, name),
        max_steps=max_steps or solver.max_steps,
    )
    store = begin(loaded, out, resume=True)
    with warnings.catch_warnings(), store.owned():
        warnings.simplefilter("ignore", RemodelWarning)
        store = repaired(store, loaded)
        shown.start(summary_of(store, ()).failed)
        retry_chunks(store, replace(loaded, solver=again), threads, shown)
    return labelled(store)


def open_sweep(path: str | Path) -> xr.Dataset:
    """Return the results in a store as labelled arrays, read when they are used.

    Simulations that are not done yet have status -1. ``xarray.open_zarr`` opens the same store
    without this package, and without looking for damage.

    Parameters
    ----------
    path : path
        Of the store.

    Returns
    -------
    xarray.Dataset
        As ``remodel.sweep`` returns it.

    Raises
    ------
    StoreError
        If there is no store, or a file of it is missing or not what was written.
    """
    store = open_store(path)
    check_whole(store)
    return labelled(store)


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
    design: Design, out: str | Path | None, *, resume: bool = False, chunk: int | None = None
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
        return create_store(design, plan(design, chunk), path)
    store = open_store(path, writable=True)
    if not resume:
        raise StoreError(
            f"{path} is there already; continue it with --resume, or use another name."
        )
    check_same(path, store.record, record_of(design, store.layout, store.record["simulations"]))
    if chunk is not None and plan(design, chunk).layout != store.layout:
        size = " x ".join(map(str, store.layout.block))
        raise StoreError(
            f"{path} has chunks of {size} simulations, which cannot be changed; leave --chunk out."
        )
    return store


def run(
    store: Store,
    design: Design,
    *,
    progress: Progress,
    threads: int | None = None,
    client: Client | None = None,
) -> Store:
    """Simulate what a store misses, here or on a cluster, and return it."""
    with warnings.catch_warnings(), store.owned(alone=client is None):
        warnings.simplefilter("ignore", RemodelWarning)  # given once, when the design was read
        store = repaired(store, design)
        summary = summary_of(store, ())
        progress.start(summary.simulations - summary.finished)
        if client is None:
            run_local(store, design, threads, progress)
        else:
            from remodel.sweeps.cluster import run_on_cluster

            run_on_cluster(store, design, client, progress)
    return store


def labelled(store: Store) -> xr.Dataset:
    """Return a store as labelled arrays, read when they are used."""
    import xarray as xr

    from remodel.simulation import accessor  # noqa: F401  (what makes ``ds.remodel``)

    dataset: xr.Dataset = xr.open_zarr(store.group.store, chunks=None, consolidated=False)
    return dataset[[*store.variables]]


def write_netcdf(store: Store | str | Path, path: str | Path) -> None:
    """Write the results of a store as one NetCDF file; it is there as a whole or not at all.

    Raises
    ------
    StoreError
        If the store is damaged, or the file cannot be written.
    """
    if not isinstance(store, Store):
        store = open_store(store)
    check_whole(store)
    dataset = labelled(store)
    for name in dataset.variables:
        dataset[name].encoding.clear()
        if dataset[name].dtype.kind == "T":  # text that only newer libraries know
            dataset[name] = dataset[name].astype(object)
    dataset.encoding.clear()
    files.write_netcdf(dataset, path)
