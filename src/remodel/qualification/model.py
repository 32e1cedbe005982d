"""The model: how large it is, which units its equations have, and the equations."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from remodel.equations.dimensions import check_dimensions
from remodel.equations.latex import expression_latex, name_latex
from remodel.exchange.statements import Statement, Statements
from remodel.models import Model
from remodel.provenance import versions
from remodel.provenance.origin import sources
from remodel.qualification.blocks import Formula
from remodel.qualification.findings import Findings
from remodel.units import in_days

_SOURCE = "the model"
_TIME, _SIZE = 70 * 365.25, 0.7  # days, and of every state; units do not depend on them


def describe(findings: Findings, model: Model) -> None:
    """Add how large a model is, its hashes, and the versions of everything it runs on."""
    assembly = model.assembly(tuple(model.drugs))
    statuses = [p.status for p in model.parameters.values()]
    counts = {
        "states": len(assembly.states),
        "quantities": len(Statements.of(assembly).quantities),
        "parameters": len(model.parameters),
        "estimated": statuses.count("estimated"),
        "drugs": len(model.drugs),
        "endpoints": len(model.endpoints),
        "dimensions_checked": _units_checked(model),
    }
    for name, count in counts.items():
        findings.add(f"model.{name}", count, "1", _SOURCE)
    for status in ("read", "derived", "recalled"):
        known = sum(p.provenance == status for p in model.parameters.values())
        findings.add(f"model.parameters_{status}", known, "1", _SOURCE)
    findings.words.update(
        {
            "equations of the model": model.system(tuple(model.drugs)).fingerprint[:16],
            "parameters of the model": model.parameters.fingerprint(),
            "platform": platform.platform(),
            **versions(),
            **{f"code and data of {room}": digest for room, digest in sources().items()},
        }
    )


def _units_checked(model: Model) -> int:
    """Return how many quantities were evaluated with units; a wrong one raises."""
    assembly = model.assembly(tuple(model.drugs))
    parameters = model.all_parameters
    values = {n: p.value * p.factor for n, p in parameters.items()} | {"time": _TIME}
    units = {n: in_days(p.unit)[1] if p.factor != 1 else p.unit for n, p in parameters.items()}
    values |= dict.fromkeys(assembly.states, _SIZE)
    return len(check_dimensions(assembly, units, values))


def equations(model: Model, *, quick: bool) -> Iterator[Formula]:
    """Yield the equations as LaTeX: rates of states, then quantities unless ``quick``."""
    assembly = model.assembly(tuple(model.drugs))
    statements = Statements.of(assembly)
    symbols = {p.name: p.symbol for p in model.parameters.values() if p.symbol}
    for rate in statements.rates:
        yield _formula(rate, symbols, r"\dfrac{\mathrm{d}}{\mathrm{d}t}\,")
    for quantity in () if quick else statements.quantities:
        yield _formula(quantity, symbols, "")


def _formula(statement: Statement, symbols: dict[str, str], prefix: str) -> Formula:
    left = name_latex(statement.name, symbols)
    right = expression_latex(statement.expression, {**symbols, "time": "t"})
    right = right.replace(r" \, ", r" \cdot ")  # words side by side are no product
    return Formula(f"{prefix}{left} = {right}", statement.meaning)
