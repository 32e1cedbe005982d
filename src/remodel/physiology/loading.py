"""Mechanical loading: osteocytes feel strain and answer with sclerostin and RANKL (mechanostat).

Exercise lowers sclerostin, as far as estrogen receptors let osteocytes answer: little after
menopause, next to nothing on an aromatase inhibitor (Lee 2003; trials of exercise on inhibitors).
Disuse raises sclerostin and RANKL and holds formation back, whatever the hormones. At usual loads
nothing happens.
"""

from __future__ import annotations

from remodel.equations import factor


@factor("sclerostin_production")
def sclerostin_by_exercise(exercise, sclerostin_fall_by_exercise, estrogen_deficiency):
    """Strain beyond the usual silences the sclerostin gene where estrogen receptors signal."""
    return 1 - sclerostin_fall_by_exercise * exercise * (1 - estrogen_deficiency)


@factor("sclerostin_production")
def sclerostin_by_disuse(disuse, sclerostin_rise_by_disuse):
    """Osteocytes that feel no strain make more sclerostin (Spatz 2012)."""
    return 1 + sclerostin_rise_by_disuse * disuse


@factor("rankl_production")
def rankl_by_disuse(disuse, rankl_rise_by_disuse):
    """Osteocytes that feel no strain make more RANKL (Xiong 2011)."""
    return 1 + rankl_rise_by_disuse * disuse


@factor("preosteoblast_recruitment")
def recruitment_by_disuse(disuse, recruitment_fall_by_disuse):
    """Without strain formation does not follow resorption up (Zerwekh 1998)."""
    return 1 - recruitment_fall_by_disuse * disuse
