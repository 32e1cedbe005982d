"""Integration of a batch by any method, chosen by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from remodel.equations.system import System
from remodel.errors import ConfigError
from remodel.solvers.methods import DEFAULT, MAX_STEPS, method_of
from remodel.solvers.problem import Problem, Solution
from remodel.solvers.summary import Summary


def solve(
    system: System,
    problem: Problem,
    *,
    outputs: Sequence[str] = (),
    method: str = DEFAULT.name,
    rtol: float | None = None,
    threads: int | None = None,
    max_steps: int = MAX_STEPS,
    wrt: Sequence[str] = (),
    check_domain: bool = True,
    summaries: Sequence[Summary] = (),
    progress: Callable[[int], None] | None = None,
) -> Solution:
    """Integrate a batch.

    Parameters
    ----------
    system : System
    problem : Problem
    outputs : sequence of str
        States and quantities to return; all states by default.
    method : str
        Name or alias of a method of ``remodel.solvers.methods``.
    rtol : float, optional
        Relative tolerance; the default of the method otherwise.
    threads : int, optional
        Processors of the batch engine; all by default. Results do not depend on it.
    max_steps : int
        Steps, accepted or not, allowed to one simulation.
    wrt : sequence of str
        Parameters by which outputs are differentiated; methods of the batch engine only.
    check_domain : bool
        Whether a state that becomes negative beyond tolerance ends its simulation; methods of the
        batch engine only.
    summaries : sequence of Summary
        Extremes, areas and times below a threshold to be taken from the solution itself.
    progress : callable, optional
        Called with the number of simulations finished since the last call.

    Returns
    -------
    Solution

    Raises
    ------
    ConfigError
        If the method is unknown, or has no sensitivities and some are wanted.
    """
    chosen = method_of(method)
    tolerance = chosen.rtol if rtol is None else rtol
    if wrt and not chosen.has_sensitivities:
        raise ConfigError(f"method '{chosen.name}' has no sensitivities; use '{DEFAULT.name}'.")
    if chosen.is_compiled:
        from remodel.solvers.engine import integrate_batch

        return integrate_batch(
            system,
            problem,
            outputs=outputs,
            method=chosen.name,
            rtol=tolerance,
            threads=threads,
            max_steps=max_steps,
            wrt=wrt,
            check_domain=check_domain,
            summaries=summaries,
            progress=progress,
        )
    from remodel.solvers.scipy_reference import integrate_scipy

    return integrate_scipy(
        system,
        problem,
        outputs=outputs,
        method=chosen.name,
        rtol=tolerance,
        max_steps=max_steps,
        summaries=summaries,
        progress=progress,
    )
