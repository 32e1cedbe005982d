"""Policies read from TOML: a file of one's own, or a guideline by name.

A policy looks like::

    title = "Treat osteopenia that gets worse"
    endpoints = ["bmd_lumbar_spine", "bmd_total_hip", "bmd_femoral_neck"]
    interval_months = 12
    risk_factors = ["age > 65", "bmi < 20", "smoking"]

    [[rule]]
    name = "low"
    when = "t_score < -2.0 or (t_score < -1.5 and risk_factors >= 1)"
    action = "treat"
    schedule = "zoledronic acid 4 mg every 6 mo"

    [[rule]]
    name = "normal"
    when = "t_score >= -1.0"
    action = "watch"
    next_months = 24
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, cast

from pydantic import Field

from remodel.errors import ConfigError, nearest
from remodel.files import Table, load_toml, parse_toml
from remodel.files.schema import Positive, Schema, Texts, one_of, validate
from remodel.observations import endpoints
from remodel.rules.condition import Condition
from remodel.rules.names import FLAGS, READING_OF, RISK_FACTORS
from remodel.rules.policy import ACTIONS, Action, Policy, Rule
from remodel.schedules import Schedule

_FOLDER = resources.files("remodel.rules") / "guidelines"


class RuleTable(Schema):
    """A table ``[[rule]]``."""

    name: str
    when: str
    action: Annotated[str, one_of(ACTIONS, "an action")]
    schedule: str = ""
    next_months: Annotated[float, Field(ge=0)] | None = None
    source: str = ""
    provenance: str = ""


class PolicyTable(Schema):
    """A policy; other files may hold it as a table of theirs."""

    name: str = ""
    title: str = ""
    endpoints: Texts
    interval_months: Positive
    risk_factors: Texts = ()
    rule: list[RuleTable] = Field(min_length=1)
    citation: str = ""
    note: str = ""


@cache
def guideline_names() -> tuple[str, ...]:
    """Return the names of the guidelines that come with the package."""
    names = (entry.name for entry in _FOLDER.iterdir() if entry.name.endswith(".toml"))
    return tuple(sorted(name.removesuffix(".toml") for name in names))


def load_policy(source: str | Path) -> Policy:
    """Return a policy.

    Parameters
    ----------
    source : str or path
        Name of a guideline, such as ``hadji2017``, or a TOML file.

    Raises
    ------
    ConfigError
        If there is none of that name, or the file has a fault; it names file, line and key.
    """
    name = str(source)
    if name in guideline_names():
        text = (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")
        top = Table(Path(f"{name}.toml"), "", parse_toml(text, f"{name}.toml", ConfigError))
        return policy_of(top, name)
    if not name.endswith(".toml"):
        raise ConfigError(
            f"'{name}' is not a guideline.{nearest(name, guideline_names())}",
            field="guideline",
            value=name,
            allowed=guideline_names(),
        )
    return policy_of(load_toml(source), Path(source).stem)


def policy_of(table: Table, name: str) -> Policy:
    """Return the policy that stands in a table, checked.

    Raises
    ------
    ConfigError
        It names file, line and key.
    """
    content = validate(table, PolicyTable)
    for endpoint in content.endpoints:
        if endpoint not in endpoints():
            hint = nearest(endpoint, endpoints())
            table.fail("endpoints", f"'{endpoint}' is not an endpoint.{hint}")
    policy = Policy(
        name=content.name or name,
        title=content.title,
        rules=tuple(_rule(table.item("rule", i), row) for i, row in enumerate(content.rule)),
        endpoints=content.endpoints,
        interval_months=content.interval_months,
        risk_factors=tuple(_factor(table, text) for text in content.risk_factors),
        citation=content.citation,
        note=content.note,
    )
    table.checked("rule", policy.check_readings, policy.endpoints)
    return policy


def _factor(table: Table, text: str) -> Condition:
    known = [name for name in READING_OF if name != RISK_FACTORS]
    return table.checked("risk_factors", Condition.of, text, known, FLAGS)


def _rule(table: Table, row: RuleTable) -> Rule:
    condition = table.checked("when", Condition.of, row.when, READING_OF, FLAGS)
    if row.action == "treat":
        if not row.schedule:
            table.fail("schedule", "this key is missing; a rule that treats says with what.")
        table.checked("schedule", Schedule.parse, row.schedule)
    elif row.schedule:
        table.fail("schedule", f"a rule with action = '{row.action}' begins no drug.")
    return Rule(
        name=row.name,
        when=condition,
        action=cast("Action", row.action),
        schedule=row.schedule,
        next_months=row.next_months,
        source=row.source,
        provenance=row.provenance,
    )
