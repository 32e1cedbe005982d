"""``remodel.monitor``: what each visit can show, and guidelines side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remodel.errors import ConfigError
from remodel.files import results_folder, write_csv, write_text
from remodel.individuals.fit import fit_patient
from remodel.individuals.patient_fit import PatientFit
from remodel.individuals.woman import Woman
from remodel.monitoring.cohort import Cohort, simulated_cohort
from remodel.monitoring.design import Design
from remodel.monitoring.follow import COLUMNS as PLANS
from remodel.monitoring.follow import months_of_need, outcome
from remodel.monitoring.information import COLUMNS as VISITS
from remodel.monitoring.information import Information, chosen_visits, first_visits
from remodel.monitoring.load import (
    DENSITY,
    TABLES,
    Plan,
    Task,
    check_from_now,
    load_task,
    with_start,
)
from remodel.monitoring.one_woman import woman_cohort
from remodel.patient import SITES
from remodel.plots.monitoring import information_by_visit, loss_as_read, plans_compared
from remodel.populations.population import Population
from remodel.populations.sample import population
from remodel.progress import ProgressLike, progress_of
from remodel.provenance import manifest, recorded
from remodel.simulation.inputs import check_count

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_MANIFEST = "monitoring.json"
_TABLES = ("visits", "plans", "first_visits")
_LEAST_WOMEN = 10
ALONE = "each alone"
"""Name of the rows of a search: what a reading shows as the only one after month 0."""


@dataclass(frozen=True, eq=False)
class MonitoringPlan:
    """What a monitoring plan gave.

    Attributes
    ----------
    design : Design
    visits : DataFrame
        ``visits.csv``: one row a plan, visit and endpoint.
    plans : DataFrame
        ``plans.csv``: one row a plan.
    first_visits : DataFrame
        The first visit that pays, by each measure.
    failed : int
        Women left out because a simulation failed.
    notes : tuple of str
        How far the fit of one woman can be trusted.
    """

    design: Design
    visits: pd.DataFrame
    plans: pd.DataFrame
    first_visits: pd.DataFrame
    failed: int
    notes: tuple[str, ...] = ()

    def figures(self) -> Iterator[tuple[str, Figure, pd.DataFrame]]:
        """Yield name, figure and the numbers in it: information by visit, and plans compared."""
        title = self.design.title
        yield "information_by_visit", *information_by_visit(self.visits, title=title)
        if len(self.plans) > 1:
            yield "plans_compared", *plans_compared(self.plans, title=title)
        densities = self.visits[self.visits["endpoint"].str.startswith(DENSITY)]
        if (densities["expected_change"] > 0).any():  # of a drug that builds bone
            yield "loss_as_read", *loss_as_read(densities, title=title)


@recorded
def monitor(
    plan: str | Path | Mapping[str, Any],
    out: str | Path | None = None,
    *,
    women: Population | PatientFit | None = None,
    threads: int | None = None,
    progress: ProgressLike = None,
) -> MonitoringPlan:
    """Say what each visit of a plan can show, and what plans and guidelines make of women.

    Women are simulated under the schedule that all are given; each is read several times with
    independent errors. Where a rule begins a drug at a visit, she is simulated again with it. A
    plan for one woman is made of the draws of her posterior, from her last reading on.

    Parameters
    ----------
    plan : path or mapping
        ``PLAN.toml``.
    out : path, optional
        Folder for ``visits.csv``, ``plans.csv`` and ``first_visits.csv``.
    women : Population or PatientFit, optional
        Instead of those the plan names; the fit of one woman for a plan from her last reading on.
    threads : int, optional
        All processors by default. Numbers do not depend on it.
    progress : Progress or callable, optional
        Told of plans as they are finished.

    Returns
    -------
    MonitoringPlan

    Raises
    ------
    RemodelError
        One of its subclasses, before any work starts where a value is not allowed.
    """
    task = load_task(plan)
    check_count("threads", threads)
    people = _chosen(task, women)
    folder = None if out is None else _folder(out)
    result = _result(task, _cohort(task, people, threads), progress)
    if folder is not None:
        _write(result, folder)
    return result


def _chosen(task: Task, women: Population | PatientFit | None) -> Population | PatientFit | Woman:
    """Return those who are followed, as they were named."""
    if task.woman is not None:
        if women is not None:
            raise ConfigError("the plan names its woman; women is for another plan.", field="women")
        return task.woman
    if isinstance(women, PatientFit):
        check_from_now(task.schedule)
        return women
    people = people_of(task.design) if women is None else women
    if len(people) < _LEAST_WOMEN:
        raise ConfigError(
            f"women = {len(people)}: what visits show is read from how women differ; give at least "
            f"{_LEAST_WOMEN}.",
            field="women",
        )
    return people


def _cohort(task: Task, people: Population | PatientFit | Woman, threads: int | None) -> Cohort:
    """Return those who are followed, simulated."""
    endpoints = [e for p in _candidates(task) for e in p.endpoints]
    names = (task.design.forecast, *endpoints)
    if isinstance(people, Woman):
        people = fit_patient(people, threads=threads)
    if isinstance(people, PatientFit):
        return woman_cohort(people, task.schedule, names, task.design)
    if task.design.adherence == "as_prescribed":
        people = people.as_prescribed()
    people = _steadied(people, task.design.without_wander)
    return simulated_cohort(people, task.schedule, names, task.design, threads)


def _steadied(people: Population, sites: Sequence[str]) -> Population:
    """Return the same women, whose density at some sites follows its mechanism alone."""
    wander = people.definition.wander
    if wander is None or not sites:
        return people
    spine, hip, neck = (
        0.0 if site in sites else sd for site, sd in zip(SITES, wander.sd, strict=True)
    )
    steadier = replace(wander, sd=(spine, hip, neck))
    return replace(people, definition=replace(people.definition, wander=steadier, text=""))


def people_of(design: Design) -> Population:
    """Return the women that a plan names.

    Raises
    ------
    ConfigError
        If it is for one woman.
    """
    if design.woman:
        raise ConfigError(
            "this plan is for one woman; here many are followed: name a population.", field="woman"
        )
    source = design.population
    if isinstance(source, str) and source.endswith(TABLES):
        people = Population.load(source)
    else:
        people = population(design.women, source, seed=design.seed)
    return _steadied(people, design.without_wander)


def _candidates(task: Task) -> tuple[Plan, ...]:
    """Return the plans, and one of all visits of the search."""
    search = task.design.search
    if search is None:
        return task.plans
    visits = {int(month): search.endpoints for month in search.months}
    return (*task.plans, Plan(ALONE, with_start(visits), task.policy))


def _result(task: Task, cohort: Cohort, progress: ProgressLike) -> MonitoringPlan:
    import pandas as pd

    candidates = _candidates(task)
    information = Information.of(cohort, [m for plan in candidates for m in plan.visits])
    plans, rows = list(task.plans), []
    if task.design.search is not None:
        rows = _alone(information, candidates[-1])
        if task.design.search.visits:
            plans.append(chosen_visits(information, candidates[-1], task.design.search.visits))
    need, steps = months_of_need(cohort, task.need), progress_of(progress)
    steps.start(len(plans))
    outcomes = []
    for plan in plans:
        rows += information.rows(plan)
        outcomes.append(outcome(cohort, plan, need))
        steps.advance(1)
    visits = pd.DataFrame(rows, columns=list(VISITS))
    thresholds = task.design.pays.model_dump()
    table = pd.DataFrame(outcomes, columns=list(PLANS))
    first = first_visits(visits, thresholds)
    return MonitoringPlan(task.design, visits, table, first, cohort.failed, cohort.notes)


def _alone(information: Information, plan: Plan) -> list[dict[str, Any]]:
    """Return what each reading of a search shows without the others."""
    rows: list[dict[str, Any]] = []
    for month, endpoints in plan.visits.items():
        for endpoint in endpoints if month else ():
            visits = {0: plan.endpoints, month: (endpoint,)}
            rows += information.rows(Plan(ALONE, visits, plan.policy))
    return rows


def _folder(out: str | Path) -> Path:
    """Return the folder for results, marked before anything is computed."""
    names: Sequence[str] = [f"{name}.csv" for name in _TABLES]
    folder = results_folder(out, names, mark=_MANIFEST, key="plan", what="monitoring plan")
    write_text(folder / _MANIFEST, json.dumps({"plan": "unfinished"}) + "\n")
    return folder


def _write(result: MonitoringPlan, folder: Path) -> None:
    for name in _TABLES:
        write_csv(folder / f"{name}.csv", getattr(result, name))
    record = manifest(
        plan=result.design.title or "plan",
        design=json.loads(result.design.model_dump_json()),
        failed=result.failed,
    )
    write_text(folder / _MANIFEST, json.dumps(record, indent=2, default=str) + "\n")
