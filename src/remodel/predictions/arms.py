"""Arms of published trials as a model sees them: class of treatment, patient and simulation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations import TIME
from remodel.models import Model
from remodel.observations import Arm
from remodel.patient import Patient
from remodel.simulation.batch import Batch
from remodel.simulation.history import relative_densities
from remodel.simulation.inputs import Inputs

UNTREATED = "untreated"
_SUPPLEMENT = "supplement"  # vitamin D and calcium are given in both arms of most trials
_INHIBITOR, _SERM = "aromatase inhibitor", "SERM"
_BY_NAME = frozenset({"RANKL antibody", "sclerostin antibody", "PTH analogue"})


def drug_class(arm: Arm, model: Model) -> str:
    """Return the class of an arm's treatment, such as ``aromatase inhibitor + denosumab``.

    Classes are those that the model's drugs declare, in the order of the alphabet; antibodies and
    analogues of PTH are called by their own names, as in the trials. Tamoxifen before or after an
    aromatase inhibitor is left out: such women belong with the other women on an inhibitor.
    Supplements are not named.

    Raises
    ------
    ModelError
        If the model lacks one of the arm's drugs.
    """
    drugs = [model.drugs[name] for name in model.with_drugs(arm.schedule.drugs)]
    classes = {d.name if d.drug_class in _BY_NAME else d.drug_class for d in drugs} - {_SUPPLEMENT}
    if _INHIBITOR in classes:
        classes.discard(_SERM)
    return " + ".join(sorted(classes, key=str.casefold)) or UNTREATED


def patient_of(arm: Arm, model: Model, *, scored: bool = False) -> Patient | None:
    """Return the patient who stands for an arm; None if the model knows no patients.

    T-scores are left out unless ``scored``: what percent changes take from them is the relative
    density that :func:`batch_of` gives, whose other parameters keep their sensitivities.
    """
    if not model.follows_age:
        return None
    age = Patient().age if arm.age is None else arm.age
    if arm.sex == "male":
        patient = Patient(age, sex="male")
    elif arm.menopause == "none":
        patient = Patient(age, menopause=None)
    elif arm.menopause == "surgical":
        patient = Patient(age, arm.menopause_age, "surgical")
    else:
        patient = Patient(age, arm.menopause_age)
    if not scored:
        return patient
    scores: dict[str, Any] = {f"t_score_{site}": arm.t_score(site) for site in model.density}
    return replace(patient, **scores)


def patients_of(arms: Sequence[Arm], model: Model, *, scored: bool = False) -> list[Patient] | None:
    """Return the patients who stand for arms; None if the model knows no patients."""
    patients = [patient_of(arm, model, scored=scored) for arm in arms]
    return [patient for patient in patients if patient is not None] or None


def batch_of(
    model: Model, arms: Sequence[Arm], times: FloatArray, outputs: tuple[str, ...], rtol: float
) -> Batch:
    """Return the simulation of some arms, one simulation an arm.

    Parameters
    ----------
    times : ndarray, shape (n_times,)
        From day 0 of each arm [d].
    """
    patients, schedules = patients_of(arms, model), [arm.schedule for arm in arms]
    densities = _relative_densities(model, arms, patients)
    inputs = Inputs.read(model, schedules, patients, densities)
    return Batch.build(model, inputs, times, outputs, rtol=rtol)


def _relative_densities(
    model: Model, arms: Sequence[Arm], patients: Sequence[Patient] | None
) -> dict[str, FloatArray] | None:
    """Return what the T-scores of arms say of how fast their bone turns over."""
    scores = {
        site: np.array([np.nan if arm.t_score(site) is None else arm.t_score(site) for arm in arms])
        for site in model.density
        if any(arm.t_score(site) is not None for arm in arms)
    }
    if not scores or patients is None:
        return None
    usual = model.all_parameters
    known = {name: np.full(len(arms), p.value * p.factor) for name, p in usual.items()}
    known[TIME] = np.array([patient.age for patient in patients]) * model.days_per_year
    known[model.male] = np.array([float(patient.sex == "male") for patient in patients])
    return {
        name: np.where(np.isfinite(relative), relative, usual[name].value)
        for name, relative in relative_densities(model, scores, known).items()
    }
