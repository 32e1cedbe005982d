"""Arms with the same drugs, simulated side by side, for one parameter vector or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from remodel._arrays import FloatArray
from remodel.patient import Patient
from remodel.simulation import batch as simulation
from remodel.simulation.inputs import Inputs
from remodel.simulation.treatment import simulate_batch

_CHUNK = 4096  # simulations integrated at a time


@dataclass(frozen=True, slots=True)
class Batch:
    """Arms that are simulated together.

    Attributes
    ----------
    simulations : simulation.Batch
        One simulation an arm.
    first : int
        Position of its levels among those of all batches.
    """

    simulations: simulation.Batch
    first: int

    @property
    def arms(self) -> int:
        """Number of arms."""
        return self.simulations.size

    @property
    def size(self) -> int:
        """Number of levels: one an output, arm and time."""
        return len(self.simulations.outputs) * self.arms * len(self.simulations.times)

    def levels(self, values: Mapping[str, FloatArray], draws: int) -> FloatArray:
        """Return simulated levels, shape (draws, size), NaN from a failure on.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (draws,)
            Parameters that replace the model's, in the units people see.
        """
        found = np.empty((draws, self.size))
        some = max(1, _CHUNK // self.arms)
        for begin in range(0, draws, some):
            part = {name: given[begin : begin + some] for name, given in values.items()}
            count = min(some, draws - begin)
            found[begin : begin + count] = self._levels(part, count)
        return found

    def _levels(self, values: Mapping[str, FloatArray], draws: int) -> FloatArray:
        repeated = replace(
            self.simulations,
            inputs=_repeated(self.simulations.inputs, values, draws),
            dosing_of=np.repeat(self.simulations.dosing_of, draws),
        )
        outputs, times = len(repeated.outputs), len(repeated.times)
        shaped = simulate_batch(repeated).values.reshape(outputs, self.arms, draws, times)
        return shaped.transpose(2, 0, 1, 3).reshape(draws, self.size)

    def slopes(
        self, values: Mapping[str, float], wrt: Sequence[str]
    ) -> tuple[FloatArray, FloatArray]:
        """Return levels, shape (size,), and derivatives, shape (n_parameters, size)."""
        inputs = self.simulations.inputs
        changed = replace(inputs, parameters=inputs.parameters.replace(values))
        trajectories = simulate_batch(
            replace(self.simulations, inputs=changed, sensitivities=tuple(wrt))
        )
        shaped = trajectories.derivatives.transpose(1, 0, 2, 3).reshape(len(wrt), self.size)
        return trajectories.values.reshape(self.size), shaped


def _repeated(inputs: Inputs, values: Mapping[str, FloatArray], draws: int) -> Inputs:
    """Return inputs with each simulation ``draws`` times, once for each value."""
    if draws == 1:
        one = {name: float(given[0]) for name, given in values.items()}
        return replace(inputs, parameters=inputs.parameters.replace(one))
    return replace(
        inputs,
        size=inputs.size * draws,
        schedules=tuple(s for s in inputs.schedules for _ in range(draws)),
        patients=_each(inputs, draws),
        varied={
            **{name: np.repeat(own, draws) for name, own in inputs.varied.items()},
            **{name: np.tile(given, inputs.size) for name, given in values.items()},
        },
    )


def _each(inputs: Inputs, draws: int) -> tuple[Patient, ...]:
    if len(inputs.patients) == 1 and inputs.size > 1:
        return inputs.patients
    return tuple(p for p in inputs.patients for _ in range(draws))
