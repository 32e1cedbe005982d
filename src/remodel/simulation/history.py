"""What a patient brings to the trial: parameters, age, and the bone that history left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from remodel._arrays import FloatArray, IntArray
from remodel.equations import TIME
from remodel.equations.system import System
from remodel.models import Model
from remodel.schedules import OOPHORECTOMY
from remodel.simulation.batch import Batch
from remodel.simulation.dosing import Action, menopause_of
from remodel.simulation.packing import baseline, build_problem, columns, own_values
from remodel.solvers.problem import SET, Solution
from remodel.units import DAYS_PER_YEAR


def parameter_values(batch: Batch, chosen: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return parameters, shape (n, n_all), and the age at surgery [d], infinite for none.

    Parameters
    ----------
    batch : Batch
    chosen : ndarray of int, shape (n,)
        Positions in the batch.
    """
    model, inputs = batch.model, batch.inputs
    column = columns(model)
    values = np.tile(inputs.parameters.internal(), (len(chosen), 1))
    for name, varied in inputs.varied.items():
        values[:, column[name]] = varied[chosen] * model.all_parameters[name].factor
    surgery = np.full(len(chosen), np.inf)
    if not model.menopause_age:
        return values, surgery
    limit = model.all_parameters[model.menopause_age]
    never, menopause = limit.upper * limit.factor, column[model.menopause_age]
    _set_relative_density(batch, values, chosen)
    alike = len(inputs.patients) == len(inputs.schedules) == 1
    for number, i in enumerate(chosen[:1] if alike else chosen):
        row = slice(None) if alike else number
        patient = inputs.patient(int(i))
        named = menopause_of(inputs.schedule(int(i)), patient.age * DAYS_PER_YEAR)
        age = patient.menopause_age
        if patient.sex == "male":
            values[row, menopause] = never
            _set_male(batch, values, row)
        elif patient.menopause != "natural":
            values[row, menopause] = never
            surgery[row] = np.inf if age is None else age * model.days_per_year
        elif named is not None:
            values[row, menopause] = named / DAYS_PER_YEAR * limit.factor
        elif age is not None:
            values[row, menopause] = age * limit.factor
    return values, surgery


def _set_male(batch: Batch, values: FloatArray, row: slice | int) -> None:
    """Give a man his inputs: no ovaries, and the bone of young men unless it was given."""
    model, column = batch.model, columns(batch.model)
    values[row, column[model.male]] = 1.0
    switch = model.interventions[OOPHORECTOMY]
    values[row, column[switch.parameter]] = switch.value or 0.0
    for names in model.density.values():
        if names.young not in batch.inputs.given:
            values[row, column[names.young]] = values[row, column[names.young_of_men]]


def _set_relative_density(batch: Batch, values: FloatArray, chosen: IntArray) -> None:
    """Give patients with a T-score their density relative to people of their age and sex."""
    scores = baseline_t_scores(batch, chosen)
    if not scores:
        return
    model, column = batch.model, columns(batch.model)
    known = dict(zip(model.all_parameters, values.T, strict=True))
    known[TIME] = starts(batch, chosen)
    known[model.male] = np.array([batch.inputs.patient(int(i)).sex == "male" for i in chosen])
    for name, relative in relative_densities(model, scores, known).items():
        if name not in batch.inputs.given:
            scored = np.isfinite(relative)
            values[scored, column[name]] = relative[scored]


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
    densities: dict[str, FloatArray] = {}
    for site, t_score in t_scores.items():
        names = model.density[site]
        young = model.constants((names.peers, names.reference, names.reference_sd), known)
        density = young[names.reference] + t_score * young[names.reference_sd]
        limits = model.all_parameters[names.relative]
        densities[names.relative] = np.clip(
            density / young[names.peers], limits.lower, limits.upper
        )
    return densities


def starts(batch: Batch, chosen: IntArray) -> FloatArray:
    """Return model time at day 0 [d]: the age of a patient, or zero."""
    if not batch.model.follows_age:
        return np.zeros(len(chosen))
    ages = np.array([patient.age for patient in batch.inputs.patients])
    return ages[chosen if len(ages) > 1 else np.zeros_like(chosen)] * batch.model.days_per_year


def baseline_t_scores(batch: Batch, chosen: IntArray) -> dict[str, FloatArray]:
    """Return baseline T-scores by site, NaN where a patient has none."""
    if not any(patient.t_scores for patient in batch.inputs.patients):
        return {}
    patients = [batch.inputs.patient(int(i)) for i in chosen]
    return {
        site: np.array([patient.t_scores.get(site, np.nan) for patient in patients])
        for site in batch.model.density
    }


def perform_surgery(model: Model, values: FloatArray, surgery: FloatArray, now: FloatArray) -> None:
    """Set the inputs of women whose ovaries were removed before now."""
    done = surgery <= now
    switch = model.interventions.get(OOPHORECTOMY)
    if switch is not None and switch.value is not None and np.any(done):
        values[done, columns(model)[switch.parameter]] = switch.value


def natural_history(
    batch: Batch, core: System, values: FloatArray, surgery: FloatArray, until: FloatArray
) -> tuple[Solution, FloatArray]:
    """Simulate each patient up to the first dose, once for equal histories.

    Parameters
    ----------
    batch : Batch
    core : System
        Without drugs.
    values : ndarray, shape (n, n_all)
    surgery, until : ndarray, shape (n,)
        Ages [d].

    Returns
    -------
    Solution
        Without outputs.
    ndarray, shape (n, n_sensitivities, n_states)
        Derivatives of its final states.
    """
    model, n = batch.model, len(until)
    wrt, positions = batch.read_by(core)
    slopes = np.zeros((n, len(batch.sensitivities), len(core.states)))
    if not model.follows_age:
        solution = Solution(
            outputs=np.zeros((0, n, 0)),
            final=baseline(core, model, values, until),
            status=np.zeros(n, dtype=np.int64),
            stopped=until,
            counters=np.zeros((n, 3), dtype=np.int64),
        )
        slopes[:, positions] = core.baseline_tangents(own_values(core, model, values), until, wrt)
        return solution, slopes
    # a history that also went on to another's age would end in other steps, and other last digits
    key = np.column_stack([own_values(core, model, values), surgery, until])
    numbers: dict[bytes, int] = {}
    number_of = np.array([numbers.setdefault(row.tobytes(), len(numbers)) for row in key])
    lead = np.unique(number_of, return_index=True)[1]
    begin, first = until[lead], values[lead]
    if model.history_start:
        begin = np.minimum(first[:, columns(model)[model.history_start]], begin)
    problem = build_problem(
        model,
        core,
        (),
        first,
        begin,
        until[lead, None],
        np.full(len(lead), np.inf),
        absolute=[(surgery[lead], action) for action in surgery_actions(model)],
        state=baseline(core, model, first, begin),
        tangents=core.baseline_tangents(own_values(core, model, first), begin, wrt),
    )
    solved = batch.integrate(core, problem, core.state_names, wrt)
    solution = Solution(
        outputs=np.zeros((0, n, 0)),
        final=solved.outputs[:, number_of, 0].T.copy(),
        status=solved.status[number_of],
        stopped=solved.stopped[number_of],
        counters=solved.counters[number_of],
    )
    if wrt:
        slopes[:, positions] = solved.sensitivities[:, :, number_of, 0].transpose(2, 1, 0)
    return solution, slopes


def surgery_actions(model: Model) -> Sequence[Action]:
    """Return what the removal of the ovaries sets, nothing in a model that has none."""
    switch = model.interventions.get(OOPHORECTOMY)
    if switch is None:
        return ()
    factor = model.all_parameters[switch.parameter].factor
    return (Action(0.0, SET, switch.parameter, (switch.value or 0.0) * factor),)
