"""What happens to an arm of a trial, as values that are set at times from its day 0 [d]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from remodel.exchange.infix import number
from remodel.exchange.sbml import START
from remodel.exchange.statements import Statements
from remodel.models import Model
from remodel.simulation.batch import Batch
from remodel.simulation.dosing import Action
from remodel.simulation.packing import columns
from remodel.simulation.patients import parameter_values, starts, surgery_actions
from remodel.solvers.problem import ADD, PUT
from remodel.units import DAYS_PER_YEAR

Changes = dict[float, dict[str, str]]
"""By time, then by the name of a parameter or state, its new value as a formula."""
_BEFORE = 1e-6  # days


def periods_of(
    batch: Batch, arm: int, statements: Statements, estimated: Sequence[str]
) -> tuple[Changes, str]:
    """Return the changes of one simulation of a batch, or why they cannot be written.

    Parameters
    ----------
    batch : Batch
    arm : int
        Position in the batch.
    statements : Statements
        Of the model that is written.
    estimated : sequence of str
        Parameters that no change may set.

    Returns
    -------
    dict of float to dict of str to str
        The first time is that at which the simulation begins.
    str
        The reason; empty if all can be written.
    """
    model, chosen = batch.model, np.array([arm])
    dosing = batch.dosings[batch.dosing_of[arm]]
    if dosing.steady_state or dosing.later:
        return {}, "a regimen is at steady state when it begins"
    values, surgery = parameter_values(model, batch.inputs, chosen)
    named = dict(zip(columns(model), values[0].tolist(), strict=True))
    start = float(starts(model, batch.inputs, chosen)[0])
    begin = min(0.0, dosing.first)
    if model.history_start:
        begin = min(begin, named[model.history_start] - start)
    timed = [(float(action.time), action) for action in dosing.actions]
    timed += [
        (age / DAYS_PER_YEAR * model.days_per_year - start, action) for age, action in dosing.at_age
    ]
    timed += [(max(float(surgery[0]) - start, begin), a) for a in surgery_actions(model)]
    if any(action.kind == PUT for _, action in timed):
        return {}, "it is reset"
    later: Changes = {}
    for time, action in timed:
        if np.isfinite(time):
            _change(later.setdefault(time, {}), action, statements)
    later = {time: at for time, at in later.items() if at}
    # the first condition may not use what the model computes, so what is given then comes after it
    first = min((begin, *later)) - _BEFORE
    changes = {first: _first(model, named, start, statements), **later}
    for name in estimated:
        if any(name in at for at in changes.values()):
            return {}, f"its women or doses set {name}, which is estimated"
    return changes, ""


def _first(
    model: Model, named: Mapping[str, float], start: float, statements: Statements
) -> dict[str, str]:
    """Return what is not as usual from the beginning: age, menopause, density, sex."""
    usual = model.all_parameters
    first = {START: number(start)} if model.follows_age else {}
    for name, value in named.items():
        if value != usual[name].value * usual[name].factor and name in statements.parameters:
            first[name] = number(value)
    return first


def _change(at: dict[str, str], action: Action, statements: Statements) -> None:
    """Add what an action does to the changes of its time."""
    value = number(float(action.value))
    if action.kind == ADD:
        amount = f"{value} * {action.factor}" if action.factor else value
        at[action.target] = f"{at.get(action.target, action.target)} + {amount}"
    elif action.target in statements.parameters:
        at[action.target] = value
