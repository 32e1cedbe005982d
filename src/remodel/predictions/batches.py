"""Arms with the same drugs, simulated side by side, for one parameter vector or many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Self

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.errors import ParameterError
from remodel.models import Model
from remodel.observations import Arm, Observation
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
    return replace(
        inputs,
        size=inputs.size * draws,
        schedule_of=np.repeat(inputs.schedule_of, draws),
        patient_of=np.repeat(inputs.patient_of, draws),
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


@dataclass(frozen=True, slots=True)
class Pools:
    """Levels of arms that were reported together: means of the levels of their members.

    Attributes
    ----------
    positions : ndarray of int, shape (n, most)
        Among the levels of all batches and a 1 after them, where nothing is weighed.
    weights : ndarray, shape (n, most)
    """

    positions: IntArray
    weights: FloatArray

    @classmethod
    def of(cls, pools: Sequence[Sequence[tuple[int, float]]], blank: int) -> Self:
        """Return pools from pairs of position and weight, each filled up with a blank position."""
        shape = len(pools), max(map(len, pools), default=0)
        positions, weights = np.full(shape, blank, dtype=np.int64), np.zeros(shape)
        for line, pool in enumerate(pools):
            positions[line, : len(pool)] = [position for position, _ in pool]
            weights[line, : len(pool)] = [weight for _, weight in pool]
        return cls(positions, weights)

    def appended(self, levels: FloatArray) -> FloatArray:
        """Return levels, or derivatives of them, with those of the pools after them."""
        means = (levels[..., self.positions] * self.weights).sum(axis=-1)
        return np.concatenate([levels, means], axis=-1)


def batches_of(
    model: Model, targets: Sequence[Target], rtol: float
) -> tuple[tuple[ArmBatch, ...], Pools, IntArray]:
    """Return batches of arms, pools of them, and positions of the four levels of each target.

    Returns
    -------
    tuple of ArmBatch
        Equal arms are simulated once; arms with the same drugs are one batch.
    Pools
    ndarray of int, shape (4, n)
        Level, reference, comparator's level and comparator's reference, among the levels of all
        batches one after the other, a 1 where a target needs none, and the levels of pools.
    """
    demands = _demands(model, targets)
    groups: dict[tuple[str, ...], list[_Key]] = defaultdict(list)
    for key, demand in demands.items():
        groups[model.with_drugs(demand.arm.schedule.drugs)].append(key)
    batches: list[ArmBatch] = []
    position: dict[tuple[_Key, str, float], int] = {}
    for keys in groups.values():
        members = [demands[key] for key in keys]
        times = sorted(set().union(*(demand.times for demand in members)))
        outputs = tuple(sorted(set().union(*(demand.endpoints for demand in members))))
        arms = [demand.arm for demand in members]
        batches.append(ArmBatch(batch_of(model, arms, np.array(times), outputs, rtol)))
        for output, key, time in product(outputs, keys, times):
            position[key, output, time] = len(position)
    blank, pools = len(position), []
    positions = np.full((4, len(targets)), blank, dtype=np.int64)
    for column, target in enumerate(targets):
        row = target.observation
        lines = product((target.members, target.comparators), (row.time, _reference_time(row)))
        for line, (arms_, time) in enumerate(lines):
            levels = [(position[_key(model, a), row.endpoint, time], w) for a, w in arms_]
            if len(levels) == 1:
                positions[line, column] = levels[0][0]
            elif levels:
                pools.append(levels)
                positions[line, column] = blank + len(pools)
    return tuple(batches), Pools.of(pools, blank), positions


def _reference_time(row: Observation) -> float:
    """Return the time that a change, or a level scaled by a T-score, counts from [d]."""
    return 0.0 if row.kind == "level" else row.reference_time


def _demands(model: Model, targets: Sequence[Target]) -> dict[_Key, _Demand]:
    """Return what is needed of each different arm."""
    demands: dict[_Key, _Demand] = {}
    for target in targets:
        row = target.observation
        for arm, _ in (*target.members, *target.comparators):
            demand = demands.setdefault(_key(model, arm), _Demand(arm, {0.0}, set()))
            demand.times |= {row.time, _reference_time(row)}
            demand.endpoints.add(row.endpoint)
    return demands


def _key(model: Model, arm: Arm) -> _Key:
    """Return what makes two arms one simulation."""
    scores = tuple(arm.t_score(site) for site in model.density)
    return repr(arm.schedule), patient_of(arm, model), scores
