"""Reading ``PLAN.toml``; everything is checked before anything is simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remodel.errors import ConfigError, nearest
from remodel.files import Table, load_toml
from remodel.files.schema import validate
from remodel.fracture import load_background
from remodel.individuals.woman import Woman, load_woman
from remodel.measurement.instruments import load_instruments
from remodel.models import load_model
from remodel.monitoring.design import Design, PlanTable
from remodel.observations import trial_names
from remodel.patient import SITES
from remodel.populations.load import load_definition
from remodel.rules import Condition, Policy, load_policy
from remodel.rules.files import policy_of
from remodel.rules.names import FLAGS, READING_OF, RISK_FACTORS
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH

DENSITY = "bmd_"
TABLES = (".csv", ".zarr")
"""What the names of files end with that hold women."""
_OF_POPULATIONS = ("population", "women", "adherence", "without_wander")


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is read when, and what decides.

    Attributes
    ----------
    name : str
    visits : mapping of int to tuple of str
        Month -> what is read, rising from 0.
    policy : Policy or None
        What a visit leads to; nothing without one.
    is_guideline : bool
        The policy says when the next visit is, and ``visits`` are those of a woman for whom none
        of its rules ever holds.
    """

    name: str
    visits: Mapping[int, tuple[str, ...]]
    policy: Policy | None
    is_guideline: bool = False

    @property
    def endpoints(self) -> tuple[str, ...]:
        """All that is read, each once."""
        return tuple(dict.fromkeys(e for listed in self.visits.values() for e in listed))


@dataclass(frozen=True, slots=True)
class Task:
    """A design with its schedule, rules and plans, ready to be computed.

    ``woman`` is the one whose plan it is, None for a population.
    """

    design: Design
    schedule: Schedule
    need: Condition
    policy: Policy | None
    plans: tuple[Plan, ...]
    woman: Woman | None = None


def load_task(source: str | Path | Mapping[str, Any]) -> Task:
    """Read and check a monitoring plan.

    Parameters
    ----------
    source : path or mapping
        ``PLAN.toml`` or its content.

    Raises
    ------
    ConfigError
        Naming file, line and key.
    """
    top = Table(None, "", source) if isinstance(source, Mapping) else load_toml(source)
    design = _with_paths(top, validate(top, Design))
    if not design.plan and design.search is None:
        top.fail("plan", "name at least one table [[plan]], or what to [search].")
    woman = _woman(top, design)
    top.checked("population", _check_population, design.population)
    schedule = top.checked("schedule", _schedule, design.schedule)
    if woman is not None:
        top.checked("schedule", check_from_now, schedule)
    top.checked("schedule", load_model("reference").with_drugs, schedule.drugs)
    top.checked("country", load_background().country_ratio, design.country)
    known = [name for name in READING_OF if name != RISK_FACTORS]
    need = top.checked("need", Condition.of, design.need, known, FLAGS)
    if not design.forecast.startswith(DENSITY):
        top.fail("forecast", f"'{design.forecast}' is not a density.")
    _check_endpoint(top, "forecast", design.forecast)
    for site in design.without_wander:
        if site not in SITES:
            top.fail("without_wander", f"'{site}' is not a site.{nearest(site, SITES)}")
    policy = _policy(top, design)
    _check_search(top, design, policy)
    plans = tuple(_plan(top.item("plan", i), design, p, policy) for i, p in enumerate(design.plan))
    if len({plan.name for plan in plans}) < len(plans):
        top.fail("plan", "two plans have the same name.")
    return Task(design, schedule, need, policy, plans, woman)


def check_from_now(schedule: Schedule) -> None:
    """Check that a schedule of one woman starts now or later.

    Raises
    ------
    ConfigError
    """
    early = min((dose.time for dose in schedule.doses), default=0.0)
    if early < 0:
        raise ConfigError(
            f"this schedule starts {-early / DAYS_PER_MONTH:.3g} months before now, her last "
            "reading; what was given before belongs into taken of her file.",
            field="schedule",
        )


def _check_population(source: str | Mapping[str, Any]) -> None:
    """Raise unless a population is there; tables of women and trials are looked at later."""
    later = isinstance(source, str) and (source.endswith(TABLES) or source in trial_names())
    if not later:
        load_definition(source)


def _woman(top: Table, design: Design) -> Woman | None:
    """Return the woman of a plan, None where it is for a population."""
    if not design.woman:
        return None
    for key in _OF_POPULATIONS:
        if key in top.content:
            top.fail(key, "this plan is for one woman, whose population stands in her file.")
    return top.checked("woman", load_woman, design.woman)


def with_start(visits: Mapping[int, tuple[str, ...]]) -> dict[int, tuple[str, ...]]:
    """Return visits in order, with one at month 0 that reads whatever a later one does."""
    listed = tuple(dict.fromkeys(e for month in sorted(visits) for e in visits[month]))
    return {0: listed} | {month: visits[month] for month in sorted(visits)}


def _schedule(text: str) -> Schedule:
    return Schedule.parse(text) if text.strip() else Schedule()


def _with_paths(top: Table, design: Design) -> Design:
    """Return a design whose files are found from anywhere."""
    if top.path is None:
        return design
    folder = top.path.resolve().parent
    changes: dict[str, Any] = {}
    if isinstance(design.population, str) and design.population.endswith((".toml", *TABLES)):
        changes["population"] = str(folder / design.population)
    if isinstance(design.rule, str) and design.rule.endswith(".toml"):
        changes["rule"] = str(folder / design.rule)
    if isinstance(design.woman, str) and design.woman:
        changes["woman"] = str(folder / design.woman)
    return design.model_copy(update=changes)


def _policy(top: Table, design: Design) -> Policy | None:
    if not design.rule:
        return None
    if isinstance(design.rule, str):
        return _whole(top, "rule", top.checked("rule", load_policy, design.rule))
    return _whole(top, "rule", policy_of(top.table("rule"), "rule"))


def _whole(table: Table, key: str, policy: Policy) -> Policy:
    """Return a policy whose visits are at whole months, and read what has an instrument."""
    intervals = [policy.interval_months, *(r.next_months for r in policy.rules)]
    for interval in intervals:
        if interval is not None and interval != int(interval):
            table.fail(key, f"an interval of {interval:g} months: must be whole months.")
    for endpoint in policy.endpoints:
        _check_endpoint(table, key, endpoint)
    return policy


def _plan(table: Table, design: Design, plan: PlanTable, policy: Policy | None) -> Plan:
    if bool(plan.visits) == bool(plan.guideline):
        table.fail("visits", f"plan '{plan.name}' needs either visits or a guideline.")
    if plan.guideline:
        return _guideline(table, design, plan)
    visits: dict[int, tuple[str, ...]] = {}
    for visit in plan.visits:
        month = _month(table, "visits", visit.months, design)
        if not visit.endpoints:
            table.fail("visits", f"the visit at month {month} reads nothing.")
        for endpoint in visit.endpoints:
            _check_endpoint(table, "visits", endpoint)
        visits[month] = tuple(dict.fromkeys((*visits.get(month, ()), *visit.endpoints)))
    if policy is not None:
        read = {endpoint for listed in visits.values() for endpoint in listed}
        table.checked("visits", policy.check_readings, sorted(read))
    return Plan(plan.name, with_start(visits), policy)


def _guideline(table: Table, design: Design, plan: PlanTable) -> Plan:
    name = plan.guideline
    if table.path is not None and name.endswith(".toml"):
        name = str(table.path.resolve().parent / name)
    policy = _whole(table, "guideline", table.checked("guideline", load_policy, name))
    step = int(policy.interval_months)
    visits = dict.fromkeys(range(0, design.horizon + 1, step), policy.endpoints)
    return Plan(plan.name, visits, policy, is_guideline=True)


def _check_search(top: Table, design: Design, policy: Policy | None) -> None:
    if design.search is None:
        return
    table = top.table("search")
    if not design.search.months:
        table.fail("months", "expected at least one month.")
    if not design.search.endpoints:
        table.fail("endpoints", "expected at least one endpoint.")
    for month in design.search.months:
        _month(table, "months", month, design)
    for endpoint in design.search.endpoints:
        _check_endpoint(table, "endpoints", endpoint)
    if policy is not None:
        table.checked("endpoints", policy.check_readings, design.search.endpoints)


def _month(table: Table, key: str, month: float, design: Design) -> int:
    if month != int(month) or not 0 < month <= design.horizon:
        table.fail(
            key,
            f"a visit at month {month:g}: must be a whole month from 1 to {design.horizon}, the "
            "end of horizon_years.",
        )
    return int(month)


def _check_endpoint(table: Table, key: str, endpoint: str) -> None:
    tools = load_instruments()
    known = (*tools.scans, *tools.samples)
    if endpoint not in known:
        table.fail(key, f"'{endpoint}' is not measured.{nearest(endpoint, known)}")
