"""SciPy's solve_ivp, one simulation after the other, restarted at events."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from peers import Peer, Solve
from peers.generated import constants_of, python_functions
from peers.legs import VANISHED, Leg, empty_result, initial_states, legs_of
from remodel._arrays import FloatArray
from remodel.solvers.engine import ATOL_SHARE
from remodel.solvers.scipy_reference import scalar
from workloads import Workload


def restarted(
    workload: Workload,
    legs: list[list[Leg]],
    start: Callable[[FloatArray], None],
    solve_leg: Callable[[Leg, FloatArray], Any],
) -> FloatArray:
    """Solve every simulation leg by leg; ``solve_leg`` returns states at the leg's stops."""
    found = empty_result(workload)
    for i, state in enumerate(initial_states(workload)):
        y = state
        for leg in legs[i]:
            start(leg.parameters)
            begin = y + leg.jump
            begin[np.abs(begin) < VANISHED] = 0.0
            reached = solve_leg(leg, begin)
            if reached is None:
                break
            found[i, leg.first : leg.first + len(leg.at)] = reached[: len(leg.at)]
            y = reached[-1]
    return found


def _prepare_compiled(method: str, jacobian: bool, workload: Workload) -> Solve:
    from scipy.integrate import solve_ivp

    functions = scalar(workload.system)
    legs = [legs_of(workload.problem, i) for i in range(workload.size)]
    scale = workload.problem.scale
    options: dict[str, Any] = {"jac": functions.jacobian} if jacobian else {}

    def solve(rtol: float) -> FloatArray:
        def solve_leg(leg: Leg, y: FloatArray) -> Any:
            result = solve_ivp(
                functions.rhs, (leg.start, leg.end), y, method=method, t_eval=leg.stops,
                rtol=rtol, atol=ATOL_SHARE * rtol * scale, **options,
            )  # fmt: skip
            return result.y.T if result.success else None

        return restarted(workload, legs, functions.update, solve_leg)

    functions.update(workload.problem.parameters[0])
    functions.rhs(0.0, scale)
    functions.jacobian(0.0, scale)
    return solve


def _prepare_python(workload: Workload) -> Solve:
    from scipy.integrate import solve_ivp

    scale = workload.problem.scale
    functions = python_functions(workload.system, scale)
    legs = [legs_of(workload.problem, i) for i in range(workload.size)]
    c: list[float] = []
    out = np.zeros(len(scale))

    def start(parameters: FloatArray) -> None:
        c[:] = constants_of(functions.derive, functions.equations.constants, parameters).tolist()

    def rhs(t: float, z: FloatArray) -> FloatArray:
        functions.slope(t, z.tolist(), c, out)
        return out.copy()

    def solve(rtol: float) -> FloatArray:
        def solve_leg(leg: Leg, y: FloatArray) -> Any:
            result = solve_ivp(
                rhs, (leg.start, leg.end), y / scale, method="LSODA", t_eval=leg.stops,
                rtol=rtol, atol=ATOL_SHARE * rtol,
            )  # fmt: skip
            return result.y.T * scale if result.success else None

        return restarted(workload, legs, start, solve_leg)

    return solve


PEERS = [
    Peer("SciPy LSODA, compiled rhs", partial(_prepare_compiled, "LSODA", False)),
    Peer("SciPy LSODA, compiled rhs and Jacobian", partial(_prepare_compiled, "LSODA", True)),
    Peer("SciPy BDF, compiled rhs and Jacobian", partial(_prepare_compiled, "BDF", True)),
    Peer("SciPy Radau, compiled rhs and Jacobian", partial(_prepare_compiled, "Radau", True)),
    Peer("SciPy LSODA, Python rhs", _prepare_python),
]
