"""Arms with the same drugs, simulated side by side, for one parameter vector or many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.errors import ParameterError
from remodel.models import Model
from remodel.observations import Arm
from remodel.patient import Patient
from remodel.predictions.arms import batch_of, patient_of
from remodel.predictions.evidence import Target
from remodel.simulation.batch import Batch
from remodel.simulation.inputs import Inputs
from remodel.simulation.treatment import simulate_batch

_CHUNK = 4096  # simulations integrated at a time


@dataclass(frozen=True, slots=True)
class ArmBatch:
    """Arms that are simulated together.

    Attributes
    ----------
    batch : Batch
        One simulation an arm.
    """

    batch: Batch

    @property
    def arms(self) -> int:
        """Number of arms."""
        return self.batch.size

    @property
    def size(self) -> int:
        """Number of levels: one an output, arm and time."""
        return len(self.batch.outputs) * self.arms * len(self.batch.times)

    def levels(self, values: Mapping[str, FloatArray], draws: int) -> FloatArray:
        """Return simulated levels, shape (draws, size), NaN from a failure on.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (draws,)
            Parameters that replace the model's, in the units people see.
        """
        levels = np.empty((draws, self.size))
        step = max(1, _CHUNK // self.arms)
        for begin in range(0, draws, step):
            chunk = slice(begin, min(begin + step, draws))
            levels[chunk] = self._levels(
                {name: array[chunk] for name, array in values.items()}, chunk.stop - begin
            )
        return levels

    def _levels(self, values: Mapping[str, FloatArray], draws: int) -> FloatArray:
        repeated = replace(
            self.batch,
            inputs=_repeated(self.batch.inputs, values, draws),
            dosing_of=np.repeat(self.batch.dosing_of, draws),
        )
        shape = len(repeated.outputs), self.arms, draws, len(repeated.times)
        outputs = simulate_batch(repeated).values.reshape(shape)
        return outputs.transpose(2, 0, 1, 3).reshape(draws, self.size)

    def derivatives(
        self, values: Mapping[str, float], names: Sequence[str]
    ) -> tuple[FloatArray, FloatArray]:
        """Return levels, shape (size,), and derivatives, shape (n_parameters, size)."""
        inputs = self.batch.inputs
        changed = replace(inputs, parameters=inputs.parameters.replace(values))
        batch = replace(self.batch, inputs=changed, sensitivities=tuple(names))
        result = simulate_batch(batch)
        by_parameter = result.derivatives.transpose(1, 0, 2, 3).reshape(len(names), self.size)
        return result.values.reshape(self.size), by_parameter

    def has_derivatives(self, names: Sequence[str]) -> bool:
        """Return whether none of some parameters acts through the size of a dose."""
        try:
            self.batch.differentiated(names)
        except ParameterError:
            return False
        return True


def _repeated(inputs: Inputs, values: Mapping[str, FloatArray], draws: int) -> Inputs:
    """Return inputs with each simulation ``draws`` times, once for each value."""
    if draws == 1:
        single = {name: float(array[0]) for name, array in values.items()}
        return replace(inputs, parameters=inputs.parameters.replace(single))
    is_shared = len(inputs.patients) == 1 and inputs.size > 1
    repeats = range(1 if is_shared else draws)
    return replace(
        inputs,
        size=inputs.size * draws,
        schedules=tuple(s for s in inputs.schedules for _ in range(draws)),
        patients=tuple(p for p in inputs.patients for _ in repeats),
        varied={
            **{name: np.repeat(array, draws) for name, array in inputs.varied.items()},
            **{name: np.tile(array, inputs.size) for name, array in values.items()},
        },
    )


_Key = tuple[str, Patient | None, tuple[float | None, ...]]


@dataclass(slots=True)
class _Demand:
    """What is needed of one arm."""

    arm: Arm
    times: set[float]
    endpoints: set[str]


def batches_of(
    model: Model, targets: Sequence[Target], rtol: float
) -> tuple[tuple[ArmBatch, ...], IntArray]:
    """Return batches of arms, and positions of the four levels of each target.

    Returns
    -------
    tuple of ArmBatch
        Equal arms are simulated once; arms with the same drugs are one batch.
    ndarray of int, shape (4, n)
        Level, reference, comparator's level and comparator's reference, among the levels of all
        batches one after the other; what a target does not need is the level after the last.
    """
    demands = _demands(model, targets)
    groups: dict[tuple[str, ...], list[_Key]] = defaultdict(list)
    for key, demand in demands.items():
        groups[model.with_drugs(demand.arm.schedule.drugs)].append(key)
    batches: list[ArmBatch] = []
    position: dict[tuple[_Key, str, float], int] = {}
    size = 0
    for keys in groups.values():
        members = [demands[key] for key in keys]
        times = sorted(set().union(*(demand.times for demand in members)))
        outputs = tuple(sorted(set().union(*(demand.endpoints for demand in members))))
        arms = [demand.arm for demand in members]
        batches.append(ArmBatch(batch_of(model, arms, np.array(times), outputs, rtol)))
        for output, key, time in product(outputs, keys, times):
            position[key, output, time] = size
            size += 1
    positions = np.full((4, len(targets)), size, dtype=np.int64)
    for column, target in enumerate(targets):
        row = target.observation
        for line, arm in ((0, target.arm), (2, target.comparator)):
            if arm is not None:
                key = _key(model, arm)
                positions[line, column] = position[key, row.endpoint, row.time]
                positions[line + 1, column] = position[key, row.endpoint, row.reference_time]
    return tuple(batches), positions


def _demands(model: Model, targets: Sequence[Target]) -> dict[_Key, _Demand]:
    """Return what is needed of each different arm."""
    demands: dict[_Key, _Demand] = {}
    for target in targets:
        row = target.observation
        for arm in (target.arm, target.comparator):
            if arm is not None:
                demand = demands.setdefault(_key(model, arm), _Demand(arm, {0.0}, set()))
                demand.times |= {row.time, row.reference_time}
                demand.endpoints.add(row.endpoint)
    return demands


def _key(model: Model, arm: Arm) -> _Key:
    """Return what makes two arms one simulation."""
    scores = tuple(arm.t_score(site) for site in model.density)
    return repr(arm.schedule), patient_of(arm, model), scores
