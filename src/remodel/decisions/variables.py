"""Decision variables: what may be varied in a plan, and between which bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray
from remodel.decisions.design import VariableTable
from remodel.files import Table

_ROUNDING = 1e-9
_CONTINUOUS_DIGITS = 6
Value = float | str


@dataclass(frozen=True, slots=True)
class Variable:
    """One decision variable.

    Attributes
    ----------
    name : str
    lower, upper : float
        Of numbers; positions where there are choices.
    step : float or None
        None where any number between the bounds is allowed.
    choices : tuple of str
        Texts, empty for a number.
    names : tuple of str
        What the choices are called.
    """

    name: str
    lower: float
    upper: float
    step: float | None
    choices: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether all its values are whole numbers."""
        numbers = (self.lower, self.upper, self.step)
        return all(number is not None and number == int(number) for number in numbers)

    @property
    def size(self) -> int | None:
        """Number of values; None where it is continuous."""
        if self.step is None:
            return None
        return round((self.upper - self.lower) / self.step) + 1

    def at(self, share: float) -> Value:
        """Return the value at a share of the way, from 0 to 1; equal parts for each of a grid."""
        size = self.size
        inside = min(max(share, 0.0), 1.0)
        if size is None:
            return self.lower + inside * (self.upper - self.lower)
        return self.nth(min(int(inside * size), size - 1))

    def nth(self, number: int) -> Value:
        """Return a value of a grid, or the name of a choice."""
        if self.choices:
            return self.names[number]
        assert self.step is not None  # noqa: S101 # only grids are numbered
        return self.lower + number * self.step

    def text(self, value: Value) -> str:
        """Return what takes the place of the variable in a schedule."""
        if isinstance(value, str):
            return self.choices[self.names.index(value)]
        return number_text(value)


def number_text(value: float) -> str:
    """Return a number as schedules write it, without an exponent."""
    rounded = float(f"{value:.{_CONTINUOUS_DIGITS}g}")
    return f"{rounded:.10f}".rstrip("0").rstrip(".") if abs(rounded) < 1e15 else f"{rounded:.0f}"


def read_variables(top: Table, tables: Mapping[str, VariableTable]) -> tuple[Variable, ...]:
    """Return the variables of a problem, checked.

    Raises
    ------
    ConfigError
        Naming file, line and key.
    """
    return tuple(_variable(top.table("variable").table(n), n, t) for n, t in tables.items())


def _variable(table: Table, name: str, content: VariableTable) -> Variable:
    if not name.isidentifier():
        table.fail("lower", f"'{name}' is no name: it begins with a letter, and has letters, "
                   "digits and _.")  # fmt: skip
    if content.choices:
        return _choices(table, name, content)
    for key in ("lower", "upper"):
        if getattr(content, key) is None:
            table.fail(key, "this key is missing; a variable has lower and upper, or choices.")
    lower, upper = float(content.lower or 0.0), float(content.upper or 0.0)
    if lower >= upper:
        table.fail("upper", f"{upper:g} is not above lower = {lower:g}.")
    if content.step is None:
        return Variable(name, lower, upper, None)
    steps = (upper - lower) / content.step
    if abs(steps - round(steps)) > _ROUNDING * max(1.0, steps) or round(steps) < 1:
        last = lower + math.floor(steps) * content.step
        table.fail(
            "step",
            f"steps of {content.step:g} from {lower:g} do not reach upper = {upper:g}; the nearest "
            f"are {last:g} and {last + content.step:g}.",
        )
    return Variable(name, lower, upper, content.step)


def _choices(table: Table, name: str, content: VariableTable) -> Variable:
    for key in ("lower", "upper", "step"):
        if getattr(content, key) is not None:
            table.fail(key, "a variable has either choices, or lower, upper and step.")
    names = content.names or content.choices
    if len(names) != len(content.choices):
        table.fail("names", f"{len(names)} names for {len(content.choices)} choices.")
    if len(set(names)) < len(names) or len(names) < 2:
        table.fail("choices", "expected two choices or more, all different.")
    return Variable(name, 0.0, len(names) - 1.0, 1.0, content.choices, names)


def grid_size(variables: tuple[Variable, ...]) -> int | None:
    """Return the number of all combinations; None where a variable is continuous."""
    sizes = [variable.size for variable in variables]
    return None if None in sizes else math.prod(size for size in sizes if size is not None)


def grid(variables: tuple[Variable, ...]) -> list[dict[str, Value]]:
    """Return all combinations, the last variable changing fastest."""
    sizes = [variable.size or 1 for variable in variables]
    return [
        {v.name: v.nth(int(i)) for v, i in zip(variables, index, strict=True)}
        for index in np.ndindex(*sizes)
    ]


def values_at(variables: tuple[Variable, ...], point: FloatArray) -> dict[str, Value]:
    """Return the values at a point of the unit cube."""
    return {v.name: v.at(float(x)) for v, x in zip(variables, point, strict=True)}
