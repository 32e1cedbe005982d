"""Selective estrogen receptor modulators: they compete with estradiol and act in part.

In a postmenopausal woman the part exceeds what estradiol still does, so bone gains; in a
premenopausal woman the competition costs more than the part gives, so bone is lost (Powles 1996).
"""

from __future__ import annotations

from remodel.drugs.drug import Drug
from remodel.drugs.pharmacokinetics import ONE_COMPARTMENT, ORAL
from remodel.equations import quantity, term

DRUG_CLASS = "SERM"


@quantity
def relative_level(concentration, half_occupancy):
    """Level relative to the one that fills half of the receptors without estradiol."""
    return concentration / half_occupancy


@term("serm_binding")
def receptor_binding(relative_level):
    """Receptors taken from estradiol."""
    return relative_level


@term("serm_agonism")
def receptor_agonism(relative_level, agonism_in_bone):
    """Signal of the receptors taken, a share of what estradiol would give."""
    return agonism_in_bone * relative_level


_PARTS = (*ORAL, *ONE_COMPARTMENT, relative_level, receptor_binding, receptor_agonism)

tamoxifen = Drug("tamoxifen", _PARTS, {"oral": "gut"}, DRUG_CLASS)
raloxifene = Drug("raloxifene", _PARTS, {"oral": "gut"}, DRUG_CLASS)

DRUGS = (tamoxifen, raloxifene)
