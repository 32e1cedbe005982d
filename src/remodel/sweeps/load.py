"""Reading a design from a TOML file or a mapping like one; everything is checked at once."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from remodel.errors import ConfigError, RemodelError, ScheduleError, nearest
from remodel.files import Table, checked_file_name, load_toml, shown
from remodel.files.schema import Count, CountOrZero, Numbers, Positive, Schema, Texts, one_of
from remodel.files.schema import validate as validated
from remodel.models import Model, load_model
from remodel.populations.definition import T_SCORES
from remodel.populations.population import Population, check_components
from remodel.populations.sample import population
from remodel.simulation import dataset as results
from remodel.solvers.methods import DEFAULT, MAX_STEPS, checked_rtol, method_of
from remodel.sweeps.batches import prepare
from remodel.sweeps.constraints import Constraint
from remodel.sweeps.design import KINDS, LISTED, PRECISIONS, SAMPLED, STRUCTURED, Design, Solver
from remodel.sweeps.factors import Column, Factor
from remodel.sweeps.load_factors import (
    PATIENT,
    RESERVED,
    FactorTable,
    load_factors,
    table_columns,
)
from remodel.sweeps.reductions import Reduction
from remodel.sweeps.samples import probes
from remodel.sweeps.sentences import fields

DesignSource = str | Path | Mapping[str, Any] | Design
ANALYSIS = "sensitivity"
"""Table of a design that says how its simulations are analyzed; a sweep runs without reading it."""
_LONGEST_YEARS = 120.0
_MOST_TIMES = 100_000


class ReductionTable(Schema):
    """A table ``[reductions.NAME]``."""

    of: str
    take: str
    at_months: float | None = None
    below: float | None = None
    above: float | None = None
    from_months: float | None = None
    to_months: float | None = None


class SolverTable(Schema):
    """The table ``[solver]``."""

    method: str = DEFAULT.name
    rtol: float | None = None
    max_steps: Count = MAX_STEPS
    exact_doses: bool | None = None


class DesignFile(Schema):
    """A design as it is written."""

    title: str = ""
    model: str = "reference"
    kind: Annotated[str, one_of(KINDS, "a kind of design")]
    schedule: str = "none"
    patient: dict[str, Any] = Field(default_factory=dict)
    parameters: dict[str, float] = Field(default_factory=dict)
    years: Positive = 5.0
    step_months: Positive = 3.0
    stored_months: Numbers = ()
    outputs: Texts = ()
    reductions: dict[str, ReductionTable] = Field(default_factory=dict)
    samples: Count | None = None
    seed: CountOrZero = 0
    constraints: Texts = ()
    factors: dict[str, FactorTable] = Field(default_factory=dict)
    table: str | None = None
    population: Any = None
    solver: SolverTable = SolverTable()
    precision: str = PRECISIONS[0]


def load_design(source: DesignSource, model: str | Model | None = None) -> Design:
    """Read and check a design.

    Parameters
    ----------
    source : path, mapping or Design
        A ``design.toml``, or a mapping with the same keys.
    model : str or Model, optional
        Instead of the one that the design names.

    Raises
    ------
    ConfigError
        If a value is not allowed; it names file, line and key.
    """
    if isinstance(source, Design):
        if model is not None:
            raise ConfigError("a design that is read already has its model; give one of the two.")
        return source
    return design_of(source_table(source), also=(ANALYSIS,), model=model)


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


def design_of(top: Table, also: Iterable[str] = (), model: str | Model | None = None) -> Design:
    """Return the design that a table describes.

    Parameters
    ----------
    top : Table
    also : iterable of str
        Keys that another reader uses.
    model : str or Model, optional
        Instead of the one that the table names.

    Raises
    ------
    ConfigError
    """
    others = frozenset(also)
    top = replace(top, content={k: v for k, v in top.content.items() if k not in others})
    content = validated(top, DesignFile)
    folder = None if top.path is None else top.path.parent
    simulated = top.checked("model", load_model, content.model if model is None else model, folder)
    names = top.checked("schedule", fields, content.schedule)
    samples = _samples(top, content)
    columns = _table(top, content, folder) if content.kind == "table" else {}
    if content.kind == "population":
        columns = _women(top, content, folder, simulated)
    _check_fields(top, names, (*columns, *content.factors))
    factors, values = load_factors(
        top, content.factors, content.kind, simulated, content.schedule, columns
    )
    design = Design(
        model=simulated,
        kind=content.kind,
        factors=factors,
        title=content.title,
        schedule=content.schedule,
        patient=_patient(top, content, factors),
        parameters=_parameters(top, content, simulated, factors),
        years=content.years,
        step_months=content.step_months,
        stored_months=_stored_months(top, content),
        outputs=content.outputs,
        reductions=_reductions(top, content),
        samples=samples,
        seed=content.seed,
        constraints=_constraints(top, content, factors),
        columns=values,
        solver=_solver(top.table("solver"), content.solver),
        precision=top.checked("precision", _precision, content.precision),
    )
    _check_whole(top, design)
    _check_lengths(top, design)
    _check_simulations(top, design)
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


def _check_fields(top: Table, names: Iterable[str], factors: Sequence[str]) -> None:
    for name in names:
        if name not in factors:
            top.fail("schedule", f"{{{name}}} is not a factor.{nearest(name, factors)}")


def _table(top: Table, content: DesignFile, folder: Path | None) -> dict[str, Column]:
    if content.table is None:
        top.fail("table", "this key is missing.")
    return top.checked("table", table_columns, (folder or Path()) / content.table)


class WomenTable(Schema):
    """The table ``population``."""

    like: str = "postmenopausal"
    n: Count
    seed: CountOrZero = 0


def _women(top: Table, content: DesignFile, folder: Path | None, model: Model) -> dict[str, Column]:
    """Return attributes and parameters of women: of a file of them, a table or a population."""
    source = content.population
    if source is None:
        top.fail("population", "this key is missing.")
    if isinstance(source, str):
        source = top.checked("population", Population.load, (folder or Path()) / source)
    elif isinstance(source, Mapping):
        table = validated(top.table("population"), WomenTable)
        path = (folder or Path()) / table.like
        like = path if path.suffix == ".toml" else table.like
        source = top.checked("population", lambda: population(table.n, like, seed=table.seed))
    if not isinstance(source, Population):
        top.fail("population", f"expected a table, a file or a Population, got {shown(source)}.")
    check_components(source.definition, model)
    names = ("age", "menopause_age", *T_SCORES)
    columns: dict[str, Column] = {n: source[n] for n in names if n in source.columns}
    if source.patients.is_male.any():  # a word, with which there are no sensitivities
        columns["sex"] = source.patients.sex.astype(object)
    return {**columns, **source.parameters_of(model, content.parameters)}


def _patient(top: Table, content: DesignFile, factors: Iterable[Factor]) -> dict[str, Any]:
    table = top.table("patient")
    table.check_keys(PATIENT)
    _check_free(table, factors)
    return content.patient


def _parameters(
    top: Table, content: DesignFile, model: Model, factors: Iterable[Factor]
) -> dict[str, float]:
    table = top.table("parameters")
    for name, value in content.parameters.items():
        table.checked(name, lambda n=name, v=value: model.all_parameters[n].check(v))
    _check_free(table, factors)
    return content.parameters


def _check_free(table: Table, factors: Iterable[Factor]) -> None:
    """Refuse a value that is fixed and varied."""
    for factor in factors:
        if factor.name in table.content:
            table.fail(factor.name, "it is a factor too; leave one of them out.")


def _stored_months(top: Table, content: DesignFile) -> tuple[float, ...]:
    months = content.stored_months
    if any(b <= a for a, b in itertools.pairwise(months)) or (months and months[0] < 0):
        top.fail("stored_months", "the months must rise from 0 or later, without repeats.")
    return months


def _reductions(top: Table, content: DesignFile) -> tuple[Reduction, ...]:
    tables = top.table("reductions")
    reductions: list[Reduction] = []
    for name, table in content.reductions.items():
        if name in RESERVED:
            tables.fail(name, f"'{name}' is a name of the results; call the reduction differently.")
        tables.checked(name, checked_file_name, name, [r.name for r in reductions])
        values = table.model_dump(exclude_none=True)
        reductions.append(
            tables.table(name).checked("take", lambda n=name, v=values: Reduction(n, **v))
        )
    return tuple(reductions)


def _constraints(
    top: Table, content: DesignFile, factors: Iterable[Factor]
) -> tuple[Constraint, ...]:
    if content.constraints and content.kind in STRUCTURED:
        top.fail("constraints", f"a {content.kind} design has no constraints; narrow the ranges.")
    constraints = tuple(top.checked("constraints", Constraint, t) for t in content.constraints)
    for constraint in constraints:
        top.checked("constraints", constraint.check, [f.name for f in factors])
    return constraints


def _solver(table: Table, content: SolverTable) -> Solver:
    method = table.checked("method", method_of, content.method).name
    if content.rtol is not None:
        table.checked("rtol", checked_rtol, content.rtol, method)
    return Solver(method, content.rtol, content.max_steps, content.exact_doses)


def _precision(word: str) -> str:
    if word not in PRECISIONS:
        raise ConfigError(f"expected {' or '.join(PRECISIONS)}, got '{word}'.")
    return word


def _samples(top: Table, content: DesignFile) -> int:
    kind, samples = content.kind, content.samples
    if kind not in (*SAMPLED, *STRUCTURED):
        if samples is not None:
            top.fail("samples", f"a {kind} has no samples; its factors say how many there are.")
        return 0
    if samples is None:
        top.fail("samples", "this key is missing.")
    if kind == "saltelli" and samples & (samples - 1):
        top.fail("samples", f"a saltelli design needs a power of 2, got {samples}.")
    return samples


def _check_whole(top: Table, design: Design) -> None:
    """Refuse what single values do not show."""
    _check_length(top, design)
    if not design.outputs and not design.reductions:
        top.fail("outputs", "a sweep keeps at least one output or one reduction.")
    if design.kind in LISTED and not design.drawn:
        top.fail("factors", "the design has no simulations.")
    _check_times(top, design)
    names = [*design.names, *design.outputs, *(r.name for r in design.reductions)]
    for name in names:
        if names.count(name) > 1:
            key = "outputs" if design.outputs.count(name) > 1 else "factors"
            top.fail(key, f"'{name}' is the name of two things.")


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
        table = top.table("reductions").table(reduction.name)
        for key in ("at_months", "from_months", "to_months"):
            month = getattr(reduction, key)
            if month < 0 or month > end:  # those not given are NaN
                table.fail(
                    key,
                    f"month {month:g} is outside the simulation, which goes from 0 to "
                    f"{design.years * 12.0:g} months (years = {design.years:g}).",
                )


def _check_lengths(top: Table, design: Design) -> None:
    """Refuse reductions of nothing."""
    for reduction in design.reductions:
        if reduction.take != "value" and reduction.measure(design.end).start >= design.end:
            table = top.table("reductions").table(reduction.name)
            table.fail("from_months", "the simulation ends then; nothing is left to be taken.")


@contextmanager
def warned_once() -> Iterator[None]:
    """Issue each kind of warning once, however many schedules cause it."""
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        yield
    for category in dict.fromkeys(remark.category for remark in remarks):
        alike = dict.fromkeys(str(r.message) for r in remarks if r.category is category)
        more = f" And {len(alike) - 1} more like it." if len(alike) > 1 else ""
        warnings.warn(f"{next(iter(alike))}{more}", category, stacklevel=7)


def _check_simulations(top: Table, design: Design) -> None:
    """Refuse simulations that cannot be run, and outputs that the model does not have."""
    model = design.model
    if not model.follows_age and (design.patient or design.of_kind("patient")):
        top.fail("patient", f"model '{model.name}' knows neither age nor menopause.")
    rows = probes(design)
    try:
        with warned_once():
            dosings = prepare(design, rows).dosings if rows else ()
    except (RemodelError, TypeError) as error:
        is_of_schedule = isinstance(error, ScheduleError) or design.of_kind("schedule")
        problem = error.problem if isinstance(error, RemodelError) else str(error)
        top.fail("schedule" if is_of_schedule else "factors", problem, error)
    available = tuple(model.system({drug for dosing in dosings for drug in dosing.drugs}).outputs)
    if design.outputs:
        top.checked("outputs", results.checked_outputs, model, available, design.outputs)
    for reduction in design.reductions:
        table = top.table("reductions").table(reduction.name)
        table.checked("of", results.checked_outputs, model, available, (reduction.of,))
