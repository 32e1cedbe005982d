"""How the cost of a simulation changes with the batch, the doses, the model and the threads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

import numpy as np

import machine
from accuracy import largest_error
from remodel.models import load_model
from remodel.solvers.engine import integrate_batch
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR
from workloads import WORKLOADS, Workload, own, reference, treated

Row = dict[str, Any]
RTOL = 1e-6
TRUE_RTOL = 1e-10
_OUTPUTS = ("bmd_lumbar_spine", "bmd_total_hip", "ctx")


def best_of(action: Callable[[], object], repeats: int, clock: Callable[[], float]) -> float:
    """Return the median time of an action [s]."""
    times = []
    for _ in range(repeats):
        before = clock()
        action()
        times.append(clock() - before)
    return median(times)


def error_at(workload: Workload, rtol: float = RTOL) -> float:
    """Return the error of the samples at a tolerance, against the engine at a very tight one."""
    some = workload.first(min(workload.size, 8))
    found, true = (
        np.moveaxis(integrate_batch(some.system, some.problem, rtol=r, threads=1).outputs, 0, -1)
        for r in (rtol, TRUE_RTOL)
    )
    return largest_error(found, true, workload.judged)


def measured(workload: Workload, outputs: Sequence[str], repeats: int, /, **labels: Any) -> Row:
    """Return cost, steps and error of a workload on one thread."""

    def solve() -> Any:
        return integrate_batch(
            workload.system, workload.problem, outputs=outputs, rtol=RTOL, threads=1
        )

    steps = solve().counters
    seconds = best_of(solve, repeats, time.process_time)
    each = seconds / workload.size
    return {
        **labels,
        "simulations": workload.size,
        "ms_per_simulation": each * 1e3,
        "steps": float(steps[:, 2].mean()),
        "us_per_step": each / float(steps[:, 2].mean()) * 1e6,
        "events": len(workload.problem.event_time) / workload.size,
        "rtol": RTOL,
        "error": error_at(workload),
        "threads": 1,
    }


def of_own_model(name: str, schedule: str, sizes: Sequence[int], repeats: int) -> Iterator[Row]:
    """Cost per simulation of a model of one's own, ``own.py:MODEL``, as the batch grows."""
    samples = own(load_model(name), schedule)
    for size in sizes:
        labels = {"model": samples.title.split(":")[0], "states": len(samples.system.states)}
        yield measured(samples.repeated(size), (), repeats, workload=samples.key, **labels)


def by_batch(sizes: Sequence[int], repeats: int) -> Iterator[Row]:
    """Cost per simulation of the reference model as the batch grows."""
    samples = reference()
    for size in sizes:
        times = repeats if size < 10_000 else 1
        yield measured(samples.repeated(size), _OUTPUTS, times, workload="R")


def by_doses(size: int, repeats: int) -> Iterator[Row]:
    """Cost per simulation as doses are given more often, ten treated years each."""
    for every in ("none", "12 mo", "6 mo", "3 mo", "1 mo"):
        schedule = f"denosumab {60} mg every {every} for 10 y"
        if every == "none":
            schedule = "denosumab 60 mg once"
        samples = reference(schedule=schedule)
        label = "one dose" if every == "none" else f"every {every}"
        yield measured(samples.repeated(size), _OUTPUTS, repeats, workload="R", doses=label)


def by_model(size: int, repeats: int) -> Iterator[Row]:
    """Cost per simulation and step of every workload, and of the reference model with more drugs.

    All states are returned.
    """
    for key, build in WORKLOADS.items():
        samples = build(32)
        yield measured(
            samples.repeated(size), (), repeats, workload=key, model=samples.title.split(":")[0],
            states=len(samples.system.states),
        )  # fmt: skip
    model = load_model("reference")
    drugs = {
        "anastrozole 1 mg daily for 5 y": "1 drug",
        "zoledronic acid 4 mg every 6 mo for 5 y": "2 drugs",
        "denosumab 60 mg every 6 mo for 5 y from 5 y": "3 drugs",
        "tamoxifen 20 mg daily for 5 y from 5 y": "4 drugs",
    }
    given: list[str] = []
    for sentence, label in drugs.items():
        given.append(sentence)
        samples = treated(
            "R", label, model, "; ".join(given), start_age=62 * DAYS_PER_YEAR,
            times=np.arange(121) * DAYS_PER_MONTH,
        )  # fmt: skip
        yield measured(
            samples.repeated(size), (), repeats, workload="R", model=f"reference, {label}",
            states=len(samples.system.states),
        )  # fmt: skip


def by_threads(size: int, rounds: int) -> Iterator[Row]:
    """Wall time on one and two threads, in turn; needs two processors that are free."""
    machine.pin(min(2, machine.cores()))
    for key in ("R", "J", "P"):
        workload = WORKLOADS[key](32).repeated(size)
        wall: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(rounds):
            for threads, times in wall.items():
                before = time.perf_counter()
                integrate_batch(
                    workload.system, workload.problem, rtol=RTOL, threads=threads,
                    outputs=workload.system.state_names[:3],
                )  # fmt: skip
                times.append(time.perf_counter() - before)
        ratios = [a / b for a, b in zip(wall[1], wall[2], strict=True)]
        yield {
            "workload": key,
            "simulations": size,
            "s_one_thread": median(wall[1]),
            "s_two_threads": median(wall[2]),
            "speedup": median(ratios),
            "best_speedup": max(ratios),
            "rtol": RTOL,
            "error": error_at(workload.first(8)),
            "load": machine.load(),
        }
    machine.pin(1)
