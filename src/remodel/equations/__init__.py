"""Equations written once: tracing, derivatives, compiled kernels, dimensions and LaTeX."""

from remodel.equations.assembly import TIME, Assembly, Evaluation, Group
from remodel.equations.equation import (
    Equation,
    Port,
    State,
    collect,
    endpoint,
    factor,
    flow,
    gain,
    initial,
    loss,
    product,
    quantity,
    rate,
    starts_at,
    state,
    term,
    total,
)
from remodel.equations.functions import (
    exp,
    hill,
    log,
    maximum,
    minimum,
    repression,
    sqrt,
    where,
)

__all__ = [
    "TIME", "Assembly", "Equation", "Evaluation", "Group", "Port", "State", "collect", "endpoint",
    "exp", "factor", "flow", "gain", "hill", "initial", "log", "loss", "maximum", "minimum",
    "product", "quantity", "rate", "repression", "sqrt", "starts_at", "state", "term", "total",
    "where",
]  # fmt: skip
