"""Hormone therapy: estradiol by mouth or through the skin, added to what the body makes.

A dose of a patch is what it releases in a day. By mouth most is lost to estrone in gut and liver.
The level follows within hours; no other action than that of estradiol itself is assumed.
"""

from __future__ import annotations

from remodel.drugs.drug import Drug
from remodel.drugs.pharmacokinetics import ONE_COMPARTMENT, ORAL, microdosed
from remodel.equations import flow, state, term

DRUG_CLASS = "hormone therapy"

skin = state("skin", "mg", "Estradiol released into the skin")


@flow(source="skin", target="central")
def absorption_through_skin(absorption_rate, skin):
    """What a patch releases reaches the blood whole."""
    return absorption_rate * skin


@term("exogenous_estradiol")
def level(concentration, amount_per_mass):
    """Serum level that the drug adds."""
    return concentration * amount_per_mass


estradiol = Drug(
    "estradiol",
    (*microdosed(*ORAL, skin, absorption_through_skin, *ONE_COMPARTMENT), level),
    {"oral": "gut", "patch": "skin"},
    DRUG_CLASS,
)

DRUGS = (estradiol,)
