"""How a simulation ended, with one sentence each."""

from __future__ import annotations

from enum import IntEnum

DRIFT = 100.0  # tolerances by which a sum that the equations conserve may be off


class Status(IntEnum):
    """Outcome of one simulation."""

    OK = 0
    TOO_MANY_STEPS = 1
    STEP_TOO_SMALL = 2
    NOT_FINITE = 3
    OUT_OF_DOMAIN = 4
    SINGULAR = 5
    SOLVER_FAILED = 6
    ROUND_OFF = 7
    OUTSIDE_BOUNDS = 8

    @property
    def sentence(self) -> str:
        """What happened and what to try."""
        return _SENTENCES[self]


_SENTENCES = {
    Status.OK: "Integrated to the end.",
    Status.TOO_MANY_STEPS: (
        "The step limit was reached; loosen rtol or raise max_steps, and check for parameters "
        "that make the system very fast."
    ),
    Status.STEP_TOO_SMALL: (
        "The step size collapsed; a parameter is probably extreme, or the solution has a corner "
        "that is not an event."
    ),
    Status.NOT_FINITE: (
        "A derivative is not finite at the start or after an event; check parameters and doses "
        "for NaN, infinity or division by zero."
    ),
    Status.OUT_OF_DOMAIN: (
        "A state that cannot be negative became negative beyond the tolerance; the parameters "
        "are outside what the model describes."
    ),
    Status.SINGULAR: "The iteration matrix was singular at every step size tried.",
    Status.ROUND_OFF: (
        "A sum of states that the equations conserve drifted by more than a hundred times the "
        "tolerance: rounding decides the result. Raise the absolute tolerance (the typical sizes "
        "of the states), or take another variable for what is left of the sum."
    ),
    Status.OUTSIDE_BOUNDS: (
        "A parameter or a T-score is outside what a woman of a population may have; she was not "
        "simulated."
    ),
    Status.SOLVER_FAILED: "The reference solver gave up; its message is in the log.",
}
