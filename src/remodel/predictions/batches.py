"""Arms with the same drugs, simulated side by side, for one parameter vector or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from remodel._arrays import FloatArray
from remodel.patient import Patient
from remodel.simulation.batch import Course, Prepared
from remodel.simulation.inputs import Cohort
from remodel.simulation.treatment import integrate_course

_CHUNK = 4096  # simulations integrated at a time


@dataclass(frozen=True, slots=True)
class Batch:
    """Arms that are simulated together.

    Attributes
    ----------
    course : Course
        One simulation an arm.
    prepared : Prepared
    first : int
        Position of its levels among those of all batches.
    """

    course: Course
    prepared: Prepared
    first: int

    @property
    def arms(self) -> int:
        """Number of arms."""
        return self.course.cohort.size

    @property
    def size(self) -> int:
        """Number of levels: one an output, arm and time."""
        return len(self.course.outputs) * self.arms * len(self.course.times)

    def levels(self, values: Mapping[str, FloatArray], draws: int) -> FloatArray:
        """Return simulated levels, shape (draws, size), NaN from a failure on.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (draws,)
            Parameters that replace the model's, in the units people see.
        """
        found = np.empty((draws, self.size))
        some = max(1, _CHUNK // self.arms)
        for begin in range(0, draws, some):
            part = {name: given[begin : begin + some] for name, given in values.items()}
            count = min(some, draws - begin)
            found[begin : begin + count] = self._levels(part, count)
        return found

    def _levels(self, values: Mapping[str, FloatArray], draws: int) -> FloatArray:
        course = replace(self.course, cohort=_repeated(self.course.cohort, values, draws))
        prepared = replace(self.prepared, protocol_of=np.repeat(self.prepared.protocol_of, draws))
        part = integrate_course(course, prepared, np.arange(course.cohort.size), None)
        outputs, times = len(course.outputs), len(course.times)
        shaped = part.solution.outputs.reshape(outputs, self.arms, draws, times)
        return shaped.transpose(2, 0, 1, 3).reshape(draws, self.size)

    def slopes(
        self, values: Mapping[str, float], wrt: Sequence[str]
    ) -> tuple[FloatArray, FloatArray]:
        """Return levels, shape (size,), and derivatives, shape (n_parameters, size)."""
        own = self.course.cohort
        course = replace(
            self.course,
            cohort=replace(own, parameters=own.parameters.replace(values)),
            sensitivities=tuple(wrt),
        )
        part = integrate_course(course, self.prepared, np.arange(self.arms), None)
        factors = np.array([course.model.all_parameters[name].factor for name in wrt])
        slopes = part.solution.sensitivities * factors[None, :, None, None]
        shaped = slopes.transpose(1, 0, 2, 3).reshape(len(wrt), self.size)
        return part.solution.outputs.reshape(self.size), shaped


def _repeated(cohort: Cohort, values: Mapping[str, FloatArray], draws: int) -> Cohort:
    """Return a cohort with each simulation ``draws`` times, once for each value."""
    if draws == 1:
        one = {name: float(given[0]) for name, given in values.items()}
        return replace(cohort, parameters=cohort.parameters.replace(one))
    return replace(
        cohort,
        size=cohort.size * draws,
        schedules=tuple(s for s in cohort.schedules for _ in range(draws)),
        patients=_each(cohort, draws),
        varied={
            **{name: np.repeat(own, draws) for name, own in cohort.varied.items()},
            **{name: np.tile(given, cohort.size) for name, given in values.items()},
        },
    )


def _each(cohort: Cohort, draws: int) -> tuple[Patient, ...]:
    if len(cohort.patients) == 1 and cohort.size > 1:
        return cohort.patients
    return tuple(p for p in cohort.patients for _ in range(draws))
