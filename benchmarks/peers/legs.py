"""A simulation cut at its events, the same for every solver that restarts there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from remodel._arrays import FloatArray
from remodel.solvers.problem import ADD, SET, Problem
from workloads import Workload

# A state that has decayed to less is set to zero at a restart, in every solver: numbers near the
# smallest a processor knows slow it down, and this engine does not let them arise either.
VANISHED = 1e-100


@dataclass(frozen=True, slots=True)
class Leg:
    """From one event to the next.

    Attributes
    ----------
    start, end : float
        Model time [d].
    at : ndarray
        Output times after the start, up to the end.
    first : int
        Position of the first of them among the outputs of the simulation.
    jump : ndarray, shape (n_states,)
        Added to the state at the start.
    parameters : ndarray, shape (n_parameters,)
        In force during the leg.
    """

    start: float
    end: float
    at: FloatArray
    first: int
    jump: FloatArray
    parameters: FloatArray

    @property
    def stops(self) -> FloatArray:
        """Output times, and the end where none is due there."""
        return self.at if len(self.at) and self.at[-1] == self.end else np.append(self.at, self.end)


def legs_of(problem: Problem, i: int) -> list[Leg]:
    """Return the legs of one simulation; outputs at an event belong to the leg before it."""
    times = problem.times_of(i)
    events = [e for e in problem.events_of(i) if e.time < times[-1]]
    cuts = sorted({float(problem.start[i]), *(e.time for e in events), float(times[-1])})
    parameters = problem.parameters[problem.parameter_row[i]].copy()
    found = []
    for start, end in pairwise(cuts):
        jump = np.zeros(len(problem.scale))
        for event in events:
            if event.time != start:
                continue
            if event.kind == ADD:
                jump[event.index] += event.value
            elif event.kind == SET:
                parameters[event.index] = event.value
        first, last = np.searchsorted(times, [start, end], side="right")
        found.append(Leg(start, end, times[first:last], int(first), jump, parameters.copy()))
    return found


def initial_states(workload: Workload) -> FloatArray:
    """Return the state each simulation starts from, shape (n, n_states)."""
    from remodel.solvers.engine import first_states

    initial, row = first_states(workload.system, workload.problem)
    return initial[row]


def empty_result(workload: Workload) -> FloatArray:
    """Return NaN of shape (n, n_times, n_states), the start filled in where it is an output."""
    problem = workload.problem
    found = np.full((problem.size, problem.longest, len(problem.scale)), np.nan)
    for i, state in enumerate(initial_states(workload)):
        found[i, : np.searchsorted(problem.times_of(i), problem.start[i], side="right")] = state
    return found
