"""SciPy's odeint: LSODA with less Python around it than solve_ivp."""

from __future__ import annotations

from typing import Any

import numpy as np

from peers import Peer, Solve
from peers.legs import Leg, legs_of
from peers.scipy_solve_ivp import restarted
from remodel._arrays import FloatArray
from remodel.solvers.engine import ATOL_SHARE
from remodel.solvers.scipy_reference import scalar
from workloads import Workload


def _prepare(workload: Workload) -> Solve:
    from scipy.integrate import odeint

    functions = scalar(workload.system)
    legs = [legs_of(workload.problem, i) for i in range(workload.size)]
    scale = workload.problem.scale

    def solve(rtol: float) -> FloatArray:
        def solve_leg(leg: Leg, y: FloatArray) -> Any:
            states, report = odeint(
                functions.rhs, y, np.concatenate(([leg.start], leg.stops)), tfirst=True,
                Dfun=functions.jacobian, rtol=rtol, atol=ATOL_SHARE * rtol * scale,
                mxstep=100_000, full_output=True,
            )  # fmt: skip
            return states[1:] if report["message"].startswith("Integration successful") else None

        return restarted(workload, legs, functions.update, solve_leg)

    functions.update(workload.problem.parameters[0])
    functions.rhs(0.0, scale)
    functions.jacobian(0.0, scale)
    return solve


PEERS = [Peer("SciPy odeint, compiled rhs and Jacobian", _prepare)]
