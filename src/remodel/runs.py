"""One batch from birth to last scan: history, dosing before the start, and the trial itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from remodel.cohort import Cohort
from remodel.equations.system import System
from remodel.equations.expression import ancestors
from remodel.errors import ConfigError, ParameterError, PatientError, ScheduleError
from remodel.models import Model
from remodel.patient import Patient
from remodel.protocol import Action, Protocol, give, menopause_of, protocol
from remodel.schedules import Dose, Infusion, Schedule
from remodel.solvers.batch import DEFAULT_METHOD, integrate_batch
from remodel.solvers.problem import SET, FloatArray, IntArray, Problem, Solution
from remodel.solvers.status import Status
from remodel.steady_dosing import with_steady_dosing
from remodel.tasks import baseline, build_task, columns_of
from remodel.units import DAYS_PER_YEAR

Progress = Callable[[int], None] | None
_SURGERY = "oophorectomy"
SCIPY_METHODS = ("lsoda", "bdf", "radau")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is the same for every chunk: protocols, and which simulation uses which."""

    protocols: tuple[Protocol, ...]
    protocol_of: IntArray


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


def _check_past(patient: Patient, plan: Protocol) -> None:
    """Refuse what happens before the woman is there."""
    if patient.age * DAYS_PER_YEAR + plan.first <= 0:
        message = (
            f"the schedule begins {-plan.first / DAYS_PER_YEAR:g} y before the start of treatment, "
            f"and the patient is {patient.age:g} y old then."
        )
        raise ScheduleError(message)
    for age, action in plan.at_age:
        if age < patient.age * DAYS_PER_YEAR:
            message = (
                f"the schedule changes {action.target} at {age / DAYS_PER_YEAR:g} y, before "
                f"the start at {patient.age:g} y; describe the past in Patient, e.g. "
                "menopause='surgical' with menopause_age."
            )
            raise ScheduleError(message)


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
    sensitivities: tuple[str, ...] = ()

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
        self._check_sensitivities(protocols)
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
            _check_past(patient, plan)
            self._check_menopause(patient, self.cohort.schedule(i))

    def _check_menopause(self, patient: Patient, schedule: Schedule) -> None:
        """Refuse a menopause that is given more than once."""
        named = menopause_of(schedule, patient.age * DAYS_PER_YEAR)
        said = {
            "the schedule": named is not None,
            f"Patient(menopause={patient.menopause!r}, menopause_age={patient.menopause_age})": (
                patient.menopause_age is not None or patient.menopause != "natural"
            ),
            f"parameters['{self.model.menopause_age}']": (
                self.model.menopause_age in self.cohort.given
            ),
        }
        sources = [source for source, says in said.items() if says]
        if len(sources) > 1:
            message = f"menopause is given by {' and by '.join(sources)}; say it once."
            raise PatientError(message)

    def _check_sensitivities(self, protocols: Sequence[Protocol]) -> None:
        """Refuse parameters whose effect does not pass through the equations alone."""
        if not self.sensitivities:
            return
        if self.method in SCIPY_METHODS:
            message = f"sensitivities come from the batch engine; method='{self.method}' has none."
            raise ConfigError(message)
        if any(p.t_scores for p in self.cohort.patients):
            message = "sensitivities need a patient without baseline T-scores."
            raise PatientError(message)
        for plan in protocols:
            system = self.model.system(plan.drugs)
            switched = {a.target for a in plan.actions if a.kind == SET}
            switched.update(a.target for _, a in plan.at_age)
            factors = [system.outputs[a.factor] for a in plan.actions if a.factor in system.outputs]
            in_doses = {node.name for node in ancestors(factors)} | {a.factor for a in plan.actions}
            for name in self.sensitivities:
                self.model.all_parameters[name]
                if name in switched or name in in_doses:
                    message = f"{name} is set by the schedule; a sensitivity to it is not defined."
                    raise ParameterError(message)

    def actions_of(self, part: Dose | Infusion, until: float) -> list[Action]:
        """Return what one regimen does within one interval, as if it began now [d]."""
        if isinstance(part, Infusion):
            begun: Dose | Infusion = replace(part, start=0.0, end=2.0 * until, steady_state=False)
        else:
            begun = replace(part, time=0.0, interval=None, count=1, steady_state=False)
        return give(self.model, self.cohort.parameters, [begun])

    def integrate(
        self, system: System, task: Problem, outputs: Sequence[str], wrt: Sequence[str] = ()
    ) -> Solution:
        """Integrate with the chosen method."""
        if self.method in SCIPY_METHODS:
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
            wrt=wrt,
        )

    def read_by(self, system: System) -> tuple[tuple[str, ...], list[int]]:
        """Return the sensitivities a system has a say in, and their positions among all asked."""
        known = set(system.parameter_names)
        place = [j for j, name in enumerate(self.sensitivities) if name in known]
        return tuple(self.sensitivities[j] for j in place), place


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
    history, state, tangents = _natural_history(course, core, values, surgery, start + first)
    _perform_surgery(model, values, surgery, start + first)
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
    for p, plan in enumerate(prepared.protocols):
        mine = np.flatnonzero(plans == p)
        if not len(mine):
            continue
        arm = _Arm(
            course, plan, values[mine], start[mine], surgery[mine], state[mine], tangents[mine]
        )
        part, at_zero[:, mine], slope_at_zero[:, :, mine] = arm.integrate(
            _t_scores(course, some[mine])
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
    for row, i in enumerate(some):
        patient = group.patient(int(i))
        named = menopause_of(group.schedule(int(i)), patient.age * DAYS_PER_YEAR)
        age = patient.menopause_age
        if patient.menopause != "natural":
            values[row, column] = never
            surgery[row] = np.inf if age is None else age * model.days_per_year
        elif named is not None:
            values[row, column] = named / DAYS_PER_YEAR * limit.factor
        elif age is not None:
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
) -> tuple[Solution, FloatArray, FloatArray]:
    """Return the state of each woman before treatment, simulated once for equal histories.

    Returns
    -------
    Solution
        Status and time reached of each woman's history.
    ndarray, shape (n, n_states)
    ndarray, shape (n, n_sensitivities, n_states)
        Derivatives of that state.
    """
    model, n = course.model, len(until)
    wrt, place = course.read_by(core)
    if not model.follows_age:
        state = baseline(core, model, values, until)
        empty = Solution(
            np.zeros((0, n, 0)), state, np.zeros(n, dtype=np.int64), until,
            np.zeros((n, 3), dtype=np.int64),
        )  # fmt: skip
        slopes = core.baseline_tangents(values[:, columns_of(core, model)], until, wrt)
        return empty, state, _spread(slopes, place, len(course.sensitivities))
    key = np.column_stack([values[:, columns_of(core, model)], surgery])
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
        tangents=core.baseline_tangents(values[lead][:, columns_of(core, model)], begin, wrt),
    )  # fmt: skip
    solved = course.integrate(core, task, core.state_names, wrt)
    position = np.array([int(np.searchsorted(ages[u], t)) for u, t in zip(of, until, strict=True)])
    state = solved.outputs[:, of, position].T.copy()
    shown = Solution(
        np.zeros((0, n, 0)), state, solved.status[of], solved.stopped[of], solved.counters[of]
    )
    slopes = solved.sensitivities[:, :, of, position].transpose(2, 1, 0)
    return shown, state, _spread(slopes, place, len(course.sensitivities))


def _spread(slopes: FloatArray, place: Sequence[int], count: int) -> FloatArray:
    """Return derivatives for every parameter asked, zero where the system does not read it."""
    n, given, states = slopes.shape
    full = np.zeros((n, count, states))
    if given:
        full[:, list(place)] = slopes
    return full


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
        core_tangents: FloatArray,
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
        self.wrt, self.place = course.read_by(self.system)
        self._enter(core_state, core_tangents)

    def _enter(self, core_state: FloatArray, core_tangents: FloatArray) -> None:
        """Add drug compartments, at their baseline, to the state of the body."""
        begin = self.start + self.plan.first
        self.state = baseline(self.system, self.model, self.values, begin)
        rows = self.values[:, columns_of(self.system, self.model)]
        own = self.system.baseline_tangents(rows, begin, self.wrt)
        known = {name: j for j, name in enumerate(self.model.system().state_names)}
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
        task = build_task(
            self.model, self.system, [a for a in self.plan.actions if a.time >= 0], self.values,
            self.start, [zero + asked for zero in self.start], self.start,
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
            [np.array([zero]) for zero in self.start], self.start,
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

        own = self.values[:, columns_of(self.system, self.model)].T
        return observe(self.system, (output,), own, self.start, self.state.T)[0]
