"""Diffrax on the processor: Kvaerno5 in double precision, all simulations in one vmap."""

from __future__ import annotations

from typing import Any

import numpy as np

from peers import Peer, Solve
from peers.generated import constants_of, equations_of, functions, numba_functions, source_returning
from peers.legs import VANISHED, empty_result, initial_states, legs_of
from remodel._arrays import FloatArray
from remodel.solvers.engine import ATOL_SHARE
from workloads import Workload


def _plan(workload: Workload) -> tuple[dict[str, FloatArray], FloatArray]:
    """Return legs as arrays [simulation, leg, ...], padded with legs of no length at the end."""
    scale = workload.problem.scale
    derived = numba_functions(workload.system, scale)
    m = derived.equations.constants
    legs = [legs_of(workload.problem, i) for i in range(workload.size)]
    many, most = max(map(len, legs)), max(len(leg.stops) for some in legs for leg in some)
    n = len(legs)
    end = np.array([[some[-1].end] for some in legs])
    plan = {
        "start": np.repeat(end, many, axis=1),
        "end": np.repeat(end, many, axis=1),
        "at": np.repeat(end[:, :, None], many, axis=1).repeat(most, axis=2),
        "jump": np.zeros((n, many, len(scale))),
        "c": np.ones((n, many, m)),
    }
    column = np.full((n, many, most), -1)
    for i, some in enumerate(legs):
        for k, leg in enumerate(some):
            plan["start"][i, k], plan["end"][i, k] = leg.start, leg.end
            plan["at"][i, k] = leg.end
            plan["at"][i, k, : len(leg.stops)] = leg.stops
            plan["jump"][i, k] = leg.jump / scale
            plan["c"][i, k] = constants_of(derived.derive, m, leg.parameters)
            column[i, k, : len(leg.at)] = leg.first + np.arange(len(leg.at))
        plan["c"][i, len(some) :] = plan["c"][i, len(some) - 1]
    return plan, column


def _prepare(workload: Workload) -> Solve:
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    scale = workload.problem.scale
    plan, column = _plan(workload)
    initial, start = initial_states(workload) / scale, empty_result(workload)
    slope = functions(
        source_returning(equations_of(workload.system, scale)),
        exp=jnp.exp, log=jnp.log, sqrt=jnp.sqrt, where=jnp.where, stack=jnp.stack,
    ).slope  # fmt: skip
    term = diffrax.ODETerm(slope)

    def one(rtol: Any, z: Any, legs: Any) -> Any:
        control = diffrax.PIDController(rtol=rtol, atol=ATOL_SHARE * rtol)

        def leg_of(z: Any, leg: Any) -> Any:
            begin = z + leg["jump"]
            begin = jnp.where(jnp.abs(begin) < VANISHED, 0.0, begin)
            found = diffrax.diffeqsolve(
                term, diffrax.Kvaerno5(), leg["start"], leg["end"], None, begin,
                leg["c"], saveat=diffrax.SaveAt(ts=leg["at"]), stepsize_controller=control,
                max_steps=100_000, throw=False,
            )  # fmt: skip
            return found.ys[-1], found.ys

        return jax.lax.scan(leg_of, z, legs)[1]

    batch = jax.jit(jax.vmap(one, in_axes=(None, 0, 0)))
    on_device = {name: jnp.asarray(values) for name, values in plan.items()}
    i, k, j = np.nonzero(column >= 0)
    to = column[i, k, j]

    def solve(rtol: float) -> FloatArray:
        found = np.asarray(batch(rtol, jnp.asarray(initial), on_device))
        out = start.copy()
        out[i, to] = found[i, k, j] * scale
        return out

    return solve


PEERS = [
    Peer(
        "diffrax Kvaerno5, vmap",
        _prepare,
        ("diffrax", "jax"),
        "pip install diffrax jax",
        is_batch=True,
    )
]
