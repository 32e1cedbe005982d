"""CVODE of SUNDIALS through scikit-sundae, with compiled right-hand side and Jacobian."""

from __future__ import annotations

from typing import Any

import numpy as np

from peers import Peer, Solve
from peers.generated import constants_of, numba_functions
from peers.legs import Leg, legs_of
from peers.scipy_solve_ivp import restarted
from remodel._arrays import FloatArray
from remodel.solvers.engine import ATOL_SHARE
from workloads import Workload


def _prepare(workload: Workload) -> Solve:
    from sksundae.cvode import CVODE

    scale = workload.problem.scale
    functions = numba_functions(workload.system, scale)
    slope, jacobian = functions.slope, functions.jacobian
    legs = [legs_of(workload.problem, i) for i in range(workload.size)]
    c = np.zeros(functions.equations.constants)

    def start(parameters: FloatArray) -> None:
        c[: len(parameters)] = parameters
        functions.derive(c)

    def rhs(t: float, z: FloatArray, dz: FloatArray) -> None:
        slope(t, z, c, dz)

    def jac(t: float, z: FloatArray, _: FloatArray, out: FloatArray) -> None:
        jacobian(t, z, c, out)

    def solve(rtol: float) -> FloatArray:
        solver = CVODE(rhs, rtol=rtol, atol=ATOL_SHARE * rtol, jacfn=jac, max_num_steps=100_000)

        def solve_leg(leg: Leg, y: FloatArray) -> Any:
            result = solver.solve(np.concatenate(([leg.start], leg.stops)), y / scale)
            # between only two times the solver returns its own steps
            reached = result.y[1:] if len(leg.stops) > 1 else result.y[-1:]
            return reached * scale if result.success else None

        return restarted(workload, legs, start, solve_leg)

    c[:] = constants_of(functions.derive, len(c), workload.problem.parameters[0])
    rhs(0.0, np.ones(len(scale)), np.zeros(len(scale)))
    jac(0.0, np.ones(len(scale)), c, np.zeros((len(scale), len(scale))))
    return solve


PEERS = [
    Peer(
        "CVODE (scikit-sundae), compiled rhs and Jacobian",
        _prepare,
        ("sksundae",),
        "pip install scikit-sundae",
    )
]
