"""Denosumab: an antibody that takes RANKL out of reach of RANK.

Subcutaneous depot, two compartments, and elimination that is in part linear and in part saturable
(uptake with the target). The values are one complete set, estimated from single doses over a
three-hundredfold range and not mixed with others. Circulating target is not marrow RANKL: what
acts on RANKL is the serum level, with a half-effect level of its own.

References
----------
.. [1] Peterson MC et al. (2004) AAPS annual meeting W4340, as coded in OpenBoneMin.
.. [2] Peterson MC, Riggs MM (2012) CPT Pharmacometrics Syst Pharmacol 1:e14.
"""

from __future__ import annotations

from remodel.drugs.drug import Drug
from remodel.equations import flow, loss, quantity, state, term

DRUG_CLASS = "RANKL antibody"

depot = state("depot", "mg", "Denosumab under the skin")
central = state("central", "mg", "Denosumab in blood")
peripheral = state("peripheral", "mg", "Denosumab in tissue")


@flow(source="depot", target="central")
def absorption(absorption_rate, bioavailability, depot):
    """Lymph carries the antibody into the blood over days."""
    return absorption_rate * bioavailability * depot


@loss("depot")
def not_absorbed(absorption_rate, bioavailability, depot):
    """The share that is broken down under the skin."""
    return absorption_rate * (1 - bioavailability) * depot


@quantity
def concentration(central, central_volume):
    """Serum concentration."""
    return central / central_volume


@loss("central")
def elimination(clearance, concentration):
    """Linear clearance, as of any antibody."""
    return clearance * concentration


@loss("central")
def uptake_with_target(maximal_uptake, uptake_half_saturation, concentration):
    """Saturable uptake of antibody bound to its target; it ends the effect of an injection."""
    return maximal_uptake * concentration / (uptake_half_saturation + concentration)


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
