"""The equations of a model one by one, in an order in which each uses only what stands before it.

They come from the functions that define the model, called with symbols; nothing is typed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from remodel.equations.assembly import TIME, Assembly
from remodel.symbolic.expression import Expression, Graph, ancestors

AT_BASELINE = "initial "


@dataclass(frozen=True, slots=True)
class Statement:
    """A name, and what it is computed from.

    Attributes
    ----------
    name : str
        Of a quantity, or of a state whose rate or baseline this is.
    expression : Expression
        Of the names of other quantities, states, parameters and the time [d].
    meaning : str
        One sentence.
    """

    name: str
    expression: Expression
    meaning: str = ""

    @property
    def uses(self) -> frozenset[str]:
        """Names in the expression."""
        nodes = ancestors([self.expression])
        return frozenset(node.name for node in nodes if node.operation == "symbol")


@dataclass(frozen=True, slots=True)
class Statements:
    """A model as statements.

    Attributes
    ----------
    quantities : tuple of Statement
        Every quantity, flow and shared quantity.
    rates : tuple of Statement
        Derivative of each state by time [1/d].
    baseline : tuple of Statement
        Quantities at the baseline that the states need there, and the states.
    """

    quantities: tuple[Statement, ...]
    rates: tuple[Statement, ...]
    baseline: tuple[Statement, ...]

    @classmethod
    def of(cls, assembly: Assembly) -> Statements:
        """Return the statements of a resolved model."""
        graph = Graph()
        defined = {s.name: s for s in _definitions(assembly, graph)}
        starts = {name: _start(assembly, graph, name) for name in assembly.states}
        names = (*assembly.equations, *assembly.ports)
        return cls(
            quantities=tuple(_in_order(names, defined)),
            rates=tuple(_rate(assembly, graph, name) for name in assembly.states),
            baseline=tuple(_in_order(assembly.states, {**defined, **starts})),
        )

    @property
    def parameters(self) -> frozenset[str]:
        """Names that no statement defines: parameters, and time where it is used."""
        lists = (self.quantities, self.rates, self.baseline)
        used = frozenset(name for listed in lists for s in listed for name in s.uses)
        defined = {s.name for listed in lists for s in listed}
        return used - defined - {TIME}


def _definitions(assembly: Assembly, graph: Graph) -> Iterator[Statement]:
    for name, equation in assembly.equations.items():
        symbols = [graph.symbol(argument) for argument in assembly.arguments_of(name)]
        yield Statement(name, graph.wrap(equation.function(*symbols)), equation.meaning)
    for name, port in assembly.ports.items():
        is_product = port.combine == "product"
        value = graph.constant(1.0 if is_product else 0.0)
        for contribution in map(graph.symbol, assembly.contributions_to(name)):
            value = value * contribution if is_product else value + contribution
        yield Statement(name, value, port.meaning)


def _start(assembly: Assembly, graph: Graph, state: str) -> Statement:
    equation = assembly.initials.get(state)
    if equation is None:
        return Statement(state, graph.constant(0.0))
    symbols = map(graph.symbol, assembly.arguments_of(f"{AT_BASELINE}{state}"))
    return Statement(state, graph.wrap(equation.function(*symbols)), equation.meaning)


def _rate(assembly: Assembly, graph: Graph, state: str) -> Statement:
    rate = graph.constant(0.0)
    for name in assembly.equations:
        source, target = assembly.flow_of(name)
        if target == state:
            rate = rate + graph.symbol(name)
        if source == state:
            rate = rate - graph.symbol(name)
    return Statement(state, rate, assembly.states[state].meaning)


def _in_order(names: Iterable[str], defined: dict[str, Statement]) -> list[Statement]:
    """Return the statements of names and of all they use, each after those it uses."""
    done: dict[str, Statement] = {}
    for name in names:
        stack = [name]
        while stack:
            statement = defined[stack[-1]]
            missing = [n for n in sorted(statement.uses) if n in defined and n not in done]
            if missing:
                stack.extend(missing)
            else:
                done[stack.pop()] = statement
    return list(done.values())
