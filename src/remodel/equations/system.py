"""Tracing: from an assembly of equations to one symbolic system with its derivatives."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations.assembly import TIME, Assembly, Group
from remodel.equations.equation import State
from remodel.errors import ModelError, nearest
from remodel.symbolic.conservation import conserved_sums
from remodel.symbolic.derivatives import Sparse, jacobian
from remodel.symbolic.expression import Expression, Graph, ancestors, evaluate_arrays


@dataclass(frozen=True, eq=False)
class System:
    """A traced model: symbols, derivatives of the states, baseline and outputs.

    Attributes
    ----------
    graph : Graph
    assembly : Assembly
    time : Expression
    states, parameters : tuple of Expression
        Symbols, in the order of the state and parameter vectors.
    rates, initial : tuple of Expression
        One a state: derivative per day, and value at the baseline.
    outputs : dict of str to Expression
        Every state and quantity by name.
    """

    graph: Graph
    assembly: Assembly
    time: Expression
    states: tuple[Expression, ...]
    parameters: tuple[Expression, ...]
    rates: tuple[Expression, ...]
    initial: tuple[Expression, ...]
    outputs: dict[str, Expression]

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the states, in the order of the state vector."""
        return tuple(s.name for s in self.states)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters, in the order of the parameter vector."""
        return tuple(p.name for p in self.parameters)

    def baseline(self, parameters: FloatArray, time: FloatArray) -> FloatArray:
        """Return the baseline of every state, evaluated in double precision by numpy.

        Parameters
        ----------
        parameters : ndarray, shape (n, n_parameters)
            In the order of ``parameter_names``.
        time : ndarray, shape (n,)
            Model time [d].

        Returns
        -------
        ndarray, shape (n, n_states)
        """
        values = dict(zip(self.parameter_names, parameters.T, strict=True))
        with np.errstate(all="ignore"):  # a parameter that is not a number gives a state like it
            columns = evaluate_arrays(self.initial, {**values, TIME: time})
        rows = [np.broadcast_to(value, (len(parameters),)) for value in columns]
        return np.ascontiguousarray(np.stack(rows, axis=1), dtype=np.float64)

    def baseline_tangents(
        self, parameters: FloatArray, time: FloatArray, along: Sequence[str]
    ) -> FloatArray:
        """Return derivatives of the baseline by parameters, shape (n, n_along, n_states)."""
        derivatives = np.zeros((len(parameters), len(along), len(self.states)))
        if not along:
            return derivatives
        values = {**dict(zip(self.parameter_names, parameters.T, strict=True)), TIME: time}
        entries = jacobian(self.initial, self.symbols_of(along))
        with np.errstate(all="ignore"):
            numbers = evaluate_arrays(entries.values(), values)
        for (i, j), number in zip(entries, numbers, strict=True):
            derivatives[:, j, i] = number
        return derivatives

    def state(self, name: str) -> State:
        """Return the declaration of a state."""
        return self.assembly.states[name]

    @cached_property
    def jacobian(self) -> Sparse:
        """Derivatives of the rates by the states; keys are (row, column)."""
        return jacobian(self.rates, self.states)

    @cached_property
    def time_derivative(self) -> dict[int, Expression]:
        """Explicit derivatives of the rates by time; states that have none are left out."""
        return {i: e for (i, _), e in jacobian(self.rates, [self.time]).items()}

    @cached_property
    def conserved_sums(self) -> FloatArray:
        """Weights of sums of states that stay constant, shape (n_sums, n_states)."""
        return conserved_sums(self.rates)

    def parameter_derivatives(self, names: Sequence[str]) -> Sparse:
        """Return derivatives of the rates by the named parameters; keys are (row, position)."""
        return jacobian(self.rates, self.symbols_of(names))

    def symbols_of(self, names: Sequence[str]) -> list[Expression]:
        """Return the symbols of parameters.

        Raises
        ------
        ModelError
            If a name is not a parameter of this model.
        """
        known = dict(zip(self.parameter_names, self.parameters, strict=True))
        missing = [name for name in names if name not in known]
        if missing:
            raise ModelError(
                f"'{missing[0]}' is not a parameter of this model.{nearest(missing[0], known)}"
            )
        return [known[name] for name in names]

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the equations: equal for equal systems, whatever the parameter values."""
        roots = [*self.rates, *self.initial, *self.outputs.values()]
        position: dict[int, int] = {}
        digest = hashlib.sha256()
        for place, node in enumerate(ancestors(roots)):
            position[node.index] = place
            arguments = [position[a.index] for a in node.arguments]
            digest.update(f"{node.operation} {node.name} {node.value!r} {arguments}\n".encode())
        digest.update(repr([position[r.index] for r in roots]).encode())
        digest.update(repr((self.state_names, self.parameter_names)).encode())
        return digest.hexdigest()


def trace(
    groups: Sequence[Group], parameters: Sequence[str], constants: Mapping[str, float] | None = None
) -> System:
    """Evaluate mechanisms once with symbols.

    Parameters
    ----------
    groups : sequence of Group
        The mechanisms, grouped by prefix.
    parameters : sequence of str
        Names of all parameters and inputs; those no equation uses are left out.
    constants : mapping of str to float, optional
        Parameters to be written into the code as numbers, such as an exponent that is 1.

    Raises
    ------
    ModelError
        If a name is missing or defined twice, or an equation cannot be traced.
    """
    graph = Graph(static=parameters)
    assembly = Assembly(groups, parameters)
    time = graph.symbol(TIME)
    symbols = {name: graph.symbol(name) for name in (*assembly.states, *assembly.parameters)}
    symbols.update({name: graph.constant(value) for name, value in (constants or {}).items()})
    evaluation = assembly.evaluate({TIME: time, **symbols})
    rates = tuple(graph.wrap(value) for value in evaluation.rates().values())
    at_start = assembly.evaluate_initial(
        {TIME: time, **{name: symbols[name] for name in assembly.parameters}}
    )
    initial = tuple(graph.wrap(at_start[name]) for name in assembly.states)
    states = tuple(symbols[name] for name in assembly.states)
    outputs = {name: symbols[name] for name in assembly.states}
    outputs.update({name: graph.wrap(value) for name, value in evaluation.quantities.items()})
    used = {n.name for n in ancestors([*rates, *initial, *outputs.values()])}
    kept = tuple(
        symbols[name]
        for name in assembly.parameters
        if name in used and name not in (constants or {})
    )
    return System(graph, assembly, time, states, kept, rates, initial, outputs)
