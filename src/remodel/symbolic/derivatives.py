"""Differentiation of expression graphs: sparse Jacobians and directional derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from remodel.symbolic.expression import Expression, Graph, ancestors

Sparse = dict[tuple[int, int], Expression]


def partials(node: Expression) -> tuple[Expression | None, ...]:
    """Return the derivative of a node with respect to each of its arguments (None for zero)."""
    rule = _RULES.get(node.operation)
    return rule(node, *node.arguments) if rule else tuple(None for _ in node.arguments)


def _of_divide(node: Expression, _: Expression, b: Expression) -> tuple[Expression, Expression]:
    graph = node.graph
    return graph.divide(graph.constant(1.0), b), graph.negate(graph.divide(node, b))


def _of_log(node: Expression, a: Expression) -> tuple[Expression]:
    # zero at 0, so that x ** g and its derivative are zero together for an empty compartment
    graph, zero = node.graph, node.graph.constant(0.0)
    inverse = graph.divide(graph.constant(1.0), a)
    return (graph.where(graph.less(zero, a), inverse, zero),)


def _of_where(
    node: Expression, condition: Expression, *_: Expression
) -> tuple[None, Expression, Expression]:
    graph = node.graph
    one, zero = graph.constant(1.0), graph.constant(0.0)
    return None, graph.where(condition, one, zero), graph.where(condition, zero, one)


_RULES: dict[str, Callable[..., tuple[Expression | None, ...]]] = {
    "add": lambda node, *_: (node.graph.constant(1.0), node.graph.constant(1.0)),
    "subtract": lambda node, *_: (node.graph.constant(1.0), node.graph.constant(-1.0)),
    "negate": lambda node, *_: (node.graph.constant(-1.0),),
    "multiply": lambda _, a, b: (b, a),
    "divide": _of_divide,
    "exp": lambda node, *_: (node,),
    "log": _of_log,
    "sqrt": lambda node, *_: (node.graph.divide(node.graph.constant(0.5), node),),
    "where": _of_where,
}


def _chain(graph: Graph, local: Expression, inner: Expression, node: Expression) -> Expression:
    # d(a/b) = (da - (a/b) db) / b keeps one division where local * inner would need two.
    if node.operation == "divide" and local.operation == "divide":
        return graph.divide(inner, local.arguments[1])
    return graph.multiply(local, inner)


def gradients(
    roots: Sequence[Expression], symbols: Mapping[int, int]
) -> list[dict[int, Expression]]:
    """Return the sparse gradient of each root.

    Parameters
    ----------
    roots : sequence of Expression
    symbols : mapping of int to int
        From the index of a symbol's node to its position among the variables.

    Returns
    -------
    list of dict
        For each root, from the position of a variable to the derivative; zeros are left out.
    """
    known: dict[int, dict[int, Expression]] = {}
    for node in ancestors(roots):
        if node.operation == "symbol":
            where = symbols.get(node.index)
            known[node.index] = {} if where is None else {where: node.graph.constant(1.0)}
            continue
        total: dict[int, Expression] = {}
        inner_of = [known[a.index] for a in node.arguments]
        if any(inner_of):
            for local, inner in zip(partials(node), inner_of, strict=True):
                if local is None:
                    continue
                for variable, value in inner.items():
                    step = _chain(node.graph, local, value, node)
                    before = total.get(variable)
                    total[variable] = step if before is None else node.graph.add(before, step)
        known[node.index] = {v: e for v, e in total.items() if not e.equals(0.0)}
    return [known[root.index] for root in roots]


def jacobian(roots: Sequence[Expression], variables: Iterable[Expression]) -> Sparse:
    """Return the sparse matrix of derivatives of roots (rows) by variables (columns)."""
    symbols = {variable.index: j for j, variable in enumerate(variables)}
    rows = gradients(roots, symbols)
    return {(i, j): row[j] for i, row in enumerate(rows) for j in sorted(row)}


def directional(
    roots: Sequence[Expression], direction: Mapping[Expression, Expression]
) -> list[Expression]:
    """Return the derivative of each root along a direction given for some of the symbols."""
    seeds = {symbol.index: value for symbol, value in direction.items()}
    known: dict[int, Expression | None] = {}
    for node in ancestors(roots):
        if node.operation == "symbol":
            known[node.index] = seeds.get(node.index)
            continue
        total: Expression | None = None
        inner_of = [known[a.index] for a in node.arguments]
        if any(inner is not None for inner in inner_of):
            for local, inner in zip(partials(node), inner_of, strict=True):
                if local is None or inner is None:
                    continue
                step = _chain(node.graph, local, inner, node)
                total = step if total is None else node.graph.add(total, step)
        known[node.index] = total
    results = []
    for root in roots:
        value = known[root.index]
        results.append(root.graph.constant(0.0) if value is None else value)
    return results
