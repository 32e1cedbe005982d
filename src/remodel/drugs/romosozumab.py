"""Romosozumab: an antibody that takes sclerostin away from osteoblasts and their precursors.

Wnt signals rise at once: lining cells wake (formation leaps for weeks, then fades as the reserve
empties), more precursors commit, and more OPG lowers resorption for as long as the drug is there.
Elimination is in part linear and in part saturable, with the target.
"""

from __future__ import annotations

from remodel.drugs.drug import Drug
from remodel.drugs.injections import SUBCUTANEOUS
from remodel.equations import hill, loss, quantity, state, term

DRUG_CLASS = "sclerostin antibody"

central = state("central", "mg", "Romosozumab in the body")


@quantity
def concentration(central, volume):
    """Serum concentration."""
    return central / volume


@loss("central")
def elimination(clearance, concentration):
    """Linear clearance, as of any antibody."""
    return clearance * concentration


@loss("central")
def uptake_with_target(maximal_uptake, uptake_half_saturation, concentration):
    """Antibody bound to sclerostin is taken up with it."""
    return maximal_uptake * concentration / (uptake_half_saturation + concentration)


@term("sclerostin_binding")
def binding(concentration, half_effect):
    """Bound sclerostin no longer acts."""
    return concentration / half_effect


@term("lining_cell_stimulus")
def awakening(concentration, half_effect):
    """Lining cells wake with the share of sclerostin that is bound."""
    return hill(concentration, half_effect)


romosozumab = Drug(
    "romosozumab",
    (
        *SUBCUTANEOUS, central, concentration, elimination, uptake_with_target, binding, awakening,
    ),
    {"sc": "depot"},
    DRUG_CLASS,
    mechanisms=("lining_cells",),
)  # fmt: skip

DRUGS = (romosozumab,)
