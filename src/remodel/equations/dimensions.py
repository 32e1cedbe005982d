"""Proof of dimensions: every equation evaluated with units attached.

Each parameter and state enters as a pint quantity in its declared unit. An equation that adds
days to years, or takes the exponential of a concentration, fails; so does one whose value comes
out in another unit than its state or endpoint declares, even if only by a factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from remodel.equations.assembly import TIME, Assembly
from remodel.errors import UnitError
from remodel.units import parse, registry


def check_dimensions(
    assembly: Assembly, units: Mapping[str, str], values: Mapping[str, float]
) -> dict[str, str]:
    """Evaluate all equations with units and compare with what is declared.

    Parameters
    ----------
    assembly : Assembly
    units : mapping of str to str
        Unit of every parameter, as the equations use it (time in days).
    values : mapping of str to float
        Value of every parameter and state in that unit.

    Returns
    -------
    dict of str to str
        The unit of every quantity, found by evaluation.

    Raises
    ------
    UnitError
        Naming the first equation whose dimensions are wrong.
    """
    one = registry().Quantity
    known: dict[str, Any] = {TIME: one(values.get(TIME, 1.0), "day")}
    known.update({n: one(values[n], parse(units[n])) for n in assembly.parameters})
    known.update({n: one(values[n], parse(s.unit)) for n, s in assembly.states.items()})
    plain = {**values, TIME: values.get(TIME, 1.0)}
    expected = assembly.evaluate(plain)
    evaluation = _evaluate(assembly, known)
    for name, equation in assembly.equations.items():
        if equation.unit:
            _compare(name, evaluation.quantities[name], expected.quantities[name], equation.unit)
        source, target = assembly.flow_of(name)
        for pool in filter(None, (source, target)):
            unit = f"({assembly.states[pool].unit}) / d"
            _compare(name, evaluation.quantities[name], expected.quantities[name], unit)
    for name, port in assembly.ports.items():
        _compare(name, evaluation.quantities[name], expected.quantities[name], port.unit)
    _check_initial(assembly, known, plain)
    return {name: _unit_of(value) for name, value in evaluation.quantities.items()}


def _evaluate(assembly: Assembly, known: dict[str, Any]) -> Any:
    done = dict(known)
    for name in (*assembly.ports, *assembly.equations):
        try:
            assembly._value(name, done, ())
        except Exception as error:
            raise UnitError(f"equation {name}: {error}") from error
    return assembly.evaluate(known)


def _check_initial(assembly: Assembly, known: dict[str, Any], plain: dict[str, float]) -> None:
    inputs = {n: v for n, v in known.items() if n not in assembly.states}
    floats = {n: v for n, v in plain.items() if n not in assembly.states}
    try:
        baseline = assembly.evaluate_initial(inputs)
    except Exception as error:
        raise UnitError(f"baseline: {error}") from error
    expected = assembly.evaluate_initial(floats)
    for name, value in baseline.items():
        _compare(f"baseline of {name}", value, expected[name], assembly.states[name].unit)


def _compare(name: str, value: Any, expected: float, unit: str) -> None:
    target = parse(
        unit.replace("(-)", "1").replace("-", "1") if unit.strip("() /d") == "-" else unit
    )
    if not hasattr(value, "to"):
        if value == 0.0:
            return
        value = registry().Quantity(value, "")
    try:
        converted = float(value.to(target).magnitude)
    except Exception as error:
        raise UnitError(
            f"equation {name}: expected {unit}, found {_unit_of(value)} ({error})."
        ) from error
    if abs(converted - expected) > 1e-9 * max(abs(converted), abs(expected), 1e-300):
        raise UnitError(
            f"equation {name}: its unit {_unit_of(value)} differs from the declared {unit} "
            f"by a factor of {converted / expected if expected else float('inf'):g}."
        )


def _unit_of(value: Any) -> str:
    return f"{value.units:~}" if hasattr(value, "units") else "-"
