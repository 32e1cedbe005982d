"""One Rosenbrock step for all lanes at once, written as straight-line code.

The generated module has these functions, all on one workspace:

* ``derive``: everything that depends on parameters alone;
* ``slope``: the right-hand side at the stage state and stage time;
* ``linearize``: right-hand side, Jacobian and time derivative at the state;
* ``advance``: one step of size h: linearize, factor, all stages, new state, error, step factor;
* ``measure``: sizes of state and slope, for the first step;
* ``commit``: the new state becomes the state in lanes whose step was accepted.

A second module depends on the outputs asked for: ``interpolate``, the coefficients of the dense
output of the states they need, and ``observe``, the outputs inside the last step.
"""

from __future__ import annotations

from collections.abc import Sequence

from remodel.compiler import workspace as slots
from remodel.compiler.evaluation import evaluated
from remodel.compiler.ir import Writer, declarations
from remodel.compiler.mathematics import exp, log
from remodel.compiler.tableaus import Tableau
from remodel.compiler.workspace import Layout
from remodel.equations.system import System
from remodel.symbolic.expression import Expression, ancestors

STEPPER = ("derive", "slope", "linearize", "advance", "measure", "commit")
EVALUATOR = ("interpolate", "observe")

_SAFETY = 0.9
_SMALLEST_FACTOR = 0.2
_LARGEST_FACTOR = 6.0
_TINY = 1e-300
_VANISHED = 1e-100  # a drug compartment years after the last dose
_BELOW_ZERO = 1e3  # absolute tolerances that a state which cannot be negative may lack


def write_stepper(system: System, layout: Layout, tableau: Tableau, lanes: int) -> str:
    """Return the LLVM IR of a system and method for a number of lanes."""
    functions = [
        declarations(lanes),
        _derive(system, layout, lanes),
        _slope(system, layout, lanes),
        _linearize(system, layout, lanes),
        _advance(layout, tableau, lanes),
        _measure(layout, lanes),
        _commit(layout, lanes),
    ]
    return "\n".join(functions)


def _derive(system: System, layout: Layout, lanes: int) -> str:
    w = Writer(lanes)
    symbols = {p.index: layout.parameter + i for i, p in enumerate(system.parameters)}
    for i, value in enumerate(evaluated(w, layout.hoisted, symbols)):
        w.store(value, layout.derived + i)
    return w.function("derive")


def _slope(system: System, layout: Layout, lanes: int) -> str:
    w = Writer(lanes)
    symbols = layout.symbols(system, layout.stage_state, layout.stage_time)
    for i, value in enumerate(evaluated(w, system.rates, symbols)):
        w.store(value, layout.slope + i)
    return w.function("slope")


def _linearize(system: System, layout: Layout, lanes: int) -> str:
    w = Writer(lanes)
    symbols = layout.symbols(system, layout.state, slots.TIME)
    entries, moving = system.jacobian, system.time_derivative
    roots = [*system.rates, *entries.values(), *moving.values()]
    values = evaluated(w, roots, symbols)
    n, m = layout.states, len(entries)
    for i, value in enumerate(values[:n]):
        w.store(value, layout.slope + i)
    for ij, value in zip(entries, values[n : n + m], strict=True):
        w.store(value, layout.jacobian_slot[ij])
    in_time = dict(zip(moving, values[n + m :], strict=True))
    for i in range(n):
        w.store(in_time.get(i, w.constant(0.0)), layout.time_slope + i)
    return w.function("linearize")


def _advance(layout: Layout, tableau: Tableau, lanes: int) -> str:
    w = Writer(lanes)
    w.call("linearize")
    step = w.load(slots.STEP)
    inverse = w.divide(w.constant(1.0), step)
    factor(w, layout, w.multiply(inverse, w.constant(1.0 / tableau.gamma)))
    for stage in range(tableau.stages):
        if stage:
            _stage_argument(w, layout, tableau, stage)
            w.call("slope")
        _stage_increment(w, layout, tableau, stage, step, inverse)
    _finish(w, layout, tableau)
    return w.function("advance")


def factor(w: Writer, layout: Layout, diagonal: str) -> None:
    """Append the LU factorization of diagonal * I - J; pivots are stored inverted.

    An infinite pivot would freeze its state without an error, so whatever is not finite among the
    pivots is kept and spoils the error of the step.
    """
    plan = layout.elimination
    matrix: dict[tuple[int, int], str] = {
        ij: w.negate(w.load(slot)) for ij, slot in layout.jacobian_slot.items()
    }
    for i in range(layout.states):
        before = matrix.get((i, i))
        matrix[i, i] = diagonal if before is None else w.add(before, diagonal)
    spoiled = w.constant(0.0)
    for pivot, rows, columns in zip(plan.order, plan.lower, plan.upper, strict=True):
        spoiled = w.multiply_add(matrix[pivot, pivot], w.constant(0.0), spoiled)
        inverse = w.divide(w.constant(1.0), matrix[pivot, pivot])
        w.store(inverse, layout.factor_slot[pivot, pivot])
        for column in columns:
            w.store(matrix[pivot, column], layout.factor_slot[pivot, column])
        for row in rows:
            multiple = w.multiply(matrix[row, pivot], inverse)
            w.store(multiple, layout.factor_slot[row, pivot])
            for column in columns:
                product = w.multiply(multiple, matrix[pivot, column])
                before = matrix.get((row, column))
                matrix[row, column] = (
                    w.negate(product) if before is None else w.subtract(before, product)
                )
    w.store(spoiled, slots.SPOILED)


def solve(w: Writer, layout: Layout, right: list[str]) -> list[str]:
    """Append the solution of the factored system for one right-hand side."""
    plan = layout.elimination
    x = list(right)
    for pivot, rows in zip(plan.order, plan.lower, strict=True):
        for row in rows:
            multiple = w.load(layout.factor_slot[row, pivot])
            x[row] = w.subtract(x[row], w.multiply(multiple, x[pivot]))
    reverse = zip(reversed(plan.order), reversed(plan.upper), strict=True)
    for pivot, columns in reverse:
        for column in columns:
            entry = w.load(layout.factor_slot[pivot, column])
            x[pivot] = w.subtract(x[pivot], w.multiply(entry, x[column]))
        x[pivot] = w.multiply(x[pivot], w.load(layout.factor_slot[pivot, pivot]))
    return x


def weighted_sum(w: Writer, start: str | None, weights: Sequence[float], of: list[str]) -> str:
    """Append start + sum of weights times values, leaving out zero weights."""
    result = start
    for weight, value in zip(weights, of, strict=True):
        if weight == 0.0:
            continue
        if result is None:
            result = w.multiply(w.constant(weight), value)
        elif weight == 1.0:
            result = w.add(result, value)
        else:
            result = w.multiply_add(w.constant(weight), value, result)
    return w.constant(0.0) if result is None else result


def extends_previous(tableau: Tableau, stage: int) -> bool:
    """Whether a stage argument is the one before plus the last increment."""
    return stage > 1 and tableau.a[stage] == (*tableau.a[stage - 1], 1.0)


def _stage_argument(w: Writer, layout: Layout, tableau: Tableau, stage: int) -> None:
    n = layout.states
    time = w.load(slots.TIME)
    at = w.multiply_add(w.load(slots.STEP), w.constant(tableau.c[stage]), time)
    w.store(at, layout.stage_time)
    for i in range(n):
        if extends_previous(tableau, stage):
            last = w.load(layout.increments + (stage - 1) * n + i)
            value = w.add(w.load(layout.stage_state + i), last)
        else:
            known = [w.load(layout.increments + j * n + i) for j in range(stage)]
            value = weighted_sum(w, w.load(layout.state + i), tableau.a[stage], known)
        w.store(value, layout.stage_state + i)


def _stage_increment(
    w: Writer, layout: Layout, tableau: Tableau, stage: int, step: str, inverse: str
) -> None:
    n = layout.states
    right = []
    shift = w.multiply(step, w.constant(tableau.d[stage])) if tableau.d[stage] else None
    for i in range(n):
        value = w.load(layout.slope + i)
        if shift is not None:
            value = w.multiply_add(shift, w.load(layout.time_slope + i), value)
        if stage:
            known = [w.load(layout.increments + j * n + i) for j in range(stage)]
            coupled = weighted_sum(w, None, tableau.coupling[stage], known)
            value = w.multiply_add(coupled, inverse, value)
        right.append(value)
    for i, value in enumerate(solve(w, layout, right)):
        w.store(value, layout.increments + stage * n + i)


def _finish(w: Writer, layout: Layout, tableau: Tableau) -> None:
    """Append new state, error norm, step factor and the smallest margin to negative states."""
    n, rtol = layout.states, w.load(slots.RTOL)
    total, lowest = w.load(slots.SPOILED), w.constant(1.0)
    for i in range(n):
        last = w.load(layout.increments + (tableau.stages - 1) * n + i)
        new = w.add(w.load(layout.stage_state + i), last)
        w.store(new, layout.new_state + i)
        atol = w.load(layout.atol + i)
        size = w.maximum(w.absolute(new), w.absolute(w.load(layout.state + i)))
        scale = w.multiply_add(rtol, size, atol)
        share = w.divide(last, scale)
        total = w.multiply_add(share, share, total)
        if not layout.signed[i]:
            margin = w.multiply_add(atol, w.constant(_BELOW_ZERO), new)
            lowest = w.where(w.less(margin, lowest), margin, lowest)
    error = w.sqrt(w.multiply(total, w.constant(1.0 / n)))
    w.store(error, slots.ERROR)
    w.store(lowest, slots.LOWEST)
    power = w.constant(-1.0 / (tableau.embedded_order + 1))
    floor = w.maximum(error, w.constant(_TINY))
    growth = w.multiply(w.constant(_SAFETY), exp(w, w.multiply(power, log(w, floor))))
    growth = w.maximum(growth, w.constant(_SMALLEST_FACTOR))
    largest = w.constant(_LARGEST_FACTOR)
    w.store(w.where(w.less(largest, growth), largest, growth), slots.FACTOR)


def _measure(layout: Layout, lanes: int) -> str:
    w = Writer(lanes)
    w.store(w.load(slots.TIME), layout.stage_time)
    for i in range(layout.states):
        w.store(w.load(layout.state + i), layout.stage_state + i)
    w.call("slope")
    rtol = w.load(slots.RTOL)
    of_state, of_slope = w.constant(0.0), w.constant(0.0)
    for i in range(layout.states):
        y = w.load(layout.state + i)
        scale = w.multiply_add(rtol, w.absolute(y), w.load(layout.atol + i))
        a, b = w.divide(y, scale), w.divide(w.load(layout.slope + i), scale)
        of_state = w.multiply_add(a, a, of_state)
        of_slope = w.multiply_add(b, b, of_slope)
    share = w.constant(1.0 / layout.states)
    w.store(w.sqrt(w.multiply(of_state, share)), slots.SIZE_OF_STATE)
    w.store(w.sqrt(w.multiply(of_slope, share)), slots.SIZE_OF_SLOPE)
    return w.function("measure")


def _commit(layout: Layout, lanes: int) -> str:
    w = Writer(lanes)
    accepted = w.less(w.constant(0.0), w.load(slots.ACCEPTED))
    for i in range(layout.states):
        new = flushed(w, w.load(layout.new_state + i))
        w.store(w.where(accepted, new, w.load(layout.state + i)), layout.state + i)
    return w.function("commit")


def flushed(w: Writer, value: str) -> str:
    """Append zero for a value so small that arithmetic on it would slow the processor down."""
    vanished = w.less(w.absolute(value), w.constant(_VANISHED))
    return w.where(vanished, w.constant(0.0), value)


def write_evaluator(
    system: System,
    layout: Layout,
    tableau: Tableau,
    outputs: Sequence[str],
    lanes: int,
    *,
    every_state: bool = False,
) -> str:
    """Return LLVM IR that computes outputs inside the last step.

    ``observe`` takes the position in the step (0 to 1) and the time of the output from their
    slots and writes output number k to slot ``layout.size + k``. Position 0 gives the state
    itself, whatever the rest of the workspace holds. ``every_state`` prepares the dense output
    of all states, as sensitivities need it.
    """
    roots = [system.outputs[name] for name in outputs]
    used = {node.index for node in ancestors(roots)}
    needed = [i for i, s in enumerate(system.states) if every_state or s.index in used]
    functions = (
        declarations(lanes),
        _interpolate(layout, tableau, needed, lanes),
        _observe(system, layout, tableau, roots, needed, lanes),
    )
    return "\n".join(functions)


def _interpolate(layout: Layout, tableau: Tableau, needed: Sequence[int], lanes: int) -> str:
    w = Writer(lanes)
    n = layout.states
    for i in needed:
        known = [w.load(layout.increments + j * n + i) for j in range(tableau.stages)]
        for row, weights in enumerate(tableau.dense):
            w.store(weighted_sum(w, None, weights, known), layout.dense + row * n + i)
    return w.function("interpolate")


def interpolated(
    w: Writer, rows: Sequence[str], start: str, end: str, x: str, rest: str, inside: str
) -> str:
    """Append the dense output at position x of the step, the start itself at position 0."""
    bend = rows[-1]
    for row in reversed(rows[:-1]):
        bend = w.multiply_add(x, bend, row)
    between = w.multiply_add(rest, start, w.multiply(x, w.multiply_add(rest, bend, end)))
    return w.where(inside, between, start)


def _observe(
    system: System,
    layout: Layout,
    tableau: Tableau,
    roots: Sequence[Expression],
    needed: Sequence[int],
    lanes: int,
) -> str:
    w = Writer(lanes)
    n = layout.states
    x = w.load(slots.POSITION)
    rest = w.subtract(w.constant(1.0), x)
    inside = w.less(w.constant(0.0), x)
    known = {}
    for i in needed:
        rows = [w.load(layout.dense + row * n + i) for row in range(len(tableau.dense))]
        start, end = w.load(layout.state + i), w.load(layout.new_state + i)
        known[system.states[i].index] = interpolated(w, rows, start, end, x, rest, inside)
    symbols = {p.index: layout.parameter + i for i, p in enumerate(system.parameters)}
    symbols[system.time.index] = slots.OUTPUT_TIME
    for k, value in enumerate(evaluated(w, roots, symbols, known)):
        w.store(value, layout.size + k)
    return w.function("observe")
