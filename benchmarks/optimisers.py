"""Which library searches plans best: cma, optuna and pymoo at equal evaluations.

    python benchmarks/optimisers.py [--seeds N] [--schedules] [--out FILE.csv]

Three analytic problems with a known optimum, mixed of grids and continuous variables as plans are,
and, with ``--schedules``, one grid of schedules whose front is known because every plan of it was
valued. Needs ``pip install cma optuna pymoo``; the package itself keeps those that won.
"""

import argparse
import csv
import math
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Point = np.ndarray
Values = tuple[float, ...]
SHOWN = (
    "{problem:42s} {method:16s} {evaluations:4d}  missed {median:9.3g}  "
    "({low_10:.2g} to {high_90:.2g})  {seconds:.2f} s"
)


@dataclass(frozen=True)
class Problem:
    """Numbers to be made small over the unit cube; ``sizes`` has the grid of a variable, or 0."""

    name: str
    sizes: tuple[int, ...]
    objectives: int
    evaluations: int
    value: Callable[[Point], Values]
    best: float  # least value, or hypervolume of the front
    corner: Values = ()  # of the hypervolume


def snapped(sizes: tuple[int, ...], point: Point) -> Point:
    """Return a point with grids rounded as ``remodel.decisions.variables`` does."""
    cells = [
        min(int(x * n), n - 1) / (n - 1) if n else x for x, n in zip(point, sizes, strict=True)
    ]
    return np.clip(np.array(cells), 0.0, 1.0)


def bowl(point: Point) -> Values:
    """Shifted bowl: least 0 at a point of the grid."""
    center = np.array([0.3, 0.7, 4 / 10, 2 / 5])
    return (float(np.square(point - center) @ [1.0, 4.0, 2.0, 3.0]),)


def valley(point: Point) -> Values:
    """Rosenbrock's curved valley, least 0."""
    x, y = 4.0 * point[0] - 2.0, 4.0 * point[1] - 1.0
    return ((1.0 - x) ** 2 + 100.0 * (y - x * x) ** 2,)


def bumps(point: Point) -> Values:
    """Rastrigin's bumps on a grid of which one point is the least, 0."""
    x = 4.0 * (point - np.array([8 / 24, 12 / 24, 15 / 24]))
    return (float(np.sum(x * x - 2.0 * np.cos(2.0 * math.pi * x) + 2.0)),)


def front(point: Point) -> Values:
    """ZDT1 in four variables: the front is f2 = 1 - sqrt(f1), where the last three are 0."""
    g = 1.0 + 3.0 * float(point[1:].sum())
    return float(point[0]), g * (1.0 - math.sqrt(point[0] / g))


def analytic() -> list[Problem]:
    # area between the front and (1.1, 1.1): 1.1^2 - (0.1 + integral of 1 - sqrt) = 1.21 - 1/3 ...
    area = 1.1 * 1.1 - 1.0 / 3.0
    return [
        Problem("bowl, mixed", (0, 0, 11, 6), 1, 150, bowl, 0.0),
        Problem("valley, continuous", (0, 0), 1, 200, valley, 0.0),
        Problem("bumps, grid", (25, 25, 25), 1, 300, bumps, 0.0),
        Problem("front, mixed", (0, 0, 11, 6), 2, 300, front, area, (1.1, 1.1)),
    ]


def schedules() -> list[Problem]:
    """Return the grid of schedules, valued once: infusions against fractures."""
    import remodel as rm
    from remodel.decisions.evaluate import Evaluator
    from remodel.decisions.load import load_problem
    from remodel.decisions.people import population_people
    from remodel.decisions.variables import grid

    problem = load_problem(
        {
            "population": "aromatase_inhibitor",
            "women": 60,
            "schedule": "anastrozole 1 mg daily for 5 y; {drug} x {doses} from {start} mo",
            "variable": {
                "drug": {
                    "choices": [
                        "zoledronic acid 4 mg every 6 mo",
                        "zoledronic acid 4 mg every 12 mo",
                        "zoledronic acid 5 mg every 18 mo",
                        "denosumab 60 mg every 6 mo",
                    ],
                },
                "doses": {"lower": 0.0, "upper": 10.0, "step": 1.0},
                "start": {"lower": 0.0, "upper": 36.0, "step": 3.0},
            },
            "objective": [
                {"quantity": "fracture_probability_major", "direction": "minimize"},
                {"quantity": "doses", "name": "given", "direction": "minimize"},
            ],
        }
    )  # fmt: skip
    women = rm.population(60, "aromatase_inhibitor", seed=1)
    people = population_people(
        women, draws=20, every_draw=False, seed=1, country="UK", threads=None
    )
    evaluator = Evaluator(problem, people)
    plans = [problem.template.plan(values) for values in grid(problem.variables)]
    different = {plan.key: plan for plan in plans}
    values = {}
    for positions, each in evaluator.evaluate(list(different.values())):
        for i, evaluation in zip(positions, each, strict=True):
            values[list(different)[i]] = tuple(map(float, evaluation.answers))
    sizes = tuple(variable.size for variable in problem.variables)
    table = np.array([values[plan.key] for plan in plans]).reshape(*sizes, 2)

    def index(point: Point) -> tuple[int, ...]:
        return tuple(round(x * (n - 1)) for x, n in zip(point, sizes, strict=True))

    corner = tuple(table.reshape(-1, 2).max(axis=0) * 1.01)
    whole = hypervolume([tuple(row) for row in table.reshape(-1, 2)], corner)
    price = float(np.min(table[..., 0] + 0.2 * table[..., 1]))
    return [
        Problem(f"schedules, {table[..., 0].size} plans, one objective", sizes, 1, 60,
                lambda p: (float(table[index(p)] @ [1.0, 0.2]),), price),
        Problem(f"schedules, {table[..., 0].size} plans, two objectives", sizes, 2, 100,
                lambda p: tuple(map(float, table[index(p)])), whole, corner),
    ]  # fmt: skip


def hypervolume(values: list[Values], corner: Values) -> float:
    """Return the area that two objectives dominate below a corner."""
    area, ceiling = 0.0, corner[1]
    for first, second in sorted(v for v in values if v[0] < corner[0] and v[1] < corner[1]):
        if second < ceiling:
            area += (corner[0] - first) * (ceiling - second)
            ceiling = second
    return area


class Counted:
    """A problem that remembers what was asked, each different plan counted once."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.seen, self.calls = problem, {}, 0

    @property
    def is_spent(self) -> bool:
        return (
            len(self.seen) >= self.problem.evaluations or self.calls >= 4 * self.problem.evaluations
        )

    def __call__(self, point: Point) -> Values:
        cell = snapped(self.problem.sizes, np.asarray(point, dtype=float))
        self.calls += 1
        key = tuple(cell)
        if key not in self.seen and not len(self.seen) >= self.problem.evaluations:
            self.seen[key] = self.problem.value(cell)
        return self.seen.get(key, tuple([1e9] * self.problem.objectives))


def with_cma(asked: Counted, seed: int) -> None:
    import cma

    dimensions = len(asked.problem.sizes)
    round_ = 0
    while not asked.is_spent:  # restarted with a larger population where it has converged
        options = {"bounds": [0, 1], "seed": seed + 1000 * round_ + 1, "verbose": -9,
                   "popsize": int(4 + 3 * math.log(dimensions)) * 2**round_}  # fmt: skip
        rng = np.random.default_rng([seed, round_])
        start = rng.random(dimensions) if round_ else np.full(dimensions, 0.5)
        search = cma.CMAEvolutionStrategy(start, 0.3, options)
        while not asked.is_spent and not search.stop():
            points = search.ask()
            search.tell(points, [asked(point)[0] for point in points])
        round_ += 1


def _optuna(sampler: object, asked: Counted) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(directions=["minimize"] * asked.problem.objectives, sampler=sampler)
    while not asked.is_spent:
        trial = study.ask()
        point = [
            trial.suggest_int(f"x{i}", 0, n - 1) / (n - 1)
            if n
            else trial.suggest_float(f"x{i}", 0, 1)
            for i, n in enumerate(asked.problem.sizes)
        ]
        study.tell(trial, asked(np.array(point)))


def with_optuna_tpe(asked: Counted, seed: int) -> None:
    import optuna

    _optuna(optuna.samplers.TPESampler(seed=seed, multivariate=True), asked)


def with_this_package(asked: Counted, seed: int) -> None:
    """The search that the package kept: TPE, eight plans at a time."""
    from remodel.decisions.search import Score, search
    from remodel.decisions.variables import Variable

    sizes = asked.problem.sizes
    variables = [
        Variable(f"x{i}", 0.0, float(n - 1 if n else 1), 1.0 if n else None)
        for i, n in enumerate(sizes)
    ]

    def scored(plans: list[dict[str, float]]) -> list[Score]:
        points = [
            [plan[f"x{i}"] / (n - 1) if n else plan[f"x{i}"] for i, n in enumerate(sizes)]
            for plan in plans
        ]
        # the middle of the cell of a grid, so that it is the one it is taken for
        middles = [
            [(round(x * (n - 1)) + 0.5) / n if n else x for x, n in zip(p, sizes, strict=True)]
            for p in points
        ]
        return [Score(asked(np.array(middle))) for middle in middles]

    search(variables, asked.problem.objectives, scored, method="tpe",
           evaluations=asked.problem.evaluations, seed=seed)  # fmt: skip


def with_optuna_nsga2(asked: Counted, seed: int) -> None:
    import optuna

    _optuna(optuna.samplers.NSGAIISampler(seed=seed, population_size=20), asked)


def _pymoo(algorithm: object, asked: Counted, seed: int) -> None:
    from pymoo.core.problem import Problem as Base

    class Cube(Base):
        def __init__(self) -> None:
            super().__init__(n_var=len(asked.problem.sizes), n_obj=asked.problem.objectives, xl=0.0,
                             xu=1.0)  # fmt: skip

    problem = Cube()
    algorithm.setup(problem, termination=("n_eval", 10**9), seed=seed, verbose=False)
    while not asked.is_spent:
        population = algorithm.ask()
        points = population.get("X")
        population.set("F", np.array([asked(point) for point in points]))
        for individual in population:
            individual.evaluated.add("F")
        algorithm.tell(infills=population)


def with_pymoo_ga(asked: Counted, seed: int) -> None:
    from pymoo.algorithms.soo.nonconvex.ga import GA

    _pymoo(GA(pop_size=20), asked, seed)


def with_pymoo_nsga2(asked: Counted, seed: int) -> None:
    from pymoo.algorithms.moo.nsga2 import NSGA2

    _pymoo(NSGA2(pop_size=20), asked, seed)


def with_chance(asked: Counted, seed: int) -> None:
    """Points by chance: what a library has to beat."""
    rng = np.random.default_rng(seed)
    while not asked.is_spent:
        asked(rng.random(len(asked.problem.sizes)))


METHODS = {
    1: {"chance": with_chance, "cma": with_cma, "optuna TPE": with_optuna_tpe,
        "pymoo GA": with_pymoo_ga, "this package": with_this_package},
    2: {"chance": with_chance, "optuna TPE": with_optuna_tpe, "optuna NSGA-II": with_optuna_nsga2,
        "pymoo NSGA-II": with_pymoo_nsga2, "this package": with_this_package},
}  # fmt: skip


def results(problems: list[Problem], seeds: int) -> Iterator[dict[str, object]]:
    for problem in problems:
        for name, method in METHODS[problem.objectives].items():
            missed, begin = [], time.process_time()
            for seed in range(seeds):
                asked = Counted(problem)
                method(asked, seed + 1)
                values = list(asked.seen.values())
                if problem.objectives == 1:
                    missed.append(min(v[0] for v in values) - problem.best)
                else:
                    missed.append(1.0 - hypervolume(values, problem.corner) / problem.best)
            low, middle, high = np.quantile(missed, [0.1, 0.5, 0.9])
            yield {
                "problem": problem.name, "method": name, "evaluations": problem.evaluations,
                "median": float(middle), "low_10": float(low), "high_90": float(high),
                "seconds": (time.process_time() - begin) / seeds,
            }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--schedules", action="store_true")
    parser.add_argument("--out")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    problems = [*analytic(), *(schedules() if arguments.schedules else [])]
    rows = []
    for row in results(problems, arguments.seeds):
        rows.append(row)
        print(SHOWN.format(**row), flush=True)
    if arguments.out:
        with Path(arguments.out).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
