"""Reference solutions, and how far from them a solution is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from remodel._arrays import FloatArray
from remodel.solvers.scipy_reference import integrate_scipy
from workloads import Workload

FLOOR = 1e-3  # of the largest value of a state in its simulation
REFERENCE, REFERENCE_RTOL = "lsoda", 1e-11
CHECK, CHECK_RTOL, CHECKED = "radau", 1e-10, 2


@dataclass(frozen=True, slots=True)
class Reference:
    """The solution taken for true.

    Attributes
    ----------
    states : ndarray, shape (n, n_times, n_states)
    difference : float
        Largest relative difference from a second solver, on the first simulations.
    """

    states: FloatArray
    difference: float

    def first(self, n: int) -> Reference:
        """Return that of the first n simulations."""
        return Reference(self.states[:n], self.difference)


def largest_error(found: FloatArray, reference: FloatArray, judged: tuple[int, ...]) -> float:
    """Return the largest relative error over simulations, times and judged states.

    The error of a value is |y - ref| / (|ref| + 1e-3 max_t |ref|); states that stay zero are left
    out, and a solution with a gap has an infinite error.
    """
    y, ref = found[..., judged], reference[..., judged]
    size = np.abs(ref).max(axis=1, keepdims=True)
    scale = np.abs(ref) + FLOOR * size
    counts = np.broadcast_to(size > 0, ref.shape)
    if not np.all(np.isfinite(y)):
        return float("inf")
    return float((np.abs(y - ref)[counts] / scale[counts]).max())


def reference_of(workload: Workload, folder: Path) -> Reference:
    """Return the reference solution of a workload; kept on disk, as it takes a while."""
    path = folder / f"reference_{workload.key}_{_fingerprint(workload)}.npz"
    if path.exists():
        with np.load(path) as kept:
            return Reference(kept["states"], float(kept["difference"]))
    states = _solve(workload, REFERENCE, REFERENCE_RTOL)
    some = workload.first(min(CHECKED, workload.size))
    check = _solve(some, CHECK, CHECK_RTOL)
    difference = largest_error(check, states[: some.size], workload.judged)
    np.savez(path, states=states, difference=difference)
    return Reference(states, difference)


def _solve(workload: Workload, method: str, rtol: float) -> FloatArray:
    found = integrate_scipy(workload.system, workload.problem, method=method, rtol=rtol)
    return np.moveaxis(found.outputs, 0, -1)


def _fingerprint(workload: Workload) -> str:
    digest = hashlib.sha256(workload.system.fingerprint.encode())
    problem = workload.problem
    for name in problem.__dataclass_fields__:
        digest.update(np.ascontiguousarray(getattr(problem, name)).tobytes())
    return digest.hexdigest()[:16]
