"""Code for mrgsolve, and beside it the data set of doses that its head says how to use."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from remodel.equations.assembly import TIME
from remodel.exchange.case import Case
from remodel.exchange.describe import description
from remodel.exchange.infix import C, infix, number
from remodel.exchange.names import mrgsolve_names
from remodel.exchange.quantity_units import units_of
from remodel.exchange.statements import Statement
from remodel.files import write_text
from remodel.units import DAYS_PER_MONTH

_START = "time_at_day_0"
_AT_BASELINE = "baseline_{}"
_ADD, _OTHER, _REPLACE = 1, 2, 8  # EVID


def write_mrgsolve(case: Case, path: str | Path) -> list[Path]:
    """Write a model file and, where anything happens, ``NAME_data.csv`` beside it."""
    path = Path(path)
    data = path.with_name(f"{path.stem}_data.csv")
    files = [write_text(path, mrgsolve_text(case, data.name))]
    if case.changes:
        files.append(write_text(data, data_text(case)))
    return files


def names_of(case: Case) -> dict[str, str]:
    """Return what everything is called in the model file."""
    quantities = (s.name for s in case.statements.quantities)
    return mrgsolve_names([*case.parameters, *case.states, *quantities], case.states)


def mrgsolve_text(case: Case, data: str) -> str:
    """Return the model file; ``data`` is the name of the data set."""
    names, units = names_of(case), units_of(case)
    known = case.model.all_parameters
    quantities = case.statements.quantities
    defined = {s.name for s in quantities}
    outputs = [name for name in case.model.endpoints if name in defined]
    start = {_START: case.start} if case.start else {}
    in_ode = _words(names, case, "SOLVERTIME")
    in_table = _words(names, case, "TIME")
    lines = [
        "[ PROB ]",
        *(f"# {line}" for line in description(case)),
        "#",
        *(f"# {line}" for line in _usage(case, data)),
        *(f"# {new} is {old}" for old, new in names.items() if new != old),
        "",
        "[ SET ]",
        f"end = {number(case.end)}, delta = {number(DAYS_PER_MONTH)}, rtol = 1e-9, atol = 1e-12",
        "",
        "[ PARAM ] @annotated",
        *(f"{n} : {number(v)} : Model time at day 0 (d)" for n, v in start.items()),
        *(
            _annotated(names[name], number(value), known[name].meaning, units[name])
            for name, value in case.parameters.items()
        ),
        "",
        "[ CMT ] @annotated",
        *(
            _annotated(names[name], "", case.system.state(name).meaning, units[name])
            for name in case.states
        ),
        "",
        "[ MAIN ]",
        *_initial(case, names),
        "",
        "[ ODE ]",
        *(f"double {_assigned(s, in_ode)}" for s in quantities),
        *(f"dxdt_{_assigned(s, in_ode)}" for s in case.statements.rates),
        "",
        "[ TABLE ]",
        *(_assigned(s, in_table) for s in quantities),
        "",
        "[ CAPTURE ]",
        " ".join(names[name] for name in outputs),
    ]
    return "\n".join(lines) + "\n"


def _words(names: Mapping[str, str], case: Case, time: str) -> dict[str, str]:
    return {**names, TIME: f"({_START} + {time})" if case.start else time}


def _usage(case: Case, data: str) -> list[str]:
    if not case.changes:
        return ["library(mrgsolve); out <- mrgsim(mread(FILE))"]
    return [
        f'library(mrgsolve); data <- read.csv("{data}")',
        "out <- mrgsim(mread(FILE), data = data, nocb = FALSE)  # values hold from their row on",
    ]


def _annotated(name: str, value: str, meaning: str, unit: str) -> str:
    cells = [name, *([value] if value else []), f"{meaning.replace(':', ',')} ({unit or '-'})"]
    return " : ".join(cells)


def _assigned(statement: Statement, words: Mapping[str, str]) -> str:
    return f"{words[statement.name]} = {infix(statement.expression, C, words)};"


def _initial(case: Case, names: Mapping[str, str]) -> list[str]:
    """Return the states at day 0: from the parameters if they are the baseline, else numbers."""
    if not case.at_baseline:
        return [f"{names[name]}_0 = {number(value)};" for name, value in case.states.items()]
    listed = case.statements.baseline
    baseline = {s.name: _AT_BASELINE.format(s.name) for s in listed}
    words = {**names, **baseline, TIME: _START if case.start else "0.0"}
    return [
        *(f"double {_assigned(s, words)}" for s in listed),
        *(f"{names[name]}_0 = {baseline[name]};" for name in case.states),
    ]


def data_text(case: Case) -> str:
    """Return the data set: doses, and the values of parameters that change."""
    names = names_of(case)
    varying = sorted(case.varying)
    values = {name: case.parameters[name] for name in varying}
    first = names[next(iter(case.states))]
    rows: list[list[object]] = []
    if not case.changes or case.changes[0].time > 0:
        rows.append([1, 0.0, _OTHER, 0.0, first, *values.values()])
    for change in case.changes:
        values.update({n: v for n, v in change.set.items() if n in values})
        acts = [(_REPLACE, n, v) for n, v in change.set.items() if n not in values]
        acts += [(_ADD, n, v) for n, v in change.added.items()]
        for kind, name, value in acts or [(_OTHER, "", 0.0)]:
            rows.append([1, change.time, kind, value, names.get(name, first), *values.values()])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["ID", "time", "evid", "amt", "cmt", *(names[name] for name in varying)])
    writer.writerows(rows)
    return text.getvalue()
