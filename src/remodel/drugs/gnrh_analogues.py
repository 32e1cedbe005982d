"""GnRH analogues: implants that switch the pituitary, and with it ovary or testis, off for a time.

Held on its receptors, the hormone silences the pituitary within weeks; production of estradiol by
the ovary and of testosterone by the testis stops and comes back after the last implant. What
aromatase makes outside the ovary goes on: an aromatase inhibitor takes that part away.
"""

from __future__ import annotations

from remodel.drugs.drug import Drug
from remodel.drugs.injections import SUBCUTANEOUS
from remodel.drugs.pharmacokinetics import ONE_COMPARTMENT
from remodel.equations import factor, gain, initial, loss, repression, state

DRUG_CLASS = "GnRH analogue"

pituitary = state("pituitary", "-", "Gonadotropin secretion relative to no suppression")


@initial("pituitary")
def pituitary_baseline():
    """Not suppressed before the first dose."""
    return 1


@gain("pituitary")
def resensitization(pituitary_turnover_rate, concentration, half_suppression):
    """Secretion follows the receptors that are left, steeply; the first flare is left out."""
    return pituitary_turnover_rate * repression(concentration, half_suppression, 2)


@loss("pituitary")
def desensitization(pituitary_turnover_rate, pituitary):
    """Secretion falls within weeks."""
    return pituitary_turnover_rate * pituitary


@factor("gonadotropin_drive")
def suppression(pituitary):
    """Ovary and testis follow the pituitary."""
    return pituitary


_PARTS = (
    *SUBCUTANEOUS, *ONE_COMPARTMENT, pituitary, pituitary_baseline, resensitization,
    desensitization, suppression,
)  # fmt: skip

goserelin = Drug("goserelin", _PARTS, {"sc": "depot"}, DRUG_CLASS)
triptorelin = Drug("triptorelin", _PARTS, {"sc": "depot"}, DRUG_CLASS)

DRUGS = (goserelin, triptorelin)
