"""Where each number of a simulation lives in the workspace of the compiled kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from remodel.compiler.elimination import Elimination, eliminate
from remodel.compiler.evaluation import hoistable
from remodel.compiler.tableaus import Tableau
from remodel.equations.system import System
from remodel.symbolic.expression import Expression

# Fixed slots at the start of every workspace; the driver knows them by these numbers.
(
    TIME,
    STEP,
    RTOL,
    ERROR,
    FACTOR,
    LOWEST,
    SIZE_OF_STATE,
    SIZE_OF_SLOPE,
    ACCEPTED,
    POSITION,
    OUTPUT_TIME,
    SPOILED,
) = range(12)
FIRST_FREE = 12


@dataclass(frozen=True, eq=False)
class Layout:
    """Slots of one system and method; each slot holds one double for every lane.

    ``state``, ``atol``, ``parameter`` and so on are first slots of contiguous runs. ``signed``
    marks states that may be negative.
    """

    states: int
    parameters: int
    state: int
    atol: int
    parameter: int
    derived: int
    slope: int
    time_slope: int
    jacobian: int
    factors: int
    stage_time: int
    stage_state: int
    increments: int
    new_state: int
    dense: int
    size: int
    hoisted: tuple[Expression, ...]
    jacobian_slot: Mapping[tuple[int, int], int]
    factor_slot: Mapping[tuple[int, int], int]
    elimination: Elimination
    signed: tuple[bool, ...]

    def symbols(self, system: System, state: int, time: int) -> dict[int, int]:
        """Return slots of symbols and hoisted nodes, with states and time read from given slots."""
        slots = {s.index: state + i for i, s in enumerate(system.states)}
        slots[system.time.index] = time
        slots.update({p.index: self.parameter + i for i, p in enumerate(system.parameters)})
        slots.update({node.index: self.derived + i for i, node in enumerate(self.hoisted)})
        return slots


def lay_out(system: System, tableau: Tableau) -> Layout:
    """Assign slots for a system and a method."""
    n, m = len(system.states), len(system.parameters)
    pattern = sorted(system.jacobian)
    elimination = eliminate(n, pattern)
    roots = [*system.rates, *system.jacobian.values(), *system.time_derivative.values()]
    hoisted = tuple(hoistable(roots))
    slot = FIRST_FREE
    starts = {}
    for name, length in (
        ("state", n),
        ("atol", n),
        ("parameter", m),
        ("derived", len(hoisted)),
        ("slope", n),
        ("time_slope", n),
        ("jacobian", len(pattern)),
        ("factors", len(elimination.entries)),
        ("stage_time", 1),
        ("stage_state", n),
        ("increments", n * tableau.stages),
        ("new_state", n),
        ("dense", n * len(tableau.dense)),
    ):
        starts[name] = slot
        slot += length
    return Layout(
        states=n,
        parameters=m,
        size=slot,
        hoisted=hoisted,
        jacobian_slot={ij: starts["jacobian"] + k for k, ij in enumerate(pattern)},
        factor_slot={ij: starts["factors"] + k for k, ij in enumerate(elimination.entries)},
        elimination=elimination,
        signed=tuple(system.state(name).signed for name in system.state_names),
        **starts,
    )
