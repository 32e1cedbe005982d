"""Units of everything a case holds: of parameters as the equations use them, and of quantities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from remodel.equations.assembly import TIME
from remodel.equations.dimensions import check_dimensions
from remodel.errors import UnitError
from remodel.exchange.case import Case
from remodel.symbolic.expression import Expression, ancestors
from remodel.symbolic.powers import power_of
from remodel.units import in_days

NONE = "-"


def units_of(case: Case) -> dict[str, str]:
    """Return the unit of every parameter, state and quantity, time in days.

    Quantities get the unit that follows from their equations.

    Raises
    ------
    UnitError
        If an equation contradicts the units of what it uses.
    """
    assembly = case.system.assembly
    units = {name: _in_days(p.unit) for name, p in case.model.all_parameters.items()}
    units.update({name: state.unit for name, state in assembly.states.items()})
    values = {n: p.value * p.factor for n, p in case.model.all_parameters.items()}
    values.update(case.parameters)
    values.update({name: value or 1.0 for name, value in case.states.items()})
    values[TIME] = case.start or 1.0
    units.update({n: u or NONE for n, u in check_dimensions(assembly, units, values).items()})
    for name, equation in assembly.equations.items():
        if equation.unit:
            units[name] = equation.unit
    units.update({name: port.unit for name, port in assembly.ports.items()})
    return units


def _in_days(unit: str) -> str:
    return NONE if unit.strip() in ("", NONE, "1") else unit if unit == "%" else in_days(unit)[1]


def expression_unit(expression: Expression, units: Mapping[str, str]) -> str:
    """Return the unit of an expression whose dimensions are right.

    Parameters
    ----------
    expression : Expression
    units : mapping of str to str
        Of every symbol but the time, which is in days.
    """
    known: dict[int, Any] = {}
    for node in ancestors([expression]):
        known[node.index] = _unit(node, [known[a.index] for a in node.arguments], units)
    return f"{known[expression.index]:~}" or NONE


def _unit(node: Expression, arguments: Sequence[Any], units: Mapping[str, str]) -> Any:
    from remodel.units import parse

    if node.operation == "symbol":
        return parse("d" if node.name == TIME else units[node.name])
    power = power_of(node)
    if power and power[1].is_constant:
        base = expression_unit(power[0], units)
        return parse(base) ** power[1].value
    match node.operation:
        case "multiply":
            return arguments[0] * arguments[1]
        case "divide":
            return arguments[0] / arguments[1]
        case "sqrt":
            return arguments[0] ** 0.5
        case "add" | "subtract" | "negate":
            return arguments[0]
        case "where":
            is_zero = node.arguments[1].equals(0.0)
            return arguments[2 if is_zero else 1]
        case _:
            return parse(NONE)


def unit_powers(unit: str) -> tuple[tuple[str, str, float], ...]:
    """Return the units that a unit is made of: prefix, name and power of each.

    Raises
    ------
    UnitError
        If the unit is not known.
    """
    from remodel.units import parse, registry

    if unit.strip() in ("", NONE, "1", "%"):
        return ()
    powers = []
    for name, power in parse(unit)._units.items():
        readings = registry().parse_unit_name(name)
        if not readings:
            raise UnitError(f"'{unit}' is not a unit this package knows.")
        prefix, root, _ = readings[0]
        powers.append((prefix, root, float(power.real)))
    return tuple(sorted(powers, key=lambda each: (-each[2], each[1])))
