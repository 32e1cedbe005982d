"""A batch of initial value problems and its solution, in arrays; the same for every solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.solvers.status import Status

ADD, SET, BREAK, PUT = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at one time and makes the solver restart.

    ``kind`` is ADD (``value`` is added to state ``index``), PUT (state ``index`` becomes
    ``value``), SET (parameter ``index`` becomes ``value``) or BREAK (nothing changes). ``time`` is
    model time [d].
    """

    time: float
    kind: int = BREAK
    index: int = 0
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Problem:
    """A batch of simulations of one system.

    Attributes
    ----------
    parameters : ndarray, shape (n_rows, n_parameters)
        In the system's order and internal units.
    parameter_row : ndarray of int, shape (n,)
        Which row each simulation uses.
    initial : ndarray, shape (n_initial, n_states)
    initial_row : ndarray of int, shape (n,)
        Which initial state; -1 for the baseline that follows from the parameters.
    start : ndarray, shape (n,)
        Model time at the start [d].
    times, times_from : ndarray, shape (total,) and (n + 1,)
        Sorted output times of simulation i are ``times[times_from[i]:times_from[i + 1]]``; the
        last one is its end.
    event_time, event_kind, event_index, event_value : ndarray, shape (total,)
    event_from : ndarray of int, shape (n + 1,)
        Sorted events of each simulation, sliced in the same way.
    scale : ndarray, shape (n_states,)
        Size at which each state matters; the absolute tolerance is ``1e-3 * rtol * scale``.
    initial_tangents : ndarray, shape (n_initial, n_parameters_asked, n_states), optional
        Derivatives of the initial states, where sensitivities are asked; zero by default.
    """

    parameters: FloatArray
    parameter_row: IntArray
    initial: FloatArray
    initial_row: IntArray
    start: FloatArray
    times: FloatArray
    times_from: IntArray
    event_time: FloatArray
    event_kind: IntArray
    event_index: IntArray
    event_value: FloatArray
    event_from: IntArray
    scale: FloatArray
    initial_tangents: FloatArray | None = None

    @property
    def size(self) -> int:
        """Number of simulations."""
        return len(self.start)

    @property
    def longest(self) -> int:
        """Largest number of output times of a simulation."""
        return int(np.max(np.diff(self.times_from), initial=0))

    def times_of(self, i: int) -> FloatArray:
        """Output times of one simulation."""
        return self.times[self.times_from[i] : self.times_from[i + 1]]

    def events_of(self, i: int) -> list[Event]:
        """Events of one simulation."""
        positions = range(self.event_from[i], self.event_from[i + 1])
        return [
            Event(
                float(self.event_time[e]),
                int(self.event_kind[e]),
                int(self.event_index[e]),
                float(self.event_value[e]),
            )
            for e in positions
        ]


@dataclass(frozen=True, slots=True)
class Solution:
    """What a solver returns for a batch.

    Attributes
    ----------
    outputs : ndarray, shape (n_outputs, n, longest)
        NaN after a failure and where a simulation has fewer times.
    final : ndarray, shape (n, n_states)
        State at the end; NaN where it failed.
    status : ndarray of int, shape (n,)
    stopped : ndarray, shape (n,)
        Model time reached [d].
    counters : ndarray of int, shape (n, 3)
        Accepted steps, rejected steps, factorizations (each with one Jacobian).
    sensitivities : ndarray, shape (n_outputs, n_parameters_asked, n, longest)
        Derivatives of outputs by parameters in internal units; empty where none were asked.
    summaries : ndarray, shape (n_summaries, n, 2)
        Value of each summary, and model time of an extreme [d]; NaN where a simulation failed
        before the end of the interval.
    """

    outputs: FloatArray
    final: FloatArray
    status: IntArray
    stopped: FloatArray
    counters: IntArray
    sensitivities: FloatArray = field(default_factory=lambda: np.zeros((0, 0, 0, 0)))
    summaries: FloatArray = field(default_factory=lambda: np.zeros((0, 0, 2)))

    @property
    def failed(self) -> IntArray:
        """Positions of simulations that did not reach their end."""
        return np.flatnonzero(self.status != Status.OK)


def problem(
    *,
    parameters: Any,
    start: Any,
    times: Sequence[Any],
    scale: Any,
    events: Sequence[Sequence[Event]] | None = None,
    initial: Any = None,
    parameter_row: Any = None,
    initial_row: Any = None,
) -> Problem:
    """Build a batch from lists.

    Parameters
    ----------
    parameters : array_like, shape (n_rows, n_parameters)
    start : array_like, shape (n,)
    times : sequence of array_like
        Output times of each simulation.
    scale : array_like, shape (n_states,)
    events : sequence of sequence of Event, optional
        Of each simulation; they need not be sorted, and those before the start are dropped.
    initial : array_like, shape (n_initial, n_states), optional
        The baseline by default.
    parameter_row, initial_row : array_like of int, shape (n,), optional
        Row i belongs to simulation i by default.
    """
    begin = np.asarray(start, dtype=np.float64)
    n = len(begin)
    rows = np.ascontiguousarray(np.atleast_2d(np.asarray(parameters, dtype=np.float64)))
    size = np.asarray(scale, dtype=np.float64)
    states = np.zeros((0, len(size))) if initial is None else np.atleast_2d(initial)
    default_rows = np.zeros(n) - 1 if initial is None else np.arange(n)
    listed = [[] for _ in range(n)] if events is None else [list(e) for e in events]
    kept = [
        sorted((e for e in group if e.time >= begin[i]), key=lambda e: e.time)
        for i, group in enumerate(listed)
    ]
    flat = [e for group in kept for e in group]
    arrays = [np.asarray(t, dtype=np.float64) for t in times]
    return Problem(
        parameters=rows,
        parameter_row=_rows(np.arange(n) if parameter_row is None else parameter_row),
        initial=np.ascontiguousarray(states, dtype=np.float64),
        initial_row=_rows(default_rows if initial_row is None else initial_row),
        start=begin,
        times=np.concatenate(arrays) if arrays else np.zeros(0),
        times_from=_offsets([len(t) for t in arrays]),
        event_time=np.array([e.time for e in flat], dtype=np.float64),
        event_kind=np.array([e.kind for e in flat], dtype=np.int64),
        event_index=np.array([e.index for e in flat], dtype=np.int64),
        event_value=np.array([e.value for e in flat], dtype=np.float64),
        event_from=_offsets([len(group) for group in kept]),
        scale=size,
    )


def _rows(values: Any) -> IntArray:
    return np.ascontiguousarray(values, dtype=np.int64)


def _offsets(lengths: Sequence[int]) -> IntArray:
    return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
