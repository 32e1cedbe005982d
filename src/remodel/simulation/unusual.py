"""Warnings about what is allowed but probably a mistake: doses and ages far from the usual."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np

from remodel.errors import UnitError, UnusualDoseWarning, UnusualPatientWarning
from remodel.models import Model
from remodel.patient import Patient
from remodel.schedules import Dose, unusual_doses
from remodel.simulation.dosing import in_mg
from remodel.simulation.inputs import Inputs
from remodel.simulation.patients import densities_of

_VERY_OLD = 100.0  # years
_MOST_SENTENCES = 5


def warn_of_unusual(model: Model, inputs: Inputs) -> None:
    """Warn, once for a batch, of doses and patients far from the usual."""
    of_doses, of_patients = unusual_sentences(model, inputs)
    _warn(of_doses, UnusualDoseWarning)
    _warn(of_patients, UnusualPatientWarning)


def unusual_sentences(model: Model, inputs: Inputs) -> tuple[list[str], list[str]]:
    """Return what is to be said of doses, and of patients, far from the usual."""

    def mg(dose: Dose) -> float:
        try:
            return in_mg(model.drugs[dose.drug], dose.amount, dose.unit, inputs.parameters)
        except UnitError:  # told where doses are translated
            return 0.0

    of_doses = [s for schedule in inputs.schedules for s in unusual_doses(schedule, mg)]
    of_patients: list[str] = []
    if model.follows_age:
        patients = inputs.patients
        suspects = (patients.age > _VERY_OLD) | (patients.menopause_age > patients.age)
        if patients.t_scores.keys() - model.density.keys():
            suspects[:] = True
        of_patients = [
            s for i in np.flatnonzero(suspects) for s in _unusual(model, patients[int(i)])
        ]
        of_patients += _clipped(model, inputs)
    return of_doses, of_patients


def _unusual(model: Model, patient: Patient) -> Iterable[str]:
    name = f"{patient.name}: " if patient.name else ""
    if patient.age > _VERY_OLD:
        yield f"{name}an age of {patient.age:g} y is beyond {_VERY_OLD:g} y."
    for site in sorted(patient.t_scores.keys() - model.density.keys()):
        yield f"{name}model '{model.name}' has no T-scores; t_score_{site} is not used."
    menopause = patient.menopause_age
    if menopause is not None and menopause > patient.age:
        yield (
            f"{name}menopause at {menopause:g} y comes after the age given, {patient.age:g} y; "
            "it will happen in the simulation."
        )


def _clipped(model: Model, inputs: Inputs) -> Iterable[str]:
    """Say where density is too far from that of peers to set the turnover of a site."""
    for site, (density, peers) in densities_of(model, inputs).items():
        limits = model.all_parameters[model.density[site].relative]
        relative = density / peers
        beyond = (relative < limits.lower) | (relative > limits.upper)
        for i in np.flatnonzero(beyond & (limits.name not in inputs.given))[:1]:
            score, bound = inputs.patient(int(i)).t_scores[site], limits.upper
            if relative[i] < limits.lower:
                bound = limits.lower
            yield (
                f"t_score_{site} = {score:g} is {relative[i]:.2g} times the density of people of "
                f"that age and sex; turnover there is that of {bound:g} times."
            )


def _warn(sentences: Iterable[str], category: type[Warning]) -> None:
    unique = list(dict.fromkeys(sentences))
    if unique:
        more = len(unique) - _MOST_SENTENCES
        rest = f" And {more} more." if more > 0 else ""
        warnings.warn(" ".join(unique[:_MOST_SENTENCES]) + rest, category, stacklevel=5)
