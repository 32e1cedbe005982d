"""The reference model: from estradiol to bone mineral density and turnover markers.

Time is the patient's age. Before menopause, or as a young man, the patient is in balance for any
values of the parameters; only menopause, aging, drugs, diet and loading move the bone.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from remodel import drugs
from remodel.drugs import Drug
from remodel.equations import collect
from remodel.models.model import Model, SiteDensity, Switch
from remodel.parameters import load_parameters
from remodel.physiology import (
    bone_matrix,
    cytokines,
    density,
    estrogen,
    femoral_neck,
    lining_cells,
    loading,
    markers,
    minerals,
    osteoblasts,
    osteoclasts,
    osteocytes,
    rankl_opg,
    testosterone,
    tissue,
)
from remodel.physiology.sites import SITES, at_all_sites

BODY = (estrogen, testosterone, cytokines, rankl_opg, osteoclasts, osteoblasts, osteocytes, loading)


def drugs_of(package: ModuleType) -> dict[str, Drug]:
    """Return what the modules of a package list as ``DRUGS``, by name.

    A file put there is a drug of the model, so that adding one touches no other code.
    """
    names = sorted(found.name for found in iter_modules(package.__path__))
    modules = (import_module(f"{package.__name__}.{name}") for name in names)
    return {drug.name: drug for module in modules for drug in getattr(module, "DRUGS", ())}


MODEL = Model(
    name="reference",
    title="Estradiol, bone cells, matrix, mineral and calcium of women and men, with drugs.",
    citation="remodel, reference model; see docs/model_science.md",
    parts=(
        *collect(*BODY),
        *at_all_sites(collect(bone_matrix)),
        *at_all_sites(collect(density)),
        *collect(femoral_neck, markers, minerals, tissue),
    ),
    parameters=load_parameters("reference"),
    drugs=drugs_of(drugs),
    on_demand={"lining_cells": collect(lining_cells)},
    interventions={
        "menopause": Switch("menopause_age", None),
        "oophorectomy": Switch("ovarian_function", 0.0),
        "orchiectomy": Switch("testicular_function", 0.0),
        "calcium_intake": Switch("calcium_intake"),
        "vitamin_d_intake": Switch("vitamin_d_intake"),
        "exercise": Switch("exercise", 1.0),
        "bed_rest": Switch("disuse", 1.0),
    },
    follows_age=True,
    history_start="history_start_age",
    menopause_age="menopause_age",
    male="male",
    density={
        site: SiteDensity(
            young=f"bmd_{site}_young",
            young_of_men=f"bmd_{site}_reference_of_men",
            relative=f"relative_density_{site}",
            peers=f"bmd_{site}_of_peers",
            reference=f"bmd_{site}_reference",
            reference_sd=f"bmd_{site}_reference_sd",
        )
        for site in SITES
    },
    kinks=(
        "refilling_loss_onset",
        "refilling_loss_onset_of_men",
        "degeneration_onset",
        "testosterone_decline_onset",
    ),
)
