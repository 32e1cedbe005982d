"""``remodel sweep``: many simulations in one store, resumable; and what a store holds."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from remodel.cli.screen import checked_file, number, print_table
from remodel.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from remodel.sweeps.setup import Setup
    from remodel.sweeps.store import Store
    from remodel.sweeps.summary import Summary

_OK, _FAILED = 0, 3
_MOST_LISTED, _MOST_COLUMNS = 10, 5
_DESCRIPTION = """
Run every simulation of a design and store the results, chunk by chunk.
  remodel sweep DESIGN.toml --out STORE.zarr     run it
  remodel sweep status STORE.zarr                how far it is, and what failed
"""
_EPILOG = """
Stopped by Ctrl-C, a crash or a full disk? The same command with --resume
simulates what is missing. The store opens with xarray.open_zarr("STORE.zarr").
Exit code 3: some simulations failed; they are NaN, listed, and the rest is
complete.
"""


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "sweep",
        help="run many simulations into one store, or look at a store",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.set_defaults(action=run)
    parser.add_argument("design", metavar="DESIGN.toml", help="or: status")
    parser.add_argument("store", nargs="?", metavar="STORE.zarr", help="after status")
    parser.add_argument("--out", metavar="STORE.zarr", help="Zarr store to write")
    parser.add_argument("--resume", action="store_true", help="simulate what the store misses")
    parser.add_argument(
        "--dry-run", action="store_true", help="say how large it is and how long it takes"
    )
    parser.add_argument("--netcdf", metavar="FILE.nc", help="write the results there too")
    parser.add_argument("--failures", metavar="FILE.csv", help="list every failed simulation there")
    where = parser.add_argument_group("where it runs; results do not depend on it")
    where.add_argument("--threads", type=int, metavar="N", help="processors; all by default")
    where.add_argument(
        "--scheduler", metavar="ADDRESS", help="Dask scheduler, such as tcp://HOST:8786, or local"
    )
    where.add_argument("--workers", type=int, metavar="N", help="processes of --scheduler local")
    where.add_argument("--chunk", type=int, metavar="N", help="simulations of a new store's chunks")
    again = parser.add_argument_group("failed simulations")
    again.add_argument(
        "--retry-failed", action="store_true", help="run only those that failed, as asked here:"
    )
    again.add_argument("--method", help="rodas5p, rodas4, lsoda, bdf or radau")
    again.add_argument("--rtol", type=float, help="relative tolerance")
    again.add_argument("--max-steps", type=int, metavar="N", help="steps of one simulation")


def run(given: argparse.Namespace) -> int:
    """Run a sweep, or look at a store."""
    checked_file(given.failures, (".csv",), "--failures")
    checked_file(given.netcdf, (".nc",), "--netcdf")
    if given.design == "status":
        return _status(given)
    if given.store is not None:
        raise ConfigError(f"'{given.store}' is one word too many; the store is given with --out.")
    from remodel.cli.sweep_progress import say_remark
    from remodel.sweeps.load import load_design
    from remodel.sweeps.setup import setup_of

    setup = setup_of(load_design(given.design))
    say_remark(setup.design)
    if given.dry_run:
        return _dry_run(setup, given)
    if given.out is None:
        raise ConfigError("--out STORE.zarr is missing: where results are stored.")
    return _sweep(setup, given)


def _sweep(setup: Setup, given: argparse.Namespace) -> int:
    from remodel.cli.sweep_progress import duration, stopped
    from remodel.simulation.inputs import check_count
    from remodel.sweeps.api import begin, machines

    _check_retry(given)
    check_count("threads", given.threads)
    begun = time.monotonic()
    try:
        with machines(given.scheduler, given.workers, given.out) as client, _terminable():
            resume = given.resume or given.retry_failed
            store = begin(setup, given.out, resume=resume, chunk=given.chunk)
            _say_versions(store)
            _run_or_retry(store, setup, given, client)
    except KeyboardInterrupt as stop:
        return stopped(stop, f"remodel sweep {given.design} --out {given.out} --resume")
    return _report(store, given, f", in {duration(time.monotonic() - begun)}")


def _run_or_retry(store: Store, setup: Setup, given: argparse.Namespace, client: Any) -> None:
    from remodel.cli.sweep_progress import say_stopping
    from remodel.sweeps.api import run as run_sweep
    from remodel.sweeps.summary import summary_of

    before = summary_of(store)
    with _meter_of(before, is_retry=given.retry_failed) as meter:
        if given.retry_failed:
            _retry(store, setup, given, meter.add)
        else:
            run_sweep(
                store,
                setup,
                threads=given.threads,
                client=client,
                progress=meter.add,
                stopping=say_stopping,
            )


def _meter_of(before: Summary, *, is_retry: bool) -> Any:
    from remodel.cli.sweep_progress import meter

    if is_retry:
        return meter(before.failed)
    return meter(before.simulations, before.finished, before.failed)


def _check_retry(given: argparse.Namespace) -> None:
    asked = [name for name in ("method", "rtol", "max_steps") if getattr(given, name) is not None]
    if asked and not given.retry_failed:
        option = f"--{asked[0].replace('_', '-')}"
        raise ConfigError(
            f"{option} is for --retry-failed; the design says how the sweep is solved."
        )
    if given.retry_failed and not asked:
        raise ConfigError(
            "--retry-failed needs another way to solve them: --method, --rtol or --max-steps; "
            "as they are they would fail again."
        )


def _retry(store: Store, setup: Setup, given: argparse.Namespace, report: Any) -> None:
    from remodel.simulation.inputs import check_count
    from remodel.solvers.methods import checked_rtol, method_of
    from remodel.sweeps.design import Solver
    from remodel.sweeps.runner import retry_failed

    own = setup.design.solver
    method = method_of(given.method or own.method).name
    check_count("max_steps", given.max_steps)
    rtol = own.rtol if given.rtol is None else checked_rtol(given.rtol, method)
    solver = Solver(method, rtol, given.max_steps or own.max_steps)
    with store.owned():
        retry_failed(store, setup, solver, given.threads, report)


def _say_versions(store: Store) -> None:
    from remodel.sweeps.record import other_versions

    sentence = other_versions(store.record)
    if sentence:
        print(f"remodel: {sentence}", file=sys.stderr)


@contextmanager
def _terminable() -> Iterator[None]:
    """Stop as cleanly when a batch system ends the job as when the user does."""

    def stop(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _dry_run(setup: Setup, given: argparse.Namespace) -> int:
    from pathlib import Path

    from remodel.cli.sweep_progress import duration
    from remodel.sweeps.creation import check_room, gib
    from remodel.sweeps.estimate import estimate

    found = estimate(setup, given.chunk, given.threads)
    layout = found.plan.layout
    dims = " x ".join(f"{d} {n:,}" for d, n in zip(layout.dims, layout.shape, strict=True))
    shape = f" ({dims})" if len(layout.dims) > 1 else ""
    left_out = found.drawn - found.plan.simulations
    excluded = f"; {left_out:,} of {found.drawn:,} left out by constraints" if left_out else ""
    rows = [
        ["simulations", f"{found.plan.simulations:,}{shape}{excluded}"],
        ["chunks", f"{layout.chunks:,} of up to {max(1, layout.size // layout.chunks):,}"],
        ["time", f"{duration(found.seconds)} on this machine, from {found.tried} tried"],
        ["memory", f"about {gib(found.memory)}, whatever the number of simulations"],
        ["disk", f"about {gib(found.disk)}; {gib(found.uncompressed)} before compression"],
        ["failures", f"{found.failed} of {found.tried} tried"],
    ]
    print_table(["estimate", ""], rows)
    if given.out:
        check_room(Path(given.out), int(found.uncompressed))
    return _OK


def _status(given: argparse.Namespace) -> int:
    from remodel.sweeps.store import open_store

    if given.store is None:
        raise ConfigError("remodel sweep status STORE.zarr: the store is missing.")
    return _report(open_store(given.store), given)


def _report(store: Store, given: argparse.Namespace, taken: str = "") -> int:
    """Say what a store holds, and list what failed."""
    from remodel.sweeps.creation import gib
    from remodel.sweeps.export import write_netcdf
    from remodel.sweeps.summary import failures, summary_of

    found = summary_of(store)
    print(
        f"{store.path}: {found.finished:,} of {found.simulations:,} simulations in "
        f"{found.chunks_done:,} of {found.chunks:,} chunks, {gib(store.bytes_on_disk())}{taken}."
    )
    if found.excluded:
        print(f"{found.excluded:,} cells are left out by constraints.")
    if found.retried:
        print(f"{found.retried:,} were tried again after a failure.")
    if not found.is_complete:
        print("Not complete; run it again with --resume.")
    if found.failed:
        _print_failures(found, failures(store, _MOST_LISTED))
    if given.failures:
        failures(store).to_csv(given.failures)
        print(f"Failed simulations: {given.failures}")
    if given.netcdf:
        write_netcdf(store, given.netcdf)
        print(f"Written: {given.netcdf}")
    return _FAILED if found.failed else _OK


def _print_failures(found: Summary, first: pd.DataFrame) -> None:
    print(f"\n{found.failed:,} failed; their values are NaN from the time of failure:\n")
    rows = [[c.name.lower(), f"{n:,}", c.sentence] for c, n in found.causes.items()]
    print_table(["cause", "failed", ""], rows, right=(1,))
    print()
    factors = [name for name in first.columns if name not in ("status", "stopped_at", "cause")]
    columns = [*factors[:_MOST_COLUMNS], "status", "stopped_at"]
    table = [
        [str(index), *(v if isinstance(v, str) else number(float(v), 6) for v in values)]
        for index, values in zip(first.index, first[columns].to_numpy().tolist(), strict=True)
    ]
    heads = [*columns[:-1], "stopped at [d]"]
    print_table(["simulation", *heads], table, right=range(len(columns)))
    if found.failed > len(first):
        print(f"... and {found.failed - len(first):,} more; --failures FILE.csv lists them all.")
