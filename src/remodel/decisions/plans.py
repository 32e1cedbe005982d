"""Plans: a schedule, or a schedule with a policy, whose variables have values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from remodel.decisions.variables import Value, Variable, number_text
from remodel.errors import ConfigError, nearest
from remodel.files import Table
from remodel.rules import Policy, load_policy
from remodel.rules.files import policy_of
from remodel.schedules import Dose, Schedule

_NAME = re.compile(r"\{(\w*)\}")
_SEPARATOR = re.compile(r"(;|\bthen\b)")
_NOTHING = re.compile(r"\bx\s*0(?!\S)|\bfor\s+0(?:\.0*)?\s*(?:d|wk|mo|y)\b")
_DEEPEST = 5  # choices within choices
NONE = "none"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done to a woman.

    Attributes
    ----------
    settings : mapping of str to float or str
        Values of the variables that the plan uses: those of other choices are left out.
    schedule : Schedule
        Given to all.
    policy : Policy or None
        By which visits decide on more.
    """

    settings: Mapping[str, Value] = field(compare=False)
    schedule: Schedule
    policy: Policy | None = None

    @property
    def sentence(self) -> str:
        """The schedule as a sentence that can be given to ``simulate``."""
        return str(self.schedule)

    @property
    def key(self) -> str:
        """What two plans that do the same share."""
        if self.policy is None:
            return self.sentence
        rules = [(r.name, r.when.text, r.action, r.schedule, r.next_months)
                 for r in self.policy.rules]  # fmt: skip
        factors = [factor.text for factor in self.policy.risk_factors]
        whole = (rules, self.policy.endpoints, self.policy.interval_months, factors)
        return f"{self.sentence} | {whole}"

    @property
    def title(self) -> str:
        """Name in tables and sentences."""
        if self.policy is None:
            return self.sentence
        first = "" if not self.schedule.doses else f"{self.sentence}; "
        values = ", ".join(
            f"{name} {value if isinstance(value, str) else number_text(value)}"
            for name, value in self.settings.items()
        )
        return f"{first}{self.policy.title or self.policy.name}{f' ({values})' * bool(values)}"


@dataclass(frozen=True, slots=True)
class Template:
    """What plans of a problem share: texts with the names of variables in braces.

    Attributes
    ----------
    schedule : str
    policy : mapping or str
        Content of a policy table, or the name of a guideline; empty for none.
    variables : tuple of Variable
    path : Path, optional
        File in which the rules stand, for messages.
    """

    schedule: str
    policy: Mapping[str, Any] | str
    variables: tuple[Variable, ...]
    path: Path | None = None

    def plan(self, values: Mapping[str, Value]) -> Plan:
        """Return the plan with some values.

        Raises
        ------
        RemodelError
            One of its subclasses, if the schedule or a rule cannot be read.
        """
        texts = self._filling(values)
        schedule = self.schedule_with(values)
        used = self._used(values, texts)
        if not self.policy:
            return Plan(used, schedule)
        content = _filled(self.policy, texts)
        if isinstance(content, str):
            return Plan(used, schedule, load_policy(content))
        return Plan(used, schedule, policy_of(Table(self.path, "", content), "rules"))

    def schedule_with(self, values: Mapping[str, Value]) -> Schedule:
        """Return what is given to all with some values.

        Raises
        ------
        RemodelError
            One of its subclasses, if the schedule cannot be read.
        """
        return schedule_of(filled(self.schedule, self._filling(values)))

    def _filling(self, values: Mapping[str, Value]) -> dict[str, str]:
        return {v.name: v.text(values[v.name]) for v in self.variables}

    def _used(self, values: Mapping[str, Value], texts: Mapping[str, str]) -> dict[str, Value]:
        """Return the values of variables that the texts name, or choices that are in them."""
        names: set[str] = set()
        reached = [self.schedule, *_texts(self.policy)]
        while reached:
            named = {name for text in reached for name in _NAME.findall(text)} - names
            names |= named
            reached = [texts[name] for name in named]
        return {name: value for name, value in values.items() if name in names}

    def counts(self, name: str) -> bool:
        """Whether a variable is a number of doses somewhere."""
        written = [*_texts(self.policy), self.schedule]
        written += [choice for variable in self.variables for choice in variable.choices]
        return any(re.search(rf"\bx\s*\{{{name}\}}", text) for text in written)

    def check_names(self) -> None:
        """Raise if a text has a variable that is not there, or a variable is in no text.

        Raises
        ------
        ConfigError
        """
        known = [variable.name for variable in self.variables]
        written = [self.schedule, *_texts(self.policy)]
        written += [choice for variable in self.variables for choice in variable.choices]
        named = {name for text in written for name in _NAME.findall(text)}
        for name in sorted(named):
            if name not in known:
                raise ConfigError(f"'{{{name}}}' is no variable.{nearest(name, known)}")
        for name in known:
            if name not in named:
                raise ConfigError(f"variable '{name}' is neither in the schedule nor in a rule.")


def schedule_of(text: str) -> Schedule:
    """Return the schedule of a sentence; what is given no times, or for no time, is left out."""
    clauses = _SEPARATOR.split(text)
    kept = [NONE if _NOTHING.search(clause) else clause for clause in clauses]
    sentence = " ".join(clause.strip() for clause in kept).strip()
    if not sentence:
        return Schedule()
    schedule = Schedule.parse(sentence)
    doses = (_without_interval(dose) for dose in schedule.doses if dose.amount > 0)
    return Schedule(tuple(doses), schedule.interventions)


def _without_interval(dose: Dose) -> Dose:
    """Return a dose that is given once without the interval it would have had."""
    if dose.count != 1 or dose.steady_state:
        return dose
    return replace(dose, interval=None, duration=None)


def filled(text: str, texts: Mapping[str, str]) -> str:
    """Return a text with the variables replaced, those inside choices as well."""
    for _ in range(_DEEPEST):
        replaced = _NAME.sub(lambda name: texts[name.group(1)], text)
        if replaced == text:
            return text
        text = replaced
    raise ConfigError(f"'{text}': the choices of variables name each other in a circle.")


def _filled(content: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(content, str):
        return filled(content, texts)
    if isinstance(content, Mapping):
        return {key: _filled(value, texts) for key, value in content.items()}
    if isinstance(content, Sequence):
        return [_filled(item, texts) for item in content]
    return content


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    items = content.values() if isinstance(content, Mapping) else content
    is_many = isinstance(content, Mapping | Sequence)
    return [text for item in items for text in _texts(item)] if is_many else []
