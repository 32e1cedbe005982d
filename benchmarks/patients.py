"""A hundred thousand virtual patients through ``remodel.simulate``: time, and memory.

Run in a process of its own, so that the peak of memory is its own too:
``python patients.py [N] [THREADS]`` prints one line of JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import defaultdict
from typing import Any
from unittest.mock import patch

import numpy as np

import machine
import remodel
from remodel.models import load_model
from remodel.solvers import engine as solver
from workloads import REFERENCE_SCHEDULE, SEED, SPREAD

YEARS = 10
ENDPOINTS = 10
_BYTES = 1024 if sys.platform != "darwin" else 1


def peak() -> int:
    """Return the largest memory this process has held [B]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES


def cohort(n: int) -> dict[str, Any]:
    """Return patients of 55 to 75 years who differ in every estimated parameter."""
    model, random = load_model("reference"), np.random.default_rng(SEED)
    varied = {}
    for name, p in model.all_parameters.items():
        if p.status == "estimated" and p.value > 0:
            drawn = p.value * np.exp(SPREAD * random.standard_normal(n))
            varied[name] = np.clip(drawn, p.lower, p.upper)
    ages = np.round(random.uniform(55, 75, n), 1)
    return {"parameters": varied, "patient": [remodel.Patient(age=float(a)) for a in ages]}


def endpoints() -> list[str]:
    """Return ten endpoints of the reference model."""
    return list(load_model("reference").endpoints)[:ENDPOINTS]


class Clock:
    """Adds up the time spent in the solver, before treatment and during it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._solve = solver.integrate_batch

    def __call__(self, system: Any, problem: Any, **options: Any) -> Any:
        """Solve and note how long it took."""
        before = time.perf_counter()
        found = self._solve(system, problem, **options)
        part = "treatment" if len(problem.event_time) > 4 * problem.size else "history"
        self.seconds[part] += time.perf_counter() - before
        return found


def measure(n: int, threads: int) -> dict[str, Any]:
    """Simulate and return what it took."""
    wanted = endpoints()
    few = cohort(16)
    remodel.simulate(
        "reference",
        schedule=REFERENCE_SCHEDULE,
        years=YEARS,
        outputs=wanted,
        threads=threads,
        **few,
    )
    people = cohort(n)
    before_memory, clock = peak(), Clock()
    before = time.perf_counter()
    with patch.object(solver, "integrate_batch", clock):
        found = remodel.simulate(
            "reference",
            schedule=REFERENCE_SCHEDULE,
            years=YEARS,
            outputs=wanted,
            threads=threads,
            **people,
        )
    seconds = time.perf_counter() - before
    output = sum(found[name].nbytes for name in wanted)
    return {
        "patients": n,
        "threads": threads,
        "endpoints": len(wanted),
        "months": found.sizes["time"],
        "s": seconds,
        "s_history": clock.seconds["history"],
        "s_treatment": clock.seconds["treatment"],
        "s_other": seconds - sum(clock.seconds.values()),
        "failed": int(np.count_nonzero(found["status"])),
        "steps": float(found["steps"].mean()),
        "output_GiB": output / 2**30,
        "peak_GiB": peak() / 2**30,
        "start_GiB": before_memory / 2**30,
        "beyond_output_GiB": (peak() - before_memory - output) / 2**30,
        "rtol": 1e-6,
        "load": machine.load(),
    }


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(json.dumps(measure(size, int(sys.argv[2]) if len(sys.argv) > 2 else machine.cores())))
