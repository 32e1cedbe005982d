"""Reading the factors of a design: what each varies, in which unit, over which values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from remodel.errors import RemodelError, nearest
from remodel.files import Table
from remodel.models import Model
from remodel.patient import Patient
from remodel.sweeps.design import STRUCTURED
from remodel.sweeps.factors import Column, Factor, Kind
from remodel.sweeps.templates import fields, unit_of
from remodel.sweeps.units import unit_factor

T = TypeVar("T")
PATIENT = tuple(f.name for f in dataclasses.fields(Patient) if f.name != "name")
RESERVED = frozenset(
    {"simulation", "time", "month", "chunk", "chunk_done", "status", "stopped_at", "steps",
     "rejected_steps", "factorizations", "attempt"}
)  # fmt: skip
_IN_YEARS = ("age", "menopause_age")


def checked(table: Table, key: str, check: Callable[..., T], *values: Any) -> T:
    """Call a check and say where in the file a value that it refuses stands."""
    try:
        return check(*values)
    except RemodelError as error:
        table.fail(key, str(error), error)


def load_factors(
    top: Table, kind: str, model: Model, template: str, columns: tuple[str, ...]
) -> tuple[tuple[Factor, ...], dict[str, Column]]:
    """Return factors, and the values of those of a list."""
    listed = top.table("factors")
    names = tuple(dict.fromkeys((*columns, *listed.content)))
    if not names:
        top.fail("factors", "a design needs at least one factor, such as [factors.dose].")
    factors, values = [], {}
    for name in names:
        at, key = (listed, name) if name in listed.content else (top, "table")
        if name in RESERVED:
            at.fail(key, f"'{name}' is a name of the results; call the factor differently.")
        what = _binding(at, key, name, model, template)
        unit = checked(at, key, _unit_of_binding, name, what, model, template)
        content = listed.table(name)
        if name in columns:
            content.check_keys(("unit",))
            _check_column_unit(content, name, unit)
            factors.append(Factor(name, what, unit))
        elif kind == "list":
            values[name] = _listed_column(content, name, unit)
            factors.append(Factor(name, what, unit))
        elif kind == "table":
            content.fail("values", f"the table has no column '{name}'.{nearest(name, columns)}")
        else:
            factors.append(_factor(content, name, what, unit, model, kind))
    lengths = {name: len(column) for name, column in values.items()}
    if len(set(lengths.values())) > 1:
        words = " and ".join(f"{name} {n}" for name, n in lengths.items())
        top.fail("factors", f"the lists of a list design have one length; here {words}.")
    return tuple(factors), values


def _binding(at: Table, key: str, name: str, model: Model, template: str) -> Kind:
    """Return what a factor varies: it is what its name says."""
    in_schedule = name in fields(template)
    is_parameter = name in model.all_parameters
    is_patient = name in PATIENT
    if in_schedule and (is_parameter or is_patient):
        at.fail(key, f"'{name}' is a field of the schedule and something else; rename the field.")
    if in_schedule:
        return "schedule"
    if is_patient:  # the menopause of a patient is told to the model through her
        return "patient"
    if not is_parameter:
        hint = nearest(name, (*fields(template), *PATIENT, *model.parameters))
        at.fail(
            key,
            f"'{name}' is no parameter of '{model.name}', no attribute of a patient and no field "
            f"of the schedule.{hint}",
        )
    return "parameter"


def _unit_of_binding(name: str, what: Kind, model: Model, template: str) -> str:
    if what == "parameter":
        return model.all_parameters[name].unit
    if what == "patient":
        return "y" if name in _IN_YEARS else "" if name == "menopause" else "1"
    return unit_of(template, name)


def _check_column_unit(content: Table, name: str, unit: str) -> None:
    given = content.text("unit", unit) if "unit" in content.content else unit
    if given != unit:
        content.fail("unit", f"the column {name} is in {unit or 'no unit'}, not in {given}.")


def _listed_column(content: Table, name: str, unit: str) -> Column:
    """Return the values of a factor of a list, which may repeat."""
    content.check_keys(("values", "unit"))
    values = _values(content, _times(content, name, unit))
    return np.array(values, dtype=object if isinstance(values[0], str) else np.float64)


def _times(content: Table, name: str, unit: str) -> float:
    """Return what values are multiplied by, for the unit they are written in."""
    given = content.text("unit", unit) if "unit" in content.content else unit
    return checked(content, "unit", unit_factor, name, given, unit)


def _factor(content: Table, name: str, what: Kind, unit: str, model: Model, kind: str) -> Factor:
    content.check_keys(("values", "lower", "upper", "percent", "scale", "count", "unit"))
    times = _times(content, name, unit)
    found: dict[str, Any] = {"name": name, "kind": what, "unit": unit}
    if "values" in content.content:
        if kind in STRUCTURED:
            content.fail("values", f"a {kind} design needs a range: lower and upper.")
        found["values"] = _values(content, times)
        unused = {"lower", "upper", "percent", "scale", "count"} & set(content.content)
        if unused:
            content.fail(min(unused), "give either values or a range.")
        return _within(content, checked(content, "values", lambda: Factor(**found)), model)
    found["scale"] = content.text("scale", "linear")
    found["lower"], found["upper"] = _range(content, name, what, model, times)
    found["count"] = content.whole_number("count", least=2) if kind == "grid" else 0
    if kind != "grid" and "count" in content.content:
        content.fail("count", f"only a grid counts values of a factor; a {kind} has samples.")
    key = "scale" if content.text("scale", "linear") not in ("linear", "log") else "lower"
    return _within(content, checked(content, key, lambda: Factor(**found)), model)


def _within(content: Table, factor: Factor, model: Model) -> Factor:
    """Return a factor; refuse values of a parameter outside its bounds."""
    if factor.kind == "parameter" and not factor.is_text:
        check = model.all_parameters[factor.name].check
        ends = ("percent", "percent") if "percent" in content.content else ("lower", "upper")
        for value in factor.values:
            checked(content, "values", check, value)
        if factor.is_range:
            checked(content, ends[0], check, factor.lower)
            checked(content, ends[1], check, factor.upper)
    return factor


def _values(content: Table, times: float) -> tuple[float | str, ...]:
    values = content.value("values", list)
    if not values:
        content.fail("values", "the list is empty.")
    if all(isinstance(v, str) for v in values):
        return tuple(values)
    return tuple(value * times for value in content.numbers("values"))


def _range(
    content: Table, name: str, what: Kind, model: Model, times: float
) -> tuple[float, float]:
    if "percent" not in content.content:
        return content.any_number("lower") * times, content.any_number("upper") * times
    if {"lower", "upper"} & set(content.content):
        content.fail("percent", "give either percent or lower and upper.")
    if what != "parameter":
        content.fail("percent", f"'{name}' is no parameter; give lower and upper.")
    percent, value = content.number("percent"), model.all_parameters[name].value
    ratio = 1.0 + percent / 100.0
    if content.text("scale", "linear") == "log":
        return value / ratio, value * ratio
    return value * (2.0 - ratio), value * ratio
