"""The same problems through SciPy: slower, independent, the referee of the batch engine.

The right-hand side and the Jacobian are the compiled kernels of the model with one lane. The
solver restarts at every event. LSODA (Petzold 1983), BDF and Radau IIA order 5 (Hairer and Wanner
1996) are SciPy's own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import BDF, LSODA, Radau

from remodel._arrays import FloatArray
from remodel.compiler import workspace as slots
from remodel.compiler.kernels import (
    evaluator_of,
    outputs_of,
    stepper_of,
    workspace,
)
from remodel.equations.system import System
from remodel.solvers.engine import ATOL_SHARE, first_states
from remodel.solvers.methods import DEFAULT, MAX_STEPS
from remodel.solvers.problem import ADD, PUT, SET, Event, Problem, Solution
from remodel.solvers.scipy_summaries import Evaluate, StepSummaries
from remodel.solvers.status import DRIFT, Status
from remodel.solvers.summary import Summary, checked_summaries

_SOLVERS: dict[str, Any] = {"lsoda": LSODA, "bdf": BDF, "radau": Radau}

_log = logging.getLogger("remodel")
_ROUNDING = 1e-12  # relative to the time
_METHOD = DEFAULT.name  # any: right-hand side, Jacobian and outputs are the same in all


@dataclass(frozen=True, slots=True)
class Scalar:
    """The compiled equations of one simulation, callable from Python.

    Attributes
    ----------
    rhs : callable
        ``rhs(t, y) -> ndarray, shape (n,)``, per day.
    jacobian : callable
        ``jacobian(t, y) -> ndarray, shape (n, n)``.
    update : callable
        ``update(parameters)`` sets the parameter vector [internal units].
    """

    rhs: Callable[[float, FloatArray], FloatArray]
    jacobian: Callable[[float, FloatArray], FloatArray]
    update: Callable[[FloatArray], None]


def scalar(system: System) -> Scalar:
    """Return right-hand side and Jacobian of a system as functions of time and state."""
    step = stepper_of(system, _METHOD, 1)
    layout = step.layout
    ws = workspace(layout.size, 1)
    ws[:] = 1.0
    n = layout.states
    rows, columns = (np.array(list(layout.jacobian_slot), dtype=np.int64).reshape(-1, 2)).T
    address = ws.ctypes.data
    slope, linearize, derive = (
        step.library.function(name) for name in ("slope", "linearize", "derive")
    )

    def rhs(t: float, y: FloatArray) -> FloatArray:
        ws[layout.stage_time, 0] = t
        ws[layout.stage_state : layout.stage_state + n, 0] = y
        slope(address)
        return ws[layout.slope : layout.slope + n, 0].copy()

    def jacobian(t: float, y: FloatArray) -> FloatArray:
        ws[slots.TIME, 0] = t
        ws[layout.state : layout.state + n, 0] = y
        linearize(address)
        matrix = np.zeros((n, n))
        matrix[rows, columns] = ws[layout.jacobian : layout.jacobian + len(rows), 0]
        return matrix

    def update(parameters: FloatArray) -> None:
        run = slice(layout.parameter, layout.parameter + layout.parameters)
        ws[run, 0] = parameters
        derive(address)

    return Scalar(rhs, jacobian, update)


def observe(
    system: System, outputs: Sequence[str], parameters: FloatArray, times: FloatArray, y: FloatArray
) -> FloatArray:
    """Compute outputs from states.

    Parameters
    ----------
    outputs : sequence of str
    parameters : ndarray, shape (n_parameters,) or (n_parameters, n_times)
    times : ndarray, shape (n_times,)
    y : ndarray, shape (n_states, n_times)

    Returns
    -------
    ndarray, shape (n_outputs, n_times)
    """
    step = stepper_of(system, _METHOD)
    layout, lanes = step.layout, step.lanes
    evaluator = evaluator_of(system, _METHOD, tuple(outputs))
    ws = workspace(layout.size + evaluator.outputs, lanes)
    ws[slots.POSITION] = 0.0
    kernel = evaluator.library.function("observe")
    rows = np.broadcast_to(
        parameters if parameters.ndim == 2 else parameters[:, None], (layout.parameters, len(times))
    )
    out = np.empty((evaluator.outputs, len(times)))
    for k in range(0, len(times), lanes):
        columns = np.minimum(np.arange(k, k + lanes), len(times) - 1)
        ws[slots.OUTPUT_TIME] = times[columns]
        ws[layout.parameter : layout.parameter + layout.parameters] = rows[:, columns]
        ws[layout.state : layout.state + layout.states] = y[:, columns]
        kernel(ws.ctypes.data)
        width = min(lanes, len(times) - k)
        out[:, k : k + width] = ws[layout.size :, :width]
    return out


def integrate_scipy(
    system: System,
    problem: Problem,
    *,
    outputs: Sequence[str] = (),
    method: str = "lsoda",
    rtol: float = 1e-7,
    max_steps: int = MAX_STEPS,
    summaries: Sequence[Summary] = (),
    progress: Callable[[int], None] | None = None,
) -> Solution:
    """Integrate a batch one by one with SciPy; arguments as for the batch engine.

    Parameters
    ----------
    method : str
        ``lsoda``, ``bdf`` or ``radau``.
    """
    names = outputs_of(system, outputs)
    wanted = checked_summaries(summaries, problem, names)
    functions = scalar(system)
    initial, initial_row = first_states(system, problem)
    n = problem.size
    solution = Solution(
        outputs=np.full((len(names), n, problem.longest), np.nan),
        final=np.full((n, len(system.states)), np.nan),
        status=np.zeros(n, dtype=np.int64),
        stopped=problem.start.copy(),
        counters=np.zeros((n, 3), dtype=np.int64),
        summaries=np.full((len(wanted), n, 2), np.nan),
    )
    for i in range(n):
        y = initial[initial_row[i]].copy()
        step_summaries = StepSummaries(wanted, i)
        run = _Run(
            functions,
            system,
            names,
            problem,
            i,
            _SOLVERS[method],
            rtol,
            max_steps,
            solution,
            step_summaries,
        )
        solution.status[i] = run.integrate(y)
        solution.summaries[:, i] = step_summaries.finished(float(solution.stopped[i]))
        if progress:
            progress(1)
    return solution


class _Run:
    """One simulation on its way from event to event."""

    def __init__(
        self,
        functions: Scalar,
        system: System,
        names: Sequence[str],
        problem: Problem,
        i: int,
        method: Any,
        rtol: float,
        max_steps: int,
        solution: Solution,
        summaries: StepSummaries,
    ) -> None:
        self.functions, self.system, self.names = functions, system, names
        self.problem, self.i, self.method, self.rtol = problem, i, method, rtol
        self.solution, self.max_steps, self.summaries = solution, max_steps, summaries
        self.parameters = problem.parameters[problem.parameter_row[i]].copy()
        self.times = problem.times_of(i)
        self.weights = system.conserved_sums
        self.atol = ATOL_SHARE * rtol * problem.scale

    def integrate(self, y: FloatArray) -> Status:
        problem, i = self.problem, self.i
        self.functions.update(self.parameters)
        t, end = float(problem.start[i]), float(self.times[-1])
        events = [e for e in problem.events_of(i) if e.time <= end]
        due = self.times[self.times <= t]
        done = self._record(0, due, _constant(y, due))
        self.summaries.add(t, t, self._outputs(lambda at: _constant(y, at)))
        while t < end:
            while events and events[0].time <= t:
                y = self._apply(events.pop(0), y)
            stop = min(end, events[0].time) if events else end
            status, t, y, done = self._segment(t, stop, y, done)
            self.solution.stopped[i] = t
            if status is not Status.OK:
                return status
        self.solution.final[i] = y
        return Status.OK

    def _apply(self, event: Event, y: FloatArray) -> FloatArray:
        if event.kind in (ADD, PUT):
            y = y.copy()
            y[event.index] = event.value + (y[event.index] if event.kind == ADD else 0.0)
        elif event.kind == SET:
            self.parameters[event.index] = event.value
            self.functions.update(self.parameters)
        return y

    def _segment(
        self, t: float, stop: float, y: FloatArray, done: int
    ) -> tuple[Status, float, FloatArray, int]:
        """Integrate to the next event; two events closer than rounding are one."""
        if stop - t <= _ROUNDING * max(abs(stop), 1.0):
            due = self.times[done:][self.times[done:] <= stop]
            return Status.OK, stop, y, self._record(done, due, _constant(y, due))
        if not np.all(np.isfinite(self.functions.rhs(t, y))):
            return Status.NOT_FINITE, t, y, done
        solver = self.method(
            self.functions.rhs,
            t,
            y,
            stop,
            rtol=self.rtol,
            atol=self.atol,
            jac=self.functions.jacobian,
        )
        counters, sums = self.solution.counters[self.i], self.weights @ y
        while solver.status == "running":
            message = solver.step()
            finite = np.all(np.isfinite(solver.y))
            if solver.status == "failed" or not finite:
                _log.warning("simulation %d: %s", self.i, message or "not a finite state")
                failed = Status.SOLVER_FAILED if finite else Status.NOT_FINITE
                return failed, t if solver.t_old is None else float(solver.t_old), y, done
            allowed = np.abs(self.weights) @ (self.atol + self.rtol * np.abs(solver.y))
            if np.any(np.abs(self.weights @ solver.y - sums) > DRIFT * allowed):
                return Status.ROUND_OFF, float(solver.t_old), y, done
            counters[0] += 1
            if counters[0] > self.max_steps:
                return Status.TOO_MANY_STEPS, float(solver.t), solver.y, done
            inside = solver.dense_output()
            self.summaries.add(float(solver.t_old), float(solver.t), self._outputs(inside))
            due = self.times[done:][self.times[done:] <= solver.t]
            if len(due):
                states = inside(due)
                states[:, due == solver.t] = solver.y[:, None]
                done = self._record(done, due, states)
        counters[2] += solver.nlu
        return Status.OK, stop, solver.y, done

    def _outputs(self, states: Callable[[FloatArray], FloatArray]) -> Evaluate:
        """Return a function that evaluates one output at times, from states at these times."""

        def evaluate(name: str, at: FloatArray) -> FloatArray:
            values: FloatArray = observe(self.system, (name,), self.parameters, at, states(at))[0]
            return values

        return evaluate

    def _record(self, done: int, at: FloatArray, y: FloatArray) -> int:
        """Store outputs at the next output times; return how many are done."""
        if len(at):
            values = observe(self.system, self.names, self.parameters, at, y)
            self.solution.outputs[:, self.i, done : done + len(at)] = values
        return done + len(at)


def _constant(y: FloatArray, at: FloatArray) -> FloatArray:
    return np.repeat(y[:, None], len(at), axis=1)
