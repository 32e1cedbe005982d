"""Steady states: Newton's method on the compiled equations, with a report of what was found.

Models whose baseline has no closed form start from here. The Jacobian is the traced one. Where a
conserved quantity makes it singular, the least-squares step of smallest size is taken. A step that
does not reduce the residual is halved, and a state that cannot be negative is kept positive by
shortening the step (Deuflhard 2011, Newton Methods for Nonlinear Problems, chapter 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations.system import System
from remodel.errors import SolverError
from remodel.solvers.scipy_reference import scalar

_STEPS = 200
_HALVINGS = 40
_TO_BOUNDARY = 0.9  # of the way a step may go toward zero of a state that cannot be negative


@dataclass(frozen=True, slots=True)
class SteadyState:
    """A steady state and how good it is.

    Attributes
    ----------
    state : ndarray, shape (n_states,)
    residual : float
        Largest derivative relative to the size of its state [1/d].
    eigenvalues : ndarray of complex, shape (n_states,)
        Of the Jacobian [1/d], slowest first.
    steps : int
        Newton steps taken.
    """

    state: FloatArray
    residual: float
    eigenvalues: np.ndarray[tuple[int], np.dtype[np.complex128]]
    steps: int

    @property
    def is_stable(self) -> bool:
        """Whether no disturbance grows; an eigenvalue of zero (something conserved) is allowed."""
        largest = float(np.max(np.abs(self.eigenvalues), initial=0.0))
        return bool(np.all(self.eigenvalues.real <= 1e-10 * largest))

    def report(self) -> str:
        """Return a sentence about residual and stability."""
        slowest = self.eigenvalues[0]
        kind = "stable" if self.is_stable else "unstable"
        return (
            f"Steady state after {self.steps} Newton steps: largest relative rate "
            f"{self.residual:.1e} 1/d, {kind}, slowest eigenvalue {slowest.real:.3g}"
            f"{slowest.imag:+.3g}i 1/d."
        )


def steady_state(
    system: System,
    parameters: FloatArray,
    guess: FloatArray,
    *,
    time: float = 0.0,
    tolerance: float = 1e-12,
) -> SteadyState:
    """Find a steady state.

    Parameters
    ----------
    system : System
    parameters : ndarray, shape (n_parameters,)
        In the system's order, internal units.
    guess : ndarray, shape (n_states,)
        Where to begin.
    time : float
        Model time [d] at which the equations are held.
    tolerance : float
        Accepted largest derivative, relative to the size of its state [1/d].

    Raises
    ------
    SolverError
        If Newton's method does not get there.
    """
    functions = scalar(system)
    functions.update(np.asarray(parameters, dtype=np.float64))
    unsigned = np.array([not system.state(n).signed for n in system.state_names])
    y = np.asarray(guess, dtype=np.float64).copy()
    size = _sizes(y)
    residual = functions.rhs(time, y) / size
    for steps in range(_STEPS):
        worst = float(np.max(np.abs(residual)))
        if worst <= tolerance:
            return _report(functions.jacobian(time, y), y, worst, steps)
        if not np.isfinite(worst):
            break
        matrix = functions.jacobian(time, y) * (size[None, :] / size[:, None])
        step = size * np.linalg.lstsq(matrix, -residual, rcond=None)[0]
        share = _share_of_step(y, step, unsigned)
        for _ in range(_HALVINGS):
            trial = y + share * step
            changed = functions.rhs(time, trial) / size
            if np.linalg.norm(changed) < (1.0 - 1e-4 * share) * np.linalg.norm(residual):
                break
            share /= 2.0
        else:
            break
        y, size = trial, _sizes(trial)
        residual = functions.rhs(time, y) / size
    worst = float(np.max(np.abs(residual)))
    name = system.state_names[int(np.argmax(np.abs(residual)))]
    raise SolverError(
        f"no steady state found from this guess: the relative rate of {name} is still {worst:.1e} "
        "1/d; begin closer, for example at the end of a long simulation."
    )


def _sizes(y: FloatArray) -> FloatArray:
    return np.maximum(np.abs(y), 1e-6 * float(np.max(np.abs(y), initial=1.0)))


def _share_of_step(
    y: FloatArray, step: FloatArray, unsigned: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> float:
    toward_zero = unsigned & (step < 0) & (y > 0)
    room = _TO_BOUNDARY * y[toward_zero] / -step[toward_zero]
    return float(min(1.0, np.min(room, initial=1.0)))


def _report(jacobian: FloatArray, y: FloatArray, worst: float, steps: int) -> SteadyState:
    eigenvalues = np.linalg.eigvals(jacobian).astype(np.complex128)
    order = np.argsort(np.abs(eigenvalues))
    return SteadyState(y, worst, eigenvalues[order], steps)
