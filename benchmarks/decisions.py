"""Time of valuing plans: 1,000 plans on 1,000 women for ten years, with fracture.

    python benchmarks/decisions.py [--plans N] [--women N] [--threads N]

Prints wall time and CPU time of the women, of their plans, and of a plan with rules.
"""

import argparse
import sys
import time

import remodel as rm
from remodel.decisions.evaluate import Evaluator
from remodel.decisions.load import load_problem
from remodel.decisions.people import population_people
from remodel.decisions.variables import grid

NAMES = ["zoledronate", "denosumab", "exit", "alendronate"]
DRUGS = [
    "zoledronic acid 4 mg every {interval} mo x {doses} from {start} mo",
    "denosumab 60 mg every 6 mo x {doses} from {start} mo",
    "denosumab 60 mg every 6 mo x {doses} from {start} mo then zoledronic acid 5 mg once",
    "alendronate 70 mg weekly for {doses} y from {start} mo",
]


def problem(women: int) -> dict[str, object]:
    return {
        "population": "aromatase_inhibitor",
        "women": women,
        "horizon_years": 10,
        "schedule": "anastrozole 1 mg daily for 5 y; {drug}",
        "against": "anastrozole 1 mg daily for 5 y",
        "variable": {
            "drug": {"choices": DRUGS, "names": NAMES},
            "doses": {"lower": 0.0, "upper": 10.0, "step": 1.0},
            "start": {"lower": 0.0, "upper": 48.0, "step": 3.0},
            "interval": {"lower": 6.0, "upper": 12.0, "step": 3.0},
        },
        "objective": [
            {"quantity": "fractures_major", "direction": "minimize"},
            {"quantity": "doses", "name": "given", "direction": "minimize"},
        ],
        "constraint": [{"quantity": "lowest_bmd_total_hip_percent_change",
                        "of": "quantile 0.1", "at_least": -10.0}],
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plans", type=int, default=1000)
    parser.add_argument("--women", type=int, default=1000)
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    task = load_problem(problem(arguments.women))
    plans = {}
    for values in grid(task.variables):
        plan = task.template.plan(values)
        plans.setdefault(plan.key, plan)
    chosen = list(plans.values())
    chosen = chosen[:: max(1, len(chosen) // arguments.plans)][: arguments.plans]
    clocks = [(time.time(), time.process_time())]
    women = rm.population(arguments.women, "aromatase_inhibitor", seed=1)
    people = population_people(
        women, draws=40, every_draw=False, seed=1, country="UK", threads=arguments.threads
    )
    clocks.append((time.time(), time.process_time()))
    evaluator = Evaluator(task, people)
    valued = sum(len(positions) for positions, _ in evaluator.evaluate(chosen))
    clocks.append((time.time(), time.process_time()))
    for what, (first, cpu), (last, cpu_last) in zip(
        (f"{len(people):,} women", f"{valued:,} plans of {len(plans):,}"), clocks, clocks[1:],
        strict=False,
    ):  # fmt: skip
        print(f"{what}: {last - first:.1f} s, CPU {cpu_last - cpu:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
