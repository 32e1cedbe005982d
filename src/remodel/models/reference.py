"""The reference model: from estradiol to bone mineral density and turnover markers.

Time is the woman's age. Before menopause she is in balance for any values of the parameters; only
menopause, aging and drugs move her.
"""

from __future__ import annotations

from remodel.drugs import (
    aromatase_inhibitors,
    bisphosphonates,
    calcium_vitamin_d,
    cytokine_blockers,
    denosumab,
    gnrh_analogues,
    hormone_therapy,
    romosozumab,
    serms,
    teriparatide,
)
from remodel.equations import collect
from remodel.models.model import Model, Switch
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
)
from remodel.physiology.sites import SITES, at_all_sites

BODY = (
    estrogen, testosterone, cytokines, rankl_opg, osteoclasts, osteoblasts, osteocytes, loading,
)  # fmt: skip
DRUGS = (
    *aromatase_inhibitors.DRUGS,
    *serms.DRUGS,
    *bisphosphonates.DRUGS,
    *denosumab.DRUGS,
    *hormone_therapy.DRUGS,
    *teriparatide.DRUGS,
    *romosozumab.DRUGS,
    *gnrh_analogues.DRUGS,
    *cytokine_blockers.DRUGS,
    *calcium_vitamin_d.DRUGS,
)

MODEL = Model(
    name="reference",
    title="Estradiol, bone cells, matrix and mineral of postmenopausal women, with drugs.",
    citation="remodel, reference model; see docs/model_science.md",
    parts=(
        *collect(*BODY),
        *at_all_sites(collect(bone_matrix)),
        *at_all_sites(collect(density)),
        *collect(femoral_neck, markers, minerals),
    ),
    parameters=load_parameters("reference"),
    drugs={drug.name: drug for drug in DRUGS},
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
    young_bmd={site: f"bmd_{site}_young" for site in SITES},
    young_bmd_of_men={site: f"bmd_{site}_reference_of_men" for site in SITES},
    kinks=("refilling_loss_onset", "degeneration_onset", "testosterone_decline_onset"),
)
