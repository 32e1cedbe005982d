"""Draws from the posterior of a model's parameters: those that ship with it, or a file of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import numpy as np

from remodel._arrays import FloatArray
from remodel.errors import ObservationError, ParameterError
from remodel.files import read_text
from remodel.models import Model, load_model
from remodel.observations.rows import Row, read_rows
from remodel.parameters import Parameter

_SHIPPED = resources.files("remodel.parameters") / "posteriors"


def posterior_draws(
    model: str | Model = "reference", source: str | Path | None = None
) -> Mapping[str, FloatArray]:
    """Return equally likely values of the estimated parameters.

    Parameters
    ----------
    model : str or Model
    source : path, optional
        CSV file with one column a parameter and one row a draw, such as ``posterior.csv`` of a
        fit. By default the draws that ship with the model.

    Returns
    -------
    mapping of str to ndarray, shape (draws,)
        By parameter, in the units of the model's table; empty for a model that ships without.

    Raises
    ------
    ObservationError
        If the file cannot be read or has no draws, a column is not a parameter, or a cell is not
        a number within the bounds of its parameter; it names file, row and column.
    """
    model = load_model(model)
    if source is None:
        shipped = _SHIPPED / f"{model.name}.csv"
        if not shipped.is_file():
            return {}
        text, name = shipped.read_text(encoding="utf-8"), shipped.name
    else:
        text, name = read_text(Path(source), ObservationError), Path(source).name
    rows = read_rows(text, name, ())
    if not rows:
        raise ObservationError(f"{name} has no draws.")
    draws: dict[str, FloatArray] = {}
    for column in filter(None, rows[0].cells):
        try:
            parameter = model.parameters[column]
        except ParameterError as error:
            Row(name, 1, {}).fail(column, str(error), error)
        draws[column] = np.array([_value(row, column, parameter) for row in rows])
    return draws


def _value(row: Row, column: str, parameter: Parameter) -> float:
    """Return a cell, checked."""
    value = row.number(column, parameter.unit)
    try:
        parameter.check(value)
    except ParameterError as error:
        row.fail(column, str(error), error)
    return value
