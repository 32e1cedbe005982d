"""Osteocytes, built in by osteoblasts, and the sclerostin they send out."""

from __future__ import annotations

from remodel.equations import endpoint, gain, initial, loss, product, state, total

osteocytes = state("osteocytes", "-", "Viable osteocytes per bone, relative to premenopausal")
young_osteocytes = state(
    "young_osteocytes", "-", "Osteocytes lately embedded, relative to premenopausal"
)
sclerostin_production = product(
    "sclerostin_production", "Sclerostin output per osteocyte relative to no other influence"
)
sclerostin_binding = total(
    "sclerostin_binding", "Antibody to sclerostin relative to its half-effect level"
)


@initial("osteocytes")
def osteocytes_baseline():
    """Scaled to 1 before menopause."""
    return 1


@initial("young_osteocytes")
def young_osteocytes_baseline():
    """Scaled to 1 before menopause."""
    return 1


@gain("young_osteocytes")
def young_osteocyte_embedding(young_osteocyte_time, osteoblasts):
    """Osteoblasts that bury themselves are young osteocytes for a time."""
    return osteoblasts / young_osteocyte_time


@loss("young_osteocytes")
def osteocyte_maturation(young_osteocyte_time, young_osteocytes):
    """Young osteocytes become old ones, which another state counts."""
    return young_osteocytes / young_osteocyte_time


@gain("osteocytes")
def osteocyte_embedding(osteocyte_embedding_rate, osteocyte_death_rate, osteoblasts, osteocytes):
    """Osteoblasts bury themselves in the empty places that new bone brings.

    The number of places per bone is such that burial and death balance before menopause.
    """
    places = 1 + osteocyte_death_rate / osteocyte_embedding_rate
    return osteocyte_embedding_rate * osteoblasts * (places - osteocytes)


@loss("osteocytes")
def osteocyte_death(
    osteocyte_death_rate, osteocytes, estrogen_deficiency, osteocyte_death_rise_without_estrogen
):
    """Osteocytes die; sooner without estrogen (Tomkinson 1997, GnRH agonist biopsies)."""
    by_estrogen = 1 + osteocyte_death_rise_without_estrogen * estrogen_deficiency
    return osteocyte_death_rate * by_estrogen * osteocytes


@endpoint(unit="-", meaning="Sclerostin around osteocytes relative to before menopause")
def sclerostin(
    osteocytes,
    estrogen_deficiency,
    sclerostin_rise_without_estrogen,
    sclerostin_production,
):
    """Osteocytes make more sclerostin without estrogen (Mödder 2011: estradiol lowers it 27 %).

    It is cleared within days, and follows what they make at once.
    """
    by_estrogen = 1 + sclerostin_rise_without_estrogen * estrogen_deficiency
    return osteocytes * by_estrogen * sclerostin_production


@endpoint(unit="pmol/L", meaning="Serum sclerostin, without what an antibody holds back")
def sclerostin_serum(
    sclerostin_serum_premenopausal,
    osteocytes,
    sclerostin_production,
    estradiol_reference,
    estradiol,
    sclerostin_serum_exponent,
):
    """Serum sclerostin goes on rising where the local signal has saturated (Kim 2015).

    A power of estradiol, beside what loading does; nothing acts on it. Antibody holds sclerostin
    back in serum, which is left out.
    """
    by_estradiol = (estradiol_reference / estradiol) ** sclerostin_serum_exponent
    return sclerostin_serum_premenopausal * osteocytes * sclerostin_production * by_estradiol


@endpoint(unit="-", meaning="Sclerostin not bound by an antibody, relative to before menopause")
def sclerostin_free(sclerostin, sclerostin_binding):
    """Sclerostin that can reach osteoblasts."""
    return sclerostin / (1 + sclerostin_binding)
