"""Reading a design from a TOML file or a mapping like one; everything is checked at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from remodel.errors import ConfigError, nearest
from remodel.files import Table, load_toml
from remodel.models import Model, load_model
from remodel.sweeps.constraints import Constraint
from remodel.sweeps.design import (
    KINDS,
    LISTED,
    PRECISIONS,
    SAMPLED,
    STRUCTURED,
    Design,
    Solver,
)
from remodel.sweeps.factors import Column, Factor
from remodel.sweeps.load_factors import PATIENT, RESERVED, checked, load_factors
from remodel.sweeps.reductions import Reduction
from remodel.sweeps.tables import table_columns
from remodel.sweeps.templates import fields

DesignSource = str | Path | Mapping[str, Any] | Design
KEYS = (
    "title", "model", "kind", "schedule", "patient", "parameters", "years", "step_months",
    "stored_months", "outputs", "reductions", "samples", "seed", "constraints", "factors",
    "table", "solver", "precision",
)  # fmt: skip
ANALYSIS = "sensitivity"
"""Table of a design that says how its simulations are analyzed; a sweep runs without reading it."""
_LONGEST_YEARS = 120.0
_MOST_TIMES = 100_000
_NUMBERS_OF_REDUCTION = ("at_months", "below", "above", "from_months", "to_months")


def load_design(source: DesignSource) -> Design:
    """Read and check a design.

    Parameters
    ----------
    source : path, mapping or Design
        A ``design.toml``, or a mapping with the same keys.

    Raises
    ------
    ConfigError
        If a value is not allowed; it names file, line and key.
    """
    if isinstance(source, Design):
        return source
    return design_of(source_table(source), also=(ANALYSIS,))


def source_table(source: str | Path | Mapping[str, Any]) -> Table:
    """Return the table a design is read from.

    Raises
    ------
    ConfigError
        If the file cannot be read, or it is neither.
    """
    if isinstance(source, Mapping):
        return Table(None, "", _plain(source))
    if not isinstance(source, str | Path):
        raise ConfigError(f"a design is a file or a mapping, not {source!r}.")
    return load_toml(source)


def design_of(top: Table, also: Iterable[str] = ()) -> Design:
    """Return the design that a table describes.

    Parameters
    ----------
    top : Table
    also : iterable of str
        Keys that belong to somebody else.

    Raises
    ------
    ConfigError
    """
    from remodel.sweeps.setup import check_design

    top.check_keys((*KEYS, *also))
    model = checked(top, "model", load_model, top.text("model", "reference"))
    kind = top.text("kind")
    if kind not in KINDS:
        top.fail("kind", f"'{kind}' is not a kind of design.{nearest(kind, KINDS)}")
    template = top.text("schedule", "none")
    names = checked(top, "schedule", fields, template)
    columns = _table(top) if kind == "table" else {}
    _check_fields(top, names, (*columns, *top.table("factors").content))
    samples = top.whole_number("samples") if kind in (*SAMPLED, *STRUCTURED) else 0
    factors, listed = load_factors(top, kind, model, template, tuple(columns))
    columns.update(listed)
    design = Design(
        model=model.name,
        kind=kind,
        factors=factors,
        title=top.text("title", ""),
        schedule=template,
        patient=_patient(top, factors),
        parameters=_parameters(top, model, factors),
        years=top.number("years", 5.0),
        step_months=top.number("step_months", 3.0),
        stored_months=_stored_months(top),
        outputs=top.texts("outputs", ()),
        reductions=_reductions(top),
        samples=samples,
        seed=top.whole_number("seed", 0, least=0),
        constraints=_constraints(top, kind, factors),
        columns=columns,
        solver=_solver(top),
        precision=top.text("precision", PRECISIONS[0]),
    )
    _check_whole(top, design)
    check_design(top, design, model)
    return design


def _plain(value: Any) -> Any:
    """Return tuples, arrays and numpy numbers as the lists and numbers a TOML file would give."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, tuple | list | range):
        return [_plain(v) for v in value]
    return value


def _check_fields(top: Table, fields: Iterable[str], factors: Sequence[str]) -> None:
    for name in fields:
        if name not in factors:
            top.fail("schedule", f"{{{name}}} is not a factor.{nearest(name, factors)}")


def _table(top: Table) -> dict[str, Column]:
    path = Path(top.text("table"))
    if top.path is not None and not path.is_absolute():
        path = top.path.parent / path
    return checked(top, "table", table_columns, path)


def _patient(top: Table, factors: Iterable[Factor]) -> dict[str, Any]:
    table = top.table("patient")
    table.check_keys(PATIENT)
    for factor in factors:
        if factor.name in table.content:
            table.fail(factor.name, "it is a factor too; leave one of them out.")
    return dict(table.content)


def _parameters(top: Table, model: Model, factors: Iterable[Factor]) -> dict[str, float]:
    table = top.table("parameters")
    varied = {f.name for f in factors}
    for name in table.content:
        checked(table, name, lambda n=name: model.all_parameters[n])
        if name in varied:
            table.fail(name, "it is a factor too; leave one of them out.")
        value = table.any_number(name)
        checked(table, name, model.all_parameters[name].check, value)
    return {name: float(value) for name, value in table.content.items()}


def _stored_months(top: Table) -> tuple[float, ...]:
    months = top.numbers("stored_months", ())
    if any(b <= a for a, b in itertools.pairwise(months)) or (months and months[0] < 0):
        top.fail("stored_months", "the months must rise from 0 or later, without repeats.")
    return months


def _reductions(top: Table) -> tuple[Reduction, ...]:
    table = top.table("reductions")
    found = []
    for name in table.content:
        if name in RESERVED:
            table.fail(name, f"'{name}' is a name of the results; call the reduction differently.")
        own = table.table(name)
        own.check_keys(("of", "take", *_NUMBERS_OF_REDUCTION))
        numbers = {key: own.any_number(key) for key in _NUMBERS_OF_REDUCTION if key in own.content}
        found.append(
            checked(
                own,
                "take",
                lambda n=name, t=own, v=numbers: Reduction(n, t.text("of"), t.text("take"), **v),
            )
        )
    return tuple(found)


def _constraints(top: Table, kind: str, factors: Iterable[Factor]) -> tuple[Constraint, ...]:
    found = []
    for text in top.texts("constraints", ()):
        if kind in STRUCTURED:
            top.fail("constraints", f"a {kind} design has no constraints; narrow the ranges.")
        constraint = checked(top, "constraints", Constraint, text)
        checked(top, "constraints", constraint.check, [f.name for f in factors])
        found.append(constraint)
    return tuple(found)


def _solver(top: Table) -> Solver:
    from remodel.solvers.methods import checked_rtol, method_of

    table, default = top.table("solver"), Solver()
    table.check_keys(("method", "rtol", "max_steps"))
    method = table.text("method", default.method)
    method = checked(table, "method", method_of, method).name
    rtol = table.any_number("rtol") if "rtol" in table.content else None
    if rtol is not None:
        checked(table, "rtol", checked_rtol, rtol, method)
    return Solver(method, rtol, table.whole_number("max_steps", default.max_steps))


def _check_whole(top: Table, design: Design) -> None:
    """Refuse what single values do not show."""
    _check_length(top, design)
    if design.precision not in PRECISIONS:
        top.fail("precision", f"expected {' or '.join(PRECISIONS)}, got '{design.precision}'.")
    if not design.outputs and not design.reductions:
        top.fail("outputs", "a sweep keeps at least one output or one reduction.")
    if design.kind in LISTED and not design.drawn:
        top.fail("factors", "the design has no simulations.")
    _check_samples(top, design)
    _check_times(top, design)
    names = [*design.names, *design.outputs, *(r.name for r in design.reductions)]
    for name in names:
        if names.count(name) > 1:
            key = "outputs" if design.outputs.count(name) > 1 else "factors"
            top.fail(key, f"'{name}' is the name of two things.")


def _check_samples(top: Table, design: Design) -> None:
    if design.kind not in (*SAMPLED, *STRUCTURED) and "samples" in top.content:
        top.fail("samples", f"a {design.kind} has no samples; its factors say how many there are.")
    if design.kind == "saltelli" and design.samples & (design.samples - 1):
        top.fail("samples", f"a saltelli design needs a power of 2, got {design.samples}.")


def _check_length(top: Table, design: Design) -> None:
    """Refuse a time grid that would fill the memory before anything is simulated."""
    if design.years > _LONGEST_YEARS:
        top.fail("years", f"expected at most {_LONGEST_YEARS:g} years, got {design.years:g}.")
    times = design.years * 12.0 / design.step_months
    if times > _MOST_TIMES:
        top.fail(
            "step_months",
            f"a step of {design.step_months:g} months makes {times:.3g} times; at most "
            f"{_MOST_TIMES:,} are allowed.",
        )


def _check_times(top: Table, design: Design) -> None:
    end = design.years * 12.0 + 1e-6
    if design.stored_months and design.stored_months[-1] > end:
        top.fail(
            "stored_months",
            f"month {design.stored_months[-1]:g} is after the end, at {design.years * 12.0:g} "
            f"months (years = {design.years:g}).",
        )
    for reduction in design.reductions:
        own = top.table("reductions").table(reduction.name)
        for key in ("at_months", "from_months", "to_months"):
            month = getattr(reduction, key)
            if month < 0 or month > end:  # those not given are NaN
                own.fail(
                    key,
                    f"month {month:g} is outside the simulation, which goes from 0 to "
                    f"{design.years * 12.0:g} months (years = {design.years:g}).",
                )
