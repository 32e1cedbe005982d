"""One patient simulated once, with everything that the equations read at every time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations import TIME
from remodel.equations.assembly import Assembly
from remodel.errors import ConfigError, ModelError, nearest
from remodel.models import Model
from remodel.simulation.batch import Batch
from remodel.simulation.dataset import report_failures
from remodel.simulation.inputs import Inputs
from remodel.simulation.patients import parameter_values, surgery_actions
from remodel.simulation.trajectories import Trajectories
from remodel.simulation.treatment import simulate_batch
from remodel.solvers.problem import SET
from remodel.units import DAYS_PER_YEAR, PERCENT_CHANGE, read_time


def checked_name(name: str, model: Model, assembly: Assembly) -> tuple[str, ...]:
    """Return all names of states and quantities.

    Raises
    ------
    ModelError
        If ``name`` is not one of them.
    """
    known = (*assembly.states, *assembly.equations, *assembly.ports)
    if name not in known:
        level = name.removesuffix(PERCENT_CHANGE)
        hint = f" Explain '{level}'." if level in known else nearest(name, known)
        raise ModelError(f"model '{model.name}' has no state or quantity '{name}'.{hint}")
    return known


def checked_day(at: float | str) -> float:
    """Return a time from the start of treatment [d].

    Raises
    ------
    ConfigError
        If it is not a time, or before the start.
    """
    day = read_time(at, "d", "at")
    if day < 0:
        raise ConfigError(f"at = {day:g} d: must not be before the start of treatment.")
    return day


def simulated(
    model: Model, inputs: Inputs, names: Sequence[str], times: FloatArray
) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    """Simulate one patient.

    Parameters
    ----------
    model : Model
    inputs : Inputs
        Of one simulation.
    names : sequence of str
        States and quantities.
    times : ndarray, shape (n_times,)
        From the start of treatment [d]; what is given at one of them is not yet given.

    Returns
    -------
    dict of str to float or ndarray, shape (n_times,)
        Parameters and inputs as the equations read them, and ``time``.
    dict of str to ndarray, shape (n_times,)
        States and quantities.

    Raises
    ------
    ConfigError
        If the inputs are those of more than one simulation.
    SolverError
        If the simulation fails.
    """
    if inputs.size > 1:
        raise ConfigError(f"one simulation is explained at a time, not {inputs.size}.")
    batch = Batch.build(model, inputs, times, names)
    trajectories = simulate_batch(batch)
    report_failures(trajectories, strict=True)
    outputs = dict(zip(batch.outputs, trajectories.values[:, 0], strict=True))
    return _parameters(batch, trajectories), outputs


def _parameters(batch: Batch, trajectories: Trajectories) -> dict[str, Any]:
    """Return parameters at every time: those of day 0, and what is set from then on."""
    model, times, start = batch.model, batch.times, float(trajectories.start[0])
    values: dict[str, Any] = dict(
        zip(model.all_parameters, map(float, trajectories.parameters[0]), strict=True)
    )
    (dosing,) = batch.dosings
    age = start / model.days_per_year * DAYS_PER_YEAR
    surgery = float(parameter_values(model, batch.inputs, np.zeros(1, dtype=np.int64))[1][0])
    changes = [(surgery - start, action) for action in surgery_actions(model)]
    changes += [(when - age, action) for when, action in dosing.at_age]
    changes += [(action.time, action) for action in dosing.actions if action.kind == SET]
    for when, action in sorted(changes, key=lambda change: change[0]):
        begun = (times > when) | (when <= 0)
        if begun.any():
            values[action.target] = np.where(begun, action.value, values[action.target])
    constant = {n: float(v[0]) for n, v in values.items() if np.ndim(v) and not np.ptp(v)}
    return {**values, **constant, TIME: start + times}
