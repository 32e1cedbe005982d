"""The batch engine: many simulations of one system, several at a time, over threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import numpy as np

from remodel.equations.system import System
from remodel.solvers.kernels import (
    Evaluator,
    Stepper,
    evaluator_of,
    outputs_of,
    stepper_of,
    workspace,
)
from remodel.solvers.problem import Problem, Solution

DEFAULT_METHOD = "rodas5p"
ATOL_SHARE = 1e-3  # absolute tolerance over rtol times the scale of a state
MAX_STEPS = 100_000
_LARGEST_BLOCK = 256
_LOWEST_IN_TOLERANCES = -1e3  # a state lower than this many absolute tolerances is out of domain


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
    method: str = DEFAULT_METHOD,
    rtol: float = 1e-6,
    threads: int | None = None,
    max_steps: int = MAX_STEPS,
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
    check_domain : bool
        Whether a state that becomes negative beyond tolerance ends its simulation.
    progress : callable, optional
        Called with the number of simulations finished since the last call.

    Returns
    -------
    Solution
        Bit for bit the same for any number of threads, any order and any neighbors.
    """
    from remodel.solvers.driver import integrate

    names = outputs_of(system, outputs)
    step = stepper_of(system, method)
    observe = evaluator_of(system, step.layout, names, step.lanes)
    n, longest = problem.size, problem.longest
    layout = step.layout
    solution = Solution(
        outputs=np.full((len(names), n, longest), np.nan),
        final=np.full((n, layout.states), np.nan),
        status=np.zeros(n, dtype=np.int64),
        stopped=problem.start.copy(),
        counters=np.zeros((n, 3), dtype=np.int64),
    )
    kernels, places = _kernel_table(step, observe)
    atol = ATOL_SHARE * rtol * problem.scale
    cancel = np.zeros(1, dtype=np.int64)

    def run(block: tuple[int, int]) -> int:
        integrate(
            kernels, places, np.array(block, dtype=np.int64),
            workspace(layout.size, step.lanes), workspace(observe.size, step.lanes),
            np.zeros((step.lanes, longest, layout.states)),
            problem.parameters, problem.parameter_row, problem.initial, problem.initial_row,
            atol, rtol, problem.start, problem.times, problem.times_from,
            problem.event_time, problem.event_kind, problem.event_index, problem.event_value,
            problem.event_from, _LOWEST_IN_TOLERANCES if check_domain else -np.inf, max_steps,
            solution.outputs, solution.final, solution.status, solution.stopped,
            solution.counters, cancel,
        )  # fmt: skip
        return block[1] - block[0]

    _over_threads(
        run, _blocks(n, threads or available_threads(), step.lanes), threads, cancel, progress
    )
    return solution


def _kernel_table(step: Stepper, observe: Evaluator) -> tuple[Any, Any]:
    """Return addresses and slots in the order the driver expects."""
    layout, at, out = step.layout, step.library.addresses, observe.library.addresses
    kernels = (
        at["derive"], at["advance"], at["measure"], at["interpolate"], out["begin"], out["observe"],
    )  # fmt: skip
    places = (
        layout.state, layout.atol, layout.parameter, layout.new_state, layout.dense,
        layout.states, layout.parameters, len(step.tableau.dense), observe.first,
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
