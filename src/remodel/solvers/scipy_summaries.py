"""Summaries of the reference solvers: the same numbers, found by SciPy on each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.integrate import simpson
from scipy.optimize import brentq, minimize_scalar

from remodel._arrays import FloatArray
from remodel.solvers.summary import Summary, Take

_SAMPLES = 33  # of a step, an odd number
_EMPTY = {Take.MINIMUM: np.inf, Take.MAXIMUM: -np.inf}
Evaluate = Callable[[str, FloatArray], FloatArray]


def _one(values: FloatArray, i: int) -> float:
    """Return the value of one simulation, of an array that may hold one for all."""
    every = np.ravel(values)
    return float(every[i if len(every) > 1 else 0])


class StepSummaries:
    """The summaries of one simulation, brought up to date step by step."""

    def __init__(self, summaries: Sequence[Summary], i: int) -> None:
        self._summaries = summaries
        self._spans = [(_one(s.start, i), _one(s.end, i)) for s in summaries]
        self._thresholds = [
            np.nan if s.threshold is None else _one(s.threshold, i) for s in summaries
        ]
        initial = {
            Take.MINIMUM: np.inf,
            Take.MAXIMUM: -np.inf,
            Take.AREA: 0.0,
            Take.TIME_BELOW: 0.0,
        }
        self.values = np.array([[initial[s.take], np.nan] for s in summaries]).reshape(-1, 2)

    def add(self, begin: float, end: float, evaluate: Evaluate) -> None:
        """Count a step, or a moment; ``evaluate`` returns an output at times within it."""
        for r, (summary, span) in enumerate(zip(self._summaries, self._spans, strict=True)):
            low, high = max(begin, span[0]), min(end, span[1])
            if low > high or begin >= span[1] > span[0]:
                continue
            times = np.linspace(low, high, _SAMPLES)
            values = evaluate(summary.output, times)
            if summary.take in (Take.MINIMUM, Take.MAXIMUM):
                self._compare(r, summary, times, values, evaluate)
            elif high > low and summary.take is Take.AREA:
                self.values[r, 0] += simpson(values, times)
            elif high > low:
                self.values[r, 0] += self._time_below(r, summary, times, values, evaluate)

    def _compare(
        self, r: int, summary: Summary, times: FloatArray, values: FloatArray, evaluate: Evaluate
    ) -> None:
        sign = 1.0 if summary.take is Take.MINIMUM else -1.0
        k = int(np.argmin(sign * values))
        value, time = values[k], times[k]
        left, right = times[max(k - 1, 0)], times[min(k + 1, _SAMPLES - 1)]
        if right > left and np.isfinite(value):
            best = minimize_scalar(
                lambda t: sign * evaluate(summary.output, np.array([t]))[0],
                bounds=(left, right),
                method="bounded",
                options={"xatol": 1e-6 * (right - left)},
            )
            if best.fun < sign * value:
                value, time = sign * best.fun, best.x
        if sign * value < sign * self.values[r, 0] or np.isnan(value):
            self.values[r] = value, time

    def _time_below(
        self, r: int, summary: Summary, times: FloatArray, values: FloatArray, evaluate: Evaluate
    ) -> float:
        if np.isnan(values).any():
            return np.nan
        threshold, total = self._thresholds[r], 0.0
        below = values < threshold
        for k in range(_SAMPLES - 1):
            left, right = times[k], times[k + 1]
            if below[k] != below[k + 1]:
                crossing = brentq(
                    lambda t: evaluate(summary.output, np.array([t]))[0] - threshold, left, right
                )
                total += crossing - left if below[k] else right - crossing
            elif below[k]:
                total += right - left
        return total

    def finished(self, reached: float) -> FloatArray:
        """Return values and times; not-a-number where an interval was not completed."""
        incomplete = [reached < end for _, end in self._spans]
        self.values[incomplete] = np.nan
        return self.values
