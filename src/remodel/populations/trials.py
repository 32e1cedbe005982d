"""Women like those of a shipped trial: a preset whose centers are those of its baseline table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from remodel.models import load_model
from remodel.observations import load_trial, trial_names
from remodel.observations.schema import Study
from remodel.patient import SITES
from remodel.populations.definition import Definition, Moment
from remodel.populations.load import load_definition

_PRESETS = {"aromatase_inhibitor": "aromatase_inhibitor", "natural_history": "postmenopausal"}
_OTHERWISE = "osteoporosis"


def is_trial(name: str) -> bool:
    """Return whether a name is that of a shipped study."""
    return name in trial_names()


def definition_like(study_id: str) -> Definition:
    """Return a preset with the means of a trial: age, years since menopause, T-scores.

    The preset is that of women on an inhibitor, after menopause, or with osteoporosis, whichever
    the trial is about. Centers move to the trial's means, and ``match`` asks for weights that meet
    them exactly.

    Raises
    ------
    ObservationError
        If no study is called so.
    """
    study = load_trial(study_id)
    base = load_definition(_PRESETS.get(study.family, _OTHERWISE))
    means = _means(study)
    patient = dict(base.patient)
    for name in ("age", "menopause_age"):
        if name in means and name in patient:
            patient[name] = replace(patient[name], center=means[name])
    centers = _relative_densities(means, patient["age"].center)
    for name, center in centers.items():
        if name in patient:
            patient[name] = replace(patient[name], center=center)
    known = {*patient, *(f"t_score_{site}" for site in SITES)}
    match = tuple(Moment(name, mean) for name, mean in means.items() if name in known)
    about = f"{base.about} Centers of {study.label}: {study.citation}."
    return replace(base, name=study_id, about=about, patient=patient, match=match, text="")


def _means(study: Study) -> dict[str, float]:
    """Return the means of the baseline table, or those of its first arm where it has none."""
    arm = study.arms[0] if study.arms else None
    means: dict[str, float] = {}
    for name in ("age", "menopause_age", *(f"t_score_{site}" for site in SITES)):
        value = getattr(study, name, None)
        if value is None and arm is not None and name not in arm.assumed:
            value = getattr(arm, name, None)
        if value is not None:
            means[name] = float(value)
    if study.years_since_menopause is not None and "age" in means:
        means["menopause_age"] = means["age"] - study.years_since_menopause
    return means


def _relative_densities(means: dict[str, float], age: float) -> dict[str, float]:
    """Return density relative to peers from mean T-scores, by attribute."""
    from remodel.equations import TIME

    model = load_model("reference")
    known = {name: p.value * p.factor for name, p in model.all_parameters.items()}
    known[TIME] = age * model.days_per_year
    centers = {}
    for site in SITES:
        if f"t_score_{site}" in means:
            names = model.density[site]
            wanted = (names.peers, names.reference, names.reference_sd)
            young = model.constants(wanted, known)
            score = means[f"t_score_{site}"]
            density = young[names.reference] + score * young[names.reference_sd]
            centers[f"relative_density_{site}"] = float(np.asarray(density / young[names.peers]))
    return centers
