"""The integration loop: lanes of simulations, each with its own time, step and events.

Compiled once for every model: the model itself enters as addresses of its generated kernels. The
loop holds no Python objects and allocates nothing, so threads run it side by side. What a lane
computes never depends on the other lanes: kernels work on all lanes at once, but no lane reads
another's numbers.

Where ``summarized`` is None, Numba leaves out what summaries need (``entries.py``).

Symbols: ``ws`` workspace [slot, lane], ``w`` lane, ``s`` simulation, ``k`` output time, ``e``
event, ``d`` direction of the sensitivities, ``o`` output.
"""

from __future__ import annotations

import math

import numba as nb

from remodel.compiler import workspace as slots
from remodel.solvers.loop_arrays import OPTIONS
from remodel.solvers.pointers import call, call_blocks
from remodel.solvers.problem import ADD, PUT, SET
from remodel.solvers.status import DRIFT, Status
from remodel.solvers.summary_loop import (
    begin_summaries,
    end_summaries,
    summarize_starts,
    summarize_steps,
)

_TIME, _STEP, _RTOL = slots.TIME, slots.STEP, slots.RTOL
_ERROR, _FACTOR, _LOWEST = slots.ERROR, slots.FACTOR, slots.LOWEST
_ACCEPTED, _POSITION, _OUTPUT_TIME = slots.ACCEPTED, slots.POSITION, slots.OUTPUT_TIME
_SIZE_OF_STATE, _SIZE_OF_SLOPE = slots.SIZE_OF_STATE, slots.SIZE_OF_SLOPE
_OK, _TOO_MANY, _TOO_SMALL = int(Status.OK), int(Status.TOO_MANY_STEPS), int(Status.STEP_TOO_SMALL)
_NOT_FINITE, _OUT_OF_DOMAIN = int(Status.NOT_FINITE), int(Status.OUT_OF_DOMAIN)
_SINGULAR, _ROUND_OFF, _RUNNING, _FREE = int(Status.SINGULAR), int(Status.ROUND_OFF), -1, -1

_FIRST_STEP = 0.01  # of the time in which the state changes by its own size
_SMALLEST_STEP = 1e-13  # relative to the time
_SHRINK = 0.2  # of a step whose error is not finite
_BAD_STEPS = 3  # not finite in a row: the matrix is singular rather than the step too long


@nb.njit(**OPTIONS)
def _each_direction(kernel, task, ws):
    """Call a kernel for every direction of the sensitivities."""
    for d in range(task.directions):
        block = task.first_direction + d * task.direction_size
        call_blocks(kernel, ws, block, d * task.states)


@nb.njit(**OPTIONS)
def _shift_sums(w, index, change, task, lanes, inputs):
    """Let the conserved sums of lane w follow a jump of a state."""
    for c in range(task.conserved_count):
        lanes.sums[c, w] += inputs.conserved[c, index] * change


@nb.njit(**OPTIONS)
def _load(w, s, task, ws, lanes, inputs):
    """Put simulation s into lane w."""
    parameters = inputs.parameters[inputs.parameter_row[s]]
    row = inputs.initial_row[s]
    for j in range(task.parameter_count):
        ws[task.parameter + j, w] = parameters[j]
    for i in range(task.states):
        ws[task.state + i, w] = inputs.initial[row, i]
    for d in range(task.directions):
        block = task.first_direction + d * task.direction_size
        for i in range(task.states):
            ws[block + i, w] = inputs.initial_tangents[row, d, i]
    for c in range(task.conserved_count):
        lanes.sums[c, w] = 0.0
    for i in range(task.states):
        _shift_sums(w, i, inputs.initial[row, i], task, lanes, inputs)
    start = inputs.start[s]
    ws[_TIME, w] = start
    lanes.time[w] = start
    lanes.reached[w] = start
    lanes.end[w] = inputs.times[inputs.times_from[s + 1] - 1]
    lanes.simulation[w] = s
    lanes.event[w] = inputs.event_from[s]
    lanes.output[w] = inputs.times_from[s]
    lanes.first_output[w] = inputs.times_from[s]
    lanes.beyond_outputs[w] = inputs.times_from[s + 1]
    lanes.steps[w] = 0
    lanes.bad[w] = 0
    lanes.was_rejected[w] = 0
    lanes.is_fresh[w] = 1


@nb.njit(**OPTIONS)
def _is_due(w, lanes, times):
    """Whether the next output of lane w lies at or before the time it has reached."""
    k = lanes.output[w]
    return (
        lanes.simulation[w] != _FREE
        and k < lanes.beyond_outputs[w]
        and times[k] <= lanes.reached[w]
    )


@nb.njit(**OPTIONS)
def _observe(task, ws, lanes, times, results, at_start):
    """Compute outputs that are due, one output time of every lane at once, until none is left.

    Outputs are due up to the time reached by the last step; ``at_start`` of a simulation or
    after an event, those due now.
    """
    ready = at_start
    while True:
        is_any_due = False
        for w in range(ws.shape[1]):
            ws[_POSITION, w] = 0.0
            if not _is_due(w, lanes, times):
                continue
            is_any_due = True
            time = times[lanes.output[w]]
            ws[_OUTPUT_TIME, w] = time
            if not at_start:
                ws[_POSITION, w] = (time - lanes.time[w]) / (lanes.reached[w] - lanes.time[w])
        if not is_any_due:
            return
        if not ready:
            call(task.interpolate, ws)
            _each_direction(task.bend_direction, task, ws)
            ready = True
        call(task.observe, ws)
        if task.directions:
            call(task.observe_terms, ws)
            _each_direction(task.observe_direction, task, ws)
        for w in range(ws.shape[1]):
            if _is_due(w, lanes, times):
                _write_outputs(w, task, ws, lanes, results)
                lanes.output[w] += 1


@nb.njit(**OPTIONS)
def _write_outputs(w, task, ws, lanes, results):
    """Write outputs of lane w at its next output time, and their sensitivities."""
    s, k = lanes.simulation[w], lanes.output[w] - lanes.first_output[w]
    for o in range(task.outputs):
        results.out[s, k, o] = ws[task.first_output + o, w]
    for d in range(task.directions):
        block = task.first_direction + d * task.direction_size
        for o in range(task.outputs):
            results.out_tangents[s, k, d, o] = ws[block + task.observed + o, w]


@nb.njit(**OPTIONS)
def _has_drifted(w, task, ws, lanes, inputs):
    """Whether a conserved sum of lane w is off by many times the tolerance."""
    for c in range(task.conserved_count):
        total, allowed = 0.0, 0.0
        for i in range(task.states):
            weight = inputs.conserved[c, i]
            if weight != 0.0:
                value = ws[task.new_state + i, w]
                total += weight * value
                size = ws[task.atol_slot + i, w] + task.rtol * abs(value)
                allowed += abs(weight) * size
        if not abs(total - lanes.sums[c, w]) <= DRIFT * allowed:
            return True
    return False


@nb.njit(**OPTIONS)
def _apply_events(w, task, ws, lanes, inputs):
    """Apply the events of lane w that are due; return whether a parameter changed."""
    s, e, has_changed = lanes.simulation[w], lanes.event[w], False
    while e < inputs.event_from[s + 1] and inputs.event_time[e] <= lanes.time[w]:
        kind, index, value = inputs.event_kind[e], inputs.event_index[e], inputs.event_value[e]
        slot = task.state + index
        if kind == ADD:
            ws[slot, w] += value
            _shift_sums(w, index, value, task, lanes, inputs)
        elif kind == PUT:
            _shift_sums(w, index, value - ws[slot, w], task, lanes, inputs)
            ws[slot, w] = value
        elif kind == SET:
            ws[task.parameter + index, w] = value
            has_changed = True
        e += 1
    lanes.event[w] = e
    stop = lanes.end[w]
    if e < inputs.event_from[s + 1]:
        stop = min(stop, inputs.event_time[e])
    lanes.stop[w] = stop
    return has_changed


@nb.njit(**OPTIONS)
def _first_steps(task, ws, lanes):
    """Choose the first step of every fresh lane; NaN where state or slope are not finite."""
    call(task.measure, ws)
    for w in range(ws.shape[1]):
        if lanes.simulation[w] != _FREE and lanes.is_fresh[w]:
            state, slope = ws[_SIZE_OF_STATE, w], ws[_SIZE_OF_SLOPE, w]
            is_finite = math.isfinite(state) and math.isfinite(slope)
            step = _FIRST_STEP * max(state, 1e-5) / max(slope, 1e-10)
            lanes.step[w] = step if is_finite else math.nan


@nb.njit(**OPTIONS)
def _choose_steps(ws, lanes):
    """Write time and step of every lane; a step ends at the next event rather than just before."""
    for w in range(ws.shape[1]):
        step = 1.0
        if lanes.simulation[w] != _FREE:
            ws[_TIME, w] = lanes.time[w]
            left, wish = lanes.stop[w] - lanes.time[w], lanes.step[w]
            if left > 0.0 and not math.isnan(wish):
                step = wish
                if wish >= 0.99 * left:
                    step = left
                elif wish > 0.6 * left:
                    step = 0.5 * left
        ws[_STEP, w] = step


@nb.njit(**OPTIONS)
def _judge(w, task, ws, lanes, inputs, counters):
    """Accept or reject the step of lane w; return its status, or that it is still running."""
    s = lanes.simulation[w]
    lanes.reached[w] = lanes.time[w]
    if lanes.time[w] >= lanes.end[w]:
        return _OK
    if math.isnan(lanes.step[w]):
        return _NOT_FINITE
    lanes.is_fresh[w] = 0
    lanes.steps[w] += 1
    counters[s, 2] += 1
    if ws[_ERROR, w] <= 1.0:
        if ws[_LOWEST, w] < task.lowest:
            return _OUT_OF_DOMAIN
        if task.conserved_count and _has_drifted(w, task, ws, lanes, inputs):
            return _ROUND_OFF
        ended = _accept(w, ws, lanes)
        counters[s, 0] += 1
    else:
        ended = _reject(w, ws, lanes)
        counters[s, 1] += 1
    if ended == _RUNNING and lanes.steps[w] >= task.max_steps:
        return _TOO_MANY
    return ended


@nb.njit(**OPTIONS)
def _accept(w, ws, lanes):
    """Note the time reached and plan the next step of lane w; return its status."""
    ws[_ACCEPTED, w] = 1.0
    stop = lanes.stop[w]
    reached = lanes.time[w] + ws[_STEP, w]
    if reached >= stop - 1e-12 * max(abs(stop), 1.0):
        reached = stop
    lanes.reached[w] = reached
    growth = ws[_FACTOR, w]
    if lanes.was_rejected[w]:
        growth = min(growth, 1.0)
    lanes.was_rejected[w], lanes.bad[w] = 0, 0
    wish = ws[_STEP, w] * growth
    # a step cut short by an event says nothing against the longer one that was planned
    lanes.step[w] = max(wish, lanes.step[w]) if growth >= 1.0 else wish
    if reached >= lanes.end[w]:
        return _OK
    lanes.is_fresh[w] = 1 if reached >= stop else 0
    return _RUNNING


@nb.njit(**OPTIONS)
def _reject(w, ws, lanes):
    """Shorten the step of lane w; return its status."""
    lanes.was_rejected[w] = 1
    if math.isfinite(ws[_ERROR, w]):
        lanes.step[w] = ws[_STEP, w] * min(ws[_FACTOR, w], 0.9)
        lanes.bad[w] = 0
    else:
        lanes.step[w] = ws[_STEP, w] * _SHRINK
        lanes.bad[w] += 1
    if lanes.step[w] <= _SMALLEST_STEP * max(abs(lanes.time[w]), 1.0):
        return _SINGULAR if lanes.bad[w] > _BAD_STEPS else _TOO_SMALL
    return _RUNNING


@nb.njit(**OPTIONS)
def _finish(w, task, ws, lanes, results, summarized):
    """Write how the simulation in lane w ended, NaN where nothing was reached; free the lane."""
    s, ended = lanes.simulation[w], lanes.ended[w]
    results.status[s] = ended
    results.stopped[s] = lanes.reached[w]
    for i in range(task.states):
        results.final[s, i] = ws[task.state + i, w] if ended == _OK else math.nan
    for k in range(lanes.output[w] - lanes.first_output[w], task.longest):
        for o in range(task.outputs):
            results.out[s, k, o] = math.nan
            for d in range(task.directions):
                results.out_tangents[s, k, d, o] = math.nan
    if summarized is not None:
        end_summaries(s, task, results, lanes.reached[w])
    lanes.simulation[w] = _FREE


@nb.njit(**OPTIONS)
def _derive(task, ws):
    """Compute what depends on parameters alone, for all lanes."""
    call(task.derive, ws)
    if task.directions:
        call(task.derive_terms, ws)


@nb.njit(**OPTIONS)
def _prepare(task, ws, lanes, atol):
    """Fill the workspace with numbers that no kernel stumbles over, in lanes without work too."""
    lanes.simulation[:] = _FREE
    ws[: task.first_output, :] = 1.0
    ws[task.first_output :, :] = 0.0
    ws[_RTOL, :] = task.rtol
    for i in range(task.states):
        ws[task.atol_slot + i, :] = atol[i]


@nb.njit(**OPTIONS)
def _begin_segments(task, ws, lanes, inputs, has_loaded):
    """Apply events and choose first steps in lanes that are at the start or at an event."""
    has_changed = has_loaded
    for w in range(ws.shape[1]):
        if lanes.simulation[w] != _FREE and lanes.is_fresh[w]:
            has_changed |= _apply_events(w, task, ws, lanes, inputs)
    if has_changed:
        _derive(task, ws)
    _first_steps(task, ws, lanes)


@nb.njit(**OPTIONS)
def _step(task, ws, lanes, inputs, results, summarized):
    """Try one step in every lane, and write the outputs inside it."""
    _choose_steps(ws, lanes)
    call(task.advance, ws)
    for w in range(ws.shape[1]):
        ws[_ACCEPTED, w] = 0.0
        if lanes.simulation[w] != _FREE:
            lanes.ended[w] = _judge(w, task, ws, lanes, inputs, results.counters)
    if task.directions:
        call(task.terms, ws)
        _each_direction(task.direction, task, ws)
    _observe(task, ws, lanes, inputs.times, results, False)
    if summarized is not None:
        summarize_steps(task, ws, lanes, results)
    call(task.commit, ws)
    _each_direction(task.commit_direction, task, ws)
    for w in range(ws.shape[1]):
        if lanes.simulation[w] != _FREE:
            lanes.time[w] = lanes.reached[w]
            ws[_TIME, w] = lanes.time[w]
            if lanes.ended[w] != _RUNNING:
                _finish(w, task, ws, lanes, results, summarized)


@nb.njit(**OPTIONS)
def _fill(queue, task, ws, lanes, inputs, results, summarized):
    """Put simulations from ``queue`` on into free lanes; return the first that is left."""
    for w in range(ws.shape[1]):
        if lanes.simulation[w] == _FREE and queue < task.beyond and inputs.cancel[0] == 0:
            _load(w, queue, task, ws, lanes, inputs)
            if summarized is not None:
                begin_summaries(queue, task, results)
            queue += 1
    return queue


@nb.njit(**OPTIONS)
def integrate_block(task, ws, lanes, inputs, results, summarized):
    """Integrate simulations ``task.first`` to ``task.beyond - 1`` of a batch.

    Times of outputs and events are absolute model times, sorted, sliced for each simulation by
    ``times_from`` and ``event_from``. Outputs at the time of an event are taken before it.
    """
    _prepare(task, ws, lanes, inputs.atol)
    queue = task.first
    while True:
        filled = _fill(queue, task, ws, lanes, inputs, results, summarized)
        has_loaded, queue = filled > queue, filled
        is_any_active, is_any_fresh = False, False
        for w in range(ws.shape[1]):
            if lanes.simulation[w] != _FREE:
                is_any_active = True
                is_any_fresh |= lanes.is_fresh[w] == 1
        if not is_any_active:
            return
        if has_loaded:
            if task.directions:
                _derive(task, ws)
            _observe(task, ws, lanes, inputs.times, results, True)
            if summarized is not None:
                summarize_starts(task, ws, lanes, results)
        if is_any_fresh:
            _begin_segments(task, ws, lanes, inputs, has_loaded)
        _step(task, ws, lanes, inputs, results, summarized)
