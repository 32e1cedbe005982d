"""Romosozumab: an antibody that takes sclerostin away from osteoblasts and their precursors.

Wnt signals rise at once: lining cells wake (formation leaps for weeks, then fades as the reserve
empties), more precursors commit, and more OPG lowers resorption for as long as the drug is there.
Elimination is in part linear and in part saturable, with the target.
"""

from __future__ import annotations

from remodel.drugs.antibodies import elimination, uptake_with_target
from remodel.drugs.drug import Drug
from remodel.drugs.injections import SUBCUTANEOUS
from remodel.equations import hill, quantity, state, term

DRUG_CLASS = "sclerostin antibody"

central = state("central", "mg", "Romosozumab in the body")


@quantity
def concentration(central, volume):
    """Serum concentration."""
    return central / volume


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
