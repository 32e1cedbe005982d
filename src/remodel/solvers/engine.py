"""The batch engine: many simulations of one system, several at a time, over threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.compiler.kernels import (
    Stepper,
    evaluator_of,
    outputs_of,
    stepper_of,
    tangents_of,
    workspace,
)
from remodel.compiler.objects import Library
from remodel.equations.system import System
from remodel.solvers.loop import integration_loop
from remodel.solvers.methods import DEFAULT, MAX_STEPS
from remodel.solvers.problem import Problem, Solution
from remodel.solvers.summary import Summary, checked_summaries, summary_arrays
from remodel.solvers.task import LANE_COUNTS, LANE_TIMES, POINTS, TASK, Task

ATOL_SHARE = 1e-3  # absolute tolerance over rtol times the scale of a state
_STEP_SHARE = 0.25  # of the tolerance asked for, allowed to one step: errors of many steps add up
_LARGEST_BLOCK = 256
_INPUTS = (
    "parameters",
    "parameter_row",
    "start",
    "times",
    "times_from",
    "event_time",
    "event_kind",
    "event_index",
    "event_value",
    "event_from",
)


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
    summaries: Sequence[Summary] = (),
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
    summaries : sequence of Summary
        Extremes, areas and times below a threshold to be taken from the solution itself.
    progress : callable, optional
        Called with the number of simulations finished since the last call.

    Returns
    -------
    Solution
        Bit for bit the same for any number of threads, any order and any neighbors.
    """
    names, along = outputs_of(system, outputs), tuple(wrt)
    wanted = checked_summaries(summaries, problem, names)
    step = stepper_of(system, method)
    n, longest, states = problem.size, problem.longest, step.layout.states
    solution = Solution(
        outputs=np.empty((n, longest, len(names))),
        final=np.full((n, states), np.nan),
        status=np.zeros(n, dtype=np.int64),
        stopped=problem.start.copy(),
        counters=np.zeros((n, 3), dtype=np.int64),
        sensitivities=np.empty((n, longest, len(along), len(names))),
        summaries=np.empty((n, len(wanted), 2)),
    )
    initial, initial_row = first_states(system, problem)
    allowed = _STEP_SHARE * rtol
    cancel = np.zeros(1, dtype=np.int64)
    code, libraries = _code(system, step, names, along)
    whole = Task(
        code
        | {name: getattr(problem, name) for name in _INPUTS}
        | summary_arrays(wanted, n, names)
        | {
            "initial": initial,
            "initial_row": initial_row,
            "initial_tangents": first_tangents(system, problem, along),
            "atol": ATOL_SHARE * allowed * problem.scale,
            "rtol": allowed,
            "lowest": 0.0 if check_domain else -np.inf,
            "max_steps": max_steps,
            "longest": longest,
            "out": solution.outputs,
            "out_tangents": solution.sensitivities,
            "final": solution.final,
            "status": solution.status,
            "stopped": solution.stopped,
            "counters": solution.counters,
            "summaries": solution.summaries,
            "cancel": cancel,
            "conserved": system.conserved_sums,
            "conserved_count": len(system.conserved_sums),
            "size": n,
        },
        libraries=libraries,
    )
    size, lanes = int(whole.record["workspace_size"][0]), step.lanes
    integrate = integration_loop(summaries=bool(wanted))

    def run(block: tuple[int, int]) -> int:
        first, beyond = block
        memory = {
            "workspace": workspace(size, lanes),
            "lane_times": np.zeros((LANE_TIMES, lanes)),
            "lane_counts": np.zeros((LANE_COUNTS, lanes), dtype=np.int64),
            "lane_sums": np.zeros((len(system.conserved_sums), lanes)),
            "points": np.empty((len(wanted), POINTS, lanes)),
        }
        integrate(Task({"first": first, "beyond": beyond, **memory}, whole))
        return beyond - first

    _over_threads(
        run, _blocks(n, threads or available_threads(), step.lanes), threads, cancel, progress
    )
    # the loop keeps the outputs of a simulation together; people want output by output
    return replace(
        solution,
        outputs=np.moveaxis(solution.outputs, -1, 0),
        sensitivities=solution.sensitivities.transpose(3, 2, 0, 1),
        summaries=np.moveaxis(solution.summaries, 1, 0),
    )


def first_states(system: System, problem: Problem) -> tuple[FloatArray, IntArray]:
    """Return initial states and which simulation uses which, baselines worked out."""
    asked = np.flatnonzero(problem.initial_row < 0)
    if not len(asked):
        return problem.initial, problem.initial_row
    rows = problem.parameters[problem.parameter_row[asked]]
    baselines = system.baseline(rows, problem.start[asked])
    initial = problem.initial.reshape(-1, len(system.states))
    row = problem.initial_row.copy()
    row[asked] = len(initial) + np.arange(len(asked))
    return np.ascontiguousarray(np.concatenate((initial, baselines))), row


def first_tangents(system: System, problem: Problem, along: Sequence[str]) -> FloatArray:
    """Return derivatives of the initial states, shape (n_initial, n_along, n_states)."""
    asked = np.flatnonzero(problem.initial_row < 0)
    if not along:
        return np.zeros((1, 0, len(system.states)))
    tangents = problem.initial_tangents
    if tangents is None:
        rows = problem.initial.reshape(-1, len(system.states))
        tangents = np.zeros((len(rows), len(along), len(system.states)))
    if not len(asked):
        return np.ascontiguousarray(tangents)
    rows = problem.parameters[problem.parameter_row[asked]]
    baselines = system.baseline_tangents(rows, problem.start[asked], along)
    return np.ascontiguousarray(np.concatenate((tangents, baselines)))


def _code(
    system: System, step: Stepper, outputs: tuple[str, ...], along: tuple[str, ...]
) -> tuple[dict[str, int], list[Library]]:
    """Return addresses of kernels and where they find what in the workspace, and their code."""
    evaluator = evaluator_of(system, step.tableau.name, outputs, every_state=bool(along))
    layout = step.layout
    libraries = [step.library, evaluator.library]
    code = {
        "states": layout.states,
        "parameter_count": layout.parameters,
        "outputs": len(outputs),
        "lanes": step.lanes,
        "workspace_size": layout.size + len(outputs),
        "state": layout.state,
        "atol_slot": layout.atol,
        "parameter": layout.parameter,
        "new_state": layout.new_state,
        "first_output": layout.size,
    }
    if along:
        tangents = tangents_of(system, step.tableau.name, outputs, along)
        libraries.append(tangents.library)
        code |= {
            "directions": tangents.layout.directions,
            "first_direction": tangents.layout.direction,
            "direction_size": tangents.layout.direction_size,
            "observed": tangents.layout.observed,
            "workspace_size": tangents.layout.size,
        }
    for library in libraries:
        code |= {n: at for n, at in library.addresses.items() if n in (TASK.names or ())}
    return code, libraries


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
