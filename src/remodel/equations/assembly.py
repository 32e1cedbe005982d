"""Assembling mechanisms: every name resolved, every equation evaluated once, in any arithmetic.

The same assembly is evaluated with symbols (to trace it), with floats (to explain a number) and
with pint quantities (to prove its dimensions).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from remodel.equations.equation import Equation, Port, State
from remodel.errors import ModelError, nearest

Part = Equation | State | Port
TIME = "time"


@dataclass(frozen=True, slots=True)
class Group:
    """Parts that share a prefix: the mechanisms of one drug, or the body (no prefix).

    Inside a group, names are looked up with the prefix first: in the group ``denosumab`` the
    argument ``central`` means ``denosumab_central``.
    """

    prefix: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Values of everything a model defines, at one state and time.

    Attributes
    ----------
    quantities : dict
        Every quantity, flow and shared quantity by name.
    terms : dict
        For each state, the named terms of its derivative, with their sign.
    """

    quantities: dict[str, Any]
    terms: dict[str, dict[str, Any]]

    def rates(self) -> dict[str, Any]:
        """Return the derivative of each state; a state without terms stays constant."""
        return {name: _sum(list(terms.values())) for name, terms in self.terms.items()}


def _sum(values: Sequence[Any]) -> Any:
    result = values[0] if values else 0.0
    for value in values[1:]:
        result = result + value
    return result


def _product(values: Sequence[Any]) -> Any:
    result = values[0] if values else 1.0
    for value in values[1:]:
        result = result * value
    return result


class Assembly:
    """Mechanisms put together: names resolved, contradictions refused.

    Parameters
    ----------
    groups : iterable of Group
    parameters : iterable of str
        Names of all parameters and inputs.

    Attributes
    ----------
    owners : dict of str to str
        The drug that each state belongs to, empty for a state of the body.

    Raises
    ------
    ModelError
        If a name is defined twice, missing, or defined through itself.
    """

    def __init__(self, groups: Iterable[Group], parameters: Iterable[str]) -> None:
        self.parameters = tuple(parameters)
        self.states: dict[str, State] = {}
        self.owners: dict[str, str] = {}
        self.ports: dict[str, Port] = {}
        self.equations: dict[str, Equation] = {}
        self.initials: dict[str, Equation] = {}
        self._arguments: dict[str, tuple[str, ...]] = {}
        self._targets: dict[str, tuple[str, str]] = {}
        self._contributions: dict[str, list[str]] = {}
        members = [(group.prefix, part) for group in groups for part in group.parts]
        members = list({(p, id(part)): (p, part) for p, part in members}.values())
        for prefix, part in members:
            self._declare(prefix, part)
        self._known = {TIME, *self.parameters, *self.states, *self.ports, *self.equations}
        for prefix, part in members:
            if isinstance(part, Equation):
                self._connect(prefix, part)

    def _declare(self, prefix: str, part: Part) -> None:
        name = _full(prefix, part.name)
        if isinstance(part, Equation) and part.kind == "initial":
            return
        taken = {*self.parameters, *self.states, *self.ports, *self.equations}
        if name in taken:
            raise ModelError(
                f"'{name}' is defined twice; a state, quantity and parameter need different names."
            )
        if isinstance(part, State):
            self.states[name] = replace(part, name=name)
            self.owners[name] = prefix
        elif isinstance(part, Port):
            self.ports[name] = part
        else:
            self.equations[name] = part

    def resolve(self, prefix: str, name: str, where: str) -> str:
        """Return the full name of what is called ``name`` in a group; ``where`` says who asks.

        Raises
        ------
        ModelError
            If nothing has that name.
        """
        for candidate in (_full(prefix, name), name):
            if candidate in self._known:
                return candidate
        raise ModelError(
            f"equation {where} uses '{name}', which nothing defines.{nearest(name, self._known)}"
        )

    def _connect(self, prefix: str, equation: Equation) -> None:
        name = _full(prefix, equation.name)
        arguments = tuple(self.resolve(prefix, a, name) for a in equation.arguments)
        source = self._pool(prefix, equation.source, name)
        target = self._pool(prefix, equation.target, name)
        if equation.kind == "initial":
            if target in self.initials:
                raise ModelError(f"the baseline of '{target}' is defined twice.")
            key = f"initial {target}"
            self.initials[target] = equation
            self._arguments[key] = arguments
            return
        self._arguments[name] = arguments
        if equation.kind == "flow":
            self._targets[name] = (source, target)
        elif equation.kind in ("factor", "term"):
            if target not in self.ports:
                raise ModelError(f"equation {name} contributes to '{target}', which is not shared.")
            self._contributions.setdefault(target, []).append(name)

    def _pool(self, prefix: str, name: str, where: str) -> str:
        return self.resolve(prefix, name, where) if name else ""

    def evaluate(self, values: Mapping[str, Any]) -> Evaluation:
        """Evaluate everything, given time, states and parameters in any arithmetic."""
        known: dict[str, Any] = dict(values)
        for name in (*self.ports, *self.equations):
            self._value(name, known, ())
        terms: dict[str, dict[str, Any]] = {name: {} for name in self.states}
        for name, (source, target) in self._targets.items():
            if source:
                terms[source][name] = -known[name]
            if target:
                terms[target][name] = known[name]
        quantities = {name: known[name] for name in (*self.equations, *self.ports)}
        return Evaluation(quantities, terms)

    def evaluate_initial(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Evaluate the baseline of every state, given time and parameters; 0 where not defined."""
        known: dict[str, Any] = dict(values)
        return {name: self._value(name, known, (), at_baseline=True) for name in self.states}

    def constants(self, names: Iterable[str], values: Mapping[str, Any]) -> dict[str, Any]:
        """Evaluate parameters and quantities that depend on parameters, and on time if given.

        Raises
        ------
        ModelError
            If a name is unknown or depends on a state, or on time where none is given.
        """
        known: dict[str, Any] = {n: values[n] for n in (*self.parameters, TIME) if n in values}
        wanted = tuple(names)
        for name in wanted:
            varying = self._varying_input(self.resolve("", name, "constants"), known)
            if varying:
                raise ModelError(f"'{name}' is not constant: it depends on '{varying}'.")
            self._value(name, known, ())
        return {name: known[name] for name in wanted}

    def _varying_input(self, name: str, known: Mapping[str, Any]) -> str:
        if name in known:
            return ""
        if name == TIME or name in self.states:
            return name
        below = self._contributions.get(name, ()) if name in self.ports else ()
        for inner in (*below, *self._arguments.get(name, ())):
            if found := self._varying_input(inner, known):
                return found
        return ""

    def _value(
        self, name: str, known: dict[str, Any], path: tuple[str, ...], *, at_baseline: bool = False
    ) -> Any:
        if name in known:
            return known[name]
        if name in path:
            circle = " -> ".join((*path[path.index(name) :], name))
            raise ModelError(f"'{name}' is defined through itself: {circle}.")
        below = (*path, name)
        if name in self.ports:
            parts = [
                self._value(c, known, below, at_baseline=at_baseline)
                for c in self._contributions.get(name, [])
            ]
            known[name] = _product(parts) if self.ports[name].combine == "product" else _sum(parts)
            return known[name]
        if name in self.equations:
            equation, key = self.equations[name], name
        elif name in self.initials:
            equation, key = self.initials[name], f"initial {name}"
        else:
            known[name] = 0.0
            return 0.0
        arguments = [
            self._value(a, known, below, at_baseline=at_baseline) for a in self._arguments[key]
        ]
        known[name] = equation.function(*arguments)
        return known[name]

    def arguments_of(self, name: str) -> tuple[str, ...]:
        """Return the full names an equation uses."""
        return self._arguments[name]

    def contributions_to(self, port: str) -> tuple[str, ...]:
        """Return the names of the equations that contribute to a shared quantity."""
        return tuple(self._contributions.get(port, ()))

    def flow_of(self, name: str) -> tuple[str, str]:
        """Return the states a flow leaves and enters; an empty name where it has none."""
        return self._targets.get(name, ("", ""))


def _full(prefix: str, name: str) -> str:
    return f"{prefix}_{name}" if prefix and name != TIME else name
