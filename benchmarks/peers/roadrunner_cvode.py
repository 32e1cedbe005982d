"""CVODE through libRoadRunner, which compiles the SBML export of the system."""

from __future__ import annotations

from typing import Any

import numpy as np

from peers import Peer, Solve
from peers.generated import constants_of, numba_functions
from peers.legs import Leg, legs_of
from peers.sbml import constant_name, state_name, write_sbml
from peers.scipy_solve_ivp import restarted
from remodel._arrays import FloatArray
from remodel.solvers.engine import ATOL_SHARE
from workloads import Workload


def _prepare(workload: Workload) -> Solve:
    import roadrunner

    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_ERROR)
    scale = workload.problem.scale
    functions = numba_functions(workload.system, scale)
    equations = functions.equations
    runner = roadrunner.RoadRunner(write_sbml(equations))
    place = {name: k for k, name in enumerate(runner.model.getGlobalParameterIds())}
    of_constants = [place[constant_name(j)] for j in range(equations.constants)]
    states = [state_name(i) for i in range(equations.states)]
    of_states = [place[name] for name in states]
    runner.timeCourseSelections = ["time", *states]
    legs = [legs_of(workload.problem, i) for i in range(workload.size)]

    def start(parameters: FloatArray) -> None:
        c = constants_of(functions.derive, equations.constants, parameters)
        runner.model.setGlobalParameterValues(of_constants, c)

    def solve(rtol: float) -> FloatArray:
        runner.integrator.setValue("relative_tolerance", rtol)
        # a single number would be multiplied by the states as they are, zeros included
        runner.integrator.setValue("absolute_tolerance", [ATOL_SHARE * rtol] * len(states))
        runner.integrator.setValue("maximum_num_steps", 100_000)

        def solve_leg(leg: Leg, y: FloatArray) -> Any:
            runner.model.setTime(leg.start)
            runner.model.setGlobalParameterValues(of_states, y / scale)
            table = runner.simulate(times=[leg.start, *leg.stops])
            return np.asarray(table)[1:, 1:] * scale

        return restarted(workload, legs, start, solve_leg)

    return solve


PEERS = [Peer("CVODE (libRoadRunner)", _prepare, ("roadrunner",), "pip install libroadrunner")]
