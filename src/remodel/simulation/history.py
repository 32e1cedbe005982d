"""The bone that a patient's history leaves before treatment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.equations.system import System
from remodel.simulation.batch import Batch
from remodel.simulation.packing import baseline, build_problem, columns, own_values
from remodel.simulation.patients import (
    parameter_values,
    perform_surgery,
    starts,
    surgery_actions,
)
from remodel.solvers.problem import Solution


@dataclass(frozen=True, slots=True)
class Bodies:
    """Bodies of n simulations at their first dose, or at the snapshot they start from.

    Attributes
    ----------
    values : ndarray, shape (n, n_all)
        Parameters.
    start : ndarray, shape (n,)
        Model time at day 0 [d].
    surgery : ndarray, shape (n,)
        Model time at the removal of the ovaries [d].
    state_names : tuple of str
    reached : Solution
        States, and who did not come so far.
    tangents : ndarray, shape (n, n_directions, n_states)
        Derivatives of the states.
    """

    values: FloatArray
    start: FloatArray
    surgery: FloatArray
    state_names: tuple[str, ...]
    reached: Solution
    tangents: FloatArray

    @classmethod
    def of(cls, batch: Batch, chosen: IntArray) -> Self:
        """Return the bodies of some simulations of a batch."""
        model, inputs, snapshot = batch.model, batch.inputs, batch.start
        if snapshot is not None:
            now = snapshot[inputs.patient_of[chosen]]
            none = np.zeros((len(chosen), 0, len(now.state_names)))
            return cls(now.values.copy(), now.time, now.surgery, now.state_names, now.reached, none)
        start = starts(model, inputs, chosen)
        values, surgery = parameter_values(model, inputs, chosen)
        first = np.array([dosing.first for dosing in batch.dosings])
        begin, core = start + first[batch.dosing_of[chosen]], batch.system()
        history, tangents = natural_history(batch, core, values, surgery, begin)
        perform_surgery(model, values, surgery, begin)
        return cls(values, start, surgery, core.state_names, history, tangents)


def natural_history(
    batch: Batch, core: System, values: FloatArray, surgery: FloatArray, until: FloatArray
) -> tuple[Solution, FloatArray]:
    """Simulate each patient up to the first dose, once for equal histories.

    Parameters
    ----------
    batch : Batch
    core : System
        Without drugs.
    values : ndarray, shape (n, n_all)
    surgery, until : ndarray, shape (n,)
        Ages [d].

    Returns
    -------
    Solution
        Without outputs.
    ndarray, shape (n, n_directions, n_states)
        Derivatives of its final states.
    """
    model, n = batch.model, len(until)
    wrt, positions = batch.read_by(core)
    slopes = np.zeros((n, len(batch.directions), len(core.states)))
    if not model.follows_age:
        solution = Solution(
            outputs=np.zeros((0, n, 0)),
            final=baseline(core, model, values, until),
            status=np.zeros(n, dtype=np.int64),
            stopped=until,
            counters=np.zeros((n, 3), dtype=np.int64),
        )
        slopes[:, positions] = core.baseline_tangents(own_values(core, model, values), until, wrt)
        return solution, slopes
    # continuing to another patient's age would change the last steps, and so the last digits
    key = np.column_stack([own_values(core, model, values), surgery, until])
    numbers: dict[bytes, int] = {}
    number_of = np.array([numbers.setdefault(row.tobytes(), len(numbers)) for row in key])
    lead = np.unique(number_of, return_index=True)[1]
    begin, first = until[lead], values[lead]
    if model.history_start:
        begin = np.minimum(first[:, columns(model)[model.history_start]], begin)
    problem = build_problem(
        model,
        core,
        (),
        first,
        begin,
        until[lead, None],
        np.full(len(lead), np.inf),
        absolute=[(surgery[lead], action) for action in surgery_actions(model)],
        state=baseline(core, model, first, begin),
        tangents=core.baseline_tangents(own_values(core, model, first), begin, wrt),
    )
    solved = batch.integrate(core, problem, core.state_names, wrt)
    solution = Solution(
        outputs=np.zeros((0, n, 0)),
        final=solved.outputs[:, number_of, 0].T.copy(),
        status=solved.status[number_of],
        stopped=solved.stopped[number_of],
        counters=solved.counters[number_of],
    )
    if wrt:
        slopes[:, positions] = solved.sensitivities[:, :, number_of, 0].transpose(2, 1, 0)
    return solution, slopes
