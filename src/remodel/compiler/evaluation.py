"""Straight-line code that evaluates expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from remodel.compiler import mathematics
from remodel.compiler.ir import Writer
from remodel.symbolic.expression import Expression, ancestors

_SERIES = {"exp": mathematics.exp, "log": mathematics.log}


def evaluated(
    w: Writer,
    roots: Sequence[Expression],
    slots: Mapping[int, int],
    known: Mapping[int, str] | None = None,
) -> list[str]:
    """Append the computation of expressions; return a register or constant for each root.

    Parameters
    ----------
    w : Writer
    roots : sequence of Expression
    slots : mapping of int to int
        From the index of a node whose value is in the workspace (a symbol, or something computed
        before) to its slot.
    known : mapping of int to str, optional
        Registers that already hold the value of a node.
    """
    registers: dict[int, str] = dict(known or {})
    for root in roots:
        _evaluate(w, root, slots, registers)
    return [registers[root.index] for root in roots]


def _evaluate(
    w: Writer, root: Expression, slots: Mapping[int, int], registers: dict[int, str]
) -> None:
    stack = [root]
    while stack:
        node = stack[-1]
        if node.index in registers:
            stack.pop()
            continue
        if node.index in slots:
            registers[node.index] = w.load(slots[node.index])
        elif node.is_constant:
            registers[node.index] = w.constant(node.value)
        else:
            waiting = [a for a in node.arguments if a.index not in registers]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            arguments = [registers[a.index] for a in node.arguments]
            registers[node.index] = _operation(w, node.operation, arguments)
        stack.pop()


def _operation(w: Writer, name: str, arguments: Sequence[str]) -> str:
    if name in _SERIES:
        return _SERIES[name](w, *arguments)
    result: str = getattr(w, name)(*arguments)
    return result


def hoistable(roots: Sequence[Expression]) -> list[Expression]:
    """Return static nodes, other than symbols and constants, that the rest of the roots use."""
    nodes = {node.index: node for node in roots if node.is_static and node.arguments}
    for node in ancestors(roots):
        if not node.is_static:
            nodes.update({a.index: a for a in node.arguments if a.is_static and a.arguments})
    return list(nodes.values())
