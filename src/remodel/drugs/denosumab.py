"""Denosumab: an antibody that takes RANKL out of reach of RANK.

Subcutaneous depot, two compartments and target-mediated elimination in quasi-steady state. All
values are those of Choi 2025 for postmenopausal women and are not mixed with other sets. Volumes
and clearances are apparent, so the bioavailability is inside them. Its circulating target is not
marrow RANKL: only the free drug of this model acts on RANKL.

References
----------
.. [1] Choi S et al. (2025) Front Pharmacol 16:1631034.
.. [2] Gibiansky L et al. (2008) J Pharmacokinet Pharmacodyn 35:573-591.
"""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from remodel.drugs.drug import Drug
from remodel.equations import flow, gain, loss, quantity, sqrt, starts_at, state, term

DRUG_CLASS = "RANKL antibody"

depot = state("depot", "mg", "Denosumab under the skin")
central = state("central", "mg", "Denosumab in blood, free and bound")
peripheral = state("peripheral", "mg", "Denosumab in tissue")
target = state("target", "mg/L", "Circulating target, free and bound, as the antibody it binds")


@flow(source="depot", target="central")
def absorption(absorption_rate, depot):
    """Lymph carries the antibody into the blood over days."""
    return absorption_rate * depot


@quantity
def free(central, central_volume, target, binding_constant):
    """Concentration of free antibody, the positive root of the binding balance."""
    half = (central / central_volume - target - binding_constant) / 2
    return half + sqrt(half * half + binding_constant * central / central_volume)


@quantity
def complexes(free, target, binding_constant):
    """Concentration of antibody bound to its target."""
    return target * free / (binding_constant + free)


@loss("central")
def elimination(clearance, free):
    """Linear clearance of free antibody."""
    return clearance * free


@loss("central")
def internalization(internalization_rate, complexes, central_volume):
    """Bound antibody is taken up with its target; this is what ends an injection's effect."""
    return internalization_rate * complexes * central_volume


@flow(source="central", target="peripheral")
def distribution(distribution_clearance, free):
    """Free antibody goes into tissue."""
    return distribution_clearance * free


@flow(source="peripheral", target="central")
def redistribution(distribution_clearance, peripheral, peripheral_volume):
    """Antibody comes back from tissue."""
    return distribution_clearance * peripheral / peripheral_volume


@quantity
def target_degradation_rate(target_synthesis, target_without_drug):
    """Turnover of the free target, from its balance without drug."""
    return target_synthesis / target_without_drug


@gain("target")
def target_production(target_synthesis):
    """Target is made at a constant rate."""
    return target_synthesis


@loss("target")
def target_degradation(target_degradation_rate, target, complexes):
    """Free target is degraded."""
    return target_degradation_rate * (target - complexes)


@loss("target")
def target_internalization(internalization_rate, complexes):
    """Bound target is taken up."""
    return internalization_rate * complexes


target_baseline = starts_at("target", "target_without_drug")


@term("rankl_competition")
def rankl_binding(free, half_effect):
    """Free antibody competes with RANK and OPG for RANKL."""
    return free / half_effect


denosumab = Drug(
    "denosumab",
    (
        depot, central, peripheral, target, target_baseline, absorption, free, complexes,
        elimination, internalization, distribution, redistribution, target_degradation_rate,
        target_production, target_degradation, target_internalization, rankl_binding,
    ),
    {"sc": "depot"},
    DRUG_CLASS,
)  # fmt: skip

DRUGS = (denosumab,)
