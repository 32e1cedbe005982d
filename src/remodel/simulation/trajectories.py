"""What simulations gave: outputs over time, where they began, and how each of them ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.solvers.problem import Solution
from remodel.solvers.status import Status
from remodel.units import PERCENT_CHANGE, percent_change, percent_change_derivative


@dataclass(frozen=True, slots=True)
class Trajectories:
    """Results of simulations, one column each.

    Attributes
    ----------
    outputs : tuple of str
        Names, in the order of the first axis of ``values``.
    values : ndarray, shape (n_outputs, n, n_times)
        NaN after a failure.
    baseline : ndarray, shape (n_outputs, n)
        Value of each output at day 0.
    derivatives : ndarray, shape (n_outputs, n_sensitivities, n, n_times)
        By parameters, in the units of the parameter table.
    baseline_derivatives : ndarray, shape (n_outputs, n_sensitivities, n)
    start : ndarray, shape (n,)
        Model time at day 0 [d].
    stopped : ndarray, shape (n,)
        Model time reached [d].
    status : ndarray of int, shape (n,)
    counters : ndarray of int, shape (n, 3)
        Accepted steps, rejected steps, factorizations.
    parameters : ndarray, shape (n, n_parameters)
        All parameters of the model as each simulation had them at day 0, in internal units: after
        the past has set its inputs and baseline T-scores are met. Without columns where they are
        not kept.
    measures : ndarray, shape (n_measures, n, 2)
        Value of each ``Measure``, and day of an extreme.
    """

    outputs: tuple[str, ...]
    values: FloatArray
    baseline: FloatArray
    derivatives: FloatArray
    baseline_derivatives: FloatArray
    start: FloatArray
    stopped: FloatArray
    status: IntArray
    counters: IntArray
    parameters: FloatArray
    measures: FloatArray

    @classmethod
    def blank(
        cls,
        outputs: tuple[str, ...],
        *,
        simulations: int,
        times: int,
        sensitivities: int,
        parameters: int,
        measures: int = 0,
    ) -> Self:
        """Return trajectories of that many simulations, to be filled by :meth:`put`."""
        shape = (len(outputs), simulations, times)
        wide = (len(outputs), sensitivities, simulations, times)
        return cls(
            outputs=outputs,
            values=np.full(shape, np.nan),
            baseline=np.full(shape[:2], np.nan),
            derivatives=np.full(wide, np.nan),
            baseline_derivatives=np.full(wide[:3], np.nan),
            start=np.zeros(simulations),
            stopped=np.zeros(simulations),
            status=np.zeros(simulations, dtype=np.int64),
            counters=np.zeros((simulations, 3), dtype=np.int64),
            parameters=np.zeros((simulations, parameters)),
            measures=np.full((measures, simulations, 2), np.nan),
        )

    def put(self, members: IntArray, other: Trajectories) -> None:
        """Write the results of some simulations to their positions."""
        self.values[:, members] = other.values
        self.baseline[:, members] = other.baseline
        self.derivatives[:, :, members] = other.derivatives
        self.baseline_derivatives[:, :, members] = other.baseline_derivatives
        self.start[members] = other.start
        self.counters[members] = other.counters
        self.measures[:, members] = other.measures
        self.stopped[members], self.status[members] = other.stopped, other.status
        if self.parameters.shape[1]:
            self.parameters[members] = other.parameters

    def put_failures(self, solution: Solution) -> None:
        """Mark simulations that had failed before they came to day 0."""
        failed = solution.failed
        self.status[failed] = solution.status[failed]
        self.stopped[failed] = solution.stopped[failed]

    def put_outside(self, members: IntArray) -> None:
        """Mark simulations that were not integrated."""
        self.status[members] = Status.OUTSIDE_BOUNDS
        self.parameters[members] = np.nan
        self.stopped[members] = self.start[members] = np.nan

    @property
    def failed(self) -> IntArray:
        """Positions of simulations that did not reach their end."""
        return np.flatnonzero(self.status != Status.OK)

    def variable(self, name: str) -> FloatArray:
        """Return an output, or its change from day 0 in percent, shape (n, n_times)."""
        k = self.outputs.index(name.removesuffix(PERCENT_CHANGE))
        if name.endswith(PERCENT_CHANGE):
            return percent_change(self.values[k], self.baseline[k][:, None])
        values: FloatArray = self.values[k]
        return values

    def derivative(self, name: str) -> FloatArray:
        """Return derivatives of a variable, shape (n_sensitivities, n, n_times)."""
        k = self.outputs.index(name.removesuffix(PERCENT_CHANGE))
        if name.endswith(PERCENT_CHANGE):
            return percent_change_derivative(
                self.values[k],
                self.baseline[k][:, None],
                self.derivatives[k],
                self.baseline_derivatives[k][:, :, None],
            )
        derivatives: FloatArray = self.derivatives[k]
        return derivatives
