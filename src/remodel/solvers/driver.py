"""The integration loop: lanes of simulations, each with its own time, step and events.

Compiled once by Numba for every model: the model itself enters as addresses of its generated
kernels. The loop holds no Python objects and allocates nothing after its start, so threads run it
side by side. What a lane computes never depends on the other lanes: kernels work on all lanes at
once, but no lane reads another's numbers.

Symbols: ``ws`` workspace [slot, lane], ``w`` lane, ``s`` simulation, ``k`` output time, ``e``
event, ``n`` states. Per lane, ``lane_f`` holds times and steps, ``lane_i`` positions and counts.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from remodel.compiler import workspace as slots
from remodel.solvers.status import Status

_TIME, _STEP, _RTOL = slots.TIME, slots.STEP, slots.RTOL
_ERROR, _FACTOR, _LOWEST = slots.ERROR, slots.FACTOR, slots.LOWEST
_ACCEPTED, _POSITION, _OUTPUT_TIME = slots.ACCEPTED, slots.POSITION, slots.OUTPUT_TIME
_SIZE_OF_STATE, _SIZE_OF_SLOPE = slots.SIZE_OF_STATE, slots.SIZE_OF_SLOPE
_OK, _TOO_MANY, _TOO_SMALL = int(Status.OK), int(Status.TOO_MANY_STEPS), int(Status.STEP_TOO_SMALL)
_NOT_FINITE, _OUT_OF_DOMAIN = int(Status.NOT_FINITE), int(Status.OUT_OF_DOMAIN)
_SINGULAR, _RUNNING = int(Status.SINGULAR), -1

# positions in the arrays of kernel addresses and of first slots
DERIVE, ADVANCE, MEASURE, COMMIT, INTERPOLATE, OBSERVE = range(6)
STATE, ATOL, PARAMETER, STATES, PARAMETERS, FIRST_OUTPUT = range(6)
# the same of the sensitivities
(
    DERIVE_TERMS, TERMS, DIRECTION, BEND_DIRECTION, OBSERVE_TERMS, OBSERVE_DIRECTION,
    COMMIT_DIRECTION,
) = range(7)  # fmt: skip
DIRECTIONS, FIRST_DIRECTION, DIRECTION_SIZE, OBSERVED = range(4)
# columns of lane_f and lane_i
_T, _H, _STOP, _END, _REACHED = range(5)
_SIM, _EVENT, _NEXT, _BASE, _LAST, _STEPS, _BAD, _FRESH, _REJECTED, _ENDED = range(10)
LANE_FLOATS, LANE_INTEGERS = 5, 10

_FIRST_STEP = 0.01  # of the time in which the state changes by its own size
_SMALLEST_STEP = 1e-13  # relative to the time
_SHRINK = 0.2  # of a step whose error is not finite
_BAD_STEPS = 3  # not finite in a row: the matrix is singular rather than the step too long

_OPTIONS: dict[str, Any] = {
    # no reference counts: arrays come from outside, and counting them is a tenth of the time
    "_nrt": False,
    "nogil": True, "cache": True, "error_model": "numpy", "boundscheck": False,
}  # fmt: skip


def _call(typing_context, address, workspace):
    """Call a kernel at an address on a workspace given as an array."""

    def generate(context, builder, signature, arguments):
        pointer, array = arguments
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t])
        function = builder.inttoptr(pointer, kind.as_pointer())
        data = context.make_array(signature.args[1])(context, builder, array).data
        builder.call(function, [builder.bitcast(data, cgutils.voidptr_t)])
        return context.get_dummy_value()

    return types.void(types.uintp, workspace), generate


def _call_blocks(typing_context, address, workspace, own, columns):
    """Call a kernel on a workspace and two pointers into it, given by their first slots."""

    def generate(context, builder, signature, arguments):
        pointer, array, own_slot, columns_slot = arguments
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t] * 3)
        function = builder.inttoptr(pointer, kind.as_pointer())
        made = context.make_array(signature.args[1])(context, builder, array)
        data = builder.bitcast(made.data, cgutils.voidptr_t)
        row = cgutils.unpack_tuple(builder, made.strides)[0]
        blocks = [builder.gep(data, [builder.mul(row, slot)]) for slot in (own_slot, columns_slot)]
        builder.call(function, [data, *blocks])
        return context.get_dummy_value()

    return types.void(types.uintp, workspace, types.int64, types.int64), generate


call: Any = intrinsic(_call)
call_blocks: Any = intrinsic(_call_blocks)


@nb.njit(**_OPTIONS)
def _each_direction(kernel, ws, places, tangent_places):
    """Call a kernel for every direction of the sensitivities."""
    for d in range(tangent_places[DIRECTIONS]):
        own = tangent_places[FIRST_DIRECTION] + d * tangent_places[DIRECTION_SIZE]
        call_blocks(kernel, ws, own, d * places[STATES])


@nb.njit(**_OPTIONS)
def _load(
    w, s, ws, places, tangent_places, lane_f, lane_i, parameters, initial, tangents, start, times,
    times_from, event_from,
):  # fmt: skip
    """Put simulation s into lane w."""
    for j in range(places[PARAMETERS]):
        ws[places[PARAMETER] + j, w] = parameters[j]
    for i in range(places[STATES]):
        ws[places[STATE] + i, w] = initial[i]
    for d in range(tangent_places[DIRECTIONS]):
        own = tangent_places[FIRST_DIRECTION] + d * tangent_places[DIRECTION_SIZE]
        for i in range(places[STATES]):
            ws[own + i, w] = tangents[d, i]
    ws[_TIME, w] = start[s]
    lane_f[_T, w] = start[s]
    lane_f[_REACHED, w] = start[s]
    lane_f[_END, w] = times[times_from[s + 1] - 1]
    lane_i[_SIM, w] = s
    lane_i[_EVENT, w] = event_from[s]
    lane_i[_BASE, w] = times_from[s]
    lane_i[_NEXT, w] = times_from[s]
    lane_i[_LAST, w] = times_from[s + 1]
    lane_i[_STEPS, w] = 0
    lane_i[_BAD, w] = 0
    lane_i[_REJECTED, w] = 0
    lane_i[_FRESH, w] = 1


@nb.njit(**_OPTIONS)
def _observe(
    ws, kernels, places, tangent_kernels, tangent_places, lane_f, lane_i, times, out, out_tangents,
    at_start,
):  # fmt: skip
    """Compute outputs that are due, one output time of every lane at once, until none is left.

    Outputs are due up to the time reached by the last step; ``at_start`` of a simulation or
    after an event, those due now.
    """
    width, first, n_out = ws.shape[1], places[FIRST_OUTPUT], out.shape[2]
    n_directions = tangent_places[DIRECTIONS]
    ready = at_start
    while True:
        due = False
        for w in range(width):
            k = lane_i[_NEXT, w]
            ws[_POSITION, w] = 0.0
            if lane_i[_SIM, w] < 0 or k >= lane_i[_LAST, w] or times[k] > lane_f[_REACHED, w]:
                continue
            due = True
            ws[_OUTPUT_TIME, w] = times[k]
            if not at_start:
                ws[_POSITION, w] = (times[k] - lane_f[_T, w]) / (
                    lane_f[_REACHED, w] - lane_f[_T, w]
                )
        if not due:
            return
        if not ready:
            call(kernels[INTERPOLATE], ws)
            _each_direction(tangent_kernels[BEND_DIRECTION], ws, places, tangent_places)
            ready = True
        call(kernels[OBSERVE], ws)
        if n_directions:
            call(tangent_kernels[OBSERVE_TERMS], ws)
            _each_direction(tangent_kernels[OBSERVE_DIRECTION], ws, places, tangent_places)
        for w in range(width):
            k = lane_i[_NEXT, w]
            if lane_i[_SIM, w] < 0 or k >= lane_i[_LAST, w] or times[k] > lane_f[_REACHED, w]:
                continue
            s, column = lane_i[_SIM, w], k - lane_i[_BASE, w]
            for o in range(n_out):
                out[s, column, o] = ws[first + o, w]
            for d in range(n_directions):
                own = tangent_places[FIRST_DIRECTION] + d * tangent_places[DIRECTION_SIZE]
                for o in range(n_out):
                    out_tangents[s, column, d, o] = ws[own + tangent_places[OBSERVED] + o, w]
            lane_i[_NEXT, w] = k + 1


@nb.njit(**_OPTIONS)
def _happen(
    w, ws, places, lane_f, lane_i, event_time, event_kind, event_index, event_value, event_from
):
    """Apply the events of lane w that are due; return whether a parameter changed."""
    t, s, changed = lane_f[_T, w], lane_i[_SIM, w], False
    e = lane_i[_EVENT, w]
    while e < event_from[s + 1] and event_time[e] <= t:
        if event_kind[e] == 0:
            ws[places[STATE] + event_index[e], w] += event_value[e]
        elif event_kind[e] == 1:
            ws[places[PARAMETER] + event_index[e], w] = event_value[e]
            changed = True
        elif event_kind[e] == 3:
            ws[places[STATE] + event_index[e], w] = event_value[e]
        e += 1
    lane_i[_EVENT, w] = e
    stop = lane_f[_END, w]
    if e < event_from[s + 1]:
        stop = min(stop, event_time[e])
    lane_f[_STOP, w] = stop
    return changed


@nb.njit(**_OPTIONS)
def _first_steps(ws, kernels, lane_f, lane_i):
    """Choose the first step of every fresh lane; NaN where state or slope are not finite."""
    call(kernels[MEASURE], ws)
    for w in range(ws.shape[1]):
        if lane_i[_SIM, w] >= 0 and lane_i[_FRESH, w]:
            a, b = ws[_SIZE_OF_STATE, w], ws[_SIZE_OF_SLOPE, w]
            finite = math.isfinite(a) and math.isfinite(b)
            lane_f[_H, w] = _FIRST_STEP * max(a, 1e-5) / max(b, 1e-10) if finite else math.nan


@nb.njit(**_OPTIONS)
def _choose_steps(ws, lane_f, lane_i):
    """Write time and step of every lane; a step ends at the next event rather than just before."""
    for w in range(ws.shape[1]):
        step = 1.0
        if lane_i[_SIM, w] >= 0:
            ws[_TIME, w] = lane_f[_T, w]
            left, wish = lane_f[_STOP, w] - lane_f[_T, w], lane_f[_H, w]
            if left > 0.0 and not math.isnan(wish):
                step = wish
                if wish >= 0.99 * left:
                    step = left
                elif wish > 0.6 * left:
                    step = 0.5 * left
        ws[_STEP, w] = step


@nb.njit(**_OPTIONS)
def _judge(w, ws, lane_f, lane_i, lowest, max_steps, counters):
    """Accept or reject the step of lane w; note how it ended, if it did."""
    s = lane_i[_SIM, w]
    ws[_ACCEPTED, w] = 0.0
    lane_f[_REACHED, w] = lane_f[_T, w]
    if lane_f[_T, w] >= lane_f[_END, w]:
        return _OK
    if math.isnan(lane_f[_H, w]):
        return _NOT_FINITE
    lane_i[_FRESH, w] = 0
    lane_i[_STEPS, w] += 1
    counters[s, 2] += 1
    if ws[_ERROR, w] <= 1.0:
        if ws[_LOWEST, w] < lowest:
            return _OUT_OF_DOMAIN
        ended = _accept(w, ws, lane_f, lane_i)
        counters[s, 0] += 1
    else:
        ended = _reject(w, ws, lane_f, lane_i)
        counters[s, 1] += 1
    if ended == _RUNNING and lane_i[_STEPS, w] >= max_steps:
        return _TOO_MANY
    return ended


@nb.njit(**_OPTIONS)
def _accept(w, ws, lane_f, lane_i):
    """Note the time reached and plan the next step of lane w."""
    ws[_ACCEPTED, w] = 1.0
    stop = lane_f[_STOP, w]
    reached = lane_f[_T, w] + ws[_STEP, w]
    if reached >= stop - 1e-12 * max(abs(stop), 1.0):
        reached = stop
    lane_f[_REACHED, w] = reached
    growth = ws[_FACTOR, w]
    if lane_i[_REJECTED, w]:
        growth = min(growth, 1.0)
    lane_i[_REJECTED, w], lane_i[_BAD, w] = 0, 0
    wish = ws[_STEP, w] * growth
    # a step cut short by an event says nothing against the longer one that was planned
    lane_f[_H, w] = max(wish, lane_f[_H, w]) if growth >= 1.0 else wish
    if reached >= lane_f[_END, w]:
        return _OK
    lane_i[_FRESH, w] = 1 if reached >= stop else 0
    return _RUNNING


@nb.njit(**_OPTIONS)
def _reject(w, ws, lane_f, lane_i):
    """Shorten the step of lane w; return its status."""
    lane_i[_REJECTED, w] = 1
    if math.isfinite(ws[_ERROR, w]):
        lane_f[_H, w] = ws[_STEP, w] * min(ws[_FACTOR, w], 0.9)
        lane_i[_BAD, w] = 0
    else:
        lane_f[_H, w] = ws[_STEP, w] * _SHRINK
        lane_i[_BAD, w] += 1
    if lane_f[_H, w] <= _SMALLEST_STEP * max(abs(lane_f[_T, w]), 1.0):
        return _SINGULAR if lane_i[_BAD, w] > _BAD_STEPS else _TOO_SMALL
    return _RUNNING


@nb.njit(**_OPTIONS)
def _finish(w, ws, places, lane_f, lane_i, out, out_tangents, final, status, stopped):
    """Write how the simulation in lane w ended, NaN where nothing was reached, free the lane."""
    s, ended = lane_i[_SIM, w], lane_i[_ENDED, w]
    status[s] = ended
    stopped[s] = lane_f[_REACHED, w]
    for i in range(places[STATES]):
        final[s, i] = ws[places[STATE] + i, w] if ended == _OK else math.nan
    for k in range(lane_i[_NEXT, w] - lane_i[_BASE, w], out.shape[1]):
        for o in range(out.shape[2]):
            out[s, k, o] = math.nan
            for d in range(out_tangents.shape[2]):
                out_tangents[s, k, d, o] = math.nan
    lane_i[_SIM, w] = -1


@nb.njit(**_OPTIONS)
def integrate(
    kernels, places, tangent_kernels, tangent_places, sims, ws, parameters, parameter_row,
    initial, initial_row, initial_tangents, atol, rtol, start, times, times_from,
    event_time, event_kind, event_index, event_value, event_from, lowest, max_steps,
    out, out_tangents, final, status, stopped, counters, lane_f, lane_i, cancel,
):  # fmt: skip
    """Integrate simulations ``sims[0]`` to ``sims[1] - 1`` of a batch.

    Times of outputs and events are absolute model times, sorted, sliced for each simulation by
    ``times_from`` and ``event_from``. Outputs at the time of an event are taken before it.
    Without sensitivities the number of directions is zero and their arrays are empty. Outputs of
    one simulation lie together, the outputs of one time next to each other.
    """
    width, n_directions = ws.shape[1], tangent_places[DIRECTIONS]
    lane_i[_SIM, :] = -1
    ws[: places[FIRST_OUTPUT], :] = 1.0
    ws[places[FIRST_OUTPUT] :, :] = 0.0
    ws[_RTOL, :] = rtol
    for i in range(places[STATES]):
        ws[places[ATOL] + i, :] = atol[i]
    queue = sims[0]
    while True:
        active, loaded, fresh = 0, False, False
        for w in range(width):
            if lane_i[_SIM, w] < 0 and queue < sims[1] and cancel[0] == 0:
                _load(
                    w, queue, ws, places, tangent_places, lane_f, lane_i,
                    parameters[parameter_row[queue]], initial[initial_row[queue]],
                    initial_tangents[initial_row[queue] if n_directions else 0], start, times,
                    times_from, event_from,
                )  # fmt: skip
                queue += 1
                loaded = True
            if lane_i[_SIM, w] >= 0:
                active += 1
                fresh |= lane_i[_FRESH, w] == 1
        if active == 0:
            return
        if loaded:
            if n_directions:
                call(kernels[DERIVE], ws)
                call(tangent_kernels[DERIVE_TERMS], ws)
            _observe(
                ws, kernels, places, tangent_kernels, tangent_places, lane_f, lane_i, times, out,
                out_tangents, True,
            )  # fmt: skip
        if fresh:
            changed = loaded
            for w in range(width):
                if lane_i[_SIM, w] >= 0 and lane_i[_FRESH, w]:
                    changed |= _happen(
                        w, ws, places, lane_f, lane_i, event_time, event_kind, event_index,
                        event_value, event_from,
                    )  # fmt: skip
            if changed:
                call(kernels[DERIVE], ws)
                if n_directions:
                    call(tangent_kernels[DERIVE_TERMS], ws)
            _first_steps(ws, kernels, lane_f, lane_i)
        _choose_steps(ws, lane_f, lane_i)
        call(kernels[ADVANCE], ws)
        for w in range(width):
            ws[_ACCEPTED, w] = 0.0
            if lane_i[_SIM, w] >= 0:
                lane_i[_ENDED, w] = _judge(w, ws, lane_f, lane_i, lowest, max_steps, counters)
        if n_directions:
            call(tangent_kernels[TERMS], ws)
            _each_direction(tangent_kernels[DIRECTION], ws, places, tangent_places)
        _observe(
            ws, kernels, places, tangent_kernels, tangent_places, lane_f, lane_i, times, out,
            out_tangents, False,
        )  # fmt: skip
        call(kernels[COMMIT], ws)
        _each_direction(tangent_kernels[COMMIT_DIRECTION], ws, places, tangent_places)
        for w in range(width):
            if lane_i[_SIM, w] >= 0:
                lane_f[_T, w] = lane_f[_REACHED, w]
                ws[_TIME, w] = lane_f[_T, w]
                if lane_i[_ENDED, w] != _RUNNING:
                    _finish(
                        w, ws, places, lane_f, lane_i, out, out_tangents, final, status, stopped
                    )
