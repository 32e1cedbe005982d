"""What a patient brings to the trial: parameters, age, and the bone that history left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.equations import TIME
from remodel.equations.system import System
from remodel.models import Model
from remodel.schedules import OOPHORECTOMY
from remodel.simulation.batch import Course
from remodel.simulation.dosing import Action, menopause_of
from remodel.simulation.packing import baseline, build_task, own_values
from remodel.solvers.problem import SET, Solution
from remodel.units import DAYS_PER_YEAR


def parameter_values(course: Course, some: IntArray) -> tuple[FloatArray, FloatArray]:
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
    _set_relative_density(course, values, place, some)
    alike = len(group.patients) == len(group.schedules) == 1
    for number, i in enumerate(some[:1] if alike else some):
        row = slice(None) if alike else number
        patient = group.patient(int(i))
        named = menopause_of(group.schedule(int(i)), patient.age * DAYS_PER_YEAR)
        age = patient.menopause_age
        if patient.sex == "male":
            values[row, column] = never
            _set_male(course, values, place, row)
        elif patient.menopause != "natural":
            values[row, column] = never
            surgery[row] = np.inf if age is None else age * model.days_per_year
        elif named is not None:
            values[row, column] = named / DAYS_PER_YEAR * limit.factor
        elif age is not None:
            values[row, column] = age * limit.factor
    return values, surgery


def _set_male(
    course: Course, values: FloatArray, place: Mapping[str, int], row: slice | int
) -> None:
    """Give a man his inputs: no ovaries, and the bone of young men unless it was given."""
    model, group = course.model, course.cohort
    values[row, place[model.male]] = 1.0
    switch = model.interventions[OOPHORECTOMY]
    values[row, place[switch.parameter]] = switch.value or 0.0
    for names in model.density.values():
        if names.young not in group.given:
            values[row, place[names.young]] = values[row, place[names.young_of_men]]


def _set_relative_density(
    course: Course, values: FloatArray, place: Mapping[str, int], some: IntArray
) -> None:
    """Give patients with a T-score their density relative to people of their age and sex."""
    scores = baseline_t_scores(course, some)
    if not scores:
        return
    model = course.model
    known = dict(zip(model.all_parameters, values.T, strict=True))
    known[TIME] = starts(course, some)
    known[model.male] = np.array([course.cohort.patient(int(i)).sex == "male" for i in some])
    for name, relative in relative_densities(model, scores, known).items():
        if name not in course.cohort.given:
            told = np.isfinite(relative)
            values[told, place[name]] = relative[told]


def relative_densities(
    model: Model, t_scores: Mapping[str, FloatArray], known: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    """Return density relative to people of the same age and sex, by the name of its input.

    Parameters
    ----------
    t_scores : mapping of str to ndarray, shape (n,)
        By site, at the start of treatment.
    known : mapping of str to ndarray, shape (n,)
        Parameters as the equations use them, and the time [d].
    """
    found: dict[str, FloatArray] = {}
    for site, t_score in t_scores.items():
        names = model.density[site]
        of = model.constants((names.peers, names.reference, names.reference_sd), known)
        own = of[names.reference] + t_score * of[names.reference_sd]
        limits = model.all_parameters[names.relative]
        found[names.relative] = np.clip(own / of[names.peers], limits.lower, limits.upper)
    return found


def starts(course: Course, some: IntArray) -> FloatArray:
    """Return model time at day 0 [d]: the age of a patient, or zero."""
    if not course.model.follows_age:
        return np.zeros(len(some))
    ages = np.array([p.age for p in course.cohort.patients])
    chosen = ages[some] if len(ages) > 1 else np.full(len(some), ages[0])
    return chosen * course.model.days_per_year


def baseline_t_scores(course: Course, some: IntArray) -> dict[str, FloatArray]:
    """Return baseline T-scores by site, NaN where a patient has none."""
    if not any(p.t_scores for p in course.cohort.patients):
        return {}
    people = [course.cohort.patient(int(i)) for i in some]
    return {
        site: np.array([p.t_scores.get(site, np.nan) for p in people])
        for site in course.model.density
    }


def perform_surgery(model: Model, values: FloatArray, surgery: FloatArray, now: FloatArray) -> None:
    """Set the inputs of women whose ovaries were removed before now."""
    done = surgery <= now
    switch = model.interventions.get(OOPHORECTOMY)
    if switch is not None and switch.value is not None and np.any(done):
        values[done, list(model.all_parameters).index(switch.parameter)] = switch.value


def natural_history(
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
            np.zeros((0, n, 0)),
            state,
            np.zeros(n, dtype=np.int64),
            until,
            np.zeros((n, 3), dtype=np.int64),
        )
        slopes = core.baseline_tangents(own_values(core, model, values), until, wrt)
        return empty, state, _spread(slopes, place, len(course.sensitivities))
    # a history that also went on to another's age would end in other steps, and other last digits
    key = np.column_stack([own_values(core, model, values), surgery, until])
    seen: dict[bytes, int] = {}
    of = np.array([seen.setdefault(row.tobytes(), len(seen)) for row in key])
    lead = np.unique(of, return_index=True)[1]
    begin = np.full(len(lead), np.inf)
    if model.history_start:
        begin = values[lead, list(model.all_parameters).index(model.history_start)]
    begin, first = np.minimum(begin, until[lead]), values[lead]
    actions = [] if OOPHORECTOMY not in model.interventions else surgery_actions(model)
    task = build_task(
        model, core, (), first, begin, until[lead, None],
        np.full(len(lead), np.inf),
        absolute=[(surgery[lead], action) for action in actions],
        state=baseline(core, model, first, begin),
        tangents=core.baseline_tangents(own_values(core, model, first), begin, wrt),
    )  # fmt: skip
    solved = course.integrate(core, task, core.state_names, wrt)
    state = solved.outputs[:, of, 0].T.copy()
    shown = Solution(
        np.zeros((0, n, 0)), state, solved.status[of], solved.stopped[of], solved.counters[of]
    )
    slopes = np.zeros((n, 0, len(core.states)))
    if wrt:
        slopes = solved.sensitivities[:, :, of, 0].transpose(2, 1, 0)
    return shown, state, _spread(slopes, place, len(course.sensitivities))


def _spread(slopes: FloatArray, place: Sequence[int], count: int) -> FloatArray:
    """Return derivatives for every parameter asked, zero where the system does not read it."""
    n, given, states = slopes.shape
    full = np.zeros((n, count, states))
    if given:
        full[:, list(place)] = slopes
    return full


def surgery_actions(model: Model) -> list[Action]:
    """Return what the removal of the ovaries sets."""
    switch = model.interventions[OOPHORECTOMY]
    factor = model.all_parameters[switch.parameter].factor
    return [Action(0.0, SET, switch.parameter, (switch.value or 0.0) * factor)]
