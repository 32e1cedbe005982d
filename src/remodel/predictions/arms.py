"""Arms of published trials as a model sees them: class of treatment, patient and simulation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from remodel._arrays import FloatArray
from remodel.equations import TIME
from remodel.models import Model, load_model, model_names
from remodel.observations import Arm
from remodel.patient import Patient
from remodel.simulation.batch import Batch
from remodel.simulation.inputs import Inputs
from remodel.simulation.patients import relative_densities

Arms = Mapping[tuple[str, str], Arm]
Members = tuple[tuple[Arm, float], ...]
UNTREATED = "untreated"
_SUPPLEMENT = "supplement"  # vitamin D and calcium are given in both arms of most trials
_INHIBITOR, _SERM = "aromatase inhibitor", "SERM"
_BEGUN = 0.1  # months after which what starts at month 0 counts as being taken
_MOST = 2.0 / 3.0  # of the women of a mixture, whose class it has
_BY_NAME = frozenset({"RANKL antibody", "sclerostin antibody", "PTH analogue"})


def members_of(arm: Arm, arms: Arms) -> Members:
    """Return the arms in a pool with their weights, or an arm itself."""
    if not arm.pool:
        return ((arm, 1.0),)
    total = sum(weight for _, weight in arm.pool)
    return tuple((arms[arm.study_id, name], weight / total) for name, weight in arm.pool)


def drug_class(members: Members, model: Model, months: float) -> str:
    """Return the class of a treatment at a month, such as ``aromatase inhibitor + denosumab``.

    Classes are those that the model's drugs declare, in the order of the alphabet; antibodies and
    analogues of PTH are called by their own names, as in the trials. What was given before is told
    apart: ``bisphosphonate after denosumab``, and ``after denosumab`` where nothing followed.
    Tamoxifen before or beside an aromatase inhibitor is left out: such women belong with the other
    women on an inhibitor. Supplements are not named. Arms that were reported together have the
    class of two thirds of their women, or all classes: ``bisphosphonate or untreated``.

    Parameters
    ----------
    members : sequence of (Arm, float)
        One arm, or those that were reported together, with their shares.
    model : Model
    months : float
        From the start of treatment.

    Raises
    ------
    ModelError
        If the model lacks one of the drugs.
    """
    shares: dict[str, float] = defaultdict(float)
    for arm, share in members:
        shares[_class_at(arm, model, max(months, _BEGUN))] += share
    main = max(shares, key=lambda name: shares[name])
    if shares[main] >= _MOST:
        return main
    return " or ".join(sorted(shares, key=str.casefold))


def _class_at(arm: Arm, model: Model, months: float) -> str:
    current, earlier = (_classes(drugs, model) for drugs in arm.drugs_at(months))
    if _INHIBITOR in current:
        current = [name for name in current if name != _SERM]
    if _INHIBITOR in (*current, *earlier):
        earlier = [name for name in earlier if name != _SERM]
    now = " + ".join(sorted(current, key=str.casefold))
    before = " then ".join(name for name in earlier if name not in current)
    if not before:
        return now or UNTREATED
    return f"{now} after {before}".strip()


def _classes(names: Sequence[str], model: Model) -> list[str]:
    """Return the classes of drugs, each once."""
    model.with_drugs(names)  # raises for a drug that the model lacks
    drugs = [model.drugs[name] for name in names]
    classes = (d.name if d.drug_class in _BY_NAME else d.drug_class for d in drugs)
    return [c for c in dict.fromkeys(classes) if c != _SUPPLEMENT]


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


def density_at_start(arm: Arm, model: Model, endpoint: str) -> float | None:
    """Return the density at day 0 that a T-score says [g/cm^2]; None if none is known."""
    site = endpoint.removeprefix("bmd_")
    score, patients = arm.t_score(site), patients_of([arm], model)
    if score is None or site not in model.density or patients is None:
        return None
    names = model.density[site]
    known = _known(model, patients)
    reference = model.constants((names.reference, names.reference_sd), known)
    return float(reference[names.reference][0] + score * reference[names.reference_sd][0])


def _known(model: Model, patients: Sequence[Patient]) -> dict[str, FloatArray]:
    """Return parameters as the equations use them, and the time [d], shape (n,) each."""
    n, usual = len(patients), model.all_parameters
    known = {name: np.full(n, p.value * p.factor) for name, p in usual.items()}
    known[TIME] = np.array([patient.age for patient in patients]) * model.days_per_year
    known[model.male] = np.array([float(patient.sex == "male") for patient in patients])
    return known


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
    return {
        name: np.where(np.isfinite(relative), relative, usual[name].value)
        for name, relative in relative_densities(model, scores, _known(model, patients)).items()
    }


def known_drugs(model: Model) -> tuple[str, ...]:
    """Return the drugs of a model, and of all models of the package."""
    models = (model, *map(load_model, model_names()))
    return tuple(dict.fromkeys(drug for each in models for drug in each.drugs))
