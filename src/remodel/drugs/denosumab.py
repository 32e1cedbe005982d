"""Denosumab: an antibody that takes RANKL out of reach of RANK.

Subcutaneous depot, two compartments, and elimination that is in part linear and in part saturable
(uptake with the target). Absorption, central volume and clearance are those of a population
analysis [3]_, distribution that of an earlier one [1]_, and uptake is set so that 60 mg have the
exposure of the label. Circulating target is not marrow RANKL: what acts on RANKL is the serum
level, with a half-effect level of its own.

References
----------
.. [1] Peterson MC et al. (2004) AAPS annual meeting W4340, as coded in OpenBoneMin.
.. [2] Peterson MC, Riggs MM (2012) CPT Pharmacometrics Syst Pharmacol 1:e14.
.. [3] Gibiansky L et al. (2012) Clin Pharmacokinet 51:247.
"""

from __future__ import annotations

from remodel.drugs.antibodies import elimination, uptake_with_target
from remodel.drugs.drug import Drug
from remodel.drugs.injections import absorption, depot, not_absorbed
from remodel.equations import flow, quantity, state, term

DRUG_CLASS = "RANKL antibody"

central = state("central", "mg", "Denosumab in blood")
peripheral = state("peripheral", "mg", "Denosumab in tissue")


@quantity
def concentration(central, central_volume):
    """Serum concentration."""
    return central / central_volume


@flow(source="central", target="peripheral")
def distribution(distribution_clearance, concentration):
    """Antibody goes into tissue."""
    return distribution_clearance * concentration


@flow(source="peripheral", target="central")
def redistribution(distribution_clearance, peripheral, peripheral_volume):
    """Antibody comes back from tissue."""
    return distribution_clearance * peripheral / peripheral_volume


@term("rankl_competition")
def rankl_binding(concentration, half_effect):
    """The antibody competes with RANK and OPG for RANKL."""
    return concentration / half_effect


denosumab = Drug(
    "denosumab",
    (
        depot, central, peripheral, absorption, not_absorbed, concentration, elimination,
        uptake_with_target, distribution, redistribution, rankl_binding,
    ),
    {"sc": "depot"},
    DRUG_CLASS,
)  # fmt: skip

DRUGS = (denosumab,)
