"""Bisphosphonates: blood to bone surface, burial under new bone, and return with resorption.

The drugs share every mechanism. They differ in how much of a dose reaches bone, in the amount on
the surface that has half the effect (potency), and in affinity for mineral, which sets how fast
the surface loses them. In the blood, distribution within hours is lumped into one pool that BMD
cannot see.
"""

from __future__ import annotations

from remodel.drugs.drug import Drug
from remodel.drugs.pharmacokinetics import gut, not_absorbed
from remodel.equations import flow, loss, quantity, state, term

DRUG_CLASS = "bisphosphonate"

plasma = state("plasma", "mg", "Bisphosphonate in blood and soft tissue")
surface = state("surface", "mg", "Bisphosphonate on bone surfaces")
buried = state("buried", "mg", "Bisphosphonate buried in bone")


@flow(source="gut", target="plasma")
def absorption(absorption_rate, bioavailability, gut):
    """Less than 1 % of an oral dose is absorbed."""
    return absorption_rate * bioavailability * gut


@flow(source="plasma", target="surface")
def bone_uptake(
    bisphosphonate_plasma_rate,
    bone_fraction,
    bisphosphonate_uptake_at_rest,
    reversal_surface,
    plasma,
):
    """What the kidneys do not catch binds to mineral, most of it where bone is being remodeled.

    Mineral lies open where osteoclasts have been (Masarachia 1996).
    """
    surface = bisphosphonate_uptake_at_rest + (1 - bisphosphonate_uptake_at_rest) * reversal_surface
    return bisphosphonate_plasma_rate * bone_fraction * surface * plasma


@loss("plasma")
def renal_excretion(bisphosphonate_plasma_rate, bone_fraction, plasma):
    """The rest leaves with the urine, unchanged."""
    return bisphosphonate_plasma_rate * (1 - bone_fraction) * plasma


@quantity
def surface_loss_rate(
    bisphosphonate_surface_loss_rate,
    bisphosphonate_affinity_of_alendronate,
    affinity,
    bisphosphonate_affinity_exponent,
):
    """One law for the class: the lower the affinity for mineral, the faster drug is lost."""
    weaker = bisphosphonate_affinity_of_alendronate / affinity
    return bisphosphonate_surface_loss_rate * weaker**bisphosphonate_affinity_exponent


@loss("surface")
def desorption(surface_loss_rate, surface):
    """Drug comes off the surface."""
    return surface_loss_rate * surface


@flow(source="surface", target="buried")
def burial(bisphosphonate_burial_rate, osteoblasts, surface):
    """New bone covers the drug."""
    return bisphosphonate_burial_rate * osteoblasts * surface


@flow(source="buried", target="surface")
def exposure(bisphosphonate_exposure_rate, resorption, buried):
    """Resorption brings buried drug back to a surface."""
    return bisphosphonate_exposure_rate * resorption * buried


@term("bisphosphonate_on_surface")
def surface_level(surface, half_effect_amount):
    """Drug on the surface relative to the amount with half the effect."""
    return surface / half_effect_amount


_IN_BONE = (
    plasma,
    surface,
    buried,
    bone_uptake,
    renal_excretion,
    surface_loss_rate,
    desorption,
    burial,
    exposure,
    surface_level,
)
_ORAL = (gut, absorption, not_absorbed)

zoledronic_acid = Drug("zoledronic_acid", _IN_BONE, {"iv": "plasma"}, DRUG_CLASS)
alendronate = Drug("alendronate", (*_ORAL, *_IN_BONE), {"oral": "gut"}, DRUG_CLASS)
risedronate = Drug("risedronate", (*_ORAL, *_IN_BONE), {"oral": "gut"}, DRUG_CLASS)
ibandronate = Drug("ibandronate", (*_ORAL, *_IN_BONE), {"oral": "gut", "iv": "plasma"}, DRUG_CLASS)

DRUGS = (zoledronic_acid, alendronate, risedronate, ibandronate)
