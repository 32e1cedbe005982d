"""One batch from birth to last scan: history, dosing before the start, and the trial itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.schedules import OOPHORECTOMY
from remodel.simulation.arms import arms
from remodel.simulation.batch import Course, Prepared
from remodel.simulation.dosing import Protocol
from remodel.simulation.history import (
    baseline_t_scores,
    natural_history,
    parameter_values,
    perform_surgery,
    starts,
    surgery_actions,
)
from remodel.simulation.packing import baseline, build_task, own_values
from remodel.simulation.steady_dosing import with_steady_dosing
from remodel.solvers.problem import SET, Solution
from remodel.solvers.status import Status
from remodel.units import DAYS_PER_YEAR

Progress = Callable[[int], None] | None


@dataclass(frozen=True, slots=True)
class Part:
    """Results of some simulations.

    Attributes
    ----------
    solution : Solution
    baseline : ndarray, shape (n_outputs, n)
        Value of each output at day 0.
    baseline_sensitivity : ndarray, shape (n_outputs, n_sensitivities, n)
    start : ndarray, shape (n,)
        Model time at day 0 [d].
    """

    solution: Solution
    baseline: FloatArray
    baseline_sensitivity: FloatArray
    start: FloatArray


def integrate_course(
    course: Course, prepared: Prepared, some: IntArray, progress: Progress
) -> Part:
    """Simulate some of a batch.

    Parameters
    ----------
    some : ndarray of int
        Positions in the batch.
    """
    model = course.model
    values, surgery = parameter_values(course, some)
    start = starts(course, some)
    plans = prepared.protocol_of[some]
    first = np.array([p.first for p in prepared.protocols])[plans]
    core = course.system()
    history, state, tangents = natural_history(course, core, values, surgery, start + first)
    perform_surgery(model, values, surgery, start + first)
    n, k = len(some), len(course.outputs)
    solution = Solution(
        outputs=np.full((k, n, len(course.times)), np.nan),
        final=np.zeros((n, 0)),
        status=np.zeros(n, dtype=np.int64),
        stopped=start.copy(),
        counters=np.zeros((n, 3), dtype=np.int64),
        sensitivities=np.full((k, len(course.sensitivities), n, len(course.times)), np.nan),
    )
    at_zero = np.full((k, n), np.nan)
    slope_at_zero = np.full((k, len(course.sensitivities), n), np.nan)
    for plan, mine in arms(prepared.protocols, plans):
        arm = _Arm(
            course, plan, values[mine], start[mine], surgery[mine], state[mine], tangents[mine]
        )
        part, at_zero[:, mine], slope_at_zero[:, :, mine] = arm.integrate(
            baseline_t_scores(course, some[mine])
        )
        solution.outputs[:, mine] = part.outputs
        solution.sensitivities[:, :, mine] = part.sensitivities
        solution.status[mine] = part.status
        solution.stopped[mine] = part.stopped
        solution.counters[mine] = part.counters
        if progress:
            progress(len(mine))
    failed = history.status != Status.OK
    solution.status[failed] = history.status[failed]
    solution.stopped[failed] = history.stopped[failed]
    return Part(solution, at_zero, slope_at_zero, start)


class _Arm:
    """Simulations that share a protocol, from the first dose to the last output."""

    def __init__(
        self,
        course: Course,
        plan: Protocol,
        values: FloatArray,
        start: FloatArray,
        surgery: FloatArray,
        core_state: FloatArray,
        core_tangents: FloatArray,
    ) -> None:
        self.course, self.plan, self.model = course, plan, course.model
        self.system = course.system(plan.drugs)
        self.values, self.start = values.copy(), start
        self.absolute = [
            (np.full(len(start), age / DAYS_PER_YEAR * self.model.days_per_year), action)
            for age, action in plan.at_age
        ]
        if np.any(np.isfinite(surgery)) and OOPHORECTOMY in self.model.interventions:
            self.absolute += [(surgery, action) for action in surgery_actions(self.model)]
        self.wrt, self.place = course.read_by(self.system)
        self._enter(core_state, core_tangents)

    def _enter(self, core_state: FloatArray, core_tangents: FloatArray) -> None:
        """Add drug compartments, at their baseline, to the state of the body."""
        begin = self.start + self.plan.first
        self.state = baseline(self.system, self.model, self.values, begin)
        rows = own_values(self.system, self.model, self.values)
        own = self.system.baseline_tangents(rows, begin, self.wrt)
        known = {name: j for j, name in enumerate(self.course.system().state_names)}
        for i, name in enumerate(self.system.state_names):
            if name in known:
                self.state[:, i] = core_state[:, known[name]]
                own[:, :, i] = core_tangents[:, self.place, known[name]]
        self.tangents = own

    def integrate(
        self, t_scores: Mapping[str, FloatArray]
    ) -> tuple[Solution, FloatArray, FloatArray]:
        """Return the solution, and the value and sensitivities of each output at day 0."""
        outcome = None
        if self.plan.steady_state:
            self.state = with_steady_dosing(
                self.course, self.system, self.plan, self.values, self.start, self.state
            )
        if self.plan.first < 0:
            outcome = self._run_in()
        self._meet(t_scores)
        times = self.course.times
        asked = times if times[0] == 0 else np.concatenate(([0.0], times))
        actions = [a for a in self.plan.actions if np.all(a.time >= 0)]
        task = build_task(
            self.model, self.system, actions, self.values, self.start,
            self.start[:, None] + asked, self.start,
            absolute=self.absolute, state=self.state, tangents=self.tangents,
        )  # fmt: skip
        solution = self.course.integrate(self.system, task, self.course.outputs, self.wrt)
        if outcome is not None:
            failed = outcome.status != Status.OK
            solution.status[failed] = outcome.status[failed]
            solution.stopped[failed] = outcome.stopped[failed]
        at_zero = solution.outputs[:, :, 0].copy()
        first = len(asked) - len(times)
        outputs, n = len(self.course.outputs), len(self.start)
        slopes = np.zeros((outputs, len(self.course.sensitivities), n, len(asked)))
        if self.wrt:
            slopes[:, self.place] = solution.sensitivities
        trimmed = replace(
            solution,
            outputs=solution.outputs[:, :, first:],
            sensitivities=slopes[:, :, :, first:],
        )
        return trimmed, at_zero, slopes[:, :, :, 0].copy()

    def _run_in(self) -> Solution:
        """Integrate what was given before day 0, and leave its dosing rates switched on."""
        before = [a for a in self.plan.actions if a.time < 0]
        task = build_task(
            self.model, self.system, before, self.values, self.start + self.plan.first,
            self.start[:, None], self.start,
            absolute=self.absolute, state=self.state, tangents=self.tangents,
        )  # fmt: skip
        outcome = self.course.integrate(self.system, task, self.system.state_names, self.wrt)
        self.state = np.ascontiguousarray(outcome.outputs[:, :, 0].T)
        if self.wrt:
            slopes = outcome.sensitivities[:, :, :, 0].transpose(2, 1, 0)
            self.tangents = np.ascontiguousarray(slopes)
        names = list(self.model.all_parameters)
        for action in before:
            if action.kind == SET:
                self.values[:, names.index(action.target)] = action.value
        for when, action in self.absolute:
            self.values[when < self.start, names.index(action.target)] = action.value
        return outcome

    def _meet(self, t_scores: Mapping[str, FloatArray]) -> None:
        """Rescale young-adult BMD so that baseline T-scores, which are affine in it, are met."""
        names = list(self.model.all_parameters)
        for site, wanted in t_scores.items():
            column = names.index(self.model.density[site].young)
            given = np.isfinite(wanted)
            once = self._observe(f"t_score_{site}")
            before = self.values[:, column].copy()
            self.values[:, column] = 2.0 * before
            slope = (self._observe(f"t_score_{site}") - once) / before
            self.values[:, column] = np.where(given, before + (wanted - once) / slope, before)

    def _observe(self, output: str) -> FloatArray:
        """Return one output of every simulation at day 0."""
        from remodel.solvers.scipy_reference import observe

        own = own_values(self.system, self.model, self.values).T
        found: FloatArray = observe(self.system, (output,), own, self.start, self.state.T)[0]
        return found
