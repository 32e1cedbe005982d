"""Random admissible women: how many simulations are flagged, and how far they are from exact ones.

    python benchmarks/random_women.py [--count 10000] [--seed 1]

Every parameter of the reference model and of the drugs is drawn anywhere within its bounds, for
women of 50 to 80 years on one of eight schedules. Each is simulated with the usual tolerance and
with one a thousand times as strict; the exit code is 1 where more than one in a thousand is
flagged, or where a result is further than 20 tolerances off.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

import remodel as rm
from remodel.models.reference import MODEL
from remodel.solvers.methods import DEFAULT

SCHEDULES = (
    None,
    "anastrozole 1 mg daily for 5 y",
    "anastrozole 1 mg daily for 5 y; zoledronic acid 4 mg every 6 mo for 3 y",
    "denosumab 60 mg every 6 mo x 6; zoledronic acid 5 mg once from 36 mo",
    "alendronate 70 mg weekly for 3 y",
    "romosozumab 210 mg monthly x 12; denosumab 60 mg every 6 mo x 4 from 12 mo",
    "teriparatide 20 ug daily for 18 mo; raloxifene 60 mg daily for 2 y from 18 mo",
    "estradiol 0.05 mg patch daily for 2 y; calcium vitamin d 1000 mg daily for 5 y",
)
OUTPUTS = ("bmd_lumbar_spine", "bmd_total_hip", "bmd_femoral_neck", "ctx", "p1np", "calcium")
TIMES = np.array([0.0, 90.0, 365.25, 730.5, 1461.0, 1826.25])
RTOL = DEFAULT.rtol
LARGEST_ERROR = 20 * RTOL
FLAGGED_SHARE = 1e-3
NOT_DRAWN = ("reference_age_", "history_start_age")


def drawn(count: int, seed: int) -> dict[str, np.ndarray]:
    """Return every parameter of the model, anywhere within its bounds."""
    random = np.random.default_rng(seed)
    return {
        name: random.uniform(p.lower, p.upper, count)
        for name, p in MODEL.parameters.items()
        if p.status != "input" and not name.startswith(NOT_DRAWN)
    }


def compared(count: int, seed: int) -> tuple[int, float]:
    """Return how many simulations are flagged, and the largest relative error of the others."""
    parameters = drawn(count, seed)
    random = np.random.default_rng(seed + 1)
    ages = random.uniform(50, 80, count)
    flagged, worst = 0, 0.0
    for place, schedule in enumerate(SCHEDULES):
        rows = np.arange(place, count, len(SCHEDULES))
        if not rows.size:
            continue
        usual, strict = (
            rm.simulate(
                schedule=schedule,
                patient=[rm.Patient(age=float(age), menopause_age=50.0) for age in ages[rows]],
                parameters={name: values[rows] for name, values in parameters.items()},
                times=TIMES,
                outputs=list(OUTPUTS),
                rtol=rtol,
            )
            for rtol in (RTOL, RTOL / 1000)
        )
        good = (usual.status.values == 0) & (strict.status.values == 0)
        flagged += int((usual.status.values != 0).sum())
        for name in OUTPUTS:
            found, exact = usual[name].values[good], strict[name].values[good]
            if found.size:
                worst = max(worst, float(np.max(np.abs(found - exact) / np.abs(exact))))
    return flagged, worst


def main() -> int:
    """Print the count and the error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    flagged, worst = compared(arguments.count, arguments.seed)
    print(f"{arguments.count} women: {flagged} flagged, largest relative error {worst:.2g}")
    print(f"allowed: {FLAGGED_SHARE * arguments.count:g} and {LARGEST_ERROR:.2g}")
    return int(flagged > FLAGGED_SHARE * arguments.count or worst > LARGEST_ERROR)


if __name__ == "__main__":
    sys.exit(main())
