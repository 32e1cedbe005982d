"""Measure everything and write tables, figures and the page: ``python benchmarks/run_all.py``.

All of it happens in one process that is pinned to one processor, except what says otherwise
(two threads, the hundred thousand patients, the start times). Nothing here is a test, and no
number decides anything.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import kernel_times  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402
import scaling  # noqa: E402
import start_times  # noqa: E402
import store  # noqa: E402
import work_precision  # noqa: E402
from peers import all_peers  # noqa: E402
from workloads import WORKLOADS  # noqa: E402

Rows = Iterator[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    small: tuple[str, ...]
    samples: int
    rounds: int
    budget: float
    tolerances: tuple[float, ...]
    batches: tuple[int, ...]
    batch: int
    threaded: int
    patients: int
    models: tuple[str, ...]
    peers: str = ""
    skipped: tuple[str, ...] = ()


FULL = Size(
    small=("Le", "Pi", "Ko"),
    samples=32,
    rounds=5,
    budget=0.4,
    tolerances=work_precision.TOLERANCES,
    batches=(1, 10, 100, 1000, 10_000, 100_000),
    batch=512,
    threaded=4096,
    patients=100_000,
    models=("lemaire2004", "jorg2022", "reference", "peterson2010"),
)
QUICK = Size(
    small=("Le",),
    samples=2,
    rounds=2,
    budget=0.01,
    tolerances=(1e-4, 1e-6),
    batches=(1, 16),
    batch=16,
    threaded=16,
    patients=16,
    models=(),
    peers="remodel",
    skipped=tuple(f"work_precision_{key}" for key in ("R", "J", "P", "Pi", "Ko")),
)


def precision(key: str, size: Size, folder: Path) -> Rows:
    """Time and error of every solver on one workload."""
    peers = [p for p in all_peers() if size.peers in p.name]
    if key in size.small:
        peers = [p for p in peers if p.name not in work_precision.SLOW]
    entries, reference = work_precision.work_precision(
        WORKLOADS[key](size.samples),
        peers,
        folder,
        rounds=size.rounds,
        budget=size.budget,
        tolerances=size.tolerances,
    )
    yield from work_precision.rows(entries, reference.difference)


def patients(size: Size, _: Path) -> Rows:
    """The hundred thousand patients, in a process of their own."""
    command = [sys.executable, str(HERE / "patients.py"), str(size.patients), str(machine.cores())]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, preexec_fn=machine.unpin
    )
    yield json.loads(done.stdout.splitlines()[-1])


def sweeps(size: Size, _: Path) -> Rows:
    """A stored sweep against the bare engine, in a process of its own."""
    command = [sys.executable, str(HERE / "sweeps.py"), str(size.patients), "2"]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, preexec_fn=machine.unpin
    )
    yield from map(json.loads, done.stdout.splitlines())


SECTIONS: dict[str, Callable[[Size, Path], Rows]] = {
    **{f"work_precision_{key}": partial(precision, key) for key in WORKLOADS},
    "batch": lambda size, _folder: scaling.by_batch(size.batches, 3),
    "doses": lambda size, _folder: scaling.by_doses(size.batch, 3),
    "models": lambda size, _folder: scaling.by_model(size.batch, 3),
    "threads": lambda size, _folder: scaling.by_threads(size.threaded, size.rounds),
    "patients": patients,
    "sweeps": sweeps,
    "start": lambda size, _folder: start_times.start_times(3, size.models),
    "kernels": lambda _size, _folder: kernel_times.kernel_times(),
    "operations": lambda _size, _folder: kernel_times.operations(),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the sections asked for and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it runs")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    parser.add_argument("--only", nargs="*", choices=list(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--publish", action="store_true", help="write docs/benchmarks.md too")
    parser.add_argument("--model", metavar="FILE.py:NAME", help="measure this model alone")
    parser.add_argument("--schedule", default="none", help="what is given, with --model")
    chosen = parser.parse_args(arguments)
    size = QUICK if chosen.quick else FULL
    machine.pin(1)
    if chosen.model:
        for row in scaling.of_own_model(chosen.model, chosen.schedule, size.batches, size.rounds):
            print(", ".join(f"{name} {value}" for name, value in row.items()))
        return
    chosen.out.mkdir(parents=True, exist_ok=True)
    for peer in all_peers():
        if not peer.available():
            print(f"missing: {peer.name}; {peer.install}")
    for section in chosen.only:
        if section in size.skipped:
            continue
        print(f"{section} (load {machine.load():.2f})", flush=True)
        store.write(chosen.out, section, SECTIONS[section](size, chosen.out))
    report.write(chosen.out, chosen.out / "benchmarks.md", chosen.out)
    if chosen.publish:
        docs = HERE.parent / "docs"
        report.write(chosen.out, docs / "benchmarks.md", docs / "_static" / "benchmarks")
    print(f"written: {chosen.out / 'benchmarks.md'}")


if __name__ == "__main__":
    main()
