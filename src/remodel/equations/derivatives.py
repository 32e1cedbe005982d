"""Differentiation of expression graphs: sparse Jacobians and directional derivatives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from remodel.equations.expression import Expression, Graph, ancestors

Sparse = dict[tuple[int, int], Expression]


def partials(node: Expression) -> tuple[Expression | None, ...]:
    """Return the derivative of a node with respect to each of its arguments (None for zero)."""
    graph, args = node.graph, node.arguments
    one = graph.constant(1.0)
    if node.operation == "add":
        return one, one
    if node.operation == "subtract":
        return one, graph.constant(-1.0)
    if node.operation == "negate":
        return (graph.constant(-1.0),)
    if node.operation == "multiply":
        return args[1], args[0]
    if node.operation == "divide":
        return graph.divide(one, args[1]), graph.negate(graph.divide(node, args[1]))
    if node.operation == "exp":
        return (node,)
    if node.operation == "log":
        return (graph.divide(one, args[0]),)
    if node.operation == "sqrt":
        return (graph.divide(graph.constant(0.5), node),)
    if node.operation == "where":
        zero = graph.constant(0.0)
        return None, graph.where(args[0], one, zero), graph.where(args[0], zero, one)
    return tuple(None for _ in args)


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
