"""Reading ``PROBLEM.toml``; everything is checked before anything is simulated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remodel.decisions.design import Design, QuantityTable
from remodel.decisions.plans import Plan, Template, schedule_of
from remodel.decisions.quantities import Quantity, read_quantity
from remodel.decisions.ruled import check_policy
from remodel.decisions.statistics import Statistic
from remodel.decisions.variables import Variable, read_variables
from remodel.errors import ConfigError, nearest
from remodel.files import Table, load_toml
from remodel.files.schema import validate
from remodel.fracture import load_background
from remodel.models import load_model
from remodel.rules import Condition
from remodel.rules.names import FLAGS, READING_OF, RISK_FACTORS
from remodel.schedules import MENOPAUSE, Schedule
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR, days, read_time

_COLUMNS = ("plan", "schedule", "policy", "meets", "on_front", "chosen", "failed")


@dataclass(frozen=True, slots=True)
class Question:
    """A number that every plan has.

    Attributes
    ----------
    name : str
        Of its columns.
    quantity : Quantity
    statistic : Statistic
    day : float
    unit : str
    words : str
        For sentences.
    """

    name: str
    quantity: Quantity
    statistic: Statistic
    day: float
    unit: str
    words: str

    @property
    def is_low_worse(self) -> bool:
        """Whether small values are the unfavourable ones."""
        return False


@dataclass(frozen=True, slots=True)
class Objective(Question):
    """A number that is to be small, or large.

    Attributes
    ----------
    sign : float
        1 where it is minimised, -1 where it is maximised.
    """

    sign: float

    @property
    def is_low_worse(self) -> bool:
        """Whether it is maximised."""
        return self.sign < 0


@dataclass(frozen=True, slots=True)
class Constraint(Question):
    """A number between limits."""

    at_least: float
    at_most: float

    @property
    def is_low_worse(self) -> bool:
        """Whether it has a lower limit only."""
        return math.isinf(self.at_most)

    def miss(self, value: float) -> float:
        """Return by how much a value is outside the limits; 0 within them."""
        if math.isnan(value):
            return math.inf
        return max(self.at_least - value, value - self.at_most, 0.0)

    @property
    def size(self) -> float:
        """What misses are compared with: the larger limit, or 1 where that is 0."""
        limits = [abs(v) for v in (self.at_least, self.at_most) if math.isfinite(v)]
        return max(limits) or 1.0

    @property
    def limit(self) -> str:
        """The limits in words."""
        low = "" if math.isinf(self.at_least) else f"at least {self.at_least:g}"
        high = "" if math.isinf(self.at_most) else f"at most {self.at_most:g}"
        return " and ".join(filter(None, (low, high)))


@dataclass(frozen=True, slots=True)
class Problem:
    """A design with all that is in it, ready to be computed.

    Attributes
    ----------
    design : Design
    template : Template
    objectives : tuple of Objective
    constraints : tuple of Constraint
    against : Schedule
        What fractures prevented are counted against.
    need : Condition or None
    robust : float or None
        Quantile over draws; None for the mean.
    """

    design: Design
    template: Template
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...]
    against: Schedule
    need: Condition | None
    robust: float | None

    @property
    def questions(self) -> tuple[Question, ...]:
        """Objectives, then constraints."""
        return (*self.objectives, *self.constraints)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """What may be varied."""
        return self.template.variables

    @property
    def has_policy(self) -> bool:
        """Whether visits decide."""
        return bool(self.template.policy)


def load_problem(source: str | Path | Mapping[str, Any]) -> Problem:
    """Read and check a problem.

    Parameters
    ----------
    source : path or mapping
        ``PROBLEM.toml`` or its content.

    Raises
    ------
    ConfigError
        Naming file, line and key.
    """
    top = Table(None, "", source) if isinstance(source, Mapping) else load_toml(source)
    design = _with_paths(top, validate(top, Design))
    if bool(design.population) == bool(design.woman):
        top.fail("population", "name either a population or a woman.")
    _check_rules(top, design)
    top.checked("country", load_background().country_ratio, design.country)
    top.checked("against", _check_schedule, top.checked("against", schedule_of, design.against))
    template = _template(top, design)
    against = top.checked("against", schedule_of, design.against)
    _check_schedules(top, template)
    robust = _robust(top, design)
    objectives = [_objective(top, design, template, i) for i in range(len(design.objective))]
    constraints = [_constraint(top, design, template, i) for i in range(len(design.constraint))]
    names = [question.name for question in (*objectives, *constraints)]
    for name in names:
        if names.count(name) > 1:
            top.fail("objective", f"two objectives or constraints are called '{name}'; name them.")
    for variable in template.variables:
        if variable.name in (*names, *_COLUMNS):
            top.fail("variable", f"'{variable.name}' is a column of the results already; call "
                     "the variable something else, or give the objective a name.")  # fmt: skip
    known = [name for name in READING_OF if name != RISK_FACTORS]
    need = top.checked("need", Condition.of, design.need, known, FLAGS) if design.need else None
    if need is None and any(q.quantity.kind == "need" for q in (*objectives, *constraints)):
        top.fail("need", "this key is missing; say who needs a drug, as in 't_score <= -2.5'.")
    return Problem(design, template, tuple(objectives), tuple(constraints), against, need, robust)


def _check_rules(top: Table, design: Design) -> None:
    """Refuse rules for a woman, and rules with times that are between two months."""
    if not design.policy and not design.rule:
        return
    if design.woman:
        top.fail("woman", "rules are for a population; of one woman schedules are compared.")
    if design.horizon_years != int(design.horizon_years):
        top.fail("horizon_years", "with rules the horizon is whole years.")


def _with_paths(top: Table, design: Design) -> Design:
    """Return a design whose files are found from anywhere."""
    if top.path is None:
        return design
    folder = top.path.resolve().parent
    changes: dict[str, Any] = {}
    for key in ("population", "woman", "policy"):
        name = getattr(design, key)
        if isinstance(name, str) and name.endswith((".toml", ".csv", ".zarr")):
            changes[key] = str(folder / name)
    return design.model_copy(update=changes)


def _template(top: Table, design: Design) -> Template:
    variables = read_variables(top, design.variable)
    if design.policy and design.rule:
        top.fail("policy", "give either a policy or rules.")
    policy: Mapping[str, Any] | str = design.policy
    path = top.path if design.rule else None
    if isinstance(policy, str) and policy.endswith(".toml"):
        path, policy = Path(policy), load_toml(policy).content
    if design.rule:
        policy = {
            "name": "rules",
            "endpoints": list(design.endpoints),
            "interval_months": design.interval_months,
            "risk_factors": list(design.risk_factors),
            "rule": design.rule,
        }
        if not design.endpoints:
            top.fail("endpoints", "this key is missing; say what visits read for the rules.")
    if not design.schedule and not policy:
        top.fail("schedule", "this key is missing; a plan has a schedule, rules or both.")
    template = Template(design.schedule, policy, variables, path)
    top.checked("schedule", template.check_names)
    return template


def _check_schedules(top: Table, template: Template) -> None:
    """Read the plans at the ends of each variable, so that no search stops half way."""
    key = "schedule" if not template.policy else ("policy" if top.content.get("policy") else "rule")
    for variable in template.variables:
        if not variable.is_whole and template.counts(variable.name):
            top.table("variable").table(variable.name).fail(
                "step",
                f"'{variable.name}' is a number of doses ('x {{{variable.name}}}'); lower, upper "
                "and step must be whole numbers.",
            )
    middle: dict[str, Any] = {v.name: v.at(0.5) for v in template.variables}
    ends = [middle]
    for variable in template.variables:
        each = variable.names or (variable.at(0.0), variable.at(1.0))
        ends += [{**middle, variable.name: value} for value in each]
    for values in ends:
        top.checked("schedule", template.schedule_with, values)
        # rules say themselves where they stand
        is_named = isinstance(template.policy, str) and bool(template.policy)
        plan: Plan = top.checked(key, template.plan, values) if is_named else template.plan(values)
        if plan.policy is not None:
            top.checked(key, check_policy, plan.policy)
        top.checked(key, _check_schedule, plan.schedule)
        for rule in plan.policy.rules if plan.policy else ():
            top.checked(key, _check_schedule, Schedule.parse(rule.schedule or "none"))


def _check_schedule(schedule: Schedule) -> None:
    """Refuse what the model does not have, and what is not done from day 0 on."""
    drugs = load_model("reference").drugs
    for dose in schedule.doses:
        if dose.drug not in drugs:
            raise ConfigError(f"the model has no '{dose.drug}'.{nearest(dose.drug, drugs)}")
        if dose.time < 0 or dose.steady_state:
            raise ConfigError(f"{dose.drug} is given before the start; a plan begins at day 0.")
    if any(event.name == MENOPAUSE for event in schedule.interventions):
        raise ConfigError("menopause belongs to the women, and not to a plan.")


def _robust(top: Table, design: Design) -> float | None:
    text = design.uncertainty.robust
    table = top.table("uncertainty")
    statistic = table.checked("robust", Statistic.read, text)
    if statistic.kind not in ("mean", "quantile"):
        table.fail("robust", f"'{text}': expected mean, median or a quantile such as quantile 0.9.")
    if statistic.kind == "mean":
        return None
    if design.woman:
        table.fail("robust", "her draws are rows; say of = 'quantile 0.9' in the objective.")
    if design.uncertainty.draws < 2:
        table.fail("robust", f"a quantile over {design.uncertainty.draws} draws; give 2 or more.")
    return statistic.level


def _question(
    table: Table, design: Design, template: Template, content: QuantityTable
) -> dict[str, Any]:
    quantity: Quantity = table.checked("quantity", read_quantity, content.quantity)
    statistic: Statistic = table.checked("of", Statistic.read, content.of)
    day = _day(table, design, content)
    unit = "percent" if statistic.is_share else quantity.unit
    if content.unit and content.unit != unit:
        table.fail("unit", f"{content.quantity} is in {unit}, not in {content.unit}.")
    if quantity.kind in ("needed_to_treat", "need", "harm") and statistic.kind != "mean":
        table.fail("of", f"{content.quantity} is a number of all women; only its mean is known.")
    horizon = design.horizon_years * DAYS_PER_YEAR
    if template.policy and abs(day / DAYS_PER_MONTH % 1 - 0.5) < 0.49:
        table.fail("at", f"{content.at!r}: with rules it must be a whole month.")
    if quantity.kind == "visits" and abs(day - horizon) > 1:
        table.fail("at", f"{content.quantity} are counted until the horizon; leave this key out.")
    if quantity.kind == "visits" and not template.policy:
        table.fail("quantity", f"{content.quantity} are those of rules, of which there are none.")
    words = f"{_of_words(content.of)}{quantity.words} {_when(quantity, day)}"
    name = content.name or content.quantity
    return {"name": name, "quantity": quantity, "statistic": statistic, "day": day, "unit": unit,
            "words": words}  # fmt: skip


def _of_words(text: str) -> str:
    return "" if text == "mean" else f"{text} of the "


def _when(quantity: Quantity, day: float) -> str:
    months = round(day / DAYS_PER_MONTH, 3)
    years = f"{months / 12:g} y" if months % 12 == 0 else f"{months:g} months"
    is_at = quantity.kind in ("level", "change") and not quantity.over_time
    return f"{'at' if is_at else 'in'} {years}"


def _day(table: Table, design: Design, content: QuantityTable) -> float:
    horizon = design.horizon_years * DAYS_PER_YEAR
    if content.at == "":
        return horizon
    if isinstance(content.at, str):
        day = float(table.checked("at", read_time, content.at, "mo", "at"))
    else:
        day = days(float(content.at), "mo")
    if not 0 < day <= horizon + 1e-6:
        table.fail(
            "at",
            f"{content.at!r} must be after the start, and at most horizon_years = "
            f"{design.horizon_years:g} y.",
        )
    return min(day, horizon)


def _objective(top: Table, design: Design, template: Template, place: int) -> Objective:
    table, content = top.item("objective", place), design.objective[place]
    sign = 1.0 if content.direction == "minimize" else -1.0
    return Objective(**_question(table, design, template, content), sign=sign)


def _constraint(top: Table, design: Design, template: Template, place: int) -> Constraint:
    table, content = top.item("constraint", place), design.constraint[place]
    low = -math.inf if content.at_least is None else content.at_least
    high = math.inf if content.at_most is None else content.at_most
    if math.isinf(low) and math.isinf(high):
        table.fail("at_least", "this key is missing; a constraint has at_least, at_most or both.")
    if low > high:
        table.fail("at_most", f"{high:g} is below at_least = {low:g}.")
    return Constraint(**_question(table, design, template, content), at_least=low, at_most=high)
