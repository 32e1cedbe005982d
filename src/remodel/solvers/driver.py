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
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from remodel.solvers import layout as slots
from remodel.solvers.status import Status

_TIME, _STEP, _RTOL = slots.TIME, slots.STEP, slots.RTOL
_ERROR, _FACTOR, _LOWEST = slots.ERROR, slots.FACTOR, slots.LOWEST
_SIZE_OF_STATE, _SIZE_OF_SLOPE = slots.SIZE_OF_STATE, slots.SIZE_OF_SLOPE
_OK, _TOO_MANY, _TOO_SMALL = int(Status.OK), int(Status.TOO_MANY_STEPS), int(Status.STEP_TOO_SMALL)
_NOT_FINITE, _OUT_OF_DOMAIN = int(Status.NOT_FINITE), int(Status.OUT_OF_DOMAIN)
_SINGULAR, _RUNNING = int(Status.SINGULAR), -1

# positions in the arrays of kernel addresses and of first slots
DERIVE, ADVANCE, MEASURE, INTERPOLATE, BEGIN, OBSERVE = range(6)
STATE, ATOL, PARAMETER, NEW_STATE, DENSE, STATES, PARAMETERS, ROWS, FIRST_OUTPUT = range(9)
# columns of lane_f and lane_i
_T, _H, _STOP, _END = range(4)
_SIM, _EVENT, _NEXT, _OBSERVED, _BASE, _LAST, _STEPS, _BAD, _FRESH, _REJECTED, _NEW = range(11)
LANE_FLOATS, LANE_INTEGERS = 4, 11

_FIRST_STEP = 0.01  # of the time in which the state changes by its own size
_SMALLEST_STEP = 1e-13  # relative to the time
_SHRINK = 0.2  # of a step whose error is not finite
_BAD_STEPS = 10  # not finite in a row: the matrix is singular rather than the step too long

_OPTIONS: dict[str, Any] = {
    "nogil": True, "cache": True, "error_model": "numpy", "boundscheck": False
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


call: Any = intrinsic(_call)


@nb.njit(**_OPTIONS)
def _load(w, s, ws, places, lane_f, lane_i, parameters, start, times, times_from, event_from):
    """Put simulation s into lane w."""
    for j in range(places[PARAMETERS]):
        ws[places[PARAMETER] + j, w] = parameters[j]
    lane_f[_T, w] = start[s]
    lane_f[_END, w] = times[times_from[s + 1] - 1]
    lane_i[_SIM, w] = s
    lane_i[_EVENT, w] = event_from[s]
    lane_i[_BASE, w] = times_from[s]
    lane_i[_NEXT, w] = times_from[s]
    lane_i[_OBSERVED, w] = times_from[s]
    lane_i[_LAST, w] = times_from[s + 1]
    lane_i[_STEPS, w] = 0
    lane_i[_BAD, w] = 0
    lane_i[_REJECTED, w] = 0
    lane_i[_FRESH, w] = 1
    lane_i[_NEW, w] = 1


@nb.njit(**_OPTIONS)
def _begin(ws, ws_out, kernels, places, lane_f, lane_i, initial, initial_row):
    """Give every newly loaded lane its first state, given or computed from its parameters."""
    width, n, m = ws.shape[1], places[STATES], places[PARAMETERS]
    state, parameter = places[STATE], places[PARAMETER]
    for w in range(width):
        if lane_i[_NEW, w]:
            ws_out[_TIME, w] = lane_f[_T, w]
            for j in range(m):
                ws_out[parameter + j, w] = ws[parameter + j, w]
    call(kernels[BEGIN], ws_out)
    for w in range(width):
        if not lane_i[_NEW, w]:
            continue
        lane_i[_NEW, w] = 0
        ws[_TIME, w] = lane_f[_T, w]
        row = initial_row[lane_i[_SIM, w]]
        for i in range(n):
            ws[state + i, w] = initial[row, i] if row >= 0 else ws_out[state + i, w]
    call(kernels[DERIVE], ws)


@nb.njit(**_OPTIONS)
def _observe(w, ws, ws_out, kernels, places, lane_i, trajectory, times, out):
    """Compute the outputs of lane w at the times reached since last time, several at once."""
    width, n, m = ws.shape[1], places[STATES], places[PARAMETERS]
    state, parameter, first = places[STATE], places[PARAMETER], places[FIRST_OUTPUT]
    base, end, s = lane_i[_BASE, w], lane_i[_NEXT, w], lane_i[_SIM, w]
    for j in range(m):
        value = ws[parameter + j, w]
        for v in range(width):
            ws_out[parameter + j, v] = value
    k = lane_i[_OBSERVED, w]
    lane_i[_OBSERVED, w] = end
    while k < end:
        for v in range(width):
            row = min(k + v, end - 1)
            ws_out[_TIME, v] = times[row]
            for i in range(n):
                ws_out[state + i, v] = trajectory[w, row - base, i]
        call(kernels[OBSERVE], ws_out)
        for o in range(out.shape[0]):
            for v in range(min(width, end - k)):
                out[o, s, k - base + v] = ws_out[first + o, v]
        k += width


@nb.njit(**_OPTIONS)
def _happen(
    w, ws, ws_out, kernels, places, lane_f, lane_i, trajectory, times,
    event_time, event_kind, event_index, event_value, event_from, out,
):  # fmt: skip
    """Record outputs due now, then apply the events of lane w due now; return if parameters did."""
    t, s, changed = lane_f[_T, w], lane_i[_SIM, w], False
    while lane_i[_NEXT, w] < lane_i[_LAST, w] and times[lane_i[_NEXT, w]] <= t:
        for i in range(places[STATES]):
            trajectory[w, lane_i[_NEXT, w] - lane_i[_BASE, w], i] = ws[places[STATE] + i, w]
        lane_i[_NEXT, w] += 1
    e = lane_i[_EVENT, w]
    while e < event_from[s + 1] and event_time[e] <= t:
        if event_kind[e] == 0:
            ws[places[STATE] + event_index[e], w] += event_value[e]
        elif event_kind[e] == 1:
            _observe(w, ws, ws_out, kernels, places, lane_i, trajectory, times, out)
            ws[places[PARAMETER] + event_index[e], w] = event_value[e]
            changed = True
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
def _interpolate(w, ws, places, lane_f, lane_i, reached, times, trajectory):
    """Write the states of lane w at the output times inside the step just made."""
    state, new, dense = places[STATE], places[NEW_STATE], places[DENSE]
    n, rows, base = places[STATES], places[ROWS], lane_i[_BASE, w]
    t = lane_f[_T, w]
    h = reached - t
    k = lane_i[_NEXT, w]
    while k < lane_i[_LAST, w] and times[k] <= reached:
        x = (times[k] - t) / h
        for i in range(n):
            bend = ws[dense + (rows - 1) * n + i, w]
            for row in range(rows - 2, -1, -1):
                bend = ws[dense + row * n + i, w] + x * bend
            end = ws[new + i, w] + (1.0 - x) * bend
            trajectory[w, k - base, i] = (1.0 - x) * ws[state + i, w] + x * end
        k += 1
    lane_i[_NEXT, w] = k


@nb.njit(**_OPTIONS)
def _accept(w, ws, places, lane_f, lane_i, reached):
    """Move lane w to the new state; return its status."""
    state, new = places[STATE], places[NEW_STATE]
    for i in range(places[STATES]):
        ws[state + i, w] = ws[new + i, w]
    growth = ws[_FACTOR, w]
    if lane_i[_REJECTED, w]:
        growth = min(growth, 1.0)
    lane_i[_REJECTED, w], lane_i[_BAD, w] = 0, 0
    wish = ws[_STEP, w] * growth
    # a step cut short by an event says nothing against the longer one that was planned
    lane_f[_H, w] = max(wish, lane_f[_H, w]) if growth >= 1.0 else wish
    lane_f[_T, w] = reached
    if reached >= lane_f[_END, w]:
        return _OK
    lane_i[_FRESH, w] = 1 if reached >= lane_f[_STOP, w] else 0
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
def _end_of_step(w, ws, lane_f):
    """Return the time lane w reaches with its step, exactly the stop where it is meant."""
    reached = lane_f[_T, w] + ws[_STEP, w]
    stop = lane_f[_STOP, w]
    return stop if reached >= stop - 1e-12 * max(abs(stop), 1.0) else reached


@nb.njit(**_OPTIONS)
def integrate(
    kernels, places, sims, ws, ws_out, trajectory, parameters, parameter_row, initial,
    initial_row, atol, rtol, start, times, times_from,
    event_time, event_kind, event_index, event_value, event_from,
    lowest, max_steps, out, final, status, stopped, counters, cancel,
):  # fmt: skip
    """Integrate simulations ``sims[0]`` to ``sims[1] - 1`` of a batch.

    Times of outputs and events are absolute model times, sorted, sliced for each simulation by
    ``times_from`` and ``event_from``. A negative entry of ``initial_row`` asks for the baseline
    the model computes from its parameters. Outputs at the time of an event are taken before it.
    """
    width, n = ws.shape[1], places[STATES]
    lane_f = np.zeros((LANE_FLOATS, width))
    lane_i = np.zeros((LANE_INTEGERS, width), dtype=np.int64)
    lane_i[_SIM, :] = -1
    ws[:, :] = 1.0
    ws_out[:, :] = 1.0
    ws[_RTOL, :] = rtol
    for i in range(n):
        ws[places[ATOL] + i, :] = atol[i]
    queue = sims[0]
    while True:
        active, loaded = 0, False
        for w in range(width):
            if lane_i[_SIM, w] < 0 and queue < sims[1] and cancel[0] == 0:
                _load(
                    w, queue, ws, places, lane_f, lane_i, parameters[parameter_row[queue]],
                    start, times, times_from, event_from,
                )  # fmt: skip
                queue += 1
                loaded = True
            if lane_i[_SIM, w] >= 0:
                active += 1
        if active == 0:
            return
        if loaded:
            _begin(ws, ws_out, kernels, places, lane_f, lane_i, initial, initial_row)
        fresh, changed = False, False
        for w in range(width):
            if lane_i[_SIM, w] >= 0 and lane_i[_FRESH, w]:
                fresh = True
                changed |= _happen(
                    w, ws, ws_out, kernels, places, lane_f, lane_i, trajectory, times,
                    event_time, event_kind, event_index, event_value, event_from, out,
                )  # fmt: skip
        if changed:
            call(kernels[DERIVE], ws)
        if fresh:
            _first_steps(ws, kernels, lane_f, lane_i)
        _choose_steps(ws, lane_f, lane_i)
        call(kernels[ADVANCE], ws)
        interpolated = False
        for w in range(width):
            s = lane_i[_SIM, w]
            if s < 0:
                continue
            ended = _RUNNING
            if lane_f[_T, w] >= lane_f[_END, w]:
                ended = _OK
            elif math.isnan(lane_f[_H, w]):
                ended = _NOT_FINITE
            else:
                lane_i[_FRESH, w] = 0
                lane_i[_STEPS, w] += 1
                counters[s, 2] += 1
                if ws[_ERROR, w] <= 1.0 and ws[_LOWEST, w] < lowest:
                    ended = _OUT_OF_DOMAIN
                elif ws[_ERROR, w] <= 1.0:
                    counters[s, 0] += 1
                    reached = _end_of_step(w, ws, lane_f)
                    k = lane_i[_NEXT, w]
                    if k < lane_i[_LAST, w] and times[k] <= reached:
                        if not interpolated:
                            call(kernels[INTERPOLATE], ws)
                            interpolated = True
                        _interpolate(w, ws, places, lane_f, lane_i, reached, times, trajectory)
                    ended = _accept(w, ws, places, lane_f, lane_i, reached)
                else:
                    counters[s, 1] += 1
                    ended = _reject(w, ws, lane_f, lane_i)
                if ended == _RUNNING and lane_i[_STEPS, w] >= max_steps:
                    ended = _TOO_MANY
            if ended != _RUNNING:
                _observe(w, ws, ws_out, kernels, places, lane_i, trajectory, times, out)
                status[s] = ended
                stopped[s] = lane_f[_T, w]
                for i in range(n):
                    final[s, i] = ws[places[STATE] + i, w] if ended == _OK else math.nan
                lane_i[_SIM, w] = -1
