"""One batch from birth to last scan: history, dosing before the start, and the trial itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from remodel.cohort import Cohort
from remodel.equations.system import System
from remodel.errors import PatientError, ScheduleError
from remodel.models import Model
from remodel.protocol import Action, Protocol, give, menopause_of, protocol
from remodel.schedules import Dose, Infusion
from remodel.solvers.batch import DEFAULT_METHOD, integrate_batch
from remodel.solvers.kernels import evaluator_of, stepper_of
from remodel.solvers.problem import SET, FloatArray, IntArray, Problem, Solution
from remodel.solvers.status import Status
from remodel.steady_dosing import with_steady_dosing
from remodel.tasks import baseline, build_task
from remodel.units import DAYS_PER_YEAR

Progress = Callable[[int], None] | None
_SURGERY = "oophorectomy"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is the same for every chunk: protocols, and which simulation uses which."""

    protocols: tuple[Protocol, ...]
    protocol_of: IntArray


@dataclass(frozen=True, slots=True)
class Part:
    """Results of some simulations: solution, value of each output at day 0, model time at day 0."""

    solution: Solution
    baseline: FloatArray
    start: FloatArray


@dataclass(frozen=True, slots=True)
class Course:
    """A batch to be simulated: who, what, when, how accurately."""

    model: Model
    cohort: Cohort
    times: FloatArray
    outputs: tuple[str, ...]
    method: str
    rtol: float
    threads: int | None
    exact_doses: bool
    max_steps: int

    def prepare(self) -> Prepared:
        """Translate schedules and refuse what contradicts itself, before any work starts."""
        translated: dict[str, int] = {}
        protocols: list[Protocol] = []
        of = np.zeros(self.cohort.size, dtype=np.int64)
        keys: dict[int, int] = {}
        for i, schedule in enumerate(self.cohort.schedules):
            if id(schedule) not in keys:
                text = repr(schedule)
                if text not in translated:
                    translated[text] = len(protocols)
                    protocols.append(
                        protocol(
                            self.model,
                            schedule,
                            self.cohort.parameters,
                            until=float(self.times[-1]),
                            exact_doses=self.exact_doses,
                        )
                    )
                keys[id(schedule)] = translated[text]
            of[i] = keys[id(schedule)]
        if len(self.cohort.schedules) == 1:
            of[:] = 0
        self._check_ages(protocols, of)
        return Prepared(tuple(protocols), of)

    def _check_ages(self, protocols: Sequence[Protocol], of: IntArray) -> None:
        if not self.model.follows_age:
            if any(p.at_age for p in protocols):
                message = f"model '{self.model.name}' does not know the patient's age."
                raise ScheduleError(message)
            return
        many = max(len(self.cohort.patients), len(self.cohort.schedules))
        for i in range(many):
            patient, plan = self.cohort.patient(i), protocols[of[min(i, len(of) - 1)]]
            for age, action in plan.at_age:
                if age < patient.age * DAYS_PER_YEAR:
                    message = (
                        f"the schedule changes {action.target} at {age / DAYS_PER_YEAR:g} y, before "
                        f"the start at {patient.age:g} y; describe the past in Patient, e.g. "
                        "menopause='surgical' with menopause_age."
                    )
                    raise ScheduleError(message)
            named = menopause_of(self.cohort.schedule(i))
            if named is not None and (
                patient.menopause_age is not None or patient.menopause != "natural"
            ):
                message = (
                    f"the schedule has menopause at {named / DAYS_PER_YEAR:g} y but the patient "
                    f"has menopause={patient.menopause!r}, menopause_age={patient.menopause_age}; "
                    "say it once."
                )
                raise PatientError(message)

    def actions_of(self, part: Dose | Infusion, until: float) -> list[Action]:
        """Return what one regimen does within one interval, as if it began now [d]."""
        if isinstance(part, Infusion):
            begun: Dose | Infusion = replace(part, start=0.0, end=2.0 * until, steady_state=False)
        else:
            begun = replace(part, time=0.0, interval=None, count=1, steady_state=False)
        return give(self.model, self.cohort.parameters, [begun])

    def integrate(self, system: System, task: Problem, outputs: Sequence[str]) -> Solution:
        """Integrate with the chosen method."""
        if self.method in ("lsoda", "bdf", "radau"):
            from remodel.solvers.scipy_reference import integrate_scipy

            return integrate_scipy(
                system, task, outputs=outputs, method=self.method, rtol=self.rtol
            )
        method = DEFAULT_METHOD if self.method == "batch" else self.method
        return integrate_batch(
            system,
            task,
            outputs=outputs,
            method=method,
            rtol=self.rtol,
            threads=self.threads,
            max_steps=self.max_steps,
        )


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
    values, surgery = _values(course, some)
    start = _start(course, some)
    plans = prepared.protocol_of[some]
    first = np.array([p.first for p in prepared.protocols])[plans]
    core = model.system()
    history, state = _natural_history(course, core, values, surgery, start + first)
    _perform_surgery(model, values, surgery, start + first)
    n, k = len(some), len(course.outputs)
    solution = Solution(
        outputs=np.full((k, n, len(course.times)), np.nan),
        final=np.zeros((n, 0)),
        status=np.zeros(n, dtype=np.int64),
        stopped=start.copy(),
        counters=np.zeros((n, 3), dtype=np.int64),
    )
    at_zero = np.full((k, n), np.nan)
    for p, plan in enumerate(prepared.protocols):
        mine = np.flatnonzero(plans == p)
        if not len(mine):
            continue
        arm = _Arm(course, plan, values[mine], start[mine], surgery[mine], state[mine])
        part, at_start = arm.integrate(_t_scores(course, some[mine]))
        solution.outputs[:, mine] = part.outputs
        solution.status[mine] = part.status
        solution.stopped[mine] = part.stopped
        solution.counters[mine] = part.counters
        at_zero[:, mine] = at_start
        if progress:
            progress(len(mine))
    failed = history.status != Status.OK
    solution.status[failed] = history.status[failed]
    solution.stopped[failed] = history.stopped[failed]
    return Part(solution, at_zero, start)


def _values(course: Course, some: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return parameters, shape (n, n_all), and the age at surgery [d], infinite for none."""
    model, group = course.model, course.cohort
    names = list(model.all_parameters)
    place = {name: j for j, name in enumerate(names)}
    values = np.tile(group.parameters.internal(), (len(some), 1))
    for name, varied in group.varied.items():
        values[:, place[name]] = varied[some] * model.all_parameters[name].factor
    surgery = np.full(len(some), np.inf)
    if not model.menopause_age:
        return values, surgery
    column = place[model.menopause_age]
    limit = model.all_parameters[model.menopause_age]
    never = limit.upper * limit.factor
    follows_parameter = not group.patient_given and model.menopause_age in group.varied
    for row, i in enumerate(some):
        patient = group.patient(int(i))
        named = menopause_of(group.schedule(int(i)))
        age = patient.age_at_menopause
        if patient.menopause == "surgical" and age is not None:
            surgery[row] = age * model.days_per_year
            values[row, column] = never
        elif age is None:
            values[row, column] = never
        elif named is not None:
            values[row, column] = named / DAYS_PER_YEAR * limit.factor
        elif not follows_parameter:
            values[row, column] = age * limit.factor
    return values, surgery


def _start(course: Course, some: IntArray) -> FloatArray:
    if not course.model.follows_age:
        return np.zeros(len(some))
    ages = np.array([p.age for p in course.cohort.patients])
    chosen = ages[some] if len(ages) > 1 else np.full(len(some), ages[0])
    return chosen * course.model.days_per_year


def _t_scores(course: Course, some: IntArray) -> dict[str, FloatArray]:
    """Return baseline T-scores by site, NaN where a patient has none."""
    people = [course.cohort.patient(int(i)) for i in some]
    if not any(p.t_scores for p in set(people)):
        return {}
    return {
        site: np.array([p.t_scores.get(site, np.nan) for p in people])
        for site in course.model.young_bmd
    }


def _perform_surgery(
    model: Model, values: FloatArray, surgery: FloatArray, now: FloatArray
) -> None:
    """Set the inputs of women whose ovaries were removed before now."""
    done = surgery <= now
    switch = model.interventions.get(_SURGERY)
    if switch is not None and switch.value is not None and np.any(done):
        values[done, list(model.all_parameters).index(switch.parameter)] = switch.value


def _natural_history(
    course: Course, core: System, values: FloatArray, surgery: FloatArray, until: FloatArray
) -> tuple[Solution, FloatArray]:
    """Return the state of each woman before treatment, simulated once for equal histories.

    Returns
    -------
    Solution
        Status and time reached of each woman's history.
    ndarray, shape (n, n_states)
    """
    model, n = course.model, len(until)
    if not model.follows_age:
        state = baseline(core, model, values, until)
        empty = Solution(
            np.zeros((0, n, 0)), state, np.zeros(n, dtype=np.int64), until,
            np.zeros((n, 3), dtype=np.int64),
        )  # fmt: skip
        return empty, state
    used = [list(model.all_parameters).index(name) for name in core.parameter_names]
    key = np.ascontiguousarray(np.column_stack([values[:, used], surgery]))
    seen: dict[bytes, int] = {}
    of = np.array([seen.setdefault(row.tobytes(), len(seen)) for row in key])
    lead = np.unique(of, return_index=True)[1]
    ages = [np.unique(until[of == u]) if len(lead) < n else until[i : i + 1]
            for u, i in enumerate(lead)]  # fmt: skip
    begin = np.full(len(lead), np.inf)
    if model.history_start:
        begin = values[lead, list(model.all_parameters).index(model.history_start)]
    begin = np.minimum(begin, [a[0] for a in ages])
    actions = [] if _SURGERY not in model.interventions else _surgery_actions(model)
    task = build_task(
        model, core, (), values[lead], begin, ages, np.full(len(lead), np.inf),
        absolute=[(surgery[lead], action) for action in actions],
        state=baseline(core, model, values[lead], begin),
    )  # fmt: skip
    solved = course.integrate(core, task, core.state_names)
    position = np.array([int(np.searchsorted(ages[u], t)) for u, t in zip(of, until, strict=True)])
    state = solved.outputs[:, of, position].T.copy()
    shown = Solution(
        np.zeros((0, n, 0)), state, solved.status[of], solved.stopped[of], solved.counters[of]
    )
    return shown, state


def _surgery_actions(model: Model) -> list[Action]:
    switch = model.interventions[_SURGERY]
    factor = model.all_parameters[switch.parameter].factor
    return [Action(0.0, SET, switch.parameter, (switch.value or 0.0) * factor)]


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
    ) -> None:
        self.course, self.plan, self.model = course, plan, course.model
        self.system = course.model.system(plan.drugs)
        self.values, self.start = values.copy(), start
        self.absolute = [
            (np.full(len(start), age / DAYS_PER_YEAR * self.model.days_per_year), action)
            for age, action in plan.at_age
        ]
        if np.any(np.isfinite(surgery)) and _SURGERY in self.model.interventions:
            self.absolute += [(surgery, action) for action in _surgery_actions(self.model)]
        self.state = self._enter(core_state)

    def _enter(self, core_state: FloatArray) -> FloatArray:
        """Return the state with drug compartments added at their baseline."""
        begin = self.start + self.plan.first
        state = baseline(self.system, self.model, self.values, begin)
        known = {name: j for j, name in enumerate(self.model.system().state_names)}
        for i, name in enumerate(self.system.state_names):
            if name in known:
                state[:, i] = core_state[:, known[name]]
        return state

    def integrate(self, t_scores: Mapping[str, FloatArray]) -> tuple[Solution, FloatArray]:
        """Return the solution and the value of each output at day 0."""
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
        task = build_task(
            self.model, self.system, [a for a in self.plan.actions if a.time >= 0], self.values,
            self.start, [zero + asked for zero in self.start], self.start,
            absolute=self.absolute, state=self.state,
        )  # fmt: skip
        solution = self.course.integrate(self.system, task, self.course.outputs)
        if outcome is not None:
            failed = outcome.status != Status.OK
            solution.status[failed] = outcome.status[failed]
            solution.stopped[failed] = outcome.stopped[failed]
        at_zero = solution.outputs[:, :, 0].copy()
        kept = solution.outputs[:, :, len(asked) - len(times) :]
        trimmed = Solution(
            kept, solution.final, solution.status, solution.stopped, solution.counters
        )
        return trimmed, at_zero

    def _run_in(self) -> Solution:
        """Integrate what was given before day 0, and leave its dosing rates switched on."""
        before = [a for a in self.plan.actions if a.time < 0]
        task = build_task(
            self.model, self.system, before, self.values, self.start + self.plan.first,
            [np.array([zero]) for zero in self.start], self.start,
            absolute=self.absolute, state=self.state,
        )  # fmt: skip
        outcome = self.course.integrate(self.system, task, self.system.state_names)
        self.state = np.ascontiguousarray(outcome.outputs[:, :, 0].T)
        names = list(self.model.all_parameters)
        for action in before:
            if action.kind == SET:
                self.values[:, names.index(action.target)] = action.value
        return outcome

    def _meet(self, t_scores: Mapping[str, FloatArray]) -> None:
        """Rescale young-adult BMD so that baseline T-scores, which are affine in it, are met."""
        names = list(self.model.all_parameters)
        for site, wanted in t_scores.items():
            column = names.index(self.model.young_bmd[site])
            given = np.isfinite(wanted)
            once = self._observe(f"t_score_{site}")
            before = self.values[:, column].copy()
            self.values[:, column] = 2.0 * before
            slope = (self._observe(f"t_score_{site}") - once) / before
            self.values[:, column] = np.where(given, before + (wanted - once) / slope, before)

    def _observe(self, output: str) -> FloatArray:
        """Return one output of every simulation at day 0."""
        from remodel.solvers.scipy_reference import observe

        step = stepper_of(self.system, DEFAULT_METHOD)
        kernel = evaluator_of(self.system, step.layout, (output,), step.lanes)
        names = list(self.model.all_parameters)
        chosen = [names.index(name) for name in self.system.parameter_names]
        return np.array(
            [
                observe(step, kernel, p[chosen], self.start[i : i + 1], self.state[i][:, None])[
                    0, 0
                ]
                for i, p in enumerate(self.values)
            ]
        )
