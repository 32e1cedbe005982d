"""Calcium with vitamin D, as trials give it to every woman: beside what she eats.

A dose is the mass of calcium; each carries vitamin D in a fixed proportion.
"""

from __future__ import annotations

from remodel.drugs.drug import Drug
from remodel.equations import loss, state, term

DRUG_CLASS = "supplement"

gut = state("gut", "mg", "Calcium of the supplement in the gut")


@loss("gut")
def transit(transit_rate, gut):
    """The supplement passes the gut, where it counts as intake."""
    return transit_rate * gut


@term("calcium_supplement")
def calcium(transit):
    """Calcium beside that of food."""
    return transit


@term("vitamin_d_supplement")
def vitamin_d(transit, units_per_mg):
    """Vitamin D that goes with it."""
    return transit * units_per_mg


calcium_vitamin_d = Drug(
    "calcium_vitamin_d", (gut, transit, calcium, vitamin_d), {"oral": "gut"}, DRUG_CLASS
)

DRUGS = (calcium_vitamin_d,)
