"""Derivatives and quantities at given states, the check of a port equation by equation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations import TIME
from remodel.units import days
from remodel.verification.folder import SET, Folder, ReferenceTable
from remodel.verification.ported_model import PortedModel
from remodel.verification.report import Comparison

NAME = "right-hand side"
TOLERANCE = 1e-10
_FLOOR = 1e-6  # of the largest value of a column: below it differences are not relative
_FIRST_LINE = 2


def compare(ported: PortedModel, folder: Folder) -> Iterator[Comparison]:
    """Yield the largest difference of each derivative and quantity; nothing without a table."""
    table = folder.right_hand_side
    if table is None:
        return
    unit = days(1.0, ported.model.time_unit)
    values = _evaluated(ported, folder, table, unit)
    for name, expected in _expected(ported, table, unit).items():
        floor = _FLOOR * np.max(np.abs(expected)) or 1.0
        gap = np.abs(values[name] - expected) / np.maximum(np.abs(expected), floor)
        worst = int(np.argmax(np.where(np.isnan(gap), np.inf, gap)))
        row = float(worst + _FIRST_LINE)
        yield Comparison(NAME, name, float(gap[worst]), row, TOLERANCE)


def _expected(ported: PortedModel, table: ReferenceTable, unit: float) -> dict[str, FloatArray]:
    states = ported.system.assembly.states
    expected = {
        f"d{name}_dt": table.numbers(f"d{name}_dt") * ported.state_factor[name] / unit
        for name in states
        if f"d{name}_dt" in table.columns
    }
    for column in table.columns:
        if column in ported.system.outputs and column not in states:
            expected[column] = table.numbers(column)
    return expected


def _evaluated(
    ported: PortedModel, folder: Folder, table: ReferenceTable, unit: float
) -> dict[str, Any]:
    """Return derivatives and quantities, each an array with one value a row."""
    values = {name: np.full(len(table), value) for name, value in ported.values.items()}
    for row, scenario in enumerate(table.columns.get("parameters", ())):
        for action in folder.scenarios.get(scenario, ()):
            if action.kind == SET:
                values[action.target][row] = action.value * ported.parameter_factor[action.target]
    for name in set(table.columns) & set(values):
        values[name] = table.numbers(name) * ported.parameter_factor[name]
    for name, factor in ported.state_factor.items():
        values[name] = table.numbers(name) * factor
    values[TIME] = table.numbers("t") * unit if "t" in table.columns else np.zeros(len(table))
    with np.errstate(all="ignore"):
        result = ported.system.assembly.evaluate(values)
    rates = {f"d{name}_dt": value for name, value in result.rates().items()}
    return {**result.quantities, **rates}
