"""Cytokine blockers: anakinra keeps IL-1 off its receptor, etanercept catches TNF-alpha.

They are here for experiments on mechanism, such as that of Charatcharoenwitthaya 2007: each takes
away the share its cytokine has in the rise of resorption when estrogen is withdrawn.
"""

from __future__ import annotations

from remodel.drugs.drug import Drug
from remodel.drugs.injections import SUBCUTANEOUS
from remodel.drugs.pharmacokinetics import ONE_COMPARTMENT
from remodel.equations import factor, repression

DRUG_CLASS = "cytokine blocker"


@factor("il1_activity")
def il1_blockade(concentration, half_blockade):
    """IL-1 that still finds its receptor."""
    return repression(concentration, half_blockade)


@factor("tnf_activity")
def tnf_blockade(concentration, half_blockade):
    """TNF-alpha that is not caught."""
    return repression(concentration, half_blockade)


_KINETICS = (*SUBCUTANEOUS, *ONE_COMPARTMENT)

anakinra = Drug("anakinra", (*_KINETICS, il1_blockade), {"sc": "depot"}, DRUG_CLASS)
etanercept = Drug("etanercept", (*_KINETICS, tnf_blockade), {"sc": "depot"}, DRUG_CLASS)

DRUGS = (anakinra, etanercept)
