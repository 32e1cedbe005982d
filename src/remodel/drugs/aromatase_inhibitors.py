"""Aromatase inhibitors: anastrozole and letrozole bind and let go, exemestane destroys the enzyme.

They act on peripheral aromatase; ovarian production is not theirs to stop.
"""

from __future__ import annotations

from remodel.drugs.drug import Drug
from remodel.drugs.pharmacokinetics import ONE_COMPARTMENT, ORAL
from remodel.equations import factor, gain, hill, initial, loss, state

DRUG_CLASS = "aromatase inhibitor"

enzyme = state("enzyme", "-", "Aromatase not inactivated, relative to no drug")


@factor("aromatase_activity")
def reversible_inhibition(concentration, maximal_inhibition, half_inhibition):
    """Activity left by an inhibitor that competes at the active site."""
    return 1 - maximal_inhibition * hill(concentration, half_inhibition)


@initial("enzyme")
def enzyme_baseline():
    """All enzyme is active before the first dose."""
    return 1


@gain("enzyme")
def enzyme_synthesis(enzyme_turnover_rate):
    """New enzyme is made at a constant rate."""
    return enzyme_turnover_rate


@loss("enzyme")
def enzyme_degradation(enzyme_turnover_rate, enzyme):
    """Enzyme wears out."""
    return enzyme_turnover_rate * enzyme


@loss("enzyme")
def enzyme_inactivation(inactivation_rate_constant, concentration, enzyme):
    """A steroidal inhibitor binds for good; activity returns with new enzyme only."""
    return inactivation_rate_constant * concentration * enzyme


@factor("aromatase_activity")
def irreversible_inhibition(enzyme):
    """Activity left is that of the enzyme not yet inactivated."""
    return enzyme


_REVERSIBLE = (*ORAL, *ONE_COMPARTMENT, reversible_inhibition)
_IRREVERSIBLE = (
    *ORAL, *ONE_COMPARTMENT, enzyme, enzyme_baseline, enzyme_synthesis, enzyme_degradation,
    enzyme_inactivation, irreversible_inhibition,
)  # fmt: skip

anastrozole = Drug("anastrozole", _REVERSIBLE, {"oral": "gut"}, DRUG_CLASS)
letrozole = Drug("letrozole", _REVERSIBLE, {"oral": "gut"}, DRUG_CLASS)
exemestane = Drug("exemestane", _IRREVERSIBLE, {"oral": "gut"}, DRUG_CLASS)

DRUGS = (anastrozole, letrozole, exemestane)
