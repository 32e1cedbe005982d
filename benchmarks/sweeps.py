"""A stored sweep against the bare engine, in one process and on two Dask workers.

Run in a process of its own, so that the peak of memory is its own too:
``python sweeps.py [N] [ROUNDS]`` prints one line of JSON a row.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

import machine
import remodel
from remodel.models import load_model
from remodel.solvers import engine as solver
from remodel.units import DAYS_PER_MONTH

YEARS, STEP_MONTHS = 5, 3
OUTPUTS = ("bmd_lumbar_spine", "bmd_total_hip", "bmd_femoral_neck", "ctx", "p1np", "osteoclasts")
VARIED = ("estradiol_peripheral", "estradiol_half_effect", "osteoclast_survival_by_cytokines")
_BYTES = 1024 if sys.platform != "darwin" else 1


def design(n: int) -> dict[str, Any]:
    """Return women on denosumab for five years who differ in three parameters."""
    return {
        "kind": "random",
        "samples": n,
        "seed": 3,
        "schedule": "denosumab 60 mg every 6 mo for 5 y",
        "patient": {"age": 65, "menopause_age": 50},
        "years": YEARS,
        "step_months": STEP_MONTHS,
        "outputs": list(OUTPUTS),
        "factors": {name: {"percent": 20} for name in VARIED},
    }


class Engine:
    """Adds up the time inside the engine, by the clock and on the processors."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0
        self._solve = solver.integrate_batch

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Solve and note how long it took."""
        wall, cpu = time.perf_counter(), time.process_time()
        found = self._solve(*arguments, **options)
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu
        return found


def timed(work: Callable[[], Any]) -> dict[str, float]:
    """Return the seconds of some work, by the clock and on the processors, children included."""
    before, wall = os.times(), time.perf_counter()
    work()
    after = os.times()
    return {"s": time.perf_counter() - wall, "cpu_s": sum(after[:4]) - sum(before[:4])}


def bare(n: int) -> dict[str, float]:
    """Return the time inside the engine when ``remodel.simulate`` gets all at once."""
    own, random = load_model("reference").all_parameters, np.random.default_rng(3)
    given = design(n)
    engine = Engine()
    with patch.object(solver, "integrate_batch", engine):
        remodel.simulate(
            "reference",
            schedule=given["schedule"],
            patient=remodel.Patient(**given["patient"]),
            parameters={name: own[name].value * random.uniform(0.8, 1.2, n) for name in VARIED},
            times=np.arange(0, 12 * YEARS + 1, STEP_MONTHS) * DAYS_PER_MONTH,
            outputs=OUTPUTS,
        )
    return {"s": engine.wall, "cpu_s": engine.cpu}


def stored(n: int, folder: Path, **options: Any) -> dict[str, float]:
    """Return the time of a sweep into a store, from the call to the open dataset."""
    out = folder / "sweep.zarr"
    found = timed(lambda: remodel.sweep(design(n), out, **options))
    shutil.rmtree(out)
    return found


def rows(n: int, rounds: int) -> Iterator[dict[str, Any]]:
    """Measure in turn, so that what else the machine does meets all alike."""
    workers = machine.cores()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ways: dict[str, Callable[[int], dict[str, float]]] = {
            "engine alone": bare,
            "sweep": lambda size: stored(size, folder),
            "sweep on Dask": lambda size: stored(size, folder, scheduler="local", workers=workers),
        }
        for way in ways.values():
            way(64)
        for turn in range(rounds):
            for way, measure in ways.items():
                found = measure(n)
                yield {
                    "way": way, "round": turn, "simulations": n, "processors": workers, **found,
                    "peak_GiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES / 2**30,
                    "load": machine.load(),
                }  # fmt: skip


if __name__ == "__main__":
    for row in rows(*(int(text) for text in sys.argv[1:3])):
        print(json.dumps(row), flush=True)
