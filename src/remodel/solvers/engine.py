"""The batch engine: many simulations of one system, several at a time, over threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from typing import Any

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.compiler.kernels import (
    Evaluator,
    Stepper,
    evaluator_of,
    outputs_of,
    stepper_of,
    tangents_of,
    workspace,
)
from remodel.compiler.tangents import FUNCTIONS as TANGENT_FUNCTIONS
from remodel.equations.system import System
from remodel.solvers.methods import DEFAULT, MAX_STEPS
from remodel.solvers.problem import Problem, Solution

ATOL_SHARE = 1e-3  # absolute tolerance over rtol times the scale of a state
_STEP_SHARE = 0.25  # of the tolerance asked for, allowed to one step: errors of many steps add up
_LARGEST_BLOCK = 256


def available_threads() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # pragma: no cover - not Linux
        return os.cpu_count() or 1


def integrate_batch(
    system: System,
    problem: Problem,
    *,
    outputs: Sequence[str] = (),
    method: str = DEFAULT.name,
    rtol: float = 1e-6,
    threads: int | None = None,
    max_steps: int = MAX_STEPS,
    wrt: Sequence[str] = (),
    check_domain: bool = True,
    progress: Callable[[int], None] | None = None,
) -> Solution:
    """Integrate a batch with a Rosenbrock method.

    Parameters
    ----------
    system : System
    problem : Problem
    outputs : sequence of str
        States and quantities to return; all states by default.
    method : str
        ``rodas5p`` or ``rodas4``.
    rtol : float
        Relative tolerance; the absolute tolerance follows from it and the scales.
    threads : int, optional
        All processors by default. Results do not depend on it.
    max_steps : int
        Steps, accepted or not, allowed to one simulation.
    wrt : sequence of str
        Parameters to which forward sensitivities of all outputs are wanted.
    check_domain : bool
        Whether a state that becomes negative beyond tolerance ends its simulation.
    progress : callable, optional
        Called with the number of simulations finished since the last call.

    Returns
    -------
    Solution
        Bit for bit the same for any number of threads, any order and any neighbors.
    """
    from remodel.solvers.driver import LANE_FLOATS, LANE_INTEGERS, integrate

    names, along = outputs_of(system, outputs), tuple(wrt)
    step = stepper_of(system, method)
    observe = evaluator_of(system, method, names, every_state=bool(along))
    n, longest = problem.size, problem.longest
    layout = step.layout
    solution = Solution(
        outputs=np.empty((n, longest, len(names))),
        final=np.full((n, layout.states), np.nan),
        status=np.zeros(n, dtype=np.int64),
        stopped=problem.start.copy(),
        counters=np.zeros((n, 3), dtype=np.int64),
        sensitivities=np.empty((n, longest, len(along), len(names))),
    )
    kernels, places = _kernel_table(step, observe)
    tangent_kernels, tangent_places, size = _tangent_table(system, method, names, along)
    initial, initial_row = first_states(system, problem)
    initial_tangents = first_tangents(system, problem, along)
    allowed = _STEP_SHARE * rtol
    atol = ATOL_SHARE * allowed * problem.scale
    cancel = np.zeros(1, dtype=np.int64)

    def run(block: tuple[int, int]) -> int:
        integrate(
            kernels, places, tangent_kernels, tangent_places, np.array(block, dtype=np.int64),
            workspace(max(size, layout.size + observe.outputs), step.lanes),
            problem.parameters, problem.parameter_row, initial, initial_row, initial_tangents,
            atol, allowed, problem.start, problem.times, problem.times_from,
            problem.event_time, problem.event_kind, problem.event_index, problem.event_value,
            problem.event_from, 0.0 if check_domain else -np.inf, max_steps,
            solution.outputs, solution.sensitivities, solution.final, solution.status,
            solution.stopped, solution.counters, np.zeros((LANE_FLOATS, step.lanes)),
            np.zeros((LANE_INTEGERS, step.lanes), dtype=np.int64), cancel,
        )  # fmt: skip
        return block[1] - block[0]

    _over_threads(
        run, _blocks(n, threads or available_threads(), step.lanes), threads, cancel, progress
    )
    # the driver keeps the outputs of a simulation together; people want output by output
    return replace(
        solution,
        outputs=np.moveaxis(solution.outputs, -1, 0),
        sensitivities=solution.sensitivities.transpose(3, 2, 0, 1),
    )


def first_states(system: System, problem: Problem) -> tuple[FloatArray, IntArray]:
    """Return initial states and which simulation uses which, baselines worked out."""
    asked = np.flatnonzero(problem.initial_row < 0)
    if not len(asked):
        return problem.initial, problem.initial_row
    rows = problem.parameters[problem.parameter_row[asked]]
    baselines = system.baseline(rows, problem.start[asked])
    given = problem.initial.reshape(-1, len(system.states))
    row = problem.initial_row.copy()
    row[asked] = len(given) + np.arange(len(asked))
    return np.ascontiguousarray(np.concatenate((given, baselines))), row


def first_tangents(system: System, problem: Problem, along: Sequence[str]) -> FloatArray:
    """Return derivatives of the initial states, shape (n_initial, n_along, n_states)."""
    asked = np.flatnonzero(problem.initial_row < 0)
    if not along:
        return np.zeros((1, 0, len(system.states)))
    given = problem.initial_tangents
    if given is None:
        rows = problem.initial.reshape(-1, len(system.states))
        given = np.zeros((len(rows), len(along), len(system.states)))
    if not len(asked):
        return np.ascontiguousarray(given)
    rows = problem.parameters[problem.parameter_row[asked]]
    own = system.baseline_tangents(rows, problem.start[asked], along)
    return np.ascontiguousarray(np.concatenate((given, own)))


def _tangent_table(
    system: System, method: str, outputs: tuple[str, ...], along: tuple[str, ...]
) -> tuple[Any, Any, int]:
    """Return addresses, slots and workspace size of the sensitivities; empty without any."""
    if not along:
        return np.zeros(7, dtype=np.uintp), np.zeros(4, dtype=np.int64), 0
    compiled = tangents_of(system, method, outputs, along)
    layout, at = compiled.layout, compiled.library.addresses
    kernels = np.array([at[name] for name in TANGENT_FUNCTIONS], dtype=np.uintp)
    places = (layout.directions, layout.direction, layout.direction_size, layout.observed)
    return kernels, np.array(places, dtype=np.int64), layout.size


def _kernel_table(step: Stepper, observe: Evaluator) -> tuple[Any, Any]:
    """Return addresses and slots in the order the driver expects."""
    layout, at, out = step.layout, step.library.addresses, observe.library.addresses
    kernels = (
        at["derive"],
        at["advance"],
        at["measure"],
        at["commit"],
        out["interpolate"],
        out["observe"],
    )
    places = (
        layout.state, layout.atol, layout.parameter, layout.states, layout.parameters, layout.size,
    )  # fmt: skip
    return np.array(kernels, dtype=np.uintp), np.array(places, dtype=np.int64)


def _blocks(n: int, threads: int, lanes: int) -> list[tuple[int, int]]:
    """Cut a batch into blocks small enough to share out, large enough to fill the lanes."""
    size = max(lanes, min(_LARGEST_BLOCK, -(-n // (4 * threads))))
    return [(i, min(i + size, n)) for i in range(0, n, size)]


def _over_threads(
    run: Callable[[tuple[int, int]], int],
    blocks: list[tuple[int, int]],
    threads: int | None,
    cancel: np.ndarray[tuple[int], np.dtype[np.int64]],
    progress: Callable[[int], None] | None,
) -> None:
    workers = min(threads or available_threads(), len(blocks))
    if workers <= 1:
        for block in blocks:
            done = run(block)
            if progress:
                progress(done)
        return
    with ThreadPoolExecutor(workers) as pool:
        try:
            for future in as_completed([pool.submit(run, block) for block in blocks]):
                if progress:
                    progress(future.result())
                else:
                    future.result()
        except BaseException:
            cancel[0] = 1
            pool.shutdown(wait=True, cancel_futures=True)
            raise
