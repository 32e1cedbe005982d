"""Where the time of a step goes: compiled kernels alone, and what the loop around them adds."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.compiler import workspace as slots
from remodel.compiler.kernels import evaluator_of, stepper_of, workspace
from remodel.solvers.driver import call
from remodel.solvers.engine import ATOL_SHARE, integrate_batch
from remodel.symbolic.expression import ancestors
from scaling import RTOL, Row
from workloads import WORKLOADS, Workload

METHOD = "rodas5p"
_CALLS, _REPEATS, _BATCH = 500, 30, 512
_STEPPER = ("derive", "slope", "linearize", "advance", "commit")
_EVALUATOR = ("interpolate", "observe")


@lru_cache(maxsize=1)
def _repeated() -> Any:
    import numba as nb

    @nb.njit
    def repeat(kernel, ws, times):  # type: ignore[no-untyped-def]
        for _ in range(times):
            call(kernel, ws)

    return repeat


def _nanoseconds(address: int, ws: FloatArray) -> float:
    """Return the shortest time of one call, all lanes at once."""
    repeat, kernel = _repeated(), np.uintp(address)
    repeat(kernel, ws, 10)
    best = float("inf")
    for _ in range(_REPEATS):
        before = time.thread_time()
        repeat(kernel, ws, _CALLS)
        best = min(best, time.thread_time() - before)
    return best / _CALLS * 1e9


def _filled(workload: Workload) -> FloatArray:
    """Return a workspace as it is in the middle of a simulation."""
    system, problem = workload.system, workload.problem
    step = stepper_of(system, METHOD)
    layout = step.layout
    found = integrate_batch(system, problem, rtol=RTOL, threads=1).outputs[:, 0]
    column = found.shape[1] // 5
    state = found[:, column]
    ws = workspace(layout.size + len(system.states), step.lanes)
    ws[:] = 1.0
    n = layout.states
    ws[layout.parameter : layout.parameter + layout.parameters] = problem.parameters[0][:, None]
    ws[layout.state : layout.state + n] = state[:, None]
    ws[layout.stage_state : layout.stage_state + n] = state[:, None]
    ws[layout.atol : layout.atol + n] = ATOL_SHARE * RTOL * problem.scale[:, None]
    ws[slots.RTOL], ws[slots.STEP], ws[slots.POSITION] = RTOL, 1.0, 0.5
    for slot in (slots.TIME, slots.OUTPUT_TIME, layout.stage_time):
        ws[slot] = problem.times_of(0)[column]
    step.library.function("derive")(ws.ctypes.data)
    return ws


def kernel_times() -> Iterator[Row]:
    """Time of every kernel [ns], all lanes at once, and of a whole step in a batch."""
    for key in ("R", "J", "P"):
        samples = WORKLOADS[key](32)
        system = samples.system
        step, seen = stepper_of(system, METHOD), evaluator_of(system, METHOD, system.state_names)
        ws = _filled(samples)
        row: Row = {"workload": key, "lanes": step.lanes, "workspace_kB": ws.nbytes / 1024}
        for name in _STEPPER:
            row[name] = _nanoseconds(step.library.addresses[name], ws)
        for name in _EVALUATOR:
            row[name] = _nanoseconds(seen.library.addresses[name], ws)
        row["step_in_batch"] = _step_in_batch(samples, step.lanes)
        row["loop_and_outputs"] = 1.0 - row["advance"] / row["step_in_batch"]
        yield row


def _step_in_batch(samples: Workload, lanes: int) -> float:
    """Return the time of one step of all lanes in a batch, outputs and all [ns]."""
    workload = samples.repeated(_BATCH)
    steps, best = 1.0, float("inf")
    for _ in range(3):
        before = time.thread_time()
        found = integrate_batch(workload.system, workload.problem, rtol=RTOL, threads=1)
        best = min(best, time.thread_time() - before)
        steps = float(found.counters[:, 2].sum())
    return best / steps * lanes * 1e9


def operations() -> Iterator[Row]:
    """Count the operations of one evaluation; static ones are done once a simulation."""
    for key in ("R", "J", "P"):
        system = WORKLOADS[key](1).system
        sets = {
            "right-hand side": list(system.rates),
            "with Jacobian": [
                *system.rates, *system.jacobian.values(), *system.time_derivative.values()
            ],
        }  # fmt: skip
        for what, roots in sets.items():
            count = Counter(
                n.operation for n in ancestors(roots) if not n.is_static and n.arguments
            )
            cheap = sum(count[o] for o in ("add", "subtract", "multiply", "negate"))
            yield {
                "workload": key, "function": what, "cheap": cheap, "divide": count["divide"],
                "exp": count["exp"], "log": count["log"], "sqrt": count["sqrt"],
                "where": count["where"],
            }  # fmt: skip
