"""The engine of this package: Rosenbrock steps, several simulations to a processor vector."""

from __future__ import annotations

from functools import partial
from unittest.mock import patch

import numpy as np
from peers import Peer, Solve
from workloads import Workload

from remodel.solvers.batch import integrate_batch
from remodel.solvers.kernels import evaluator_of, stepper_of
from remodel.solvers.problem import FloatArray


def _prepare(method: str, threads: int, lanes: int, workload: Workload) -> Solve:
    def solve(rtol: float) -> FloatArray:
        with patch.multiple(
            "remodel.solvers.batch",
            stepper_of=partial(stepper_of, lanes=lanes),
            evaluator_of=partial(evaluator_of, lanes=lanes),
        ):
            found = integrate_batch(
                workload.system, workload.problem, method=method, rtol=rtol, threads=threads
            )
        return np.moveaxis(found.outputs, 0, -1)

    solve(1e-3)  # compiles
    return solve


def _peer(name: str, method: str, threads: int = 1, lanes: int = 0) -> Peer:
    prepare = partial(_prepare, method, threads, lanes)
    return Peer(name, prepare, is_batch=True, threads=threads)


PEERS = [
    _peer("remodel rodas5p", "rodas5p"),
    _peer("remodel rodas4", "rodas4"),
    _peer("remodel rodas5p, one lane", "rodas5p", lanes=1),
    _peer("remodel rodas5p, 2 threads", "rodas5p", threads=2),
]
