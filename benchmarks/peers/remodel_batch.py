"""The engine of this package: Rosenbrock steps, several simulations to a processor vector."""

from __future__ import annotations

from functools import partial
from unittest.mock import patch

import numpy as np

from peers import Peer, Solve
from remodel._arrays import FloatArray
from remodel.compiler.kernels import evaluator_of, stepper_of
from remodel.solvers.engine import integrate_batch
from workloads import Workload


def _prepare(method: str, threads: int, lanes: int, workload: Workload) -> Solve:
    def solve(rtol: float) -> FloatArray:
        with patch.multiple(
            "remodel.solvers.engine",
            stepper_of=partial(stepper_of, lanes=lanes),
            evaluator_of=partial(evaluator_of, lanes=lanes),
        ):
            found = integrate_batch(
                workload.system, workload.problem, method=method, rtol=rtol, threads=threads
            )
        return np.moveaxis(found.outputs, 0, -1)

    solve(1e-3)  # compiles
    return solve


PEERS = [
    Peer("remodel rodas5p", partial(_prepare, "rodas5p", 1, 0), is_batch=True),
    Peer("remodel rodas5p, 1024 at once", partial(_prepare, "rodas5p", 1, 0), is_batch=True,
         size=1024),
    Peer("remodel rodas4", partial(_prepare, "rodas4", 1, 0), is_batch=True),
    Peer("remodel rodas5p, one lane", partial(_prepare, "rodas5p", 1, 1), is_batch=True),
]  # fmt: skip
