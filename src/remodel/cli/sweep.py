"""``remodel sweep``: many simulations in one store, resumable; and what a store holds."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from remodel.cli.progress import Meter, duration, progress
from remodel.cli.screen import checked_file, number, print_table
from remodel.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from remodel.sweeps.design import Design
    from remodel.sweeps.store import Store
    from remodel.sweeps.summary import Summary

INTERRUPTED = 130
_OK, _FAILED = 0, 3
_MOST_LISTED, _MOST_COLUMNS = 10, 5
_DESCRIPTION = """
Run every simulation of a design and store the results, chunk by chunk.
  remodel sweep DESIGN.toml --out STORE.zarr  run it
  remodel sweep status STORE.zarr             progress, failures and damage
"""
_EPILOG = """
Stopped by Ctrl-C, a crash or a full disk? The same command with --resume
simulates what is missing or damaged. The store opens with
xarray.open_zarr("STORE.zarr"). Exit code 3: some simulations failed; they are
NaN, listed, and the rest is complete.
"""


def add_parser(commands: Any) -> None:
    """Add the command, and the word ``status`` behind it."""
    parser = commands.add_parser(
        "sweep",
        help="run many simulations into one store, or look at a store",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.set_defaults(action=run)
    parser.add_argument("design", metavar="DESIGN.toml", help="or: status STORE.zarr")
    parser.add_argument("--out", metavar="STORE.zarr", help="Zarr store to write")
    parser.add_argument("--model", metavar="MODEL", help="instead of the design's; or FILE.py:NAME")
    parser.add_argument("--resume", action="store_true", help="simulate what the store misses")
    parser.add_argument(
        "--dry-run", action="store_true", help="say how large it is and how long it takes"
    )
    _add_files(parser)
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
    status = parser.add_word("status", description="Say what a store holds, failed or misses.")
    status.set_defaults(action=_status)
    status.add_argument("store", metavar="STORE.zarr")
    _add_files(status)


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--netcdf", metavar="FILE.nc", help="write the results there too")
    parser.add_argument("--failures", metavar="FILE.csv", help="list every failed simulation there")


def run(args: argparse.Namespace) -> int:
    """Run a sweep, or say what it takes."""
    _check_files(args)
    _check_retry(args)
    from remodel.provenance import recording

    call = {"design": args.design, "model": args.model}
    with recording("sweep", call, None if args.dry_run else args.out):
        return _sweep(args)


def _sweep(args: argparse.Namespace) -> int:
    from remodel.sweeps.load import load_design

    design = load_design(args.design, args.model)
    say_remark(design)
    if args.dry_run:
        return _dry_run(design, args)
    if args.out is None:
        raise ConfigError("--out STORE.zarr is missing: where results are stored.")
    from remodel.sweeps.run import retry_failed, sweep

    begun = time.monotonic()
    try:
        with progress("Simulating") as shown, _terminable():
            _say_versions(args, shown)
            if args.retry_failed:
                retry_failed(
                    design,
                    args.out,
                    method=args.method,
                    rtol=args.rtol,
                    max_steps=args.max_steps,
                    threads=args.threads,
                    progress=shown,
                )
            else:
                sweep(
                    design,
                    args.out,
                    resume=args.resume,
                    threads=args.threads,
                    scheduler=args.scheduler,
                    workers=args.workers,
                    chunk=args.chunk,
                    progress=shown,
                )
    except KeyboardInterrupt as stop:
        model = f" --model {args.model}" if args.model else ""
        return stopped(stop, f"remodel sweep {args.design} --out {args.out}{model} --resume")
    return _report(args.out, args, f", in {duration(time.monotonic() - begun)}")


def _status(args: argparse.Namespace) -> int:
    _check_files(args)
    return _report(args.store, args)


def _check_files(args: argparse.Namespace) -> None:
    checked_file(args.failures, (".csv",), "--failures")
    checked_file(args.netcdf, (".nc",), "--netcdf")


def _check_retry(args: argparse.Namespace) -> None:
    for name in ("method", "rtol", "max_steps"):
        if getattr(args, name) is not None and not args.retry_failed:
            raise ConfigError(
                f"--{name.replace('_', '-')} is for --retry-failed; the design says how the sweep "
                "is solved."
            )


def say_remark(design: Design) -> None:
    """Say what could be better about the size of a sample."""
    from remodel.sweeps.samples import remark

    if sentence := remark(design):
        print(f"remodel: samples: {sentence}", file=sys.stderr)


def _say_versions(args: argparse.Namespace, shown: Meter) -> None:
    """Say which libraries are not those that a store was begun with."""
    from pathlib import Path

    from remodel.sweeps.record import other_versions
    from remodel.sweeps.store import open_store

    is_there = (args.resume or args.retry_failed) and Path(args.out).exists()
    sentence = other_versions(open_store(args.out).record) if is_there else ""
    if sentence:
        shown.say(f"remodel: {sentence}")


def stopped(stop: KeyboardInterrupt, resume: str) -> int:
    """Say how to go on after a stop, and return the exit code; leave here if asked twice.

    Threads that simulate cannot be ended, and Python would wait for them.
    """
    from remodel.sweeps.local import SweepStoppedError

    sentence = str(stop) if isinstance(stop, SweepStoppedError) else "interrupted."
    print(f"remodel: {sentence}\n  {resume}", file=sys.stderr, flush=True)
    if isinstance(stop, SweepStoppedError) and stop.at_once:
        sys.stdout.flush()
        os._exit(INTERRUPTED)
    return INTERRUPTED


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


def _dry_run(design: Design, args: argparse.Namespace) -> int:
    from pathlib import Path

    from remodel.sweeps.chunks import gib
    from remodel.sweeps.estimate import estimate
    from remodel.sweeps.new_store import check_room

    cost = estimate(design, chunk=args.chunk, threads=args.threads)
    layout = cost.plan.layout
    dims = " x ".join(f"{d} {n:,}" for d, n in zip(layout.dims, layout.shape, strict=True))
    shape = f" ({dims})" if len(layout.dims) > 1 else ""
    left_out = cost.drawn - cost.plan.simulations
    excluded = f"; {left_out:,} of {cost.drawn:,} left out by constraints" if left_out else ""
    rows = [
        ["simulations", f"{cost.plan.simulations:,}{shape}{excluded}"],
        ["chunks", f"{layout.chunks:,} of up to {max(1, layout.size // layout.chunks):,}"],
        ["time", f"{duration(cost.seconds)} on this machine, from {cost.tried} tried"],
        ["memory", f"about {gib(cost.memory)}, whatever the number of simulations"],
        ["disk", f"about {gib(cost.disk)}; {gib(cost.uncompressed)} before compression"],
        ["failures", f"{cost.failed} of {cost.tried} tried"],
    ]
    print_table(["estimate", ""], rows)
    if args.out:
        check_room(Path(args.out), int(cost.uncompressed))
    return _OK


def _report(path: str, args: argparse.Namespace, taken: str = "") -> int:
    """Say what a store holds, and list what failed."""
    from remodel.files import write_atomically
    from remodel.sweeps.run import write_netcdf
    from remodel.sweeps.store import open_store
    from remodel.sweeps.summary import failures, summary_of

    store = open_store(path)
    summary = summary_of(store)
    _print_summary(store, summary, taken)
    if args.failures:
        write_atomically(args.failures, lambda draft: failures(store).to_csv(draft))
        print(f"Failed simulations: {args.failures}")
    if args.netcdf:
        write_netcdf(store, args.netcdf)
        print(f"Written: {args.netcdf}")
    return _FAILED if summary.failed or summary.damage else _OK


def _print_summary(store: Store, summary: Summary, taken: str) -> None:
    from remodel.sweeps.chunks import gib
    from remodel.sweeps.summary import failures

    size = gib(store.bytes_on_disk())
    print(
        f"{store.path}: {summary.finished:,} of {summary.simulations:,} simulations in "
        f"{summary.chunks_done:,} of {summary.chunks:,} chunks, {size}{taken}."
    )
    if summary.excluded:
        print(f"{summary.excluded:,} cells are left out by constraints.")
    if summary.retried:
        print(f"{summary.retried:,} were tried again after a failure.")
    for damage in summary.damage[:_MOST_LISTED]:
        print(f"Damaged: {damage}.")
    if len(summary.damage) > _MOST_LISTED:
        print(f"... and {len(summary.damage) - _MOST_LISTED:,} more places.")
    if not summary.is_complete:
        print("Not complete; run it again with --resume.")
    if summary.failed:
        _print_failures(summary, failures(store, _MOST_LISTED))


def _print_failures(summary: Summary, first: pd.DataFrame) -> None:
    print(f"\n{summary.failed:,} failed; their values are NaN from the time of failure:\n")
    rows = [[c.name.lower(), f"{n:,}", c.sentence] for c, n in summary.causes.items()]
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
    if summary.failed > len(first):
        print(f"... and {summary.failed - len(first):,} more; --failures FILE.csv lists them all.")
