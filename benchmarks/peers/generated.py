"""Source code of a traced system for other solvers: Python, Numba and JAX from one graph.

All solvers get the state-scaled system: with y = scale z they integrate z, so that one absolute
tolerance serves every state. What depends on parameters alone is computed once, by ``derive``; the
right-hand side reads parameters and derived values from one vector ``c``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.compiler.evaluation import hoistable
from remodel.equations.system import System
from remodel.symbolic.expression import Expression, ancestors

_DEEPEST = 12  # nesting of a written expression; deeper ones are given a name
_BINARY = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "less": "<"}


@dataclass(frozen=True, eq=False)
class Equations:
    """What solvers need of a system: expressions and what is computed once.

    Attributes
    ----------
    hoisted : tuple of Expression
        Computed once from the parameters.
    scale : ndarray, shape (n_states,)
    """

    system: System
    hoisted: tuple[Expression, ...]
    scale: FloatArray

    @property
    def states(self) -> int:
        """Number of states."""
        return len(self.system.states)

    @property
    def constants(self) -> int:
        """Length of the vector ``c``."""
        return len(self.system.parameters) + len(self.hoisted)

    def names(self) -> dict[int, str]:
        """Return how states, parameters and hoisted nodes are called in generated code."""
        m = len(self.system.parameters)
        known = {p.index: f"c[{j}]" for j, p in enumerate(self.system.parameters)}
        known.update({node.index: f"c[{m + j}]" for j, node in enumerate(self.hoisted)})
        known[self.system.time.index] = "t"
        for i, state in enumerate(self.system.states):
            known[state.index] = f"y{i}"
        return known


def equations_of(system: System, scale: FloatArray) -> Equations:
    """Collect what is generated for a system."""
    roots = [*system.rates, *system.jacobian.values()]
    return Equations(system, tuple(hoistable(roots)), scale)


def write_statements(
    roots: Sequence[Expression], names: Mapping[int, str]
) -> tuple[list[str], list[str]]:
    """Write expressions as assignments to temporaries and one final expression a root."""
    needed = _needed(roots, names)
    order = [node for node in ancestors(roots) if node.index in needed]
    uses = Counter(a.index for node in order for a in node.arguments)
    uses.update(root.index for root in roots)
    text, depth = dict(names), dict.fromkeys(names, 0)
    lines: list[str] = []
    for node in order:
        text[node.index] = _written(node, text)
        depth[node.index] = 1 + max((depth[a.index] for a in node.arguments), default=-1)
        if node.arguments and (uses[node.index] > 1 or depth[node.index] > _DEEPEST):
            lines.append(f"v{node.index} = {text[node.index]}")
            text[node.index], depth[node.index] = f"v{node.index}", 0
    return lines, [text[root.index] for root in roots]


def _needed(roots: Sequence[Expression], names: Mapping[int, str]) -> set[int]:
    """Return nodes that are not below a named one."""
    found: set[int] = set()
    stack = [root for root in roots if root.index not in names]
    while stack:
        node = stack.pop()
        if node.index not in found:
            found.add(node.index)
            stack.extend(a for a in node.arguments if a.index not in names)
    return found


def _written(node: Expression, text: Mapping[int, str]) -> str:
    if node.is_constant:
        return repr(node.value) if node.value >= 0 else f"({node.value!r})"
    arguments = [text[a.index] for a in node.arguments]
    if node.operation in _BINARY:
        return f"({arguments[0]} {_BINARY[node.operation]} {arguments[1]})"
    if node.operation == "negate":
        return f"(-{arguments[0]})"
    return f"{node.operation}({', '.join(arguments)})"


def _indent(lines: Sequence[str]) -> str:
    return "".join(f"    {line}\n" for line in lines)


def _states(equations: Equations) -> list[str]:
    return [f"y{i} = z[{i}] * {s!r}" for i, s in enumerate(map(float, equations.scale))]


def source_in_place(equations: Equations) -> str:
    """Return ``derive(c)``, ``slope(t, z, c, out)`` and ``jacobian(t, z, c, out)``."""
    system, names = equations.system, equations.names()
    inverse = [repr(1.0 / float(s)) for s in equations.scale]
    m = len(system.parameters)
    parameters = {p.index: f"c[{j}]" for j, p in enumerate(system.parameters)}
    before, values = write_statements(equations.hoisted, parameters)
    derive = [*before, *(f"c[{m + j}] = {v}" for j, v in enumerate(values))]
    before, values = write_statements(system.rates, names)
    slope = [*before, *(f"out[{i}] = {v} * {inverse[i]}" for i, v in enumerate(values))]
    entries = system.jacobian
    before, values = write_statements(list(entries.values()), names)
    ratio = {(i, j): float(equations.scale[j] / equations.scale[i]) for i, j in entries}
    jacobian = [
        "out[:, :] = 0.0",
        *before,
        *(f"out[{i}, {j}] = {v} * {ratio[i, j]!r}"
          for (i, j), v in zip(entries, values, strict=True)),
    ]  # fmt: skip
    states = _states(equations)
    return (
        f"def derive(c):\n{_indent(derive or ['pass'])}\n"
        f"def slope(t, z, c, out):\n{_indent(states + slope)}\n"
        f"def jacobian(t, z, c, out):\n{_indent(states + jacobian)}"
    )


def source_returning(equations: Equations) -> str:
    """Return ``slope(t, z, c)`` that returns a stacked array, for JAX."""
    before, values = write_statements(equations.system.rates, equations.names())
    inverse = [repr(1.0 / float(s)) for s in equations.scale]
    listed = ", ".join(f"{v} * {inverse[i]}" for i, v in enumerate(values))
    lines = [*_states(equations), *before, f"return stack([{listed}])"]
    return f"def slope(t, z, c):\n{_indent(lines)}"


def functions(source: str, **namespace: Any) -> SimpleNamespace:
    """Run generated source and return what it defines."""
    scope: dict[str, Any] = {"inf": math.inf, "nan": math.nan, **namespace}
    exec(compile(source, "<generated>", "exec"), scope)
    return SimpleNamespace(**scope)


def _safe_log(x: float) -> float:
    return math.log(x) if x > 0.0 else (-math.inf if x == 0.0 else math.nan)


def _choose(condition: bool, a: float, b: float) -> float:
    return a if condition else b


@lru_cache(maxsize=32)
def _compiled(system: System, scale: bytes, numba: bool) -> SimpleNamespace:
    equations = equations_of(system, np.frombuffer(scale))
    plain = functions(
        source_in_place(equations), exp=math.exp, log=_safe_log, sqrt=math.sqrt, where=_choose
    )
    if not numba:
        return SimpleNamespace(
            equations=equations, derive=plain.derive, slope=plain.slope, jacobian=plain.jacobian
        )
    import numba as nb

    options: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract", "nsz", "arcp"}}
    where = nb.njit(**options)(_choose)
    built = functions(
        source_in_place(equations), exp=math.exp, log=math.log, sqrt=math.sqrt, where=where
    )
    return SimpleNamespace(
        equations=equations,
        derive=nb.njit(**options)(built.derive),
        slope=nb.njit(**options)(built.slope),
        jacobian=nb.njit(**options)(built.jacobian),
    )


def python_functions(system: System, scale: FloatArray) -> SimpleNamespace:
    """Return the functions of a system in plain Python."""
    return _compiled(system, np.asarray(scale, dtype=np.float64).tobytes(), False)


def numba_functions(system: System, scale: FloatArray) -> SimpleNamespace:
    """Return the functions of a system compiled by Numba."""
    return _compiled(system, np.asarray(scale, dtype=np.float64).tobytes(), True)


def constants_of(derive: Callable[[FloatArray], None], size: int, parameters: FloatArray) -> Any:
    """Return the vector ``c`` of a set of parameters."""
    c = np.zeros(size)
    c[: len(parameters)] = parameters
    derive(c)
    return c
