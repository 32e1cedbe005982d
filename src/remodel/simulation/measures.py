"""Numbers measured on whole trajectories: extremes, areas and times below a threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from remodel._arrays import FloatArray
from remodel.solvers.summary import Summary, Take
from remodel.units import PERCENT_CHANGE, percent_change

_EXTREMES = (Take.MINIMUM, Take.MAXIMUM)


@dataclass(frozen=True, slots=True)
class Measure:
    """A number wanted of every trajectory, taken from the solution itself.

    Attributes
    ----------
    variable : str
        An output, or its change from day 0 in percent.
    take : Take
    start, end : float
        Between which days [d].
    threshold : float
        For ``TIME_BELOW``, in the unit of the variable.
    """

    variable: str
    take: Take
    start: float
    end: float
    threshold: float = np.nan

    @property
    def output(self) -> str:
        """The output it is taken from."""
        return self.variable.removesuffix(PERCENT_CHANGE)

    @property
    def is_change(self) -> bool:
        """Whether it is taken of a change in percent."""
        return self.variable.endswith(PERCENT_CHANGE)

    @property
    def takes(self) -> tuple[Take, ...]:
        """What is taken of the output; both extremes for a change, as baselines may be negative."""
        return _EXTREMES if self.is_change and self.take in _EXTREMES else (self.take,)


def summaries_of(
    measures: Sequence[Measure], start: FloatArray, baseline: Mapping[str, FloatArray]
) -> list[Summary]:
    """Return what the solver is asked for.

    Parameters
    ----------
    measures : sequence of Measure
    start : ndarray, shape (n,)
        Model time at day 0 [d].
    baseline : mapping of str to ndarray, shape (n,)
        Values at day 0 of outputs whose changes are compared with a threshold.
    """
    summaries = []
    for measure in measures:
        threshold = np.full(len(start), measure.threshold)
        if measure.is_change and measure.take is Take.TIME_BELOW:
            threshold = baseline[measure.output] * (1.0 + measure.threshold / 100.0)
        summaries += [
            Summary(measure.output, take, start + measure.start, start + measure.end, threshold)
            for take in measure.takes
        ]
    return summaries


def measured(
    measures: Sequence[Measure],
    summaries: FloatArray,
    start: FloatArray,
    baseline: Mapping[str, FloatArray],
) -> FloatArray:
    """Return what was measured.

    Parameters
    ----------
    measures : sequence of Measure
    summaries : ndarray, shape (n_summaries, n, 2)
        What the solver found, as :func:`summaries_of` asked for it.
    start : ndarray, shape (n,)
        Model time at day 0 [d].
    baseline : mapping of str to ndarray, shape (n,)
        Value of every output at day 0.

    Returns
    -------
    ndarray, shape (n_measures, n, 2)
        Value in the unit of the variable (times d for an area), and day of an extreme. NaN where a
        simulation failed before the end of the interval.
    """
    values = np.empty((len(measures), len(start), 2))
    first = 0
    for row, measure in enumerate(measures):
        several = summaries[first : first + len(measure.takes)]
        first += len(measure.takes)
        value = several[measure.takes.index(measure.take)]
        if measure.is_change:
            value = _of_change(measure, several, baseline[measure.output])
        values[row, :, 0], values[row, :, 1] = value[:, 0], value[:, 1] - start
    return values


def _of_change(measure: Measure, several: FloatArray, baseline: FloatArray) -> FloatArray:
    """Return what is measured of the change in percent, given what was of the output."""
    length = measure.end - measure.start
    is_negative = (baseline < 0)[:, None]
    value: FloatArray = several[0].copy()
    if measure.take in _EXTREMES:
        low, high = several if measure.take is Take.MINIMUM else several[::-1]
        value = np.where(is_negative, high, low)
        value[:, 0] = percent_change(value[:, 0], baseline)
    elif measure.take is Take.AREA:
        with np.errstate(divide="ignore", invalid="ignore"):
            value[:, 0] = 100.0 * (value[:, 0] / baseline - length)
    else:
        value[:, 0] = np.where(is_negative[:, 0], length - value[:, 0], value[:, 0])
    value[baseline == 0] = np.nan
    return value
