"""Extremes, areas and times below a threshold, step by step inside the compiled loop.

``r`` is a summary, ``v`` an interval shared by summaries, ``j`` one of the five points of a step.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from remodel.compiler.workspace import OUTPUT_TIME, POSITION
from remodel.solvers.loop_arrays import OPTIONS
from remodel.solvers.pointers import call
from remodel.solvers.summary import Take
from remodel.solvers.task import POINTS

_MINIMUM, _MAXIMUM = int(Take.MINIMUM), int(Take.MAXIMUM)
_AREA, _TIME_BELOW = int(Take.AREA), int(Take.TIME_BELOW)
_FREE = -1
_BISECTIONS = 40
# points and weights of Gauss and Lobatto on 0 to 1
_INNER = 0.5 * math.sqrt(3.0 / 7.0)
_NODES = (0.0, 0.5 - _INNER, 0.5, 0.5 + _INNER, 1.0)
_WEIGHTS = (1.0 / 20.0, 49.0 / 180.0, 16.0 / 45.0, 49.0 / 180.0, 1.0 / 20.0)
# from values at the points to coefficients of the polynomial through them, lowest power first
_COEFFICIENTS = tuple(
    tuple(float(x) for x in row) for row in np.linalg.inv(np.vander(_NODES, increasing=True))
)


@nb.njit(**OPTIONS)
def begin_summaries(s, task, results):
    """Give simulation s the summaries of an empty interval."""
    for r in range(task.summary_count):
        take = results.summary_take[r]
        value = 0.0
        if take == _MINIMUM:
            value = math.inf
        elif take == _MAXIMUM:
            value = -math.inf
        results.summaries[s, r, 0] = value
        results.summaries[s, r, 1] = math.nan


@nb.njit(**OPTIONS)
def end_summaries(s, task, results, reached):
    """Make summaries not-a-number whose interval a simulation did not complete."""
    for r in range(task.summary_count):
        if reached < results.window_end[results.summary_window[r], s]:
            results.summaries[s, r, 0] = math.nan
            results.summaries[s, r, 1] = math.nan


@nb.njit(**OPTIONS)
def summarize_starts(task, ws, lanes, results):
    """Count the values at the start of simulations that were just loaded, before any event."""
    for w in range(ws.shape[1]):
        ws[POSITION, w] = 0.0
        if lanes.simulation[w] != _FREE and lanes.steps[w] == 0:
            ws[OUTPUT_TIME, w] = lanes.time[w]
    call(task.observe, ws)
    for w in range(ws.shape[1]):
        s, t = lanes.simulation[w], lanes.time[w]
        if s == _FREE or lanes.steps[w] != 0:
            continue
        for r in range(task.summary_count):
            if results.window_start[results.summary_window[r], s] <= t:
                value = ws[task.first_output + results.summary_output[r], w]
                _compare(s, r, value, t, results)


@nb.njit(**OPTIONS)
def summarize_steps(task, ws, lanes, results):
    """Count the step that every lane has just done."""
    call(task.interpolate, ws)
    for v in range(task.window_count):
        if not _evaluate_points(v, task, ws, lanes, results):
            continue
        for r in range(task.summary_count):
            if results.summary_window[r] != v:
                continue
            take = results.summary_take[r]
            if take in (_MINIMUM, _MAXIMUM):
                _update_extremes(r, v, task, ws, lanes, results)
            else:
                _add_up(r, v, take, ws, lanes, results)


@nb.njit(**OPTIONS)
def _begins(w, v, lanes, results):
    """Return where in time the part of a step inside an interval begins."""
    return max(lanes.time[w], results.window_start[v, lanes.simulation[w]])


@nb.njit(**OPTIONS)
def _ends(w, v, lanes, results):
    """Return where in time the part of a step inside an interval ends."""
    return min(lanes.reached[w], results.window_end[v, lanes.simulation[w]])


@nb.njit(**OPTIONS)
def _overlaps(w, v, lanes, results):
    """Whether the step of lane w was accepted and reaches into an interval."""
    s, time, reached = lanes.simulation[w], lanes.time[w], lanes.reached[w]
    if s == _FREE or reached <= time:
        return False
    return time < results.window_end[v, s] and results.window_start[v, s] <= reached


@nb.njit(**OPTIONS)
def _go_to(w, time, ws, lanes):
    """Let the outputs of lane w be evaluated at a time within its step."""
    ws[OUTPUT_TIME, w] = time
    ws[POSITION, w] = (time - lanes.time[w]) / (lanes.reached[w] - lanes.time[w])


@nb.njit(**OPTIONS)
def _time_of_point(j, begin, end):
    """Return the time of a point in the part of a step; the last is the end exactly."""
    return end if j == POINTS - 1 else begin + _NODES[j] * (end - begin)


@nb.njit(**OPTIONS)
def _evaluate_points(v, task, ws, lanes, results):
    """Evaluate all outputs at the points of every step inside an interval, if there is one."""
    is_any = False
    for w in range(ws.shape[1]):
        ws[POSITION, w] = 0.0
        is_any |= _overlaps(w, v, lanes, results)
    if not is_any:
        return False
    for j in range(POINTS):
        for w in range(ws.shape[1]):
            if _overlaps(w, v, lanes, results):
                begin, end = _begins(w, v, lanes, results), _ends(w, v, lanes, results)
                _go_to(w, _time_of_point(j, begin, end), ws, lanes)
        call(task.observe, ws)
        for r in range(task.summary_count):
            if results.summary_window[r] == v:
                for w in range(ws.shape[1]):
                    output = task.first_output + results.summary_output[r]
                    results.points[r, j, w] = ws[output, w]
    return True


@nb.njit(**OPTIONS)
def _compare(s, r, value, time, results):
    """Note a value that is beyond the extreme so far; not-a-number stays."""
    take, extreme = results.summary_take[r], results.summaries[s, r, 0]
    if take == _MINIMUM:
        is_beyond = value < extreme
    elif take == _MAXIMUM:
        is_beyond = value > extreme
    else:
        return
    if is_beyond or math.isnan(value):
        results.summaries[s, r, 0] = value
        results.summaries[s, r, 1] = math.nan if math.isnan(value) else time


@nb.njit(**OPTIONS)
def _update_extremes(r, v, task, ws, lanes, results):
    """Compare the points of every step with the extreme so far, and what may lie between them."""
    is_any = False
    for w in range(ws.shape[1]):
        ws[POSITION, w] = 0.0
        if not _overlaps(w, v, lanes, results):
            continue
        s = lanes.simulation[w]
        begin, end = _begins(w, v, lanes, results), _ends(w, v, lanes, results)
        for j in range(POINTS):
            _compare(s, r, results.points[r, j, w], _time_of_point(j, begin, end), results)
        x = _place_between(s, r, w, results)
        if x > 0.0 and end > begin:
            is_any = True
            _go_to(w, begin + x * (end - begin), ws, lanes)
    if not is_any:
        return
    call(task.observe, ws)
    for w in range(ws.shape[1]):
        if ws[POSITION, w] > 0.0:
            value = ws[task.first_output + results.summary_output[r], w]
            _compare(lanes.simulation[w], r, value, ws[OUTPUT_TIME, w], results)


@nb.njit(**OPTIONS)
def _place_between(s, r, w, results):
    """Return where between the points an extreme may be beyond the one so far; -1 if nowhere."""
    sign = -1.0 if results.summary_take[r] == _MINIMUM else 1.0
    top = 0
    lowest = sign * results.points[r, 0, w]
    for j in range(1, POINTS):
        value = sign * results.points[r, j, w]
        lowest = min(lowest, value)
        if value > sign * results.points[r, top, w]:
            top = j
    highest = sign * results.points[r, top, w]
    # between the points the output hardly rises by more than what it does over the step
    if not 2.0 * highest - lowest > sign * results.summaries[s, r, 0] or highest == lowest:
        return -1.0
    left, right = _NODES[max(top - 1, 0)], _NODES[min(top + 1, POINTS - 1)]
    if not sign * _slope(r, w, left, results) > 0.0:
        return -1.0
    if not sign * _slope(r, w, right, results) < 0.0:
        return -1.0
    for _ in range(_BISECTIONS):
        middle = 0.5 * (left + right)
        if sign * _slope(r, w, middle, results) > 0.0:
            left = middle
        else:
            right = middle
    return 0.5 * (left + right)


@nb.njit(**OPTIONS)
def _coefficient(k, r, w, results):
    """Return the coefficient of power k of the polynomial through the points of a step."""
    total = 0.0
    for j in range(POINTS):
        total += _COEFFICIENTS[k][j] * results.points[r, j, w]
    return total


@nb.njit(**OPTIONS)
def _value(r, w, x, results):
    """Return the polynomial through the points of a step."""
    total = 0.0
    for k in range(POINTS - 1, -1, -1):
        total = total * x + _coefficient(k, r, w, results)
    return total


@nb.njit(**OPTIONS)
def _slope(r, w, x, results):
    """Return the derivative of the polynomial through the points of a step."""
    total = 0.0
    for k in range(POINTS - 1, 0, -1):
        total = total * x + k * _coefficient(k, r, w, results)
    return total


@nb.njit(**OPTIONS)
def _add_up(r, v, take, ws, lanes, results):
    """Add the area of every step, or the time it spends below a threshold."""
    for w in range(ws.shape[1]):
        if _overlaps(w, v, lanes, results):
            s = lanes.simulation[w]
            length = _ends(w, v, lanes, results) - _begins(w, v, lanes, results)
            share = 0.0
            if take == _AREA:
                for j in range(POINTS):
                    share += _WEIGHTS[j] * results.points[r, j, w]
            else:
                for j in range(POINTS - 1):
                    share += _share_below(j, r, w, results.threshold[r, s], results)
            if length > 0.0:
                results.summaries[s, r, 0] += share * length


@nb.njit(**OPTIONS)
def _share_below(j, r, w, threshold, results):
    """Return how much of a step lies between point j and the next and below a threshold."""
    left, right = _NODES[j], _NODES[j + 1]
    before, after = results.points[r, j, w] - threshold, results.points[r, j + 1, w] - threshold
    if math.isnan(before + after):
        return math.nan
    if before < 0.0 and after < 0.0:
        return right - left
    if before >= 0.0 and after >= 0.0:
        return 0.0
    low, high = left, right
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if (_value(r, w, middle, results) < threshold) == (before < 0.0):
            low = middle
        else:
            high = middle
    crossing = 0.5 * (low + high)
    return crossing - left if before < 0.0 else right - crossing
