"""Forward sensitivities: how a step changes with a parameter, from the step's own derivatives.

With s = dy/dp, the pair (y, s) is itself an initial value problem, s' = f_y s + f_p. The method is
applied to the pair with its exact Jacobian, which is block triangular, so every direction shares
the factors of W = I/(gamma h) - J. With S_i and sigma_i argument and increment of s at stage i,

    W sigma_i = J(t_i, u_i) S_i + A_i s + b_i + (1/h) sum_j C_ij sigma_j,
    A_i = D J(t, y),    b_i = f_p(t_i, u_i) + D f_p(t, y),

where D is the derivative along the direction (k_i in the state, h d_i in time). J, A and the
columns b are computed once a stage for all directions; one direction costs two sparse products
and a solve a stage. Step sizes are controlled by y, so y has the same bits with and without
sensitivities.

Layout, after the outputs of the evaluator: for each stage a block ``[h d | k | J | A | b]``; then
the derivatives of the outputs by the states; then for each direction a block
``[s | new s | sigma | dense rows | outputs by p | outputs along s]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from remodel.compiler import workspace as slots
from remodel.compiler.evaluation import evaluated, hoistable
from remodel.compiler.ir import Writer, declarations
from remodel.compiler.stepper import extends_previous, flushed, interpolated, solve, weighted_sum
from remodel.compiler.tableaus import Tableau
from remodel.compiler.workspace import Layout
from remodel.equations.system import System
from remodel.symbolic.derivatives import Sparse, directional, jacobian
from remodel.symbolic.expression import Expression

FUNCTIONS = (
    "derive_terms",
    "terms",
    "direction",
    "bend_direction",
    "observe_terms",
    "observe_direction",
    "commit_direction",
)


@dataclass(frozen=True, eq=False)
class TangentLayout:
    """Slots of the sensitivities to some parameters; offsets inside blocks are relative."""

    states: int
    directions: int
    outputs: int
    stages: int
    rows: int
    first: int
    hoisted: tuple[Expression, ...]
    derived: int
    jacobian: dict[tuple[int, int], int]
    curvature: dict[tuple[int, int], int]
    column: int
    stage: int
    stage_size: int
    by_state: dict[tuple[int, int], int]
    direction: int
    direction_size: int
    size: int

    @property
    def sigma(self) -> int:
        """Offset of the increments in the block of a direction."""
        return 2 * self.states

    @property
    def dense(self) -> int:
        """Offset of the dense rows in the block of a direction."""
        return self.sigma + self.stages * self.states

    @property
    def by_parameter(self) -> int:
        """Offset of the derivatives of outputs by the parameter itself."""
        return self.dense + self.rows * self.states

    @property
    def observed(self) -> int:
        """Offset of the sensitivities of the outputs."""
        return self.by_parameter + self.outputs


@dataclass(frozen=True, eq=False)
class TangentEquations:
    """Derivatives a system needs for sensitivities to some parameters.

    ``along`` are the symbols of the direction: h d, then one per state.
    """

    along: tuple[Expression, ...]
    jacobian: Sparse
    curvature: Sparse
    column: Sparse
    bent_column: Sparse
    by_state: Sparse
    by_parameter: Sparse


def differentiate(
    system: System, parameters: Sequence[str], outputs: Sequence[str]
) -> TangentEquations:
    """Return all derivatives needed for sensitivities of outputs to parameters."""
    graph = system.graph
    along = tuple(graph.symbol(f"along {name}") for name in ("time", *system.state_names))
    path = dict(zip((system.time, *system.states), along, strict=True))
    symbols = system.symbols_of(parameters)
    column = jacobian(system.rates, symbols)
    roots = [system.outputs[name] for name in outputs]
    return TangentEquations(
        along=along,
        jacobian=system.jacobian,
        curvature=_bent(system.jacobian, path),
        column=column,
        bent_column=_bent(column, path),
        by_state=jacobian(roots, system.states),
        by_parameter=jacobian(roots, symbols),
    )


def _bent(entries: Sparse, path: dict[Expression, Expression]) -> Sparse:
    values = directional(list(entries.values()), path)
    return {ij: v for ij, v in zip(entries, values, strict=True) if not v.equals(0.0)}


def lay_out_tangents(
    layout: Layout, tableau: Tableau, equations: TangentEquations, outputs: int, directions: int
) -> TangentLayout:
    """Assign slots, after those of the outputs."""
    n = layout.states
    groups = (
        equations.jacobian,
        equations.curvature,
        equations.column,
        equations.bent_column,
        equations.by_state,
        equations.by_parameter,
    )
    roots = [value for entries in groups for value in entries.values()]
    old = {node.index for node in layout.hoisted}
    new = [node for node in hoistable(roots) if node.index not in old]
    first = layout.size + outputs
    slot = 1 + n
    jacobian_at = {ij: slot + k for k, ij in enumerate(equations.jacobian)}
    slot += len(jacobian_at)
    curvature_at = {ij: slot + k for k, ij in enumerate(equations.curvature)}
    slot += len(curvature_at)
    stage = first + len(new)
    stage_size = slot + directions * n
    by_state = stage + tableau.stages * stage_size
    direction = by_state + len(equations.by_state)
    rows = len(tableau.dense)
    direction_size = n * (2 + tableau.stages + rows) + 2 * outputs
    return TangentLayout(
        states=n,
        directions=directions,
        outputs=outputs,
        stages=tableau.stages,
        rows=rows,
        first=first,
        hoisted=tuple(new),
        derived=first,
        jacobian=jacobian_at,
        curvature=curvature_at,
        column=slot,
        stage=stage,
        stage_size=stage_size,
        by_state={ij: by_state + k for k, ij in enumerate(equations.by_state)},
        direction=direction,
        direction_size=direction_size,
        size=direction + directions * direction_size,
    )


def write_tangents(
    system: System,
    layout: Layout,
    tableau: Tableau,
    equations: TangentEquations,
    tangents: TangentLayout,
    lanes: int,
) -> str:
    """Return the LLVM IR of the sensitivities."""
    functions = (
        declarations(lanes),
        _derive_terms(system, layout, tangents, lanes),
        _stage_terms(system, layout, equations, tangents, lanes),
        _terms(layout, tableau, tangents, lanes),
        _direction(layout, tableau, tangents, lanes),
        _bend_direction(tableau, tangents, lanes),
        _observe_terms(system, layout, tableau, equations, tangents, lanes),
        _observe_direction(tangents, lanes),
        _commit_direction(tangents, lanes),
    )
    return "\n".join(functions)


def _symbols(
    system: System, layout: Layout, tangents: TangentLayout, state: int, time: int
) -> dict[int, int]:
    symbols = layout.symbols(system, state, time)
    symbols.update({node.index: tangents.derived + i for i, node in enumerate(tangents.hoisted)})
    return symbols


def _derive_terms(system: System, layout: Layout, tangents: TangentLayout, lanes: int) -> str:
    w = Writer(lanes)
    symbols = {p.index: layout.parameter + i for i, p in enumerate(system.parameters)}
    for i, value in enumerate(evaluated(w, tangents.hoisted, symbols)):
        w.store(value, tangents.derived + i)
    return w.function("derive_terms")


def _stage_terms(
    system: System,
    layout: Layout,
    equations: TangentEquations,
    tangents: TangentLayout,
    lanes: int,
) -> str:
    """Write J and f_p at the stage, and the derivatives of both along the increment."""
    w = Writer(lanes)
    n = tangents.states
    at_stage = _symbols(system, layout, tangents, layout.stage_state, layout.stage_time)
    roots = [*equations.jacobian.values(), *equations.column.values()]
    values = evaluated(w, roots, at_stage)
    for ij, value in zip(equations.jacobian, values, strict=False):
        w.store(value, tangents.jacobian[ij], "%block")
    columns = dict(zip(equations.column, values[len(equations.jacobian) :], strict=True))
    at_start = _symbols(system, layout, tangents, layout.state, slots.TIME)
    along = {s.index: w.load(i, "%block") for i, s in enumerate(equations.along)}
    roots = [*equations.curvature.values(), *equations.bent_column.values()]
    values = evaluated(w, roots, at_start, along)
    for ij, value in zip(equations.curvature, values, strict=False):
        w.store(value, tangents.curvature[ij], "%block")
    bent = dict(zip(equations.bent_column, values[len(equations.curvature) :], strict=True))
    for i, d in sorted({*columns, *bent}):
        parts = [entries[i, d] for entries in (columns, bent) if (i, d) in entries]
        total = parts[0] if len(parts) == 1 else w.add(*parts)
        w.store(total, tangents.column + d * n + i, "%block")
    return w.function("stage_terms", "block")


def _terms(layout: Layout, tableau: Tableau, tangents: TangentLayout, lanes: int) -> str:
    w = Writer(lanes)
    n = layout.states
    step = w.load(slots.STEP)
    for stage in range(tableau.stages):
        block = tangents.stage + stage * tangents.stage_size
        at = w.multiply_add(step, w.constant(tableau.c[stage]), w.load(slots.TIME))
        w.store(at, layout.stage_time)
        w.store(w.multiply(step, w.constant(tableau.d[stage])), block)
        for i in range(n):
            known = [w.load(layout.increments + j * n + i) for j in range(stage)]
            value = weighted_sum(w, w.load(layout.state + i), tableau.a[stage], known)
            w.store(value, layout.stage_state + i)
            w.store(w.load(layout.increments + stage * n + i), block + 1 + i)
        w.call("stage_terms", w.address(block))
    return w.function("terms")


def _direction(layout: Layout, tableau: Tableau, tangents: TangentLayout, lanes: int) -> str:
    """Write one step of one direction; ``%own`` is its block, ``%columns`` its column shift."""
    w = Writer(lanes)
    n = tangents.states
    inverse = w.divide(w.constant(1.0), w.load(slots.STEP))
    argument: list[str] = []
    for stage in range(tableau.stages):
        block = tangents.stage + stage * tangents.stage_size
        start = [w.load(i, "%own") for i in range(n)]
        argument = _direction_argument(w, tableau, tangents, stage, start)
        right = [w.load(block + tangents.column + i, "%columns") for i in range(n)]
        for (i, j), slot in tangents.jacobian.items():
            right[i] = w.multiply_add(w.load(block + slot), argument[j], right[i])
        for (i, j), slot in tangents.curvature.items():
            right[i] = w.multiply_add(w.load(block + slot), start[j], right[i])
        for i in range(n):
            if stage:
                known = [w.load(tangents.sigma + j * n + i, "%own") for j in range(stage)]
                coupled = weighted_sum(w, None, tableau.coupling[stage], known)
                right[i] = w.multiply_add(coupled, inverse, right[i])
        for i, value in enumerate(solve(w, layout, right)):
            w.store(value, tangents.sigma + stage * n + i, "%own")
    for i in range(n):
        last = w.load(tangents.sigma + (tableau.stages - 1) * n + i, "%own")
        w.store(w.add(argument[i], last), n + i, "%own")
    return w.function("direction", "own", "columns")


def _direction_argument(
    w: Writer, tableau: Tableau, tangents: TangentLayout, stage: int, start: list[str]
) -> list[str]:
    n = tangents.states
    arguments = []
    for i in range(n):
        if extends_previous(tableau, stage):
            # kept in the slots of the new value between stages
            last = w.load(tangents.sigma + (stage - 1) * n + i, "%own")
            value = w.add(w.load(n + i, "%own"), last)
        else:
            known = [w.load(tangents.sigma + j * n + i, "%own") for j in range(stage)]
            value = weighted_sum(w, start[i], tableau.a[stage], known)
        w.store(value, n + i, "%own")
        arguments.append(value)
    return arguments


def _bend_direction(tableau: Tableau, tangents: TangentLayout, lanes: int) -> str:
    w = Writer(lanes)
    n = tangents.states
    for i in range(n):
        known = [w.load(tangents.sigma + j * n + i, "%own") for j in range(tableau.stages)]
        for row, weights in enumerate(tableau.dense):
            value = weighted_sum(w, None, weights, known)
            w.store(value, tangents.dense + row * n + i, "%own")
    return w.function("bend_direction", "own", "columns")


def _observe_terms(
    system: System,
    layout: Layout,
    tableau: Tableau,
    equations: TangentEquations,
    tangents: TangentLayout,
    lanes: int,
) -> str:
    """Write the derivatives of the outputs at a position inside the step."""
    w = Writer(lanes)
    n = layout.states
    x = w.load(slots.POSITION)
    rest, inside = w.subtract(w.constant(1.0), x), w.less(w.constant(0.0), x)
    known = {}
    for i, symbol in enumerate(system.states):
        rows = [w.load(layout.dense + row * n + i) for row in range(len(tableau.dense))]
        start, end = w.load(layout.state + i), w.load(layout.new_state + i)
        known[symbol.index] = interpolated(w, rows, start, end, x, rest, inside)
    symbols = _symbols(system, layout, tangents, layout.state, slots.OUTPUT_TIME)
    roots = [*equations.by_state.values(), *equations.by_parameter.values()]
    values = evaluated(w, roots, symbols, known)
    for ij, value in zip(equations.by_state, values, strict=False):
        w.store(value, tangents.by_state[ij])
    for (o, d), value in zip(
        equations.by_parameter, values[len(equations.by_state) :], strict=True
    ):
        block = tangents.direction + d * tangents.direction_size
        w.store(value, block + tangents.by_parameter + o)
    return w.function("observe_terms")


def _observe_direction(tangents: TangentLayout, lanes: int) -> str:
    w = Writer(lanes)
    n = tangents.states
    x = w.load(slots.POSITION)
    rest, inside = w.subtract(w.constant(1.0), x), w.less(w.constant(0.0), x)
    needed = sorted({j for _, j in tangents.by_state})
    moved = {}
    for i in needed:
        rows = [w.load(tangents.dense + row * n + i, "%own") for row in range(tangents.rows)]
        start, end = w.load(i, "%own"), w.load(n + i, "%own")
        moved[i] = interpolated(w, rows, start, end, x, rest, inside)
    for o in range(tangents.outputs):
        total = w.load(tangents.by_parameter + o, "%own")
        for (row, j), slot in tangents.by_state.items():
            if row == o:
                total = w.multiply_add(w.load(slot), moved[j], total)
        w.store(total, tangents.observed + o, "%own")
    return w.function("observe_direction", "own", "columns")


def _commit_direction(tangents: TangentLayout, lanes: int) -> str:
    w = Writer(lanes)
    accepted = w.less(w.constant(0.0), w.load(slots.ACCEPTED))
    for i in range(tangents.states):
        new = flushed(w, w.load(tangents.states + i, "%own"))
        w.store(w.where(accepted, new, w.load(i, "%own")), i, "%own")
    return w.function("commit_direction", "own", "columns")
