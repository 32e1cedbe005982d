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

import numba as nb
import numpy as np

from remodel.equations.system import System
from remodel.solvers import layout as slots
from remodel.solvers.batch import ATOL_SHARE
from remodel.solvers.driver import call
from remodel.solvers.kernels import (
    Evaluator,
    Stepper,
    evaluator_of,
    outputs_of,
    stepper_of,
    workspace,
)
from remodel.solvers.problem import ADD, SET, Event, FloatArray, Problem, Solution
from remodel.solvers.status import Status

METHODS = {"lsoda": "LSODA", "bdf": "BDF", "radau": "Radau"}

_log = logging.getLogger("remodel")
_TIME = slots.TIME
_OPTIONS: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy"}


@nb.njit(**_OPTIONS)
def _slope(kernel, ws, time_slot, state, slope, n, t, y):  # type: ignore[no-untyped-def]
    ws[time_slot, 0] = t
    for i in range(n):
        ws[state + i, 0] = y[i]
    call(kernel, ws)
    out = np.empty(n)
    for i in range(n):
        out[i] = ws[slope + i, 0]
    return out


@nb.njit(**_OPTIONS)
def _jacobian(kernel, ws, time_slot, state, first, rows, columns, n, t, y):  # type: ignore[no-untyped-def]
    ws[time_slot, 0] = t
    for i in range(n):
        ws[state + i, 0] = y[i]
    call(kernel, ws)
    out = np.zeros((n, n))
    for k in range(len(rows)):
        out[rows[k], columns[k]] = ws[first + k, 0]
    return out


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
    begin : callable
        ``begin(t) -> ndarray``: the baseline that follows from the parameters.
    """

    rhs: Callable[[float, FloatArray], FloatArray]
    jacobian: Callable[[float, FloatArray], FloatArray]
    update: Callable[[FloatArray], None]
    begin: Callable[[float], FloatArray]


def scalar(system: System) -> Scalar:
    """Return right-hand side and Jacobian of a system as functions of time and state."""
    step: Stepper = stepper_of(system, "rodas4", 1)
    layout, at = step.layout, step.library.addresses
    ws = workspace(layout.size, 1)
    ws[:] = 1.0
    n = layout.states
    pattern = list(layout.jacobian_slot)
    rows = np.array([i for i, _ in pattern], dtype=np.int64)
    columns = np.array([j for _, j in pattern], dtype=np.int64)
    slope_at, jacobian_at = np.uintp(at["slope"]), np.uintp(at["linearize"])
    starting = evaluator_of(system, layout, system.state_names[:1], 1)
    ws_out = workspace(starting.size, 1)
    begin_kernel = starting.library.function("begin")
    derive = step.library.function("derive")

    def rhs(t: float, y: FloatArray) -> FloatArray:
        value: FloatArray = _slope(
            slope_at, ws, layout.stage_time, layout.stage_state, layout.slope, n, t, y
        )
        return value

    def jacobian(t: float, y: FloatArray) -> FloatArray:
        value: FloatArray = _jacobian(
            jacobian_at, ws, _TIME, layout.state, layout.jacobian, rows, columns, n, t, y
        )
        return value

    def update(parameters: FloatArray) -> None:
        run = slice(layout.parameter, layout.parameter + layout.parameters)
        ws[run, 0] = parameters
        ws_out[run, 0] = parameters
        derive(ws.ctypes.data)

    def begin(t: float) -> FloatArray:
        ws_out[_TIME, 0] = t
        begin_kernel(ws_out.ctypes.data)
        return ws_out[layout.state : layout.state + n, 0].copy()

    return Scalar(rhs, jacobian, update, begin)


def observe(
    step: Stepper, evaluator: Evaluator, parameters: FloatArray, times: FloatArray, y: FloatArray
) -> FloatArray:
    """Compute outputs from states.

    Parameters
    ----------
    parameters : ndarray, shape (n_parameters,)
    times : ndarray, shape (n_times,)
    y : ndarray, shape (n_states, n_times)

    Returns
    -------
    ndarray, shape (n_outputs, n_times)
    """
    layout, lanes = step.layout, step.lanes
    ws = workspace(evaluator.size, lanes)
    kernel = evaluator.library.function("observe")
    ws[layout.parameter : layout.parameter + layout.parameters] = parameters[:, None]
    out = np.empty((evaluator.size - evaluator.first, len(times)))
    for k in range(0, len(times), lanes):
        some = np.minimum(np.arange(k, k + lanes), len(times) - 1)
        ws[_TIME] = times[some]
        ws[layout.state : layout.state + layout.states] = y[:, some]
        kernel(ws.ctypes.data)
        width = min(lanes, len(times) - k)
        out[:, k : k + width] = ws[evaluator.first : evaluator.size, :width]
    return out


def integrate_scipy(
    system: System,
    problem: Problem,
    *,
    outputs: Sequence[str] = (),
    method: str = "lsoda",
    rtol: float = 1e-7,
    progress: Callable[[int], None] | None = None,
) -> Solution:
    """Integrate a batch one by one with SciPy; arguments as for the batch engine.

    Parameters
    ----------
    method : str
        ``lsoda``, ``bdf`` or ``radau``.
    """
    names = outputs_of(system, outputs)
    functions = scalar(system)
    step = stepper_of(system, "rodas4", 1)
    evaluator = evaluator_of(system, step.layout, names, 1)
    n = problem.size
    solution = Solution(
        outputs=np.full((len(names), n, problem.longest), np.nan),
        final=np.full((n, len(system.states)), np.nan),
        status=np.zeros(n, dtype=np.int64),
        stopped=problem.start.copy(),
        counters=np.zeros((n, 3), dtype=np.int64),
    )
    for i in range(n):
        run = _Run(functions, step, evaluator, problem, i, METHODS[method], rtol, solution)
        solution.status[i] = run.integrate()
        if progress:
            progress(1)
    return solution


class _Run:
    """One simulation on its way from event to event."""

    def __init__(
        self,
        functions: Scalar,
        step: Stepper,
        evaluator: Evaluator,
        problem: Problem,
        i: int,
        method: str,
        rtol: float,
        solution: Solution,
    ) -> None:
        self.functions, self.step, self.evaluator = functions, step, evaluator
        self.problem, self.i, self.method, self.rtol = problem, i, method, rtol
        self.solution = solution
        self.parameters = problem.parameters[problem.parameter_row[i]].copy()
        self.times = problem.times_of(i)

    def integrate(self) -> Status:
        problem, i = self.problem, self.i
        self.functions.update(self.parameters)
        t, end = float(problem.start[i]), float(self.times[-1])
        row = problem.initial_row[i]
        y = self.functions.begin(t) if row < 0 else problem.initial[row].copy()
        events = [e for e in problem.events_of(i) if e.time <= end]
        done = self._record(0, t, np.array([t]), y[:, None])
        while True:
            while events and events[0].time <= t:
                y = self._apply(events.pop(0), y)
            if t >= end:
                break
            stop = min(end, events[0].time) if events else end
            status, t, y, done = self._segment(t, stop, y, done)
            self.solution.stopped[i] = t
            if status is not Status.OK:
                return status
        self.solution.final[i] = y
        return Status.OK

    def _apply(self, event: Event, y: FloatArray) -> FloatArray:
        if event.kind == ADD:
            y = y.copy()
            y[event.index] += event.value
        elif event.kind == SET:
            self.parameters[event.index] = event.value
            self.functions.update(self.parameters)
        return y

    def _segment(
        self, t: float, stop: float, y: FloatArray, done: int
    ) -> tuple[Status, float, FloatArray, int]:
        from scipy.integrate import solve_ivp

        if not np.all(np.isfinite(self.functions.rhs(t, y))):
            return Status.NOT_FINITE, t, y, done
        wanted = self.times[(self.times > t) & (self.times <= stop)]
        at = wanted if len(wanted) and wanted[-1] == stop else np.append(wanted, stop)
        result = solve_ivp(
            self.functions.rhs,
            (t, stop),
            y,
            method=self.method,
            jac=self.functions.jacobian,
            t_eval=at,
            rtol=self.rtol,
            atol=ATOL_SHARE * self.rtol * self.problem.scale,
        )
        self.solution.counters[self.i] += (len(result.t), 0, result.nlu)
        reached = int(np.count_nonzero(np.all(np.isfinite(result.y), axis=0)))
        if result.success and reached == len(at):
            done = self._record(done, stop, at[: len(wanted)], result.y[:, : len(wanted)])
            return Status.OK, stop, result.y[:, -1], done
        _log.warning("simulation %d: %s", self.i, result.message)
        kept = min(reached, len(wanted))
        done = self._record(done, t, at[:kept], result.y[:, :kept])
        return Status.SOLVER_FAILED, float(at[kept - 1]) if kept else t, y, done

    def _record(self, done: int, t: float, at: FloatArray, y: FloatArray) -> int:
        """Store outputs at the next times; ``at`` must be output times not yet recorded."""
        if done == 0 and len(at) == 1 and at[0] <= t and self.times[0] > t:
            return 0
        if done == 0 and len(at) == 1 and self.times[0] <= t:
            count = int(np.count_nonzero(self.times <= t))
            at, y = self.times[:count], np.repeat(y, count, axis=1)
        if not len(at):
            return done
        values = observe(self.step, self.evaluator, self.parameters, at, y)
        self.solution.outputs[:, self.i, done : done + len(at)] = values
        return done + len(at)
