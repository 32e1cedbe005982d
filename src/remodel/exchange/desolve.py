"""R code for deSolve: parameters, states, derivatives, doses as events, and the call of ``ode``.

Parameters that events set are states without a derivative, since events of deSolve act on states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from remodel.equations.assembly import TIME
from remodel.exchange.case import Case
from remodel.exchange.describe import description
from remodel.exchange.infix import R, infix, number
from remodel.exchange.names import r_names
from remodel.exchange.quantity_units import units_of
from remodel.exchange.statements import Statement
from remodel.files import write_text
from remodel.simulation.packing import scales
from remodel.units import DAYS_PER_MONTH

_START = "time_at_day_0"


def write_desolve(case: Case, path: str | Path) -> Path:
    """Write a case as an R script that ends with the table ``result``."""
    return write_text(path, desolve_text(case))


def desolve_text(case: Case) -> str:
    """Return a case as an R script."""
    statements = case.statements
    names = r_names([*case.parameters, *case.states, *(s.name for s in statements.quantities)])
    fixed = {n: v for n, v in case.parameters.items() if n not in case.varying}
    if case.start:
        fixed[_START] = case.start
    sizes = dict(zip(case.system.state_names, scales(case.system, case.model), strict=True))
    sizes.update({name: abs(case.parameters[name]) or 1.0 for name in sorted(case.varying)})
    parts = [
        *(f"# {line}" for line in description(case)),
        "",
        "library(deSolve)",
        "",
        *_vector("parameters", fixed, names, _meanings(case)),
        "",
        *_derivatives(case, names),
        "",
        *_states(case, names),
        "",
        "# size at which each state matters, for the absolute tolerance",
        *_vector("size", {n: float(v) for n, v in sizes.items()}, names, {}),
        "",
        *_events(case, names),
        "",
        f"times <- sort(unique(c(seq(0, {number(case.end)}, by = {number(DAYS_PER_MONTH)}), "
        f"{number(case.end)}, events$time)))",
        "result <- ode(",
        '  y = state, times = times, func = derivatives, parms = parameters, method = "lsoda",',
        "  rtol = 1e-8, atol = 1e-11 * size, maxsteps = 1e6,",
        "  events = if (nrow(events) > 0) list(data = events) else NULL",
        ")",
    ]
    return "\n".join(parts) + "\n"


def _meanings(case: Case) -> dict[str, str]:
    units = units_of(case)
    known = case.model.all_parameters
    meanings = {n: f"{known[n].meaning} [{units[n] or '-'}]" for n in case.parameters}
    return {**meanings, _START: "Model time at day 0 [d]"}


def _vector(
    name: str, values: Mapping[str, float], names: Mapping[str, str], meanings: Mapping[str, str]
) -> list[str]:
    """Return a named vector, one entry a line."""
    last = len(values) - 1
    lines = [
        f"  {names.get(key, key)} = {number(value)}{',' if i < last else ''}"
        + (f"  # {meanings[key]}" if key in meanings else "")
        for i, (key, value) in enumerate(values.items())
    ]
    return [f"{name} <- c(", *lines, ")"]


def _derivatives(case: Case, names: Mapping[str, str]) -> list[str]:
    time = f"({_START} + time)" if case.start else "time"
    words = {**names, TIME: time}
    rates = [f"      {_assigned(s, words)}" for s in case.statements.rates]
    rates += [f"      {names[name]} = 0.0" for name in sorted(case.varying)]
    defined = {s.name for s in case.statements.quantities}
    outputs = [n for n in case.model.endpoints if n in defined]
    return [
        "derivatives <- function(time, state, parameters) {",
        "  with(as.list(c(state, parameters)), {",
        *(f"    {_assigned(s, words, '<-')}" for s in case.statements.quantities),
        "    list(c(",
        ",\n".join(rates),
        "    ), c(",
        ",\n".join(f"      {names[n]} = {names[n]}" for n in outputs),
        "    ))",
        "  })",
        "}",
    ]


def _assigned(statement: Statement, words: Mapping[str, str], sign: str = "=") -> str:
    return f"{words[statement.name]} {sign} {infix(statement.expression, R, words)}"


def _states(case: Case, names: Mapping[str, str]) -> list[str]:
    """Return the states at day 0: from the parameters if they are the baseline, else numbers."""
    varying = {name: case.parameters[name] for name in sorted(case.varying)}
    if not case.at_baseline:
        return _vector("state", {**case.states, **varying}, names, {})
    values = [f"    {names[name]} = {names[name]}" for name in case.states]
    values += [f"    {names[name]} = {number(value)}" for name, value in varying.items()]
    time = _START if case.start else "0.0"
    known = [f"  {names[name]} <- {number(value)}" for name, value in varying.items()]
    return [
        "baseline <- function(parameters) with(as.list(parameters), {",
        *known,
        *(f"  {_assigned(s, {**names, TIME: time}, '<-')}" for s in case.statements.baseline),
        "  c(",
        ",\n".join(values),
        "  )",
        "})",
        "state <- baseline(parameters)",
    ]


def _events(case: Case, names: Mapping[str, str]) -> list[str]:
    """Return the table of events; where an equation has a corner, one that changes nothing."""
    first = next(iter(case.states))
    rows: list[tuple[str, float, float, str]] = [
        (first, corner, 0.0, "add") for corner in case.corners
    ]
    for change in case.changes:
        rows += [(name, change.time, value, "replace") for name, value in change.set.items()]
        rows += [(name, change.time, value, "add") for name, value in change.added.items()]
    rows.sort(key=lambda row: (row[1], row[3] == "add"))
    columns = {
        "var": _joined(f'"{names[row[0]]}"' for row in rows),
        "time": _joined(number(row[1]) for row in rows),
        "value": _joined(number(row[2]) for row in rows),
        "method": _joined(f'"{row[3]}"' for row in rows),
    }
    kinds = {"var": "character", "method": "character"}
    cells = [
        f"  {name} = c({text})" if text else f"  {name} = {kinds.get(name, 'numeric')}(0)"
        for name, text in columns.items()
    ]
    return ["events <- data.frame(", ",\n".join(cells), ")"]


def _joined(words: Iterable[str]) -> str:
    """Return words separated by commas, in lines of a length that can be read."""
    lines, line = [], ""
    for word in words:
        if line and len(line) + len(word) > 90:
            lines.append(line.rstrip())
            line = ""
        line += f"{word}, "
    text = "\n    ".join([*lines, line.rstrip()])
    return text.rstrip(",")
