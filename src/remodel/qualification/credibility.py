"""Goals that numbers must meet, and requirements with the tests that show them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from remodel.errors import ConfigError
from remodel.files.schema import Schema, Texts, validate
from remodel.files.toml import Table, parse_toml
from remodel.qualification.findings import Findings


class GoalTable(Schema):
    """A table ``[[goal]]``."""

    factor: str
    number: str
    form: str
    gates: str
    at_most: float | None = None
    at_least: float | None = None


class RequirementTable(Schema):
    """A table ``[[requirement]]``."""

    id: str
    text: str
    tests: Texts


class _Goals(Schema):
    goal: list[GoalTable]


class _Requirements(Schema):
    requirement: list[RequirementTable]


@dataclass(frozen=True, slots=True)
class Judged:
    """A goal beside the number that was found; ``limit`` is the name of its limit."""

    goal: GoalTable
    limit: str
    met: bool


def load_goals() -> list[GoalTable]:
    """Return the goals."""
    return validate(_table("goals.toml"), _Goals).goal


def load_requirements() -> list[RequirementTable]:
    """Return the requirements."""
    return validate(_table("requirements.toml"), _Requirements).requirement


def _table(name: str) -> Table:
    text = resources.files("remodel.qualification").joinpath(name).read_text(encoding="utf-8")
    return Table(None, "", parse_toml(text, name, ConfigError))


def judged(findings: Findings) -> list[Judged]:
    """Add the limits and how many goals are met, and return each goal with its verdict."""
    results = []
    for goal in load_goals():
        value, limit = findings.value(goal.number), f"goal.{goal.number}"
        if goal.at_most is not None:
            findings.add(limit, goal.at_most, findings.numbers[goal.number].unit, "goals.toml")
            met = value <= goal.at_most
        else:
            least = goal.at_least or 0.0
            findings.add(limit, least, findings.numbers[goal.number].unit, "goals.toml")
            met = value >= least
        results.append(Judged(goal, limit, met))
    findings.add("goal.met", sum(item.met for item in results), "1", "goals.toml")
    findings.add("goal.count", len(results), "1", "goals.toml")
    return results
