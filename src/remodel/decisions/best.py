"""``remodel.optimize``: which schedule, or which rules, for many women or one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.decisions.design import Design
from remodel.decisions.evaluate import Evaluation, Evaluator
from remodel.decisions.front import is_on_front, knee
from remodel.decisions.load import Problem, load_problem
from remodel.decisions.one_woman import woman_people
from remodel.decisions.people import People, PopulationPeople, population_people
from remodel.decisions.plans import Plan
from remodel.decisions.report import answer, leans_on, misses, plan_toml, report, table_of
from remodel.decisions.result import Result, losses_of, misses_of, score_of
from remodel.decisions.search import Score, Values, chosen_method, search
from remodel.decisions.store import FOLDER, Evaluations
from remodel.errors import ConfigError, RemodelError
from remodel.files import results_folder, write_csv, write_text
from remodel.individuals.patient_fit import PatientFit
from remodel.plots.decisions import front_figure
from remodel.populations.population import Population
from remodel.populations.sample import population
from remodel.progress import Progress, ProgressLike, progress_of
from remodel.provenance import fingerprint, manifest, package_version, recorded
from remodel.simulation.inputs import check_count

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MARK = "decision.json"
_WOMEN_OF_BANDS = 200
FILES = (MARK, "front.csv", "plans.csv", "plan.toml", "report.md")


class Best(Result):
    """What was found for a problem: all of ``Result``, with tables, sentences and figures."""

    @property
    def front(self) -> pd.DataFrame:
        """``front.csv``: one row a plan that no other beats."""
        return table_of(self, self.on_front)

    @property
    def table(self) -> pd.DataFrame:
        """``plans.csv``: one row a plan that was valued."""
        return table_of(self, range(len(self.plans)))

    @property
    def sentences(self) -> tuple[str, ...]:
        """The answer, with numbers and their uncertainty."""
        return answer(self)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What of the chosen plan no trial has tested."""
        return leans_on(self)

    @property
    def misses(self) -> tuple[str, ...]:
        """Known misses of the model that the plans lean on."""
        return misses(self)

    def figures(self) -> Iterator[tuple[str, Figure, pd.DataFrame]]:
        """Yield name, figure and the numbers in it: every plan and the front."""
        yield "front", *front_figure(self.table, self.problem.objectives, self.problem.design.title)


@recorded
def optimize(
    problem: str | Path | Mapping[str, Any],
    out: str | Path | None = None,
    *,
    women: Population | PatientFit | None = None,
    threads: int | None = None,
    progress: ProgressLike = None,
) -> Best:
    """Look for the best plan: a schedule with variables, or rules by which visits decide.

    Every plan is given to the same women with the same draws of what is uncertain, so that plans
    differ by what they do and not by chance. A run into a folder that was stopped goes on from
    the plans that were valued, with the same numbers.

    Parameters
    ----------
    problem : path or mapping
        ``PROBLEM.toml`` or its content.
    out : path, optional
        Folder for ``front.csv``, ``plans.csv``, ``plan.toml`` and ``report.md``.
    women : Population or PatientFit, optional
        Instead of those the problem names.
    threads : int, optional
        All processors by default. Numbers do not depend on it.
    progress : Progress or callable, optional
        Told of plans as they are valued.

    Returns
    -------
    Best

    Raises
    ------
    RemodelError
        One of its subclasses, before any work starts where a value is not allowed.
    ConfigError
        If no plan meets the constraints: it names the nearest and by how much it misses.
    """
    check_count("threads", threads)
    task = load_problem(problem)
    method = _method(task)
    folder = None if out is None else results_folder(
        out, FILES, mark=MARK, key="decision", what="decision"
    )  # fmt: skip
    people = people_of(task, women, threads)
    store = Evaluations.opened(
        _fingerprint(task, people), None if folder is None else folder / FOLDER
    )
    if folder is not None:
        write_text(folder / MARK, json.dumps({"decision": "unfinished"}) + "\n")
    work = Work(task, Evaluator(task, people), store, progress_of(progress))
    work.progress.start(_expected(task, method))
    search(
        task.variables,
        len(task.objectives),
        work.scored,
        method=method,
        evaluations=task.design.search.evaluations,
        seed=task.design.search.seed,
    )
    best = _best(task, work, people, method, threads)
    if folder is not None:
        _write(best, folder)
    return best


def _method(task: Problem) -> str:
    settings = task.design.search
    return chosen_method(task.variables, settings.method, settings.evaluations)


def _expected(task: Problem, method: str) -> int:
    from remodel.decisions.variables import grid_size

    size = grid_size(task.variables)
    return size if method == "exhaustive" and size else task.design.search.evaluations


def people_of(
    task: Problem, women: Population | PatientFit | None = None, threads: int | None = None
) -> People:
    """Return the women of a problem at day 0.

    Parameters
    ----------
    task : Problem
    women : Population or PatientFit, optional
        Instead of those the problem names.
    threads : int, optional
    """
    design = task.design
    if isinstance(women, PatientFit) or (design.woman and women is None):
        if task.has_policy:
            raise ConfigError("rules are for a population; of one woman schedules are compared.")
        return woman_people(design, women, threads)
    crowd = _population(design) if women is None else women
    if design.adherence == "as_prescribed":
        crowd = crowd.as_prescribed()
    return population_people(
        crowd,
        draws=design.uncertainty.draws,
        every_draw=task.robust is not None,
        seed=design.seed,
        country=design.country,
        threads=threads,
    )


def _population(design: Design) -> Population:
    source = design.population
    if isinstance(source, str) and source.endswith((".csv", ".zarr")):
        return Population.load(source)
    return population(design.women, source, seed=design.seed)


def _fingerprint(task: Problem, people: People) -> str:
    """Return a hash of all that decides the numbers of a plan."""
    # files may lie elsewhere; what was in them is in the columns, and in the keys of plans
    left_out = {"title", "search", "variable", "population", "woman", "policy"}
    design = task.design.model_dump(exclude=left_out)
    columns = {name: values for name, values in people.columns.items() if values.dtype.kind == "f"}
    questions = [repr(question) for question in task.questions]
    return fingerprint([design, columns, people.weights, questions, package_version()])


@dataclass(eq=False)
class Work:
    """A search on its way: values what is asked for, each different plan once.

    Attributes
    ----------
    problem : Problem
    evaluator : Evaluator
    store : Evaluations
    progress : Progress
    plans : dict of str to Plan
        All asked for, by key, in the order of asking.
    """

    problem: Problem
    evaluator: Evaluator
    store: Evaluations
    progress: Progress
    plans: dict[str, Plan] = field(default_factory=dict)

    def scored(self, asked: Sequence[Values]) -> list[Score]:
        """Return the score of each plan that is asked for."""
        plans = [self.problem.template.plan(values) for values in asked]
        keys = [plan.key for plan in plans]
        for key, plan in zip(keys, plans, strict=True):
            self.plans.setdefault(key, plan)
        missing = [self.plans[k] for k in dict.fromkeys(keys) if k not in self.store.known]
        self.progress.advance(len(asked) - len(missing))
        for positions, evaluations in self.evaluator.evaluate(missing):
            valued = {missing[i].key: each for i, each in zip(positions, evaluations, strict=True)}
            self.store.add(valued)
            self.progress.advance(len(valued), sum(e.failed > 0 for e in evaluations))
        return [score_of(self.problem, self.store.known[key]) for key in keys]


def _bands(task: Problem, people: People, plan: Plan, threads: int | None) -> FloatArray:
    """Return between which numbers the answers are in 90 % of draws, each with many women."""
    design = task.design
    if isinstance(people, PopulationPeople) and task.robust is None and design.uncertainty.draws:
        people = population_people(
            people.population.where(np.arange(min(len(people), _WOMEN_OF_BANDS))),
            draws=design.uncertainty.draws,
            every_draw=True,
            seed=design.seed,
            country=design.country,
            threads=threads,
        )
    return Evaluator(task, people).bands(plan)


def _best(task: Problem, work: Work, people: People, method: str, threads: int | None) -> Best:
    plans = list(work.plans.values())
    evaluations = [work.store.known[key] for key in work.plans]
    meets = np.array([sum(misses_of(task, e)) == 0 for e in evaluations])
    if not np.any(meets):
        raise ConfigError(_nothing_meets(task, plans, evaluations), field="constraint")
    losses = losses_of(task, evaluations)
    losses[~meets] = np.nan
    front = np.flatnonzero(is_on_front(losses))
    if not len(front):
        raise RemodelError("no plan could be simulated.")
    front = front[np.lexsort(losses[front].T[::-1])]
    position = int(front[knee(losses[front])])
    return Best(
        task,
        tuple(plans),
        tuple(evaluations),
        tuple(int(i) for i in front),
        position,
        people,
        method,
        _bands(task, people, plans[position], threads),
        work.evaluator.taken(plans[position]),
    )


def _nothing_meets(task: Problem, plans: Sequence[Plan], evaluations: Sequence[Evaluation]) -> str:
    """Return what to say if no plan meets the constraints: the nearest, and what it misses."""
    total = [sum(misses_of(task, evaluation)) for evaluation in evaluations]
    nearest = int(np.argmin(total))
    evaluation, first = evaluations[nearest], len(task.objectives)
    missed = []
    for i, constraint in enumerate(task.constraints, first):
        value, error = float(evaluation.answers[i]), float(evaluation.errors[i])
        miss = constraint.miss(value)
        unit = "" if constraint.unit == "1" else f" {constraint.unit}"
        if miss > 0:
            missed.append(
                f"{constraint.words} is {value:.3g}{unit} (standard error {error:.2g}),"
                f" {miss:.3g} from {constraint.limit}"
            )
    return (
        f"none of the {len(plans):,} plans looked at meets the constraints; the nearest is "
        f"'{plans[nearest].title}': {'; '.join(missed)}."
    )


def _without_folders(design: dict[str, Any]) -> dict[str, Any]:
    """Return a design that names files without the folder they lie in."""
    files = {key: design[key] for key in ("population", "woman", "policy")}
    names = {key: Path(file).name for key, file in files.items() if isinstance(file, str)}
    return design | names


def _write(best: Best, folder: Path) -> None:
    write_csv(folder / "front.csv", best.front)
    write_csv(folder / "plans.csv", best.table)
    write_text(folder / "plan.toml", plan_toml(best))
    write_text(folder / "report.md", report(best))
    record = manifest(
        decision=best.problem.design.title or "decision",
        design=_without_folders(json.loads(best.problem.design.model_dump_json())),
        method=best.method,
        plans=len(best.plans),
        left_out=best.people.failed,
        failed=best.failed,
    )
    write_text(folder / MARK, json.dumps(record, indent=2, default=str) + "\n")
