"""LSODA in C++ through numbalsoda; the loop over simulations and legs is compiled as well."""

from __future__ import annotations

from typing import Any

import numpy as np

from peers import Peer, Solve
from peers.generated import constants_of, numba_functions
from peers.legs import VANISHED, empty_result, initial_states, legs_of
from remodel._arrays import FloatArray
from remodel.solvers.engine import ATOL_SHARE
from workloads import Workload


def _compiled_loop(slope: Any, n: int, m: int) -> Any:
    import numba as nb
    from numbalsoda import lsoda, lsoda_sig

    @nb.cfunc(lsoda_sig)
    def rhs(t, z, dz, c):  # type: ignore[no-untyped-def]
        slope(t, nb.carray(z, (n,)), nb.carray(c, (m,)), nb.carray(dz, (n,)))

    address = rhs.address

    @nb.njit
    def loop(initial, of, times, time_from, outputs, first, jump, constants, rtol, atol, out):  # type: ignore[no-untyped-def]
        z = np.zeros(n)
        for k in range(len(of)):
            i = of[k]
            if k == 0 or of[k - 1] != i:
                z[:] = initial[i]
            z += jump[k]
            for j in range(n):
                if abs(z[j]) < VANISHED:
                    z[j] = 0.0
            stops = times[time_from[k] : time_from[k + 1]]
            reached, ok = lsoda(address, z, stops, constants[k], rtol, atol)
            if not ok:
                z[:] = np.nan
                continue
            for j in range(outputs[k]):
                out[i, first[k] + j] = reached[j + 1]
            z[:] = reached[-1]

    return rhs, loop


def _prepare(workload: Workload) -> Solve:
    problem = workload.problem
    scale = problem.scale
    functions = numba_functions(workload.system, scale)
    m = functions.equations.constants
    keep, loop = _compiled_loop(functions.slope, len(scale), m)
    legs = [(i, leg) for i in range(problem.size) for leg in legs_of(problem, i)]
    stops = [np.concatenate(([leg.start], leg.stops)) for _, leg in legs]
    plan = (
        np.array([i for i, _ in legs]),
        np.concatenate(stops),
        np.concatenate(([0], np.cumsum([len(s) for s in stops]))),
        np.array([len(leg.at) for _, leg in legs]),
        np.array([leg.first for _, leg in legs]),
        np.array([leg.jump / scale for _, leg in legs]),
        np.array([constants_of(functions.derive, m, leg.parameters) for _, leg in legs]),
    )
    initial = initial_states(workload) / scale
    start = empty_result(workload) / scale

    def solve(rtol: float, _keep: Any = keep) -> FloatArray:
        out = start.copy()
        loop(initial, *plan, rtol, ATOL_SHARE * rtol, out)
        return out * scale

    solve(1e-3)
    return solve


PEERS = [
    Peer(
        "numbalsoda LSODA",
        _prepare,
        ("numbalsoda",),
        "pip install numbalsoda (builds from source: needs cmake and gfortran)",
    )
]
