"""Reading the factors of a design: what each varies, in which unit, over which values."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from remodel.errors import ConfigError, UnitError, nearest
from remodel.files import Table, read_text
from remodel.files.schema import Positive, Schema
from remodel.models import Model
from remodel.patient import Patient
from remodel.sweeps.batches import COUNTERS
from remodel.sweeps.design import STRUCTURED
from remodel.sweeps.factors import Column, Factor, Kind, Level
from remodel.sweeps.sentences import fields, unit_of
from remodel.sweeps.store import DONE
from remodel.units import parse, registry

PATIENT = tuple(f.name for f in dataclasses.fields(Patient) if f.name != "name")
RESERVED = frozenset(
    {"simulation", "time", "month", "chunk", DONE, "status", "stopped_at", *COUNTERS, "attempt"}
)
"""Names of the arrays that every store has."""
_SOURCES = {"table": "table", "population": "population"}
"""Keys of a design that columns come from."""
_IN_YEARS = ("age", "menopause_age")


class FactorTable(Schema):
    """A table ``[factors.NAME]``."""

    values: list[Any] | None = None
    lower: float | None = None
    upper: float | None = None
    percent: Positive | None = None
    scale: str = "linear"
    count: Annotated[int, Field(ge=2)] | None = None
    unit: str | None = None

    def check_only(self, table: Table, *allowed: str) -> None:
        """Refuse every other key that is given."""
        table.check_keys(allowed)

    def check_needed(self, table: Table, *names: str) -> None:
        """Refuse a table without some of its keys."""
        for name in names:
            if getattr(self, name) is None:
                table.fail(name, "this key is missing.")


@dataclasses.dataclass(frozen=True, slots=True)
class Varied:
    """What a factor varies: a parameter, an attribute of the patient or a field of the schedule."""

    name: str
    kind: Kind
    unit: str
    model: Model


def load_factors(
    top: Table,
    tables: Mapping[str, FactorTable],
    kind: str,
    model: Model,
    template: str,
    columns: Mapping[str, Column],
) -> tuple[tuple[Factor, ...], dict[str, Column]]:
    """Return factors, and the values of those of a list or table.

    Raises
    ------
    ConfigError
        If a factor varies nothing, or its values are not allowed.
    """
    listed = top.table("factors")
    names = tuple(dict.fromkeys((*columns, *tables)))
    if not names:
        top.fail("factors", "a design needs at least one factor, such as [factors.dose].")
    factors, values = [], dict(columns)
    for name in names:
        where, key = (listed, name) if name in tables else (top, _SOURCES.get(kind, "table"))
        varied = _varied(where, key, name, model, template)
        if name in columns:
            if name in tables:
                _check_column(listed.table(name), tables[name], varied)
            factors.append(Factor(name, varied.kind, varied.unit))
        elif kind in _SOURCES:
            where.fail(
                name, f"the {_SOURCES[kind]} has no column '{name}'.{nearest(name, columns)}"
            )
        elif kind == "list":
            values[name] = _listed_column(listed.table(name), tables[name], varied)
            factors.append(Factor(name, varied.kind, varied.unit))
        else:
            factors.append(_factor(listed.table(name), tables[name], varied, kind))
    lengths = {name: len(column) for name, column in values.items()}
    if len(set(lengths.values())) > 1:
        words = " and ".join(f"{name} {n}" for name, n in lengths.items())
        top.fail("factors", f"the lists of a list design have one length; here {words}.")
    return tuple(factors), values


def _varied(where: Table, key: str, name: str, model: Model, template: str) -> Varied:
    """Return what a factor varies: it is what its name says."""
    if name in RESERVED:
        where.fail(key, f"'{name}' is a name of the results; call the factor differently.")
    is_parameter, is_patient = name in model.all_parameters, name in PATIENT
    if name in fields(template):
        if is_parameter or is_patient:
            where.fail(key, f"'{name}' is a field of the schedule and something else; rename it.")
        return Varied(name, "schedule", where.checked(key, unit_of, template, name), model)
    if is_patient:  # a patient's menopause reaches the model through the patient
        unit = "y" if name in _IN_YEARS else "" if name == "menopause" else "1"
        return Varied(name, "patient", unit, model)
    if not is_parameter:
        hint = nearest(name, (*fields(template), *PATIENT, *model.parameters))
        where.fail(
            key,
            f"'{name}' is no parameter of '{model.name}', no attribute of a patient and no field "
            f"of the schedule.{hint}",
        )
    return Varied(name, "parameter", model.all_parameters[name].unit, model)


def _check_column(table: Table, content: FactorTable, varied: Varied) -> None:
    content.check_only(table, "unit")
    unit = varied.unit if content.unit is None else content.unit
    if unit != varied.unit:
        table.fail(
            "unit", f"the column {varied.name} is in {varied.unit or 'no unit'}, not in {unit}."
        )


def _listed_column(table: Table, content: FactorTable, varied: Varied) -> Column:
    """Return the values of a factor of a list, which may repeat."""
    content.check_only(table, "values", "unit")
    values = _values(table, content, varied)
    return np.array(values, dtype=object if isinstance(values[0], str) else np.float64)


def _factor(table: Table, content: FactorTable, varied: Varied, kind: str) -> Factor:
    name, bound = varied.name, ("name", varied.kind, varied.unit)[1:]
    if content.values is not None:
        if kind in STRUCTURED:
            table.fail("values", f"a {kind} design needs a range: lower and upper.")
        for key in ("count", "lower", "percent", "scale", "upper"):
            if key in table.content:
                table.fail(key, "give either values or a range.")
        values = _values(table, content, varied)
        factor = table.checked("values", lambda: Factor(name, *bound, values=values))
    else:
        if kind == "grid":
            content.check_needed(table, "count")
        elif content.count is not None:
            table.fail("count", f"only a grid counts values of a factor; a {kind} has samples.")
        lower, upper = _range(table, content, varied)
        key = "scale" if content.scale not in ("linear", "log") else "lower"
        factor = table.checked(
            key,
            lambda: Factor(
                name,
                *bound,
                lower=lower,
                upper=upper,
                scale=content.scale,  # type: ignore[arg-type]
                count=content.count or 0,
            ),
        )
    _check_bounds(table, factor, varied)
    return factor


def _check_bounds(table: Table, factor: Factor, varied: Varied) -> None:
    """Refuse values of a parameter outside its bounds."""
    if factor.kind != "parameter" or factor.is_text:
        return
    check = varied.model.all_parameters[factor.name].check
    for value in factor.values:
        table.checked("values", check, value)
    if factor.is_range:
        keys = ("percent", "percent") if "percent" in table.content else ("lower", "upper")
        for key, value in zip(keys, (factor.lower, factor.upper), strict=True):
            table.checked(key, check, value)


def _values(table: Table, content: FactorTable, varied: Varied) -> tuple[Level, ...]:
    content.check_needed(table, "values")
    values = content.values or ()
    if not values:
        table.fail("values", "the list is empty.")
    if all(isinstance(v, str) for v in values):
        return tuple(values)
    scale = _scale(table, content, varied)
    return tuple(value * scale for value in table.numbers("values"))


def _range(table: Table, content: FactorTable, varied: Varied) -> tuple[float, float]:
    if content.percent is None:
        content.check_needed(table, "lower", "upper")
        scale = _scale(table, content, varied)
        return (content.lower or 0.0) * scale, (content.upper or 0.0) * scale
    if content.lower is not None or content.upper is not None:
        table.fail("percent", "give either percent or lower and upper.")
    if varied.kind != "parameter":
        table.fail("percent", f"'{varied.name}' is no parameter; give lower and upper.")
    value, ratio = varied.model.all_parameters[varied.name].value, 1.0 + content.percent / 100.0
    if content.scale == "log":
        return value / ratio, value * ratio
    return value * (2.0 - ratio), value * ratio


def _scale(table: Table, content: FactorTable, varied: Varied) -> float:
    """Return what values are multiplied by, for the unit they are written in."""
    unit = varied.unit if content.unit is None else content.unit
    return table.checked("unit", unit_factor, varied.name, unit, varied.unit)


def unit_factor(name: str, unit: str, wanted: str) -> float:
    """Return what a value in one unit is multiplied by to be in the unit that is wanted.

    Raises
    ------
    UnitError
        If the one cannot be converted to the other.
    """
    if unit == wanted or {unit, wanted} <= {"", "-", "1"}:
        return 1.0
    if not wanted:
        raise UnitError(f"{name} has no unit here, and is given in {unit}.")
    one, other = parse(unit), parse(wanted)
    if one.dimensionality != other.dimensionality:
        raise UnitError(f"{name} is in {wanted}; a value in {unit} cannot be converted.")
    return float(registry().Quantity(1.0, one).to(other).magnitude)


def table_columns(path: Path) -> dict[str, Column]:
    """Return the columns of a CSV file by name.

    Raises
    ------
    ConfigError
        If it cannot be read, or a value is missing or not a number; it names row and column.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(io.StringIO(read_text(path, ConfigError)), skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ConfigError(f"{path} cannot be read as a table: {str(error).strip()}.") from error
    if not len(frame):
        raise ConfigError(f"{path}: the table has no rows.")
    columns: dict[str, Column] = {}
    for name in map(str, frame.columns):
        column = frame[name]
        is_number = pd.api.types.is_numeric_dtype(column)
        values = column.to_numpy(dtype=np.float64) if is_number else column.astype(str).to_numpy()
        for is_wrong, problem in (
            (column.isna().to_numpy(), "a value is missing."),
            (~np.isfinite(values) if is_number else [False], "expected a finite number."),
        ):
            if np.any(is_wrong):
                row = int(np.argmax(is_wrong)) + 2
                raise ConfigError(problem, place=f"{path}, row {row}, column {name}")
        columns[name] = values if is_number else values.astype(object)
    return columns
