"""What patients are in a model: parameters, age at surgery, and density from T-scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from remodel._arrays import BoolArray, FloatArray, IntArray
from remodel.equations import TIME
from remodel.models import Model
from remodel.schedules import MENOPAUSE, OOPHORECTOMY
from remodel.simulation.dosing import Action, menopause_of
from remodel.simulation.inputs import Inputs
from remodel.simulation.packing import columns
from remodel.solvers.problem import SET
from remodel.units import DAYS_PER_YEAR


def parameter_values(
    model: Model, inputs: Inputs, chosen: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return parameters, shape (n, n_all), and the age at surgery [d], infinite for none.

    Parameters
    ----------
    model : Model
    inputs : Inputs
    chosen : ndarray of int, shape (n,)
        Positions in the batch.
    """
    column = columns(model)
    values = np.tile(inputs.parameters.internal(), (len(chosen), 1))
    for name, varied in inputs.varied.items():
        values[:, column[name]] = varied[chosen] * model.all_parameters[name].factor
    surgery = np.full(len(chosen), np.inf)
    if not model.menopause_age:
        return values, surgery
    limit = model.all_parameters[model.menopause_age]
    never, menopause = limit.upper * limit.factor, column[model.menopause_age]
    _set_relative_density(model, inputs, values, chosen)
    patients = inputs.patients_of(chosen)
    named = _named_menopauses(inputs, chosen, patients.age)
    has_menopause_age = ~np.isnan(patients.menopause_age)
    values[has_menopause_age, menopause] = patients.menopause_age[has_menopause_age] * limit.factor
    values[named > 0, menopause] = named[named > 0] / DAYS_PER_YEAR * limit.factor
    unnatural = patients.menopause != "natural"
    values[unnatural | patients.is_male, menopause] = never
    surgical = unnatural & has_menopause_age & ~patients.is_male
    surgery[surgical] = patients.menopause_age[surgical] * model.days_per_year
    if np.any(patients.is_male):
        _set_male(model, inputs, values, patients.is_male)
    return values, surgery


def _named_menopauses(inputs: Inputs, chosen: IntArray, ages: FloatArray) -> FloatArray:
    """Return the age [d] of the menopause that each schedule names, zero for none."""
    named, numbers = np.zeros(len(chosen)), inputs.schedule_of[chosen]
    for number, schedule in enumerate(inputs.schedules):
        if any(event.name == MENOPAUSE for event in schedule.interventions):
            for row in np.flatnonzero(numbers == number):
                named[row] = menopause_of(schedule, float(ages[row]) * DAYS_PER_YEAR)
    return named


def _set_male(model: Model, inputs: Inputs, values: FloatArray, men: BoolArray) -> None:
    """Give men their inputs: no ovaries, and the bone of young men unless it was given."""
    column = columns(model)
    values[men, column[model.male]] = 1.0
    switch = model.interventions[OOPHORECTOMY]
    values[men, column[switch.parameter]] = switch.value or 0.0
    for names in model.density.values():
        if names.young not in inputs.given:
            values[men, column[names.young]] = values[men, column[names.young_of_men]]


def _set_relative_density(
    model: Model, inputs: Inputs, values: FloatArray, chosen: IntArray
) -> None:
    """Give patients with a T-score their density relative to people of their age and sex."""
    scores = baseline_t_scores(model, inputs, chosen)
    if not scores:
        return
    column = columns(model)
    known = dict(zip(model.all_parameters, values.T, strict=True))
    known[TIME] = starts(model, inputs, chosen)
    known[model.male] = inputs.patients_of(chosen).is_male
    for name, relative in relative_densities(model, scores, known).items():
        if name not in inputs.given:
            scored = np.isfinite(relative)
            values[scored, column[name]] = relative[scored]


def relative_densities(
    model: Model, t_scores: Mapping[str, FloatArray], known: Mapping[str, Any]
) -> dict[str, FloatArray]:
    """Return density relative to people of the same age and sex, by the name of its input.

    Parameters
    ----------
    t_scores : mapping of str to ndarray, shape (n,)
        By site, at the start of treatment.
    known : mapping of str to ndarray, shape (n,)
        Parameters as the equations use them, and the time [d].
    """
    relative: dict[str, FloatArray] = {}
    for site, (density, peers) in densities(model, t_scores, known).items():
        limits = model.all_parameters[model.density[site].relative]
        relative[limits.name] = np.clip(density / peers, limits.lower, limits.upper)
    return relative


def densities(
    model: Model, t_scores: Mapping[str, FloatArray], known: Mapping[str, Any]
) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return the density of a T-score, and that of people of the same age and sex, by site."""
    pairs = {}
    for site, t_score in t_scores.items():
        names = model.density[site]
        young = model.constants((names.peers, names.reference, names.reference_sd), known)
        density = young[names.reference] + t_score * young[names.reference_sd]
        pairs[site] = density, young[names.peers]
    return pairs


def densities_of(model: Model, inputs: Inputs) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return the density of each patient's T-scores and that of peers, NaN without a score."""
    if not inputs.patients.t_scores:
        return {}
    chosen = np.arange(inputs.size)
    scores = baseline_t_scores(model, inputs, chosen)
    known: dict[str, Any] = {n: p.value * p.factor for n, p in inputs.parameters.items()}
    usual = model.all_parameters
    known.update({name: v * usual[name].factor for name, v in inputs.varied.items()})
    known[TIME] = starts(model, inputs, chosen)
    known[model.male] = inputs.patients_of(chosen).is_male
    return densities(model, scores, known)


def starts(model: Model, inputs: Inputs, chosen: IntArray) -> FloatArray:
    """Return model time at day 0 [d]: the age of a patient, or zero."""
    if not model.follows_age:
        return np.zeros(len(chosen))
    return inputs.patients.age[inputs.patient_of[chosen]] * model.days_per_year


def baseline_t_scores(model: Model, inputs: Inputs, chosen: IntArray) -> dict[str, FloatArray]:
    """Return baseline T-scores by site, NaN where a patient has none."""
    scores = inputs.patients.t_scores
    if not scores:
        return {}
    unknown = np.full(len(inputs.patients), np.nan)
    return {site: scores.get(site, unknown)[inputs.patient_of[chosen]] for site in model.density}


def perform_surgery(model: Model, values: FloatArray, surgery: FloatArray, now: FloatArray) -> None:
    """Set the inputs of women whose ovaries were removed before now."""
    done = surgery <= now
    switch = model.interventions.get(OOPHORECTOMY)
    if switch is not None and switch.value is not None and np.any(done):
        values[done, columns(model)[switch.parameter]] = switch.value


def surgery_actions(model: Model) -> Sequence[Action]:
    """Return what the removal of the ovaries sets, nothing in a model that has none."""
    switch = model.interventions.get(OOPHORECTOMY)
    if switch is None:
        return ()
    factor = model.all_parameters[switch.parameter].factor
    return (Action(0.0, SET, switch.parameter, (switch.value or 0.0) * factor),)
