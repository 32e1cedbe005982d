"""Osteoclasts: precursors, the pool that waits while RANK is silent, fusion, survival, resorption.

Precursors that find RANKL fuse. Those that do not wait as arrested cells, a pool that fills
within a year, saturates because cells also leave it, and fuses when RANKL returns. This makes
the rebound after denosumab grow with treatment but stay bounded. A bisphosphonate acts on the
osteoclast that resorbs and leaves RANK alone, so no cells wait and none rebound.
"""

from __future__ import annotations

from remodel.equations import endpoint, flow, gain, initial, loss, product, quantity, state, total

arrested_osteoclasts = state(
    "arrested_osteoclasts", "-", "Osteoclast precursors that wait for RANKL"
)
maturing_osteoclasts = state(
    "maturing_osteoclasts", "-", "Preosteoclasts early in maturation, relative to premenopausal"
)
committed_osteoclasts = state(
    "committed_osteoclasts", "-", "Preosteoclasts midway in maturation, relative to premenopausal"
)
fusing_osteoclasts = state(
    "fusing_osteoclasts", "-", "Preosteoclasts about to fuse, relative to premenopausal"
)
MATURATION = (maturing_osteoclasts, committed_osteoclasts, fusing_osteoclasts)
osteoclasts = state("osteoclasts", "-", "Active osteoclasts, relative to premenopausal")
osteoclast_apoptosis = product(
    "osteoclast_apoptosis", "Osteoclast apoptosis relative to no other influence"
)
bisphosphonate_on_surface = total(
    "bisphosphonate_on_surface",
    "Bisphosphonate on bone surfaces relative to its half-effect amount",
)
intracortical_resorption = total(
    "intracortical_resorption", "Resorption within cortex in excess of that on other surfaces"
)


@quantity
def osteoclast_precursor_supply(cytokine_drive, osteoclast_precursor_rise_by_cytokines):
    """Precursors that the marrow provides; IL-1 and TNF raise them (Kimble 1994)."""
    return 1 + osteoclast_precursor_rise_by_cytokines * cytokine_drive


def arrested_share(activation, half_arrest):
    """Return the share of precursors that find too little RANKL to go on."""
    return 1 / (1 + (activation / half_arrest) ** 2)


@quantity
def arrested_osteoclasts_premenopausal(osteoclast_half_arrest, arrested_osteoclast_loss):
    """Waiting cells at the baseline: inflow over outflow."""
    return arrested_share(1, osteoclast_half_arrest) / (1 + arrested_osteoclast_loss)


@initial("arrested_osteoclasts")
def arrested_osteoclasts_baseline(arrested_osteoclasts_premenopausal):
    """The pool is in balance before menopause."""
    return arrested_osteoclasts_premenopausal


@initial("maturing_osteoclasts")
def maturing_osteoclasts_baseline():
    """Scaled to 1 before menopause."""
    return 1


@initial("committed_osteoclasts")
def committed_osteoclasts_baseline():
    """Scaled to 1 before menopause."""
    return 1


@initial("fusing_osteoclasts")
def fusing_osteoclasts_baseline():
    """Scaled to 1 before menopause."""
    return 1


@initial("osteoclasts")
def osteoclasts_baseline():
    """Scaled to 1 before menopause."""
    return 1


@gain("arrested_osteoclasts")
def osteoclast_arrest(
    arrested_osteoclast_turnover_rate,
    osteoclast_precursor_supply,
    rank_activation,
    osteoclast_half_arrest,
):
    """Precursors stop where RANK is silent."""
    share = arrested_share(rank_activation, osteoclast_half_arrest)
    return arrested_osteoclast_turnover_rate * osteoclast_precursor_supply * share


@loss("arrested_osteoclasts")
def osteoclast_release(arrested_osteoclast_turnover_rate, rank_activation, arrested_osteoclasts):
    """Waiting cells go on to fuse when RANKL returns."""
    return arrested_osteoclast_turnover_rate * rank_activation * arrested_osteoclasts


@loss("arrested_osteoclasts")
def arrested_osteoclast_death(
    arrested_osteoclast_turnover_rate, arrested_osteoclast_loss, arrested_osteoclasts
):
    """Waiting cells die or turn to other fates, so the pool saturates."""
    return arrested_osteoclast_turnover_rate * arrested_osteoclast_loss * arrested_osteoclasts


@quantity
def osteoclast_maturation_rate(osteoclast_maturation_time):
    """Rate of each of three equal steps of maturation.

    Their sum is a delay with a spread (Erlang), so that CTX is low until denosumab has worn off
    and then returns fast (Bone 2011). It stands for what takes months: precursors that wait, and
    osteoclasts recycled by way of smaller cells (McDonald 2021).
    """
    return len(MATURATION) / osteoclast_maturation_time


@gain("maturing_osteoclasts")
def osteoclast_commitment(
    osteoclast_maturation_rate,
    osteoclast_precursor_supply,
    rank_activation,
    arrested_osteoclasts,
    arrested_osteoclast_yield,
    arrested_osteoclasts_premenopausal,
):
    """Fresh precursors and released ones enter maturation, both driven by RANK."""
    cells = osteoclast_precursor_supply + arrested_osteoclast_yield * arrested_osteoclasts
    at_baseline = 1 + arrested_osteoclast_yield * arrested_osteoclasts_premenopausal
    return osteoclast_maturation_rate * rank_activation * cells / at_baseline


@flow(source="maturing_osteoclasts", target="committed_osteoclasts")
def early_maturation(osteoclast_maturation_rate, maturing_osteoclasts):
    """The second of three steps follows the first."""
    return osteoclast_maturation_rate * maturing_osteoclasts


@flow(source="committed_osteoclasts", target="fusing_osteoclasts")
def late_maturation(osteoclast_maturation_rate, committed_osteoclasts):
    """The third follows the second."""
    return osteoclast_maturation_rate * committed_osteoclasts


@loss("fusing_osteoclasts")
def osteoclast_fusion(osteoclast_maturation_rate, fusing_osteoclasts):
    """Preosteoclasts fuse."""
    return osteoclast_maturation_rate * fusing_osteoclasts


@gain("osteoclasts")
def osteoclast_formation(osteoclast_turnover_rate, fusing_osteoclasts):
    """Fusion feeds the active osteoclasts."""
    return osteoclast_turnover_rate * fusing_osteoclasts


@quantity
def bisphosphonate_effect(bisphosphonate_on_surface, fusing_osteoclasts, bisphosphonate_shared):
    """Share of the full effect that bisphosphonate on the surface has; it saturates.

    Osteoclasts take the drug up with the mineral they dissolve, so that the more of them come, the
    less there is for each: the wave that follows denosumab breaks through (Soelling 2020).
    """
    osteoclasts = fusing_osteoclasts**bisphosphonate_shared
    return bisphosphonate_on_surface / (osteoclasts + bisphosphonate_on_surface)


@quantity
def osteoclast_apoptosis_relative(
    osteoclast_apoptosis, rank_activation, osteoclast_survival_by_rank, estrogen_deficiency,
    osteoclast_apoptosis_fall_without_estrogen, cytokine_drive, osteoclast_survival_by_cytokines,
    bisphosphonate_effect, osteoclast_apoptosis_rise_by_bisphosphonate,
):  # fmt: skip
    """Apoptosis of osteoclasts: RANKL, IL-1 and TNF delay it, estrogen and drugs hasten it.

    The receptors of RANKL, IL-1 and TNF all keep osteoclasts alive (Jimi 1995; Lee 2001), IL-1
    and TNF also where RANKL is blocked (Kobayashi 2000). Survival acts within an osteoclast's
    life, which is why resorption follows estrogen within weeks.
    """
    without_rank = (1 + osteoclast_survival_by_rank) / (
        1 + osteoclast_survival_by_rank * rank_activation
    )
    by_estrogen = 1 - osteoclast_apoptosis_fall_without_estrogen * estrogen_deficiency
    by_cytokines = 1 / (1 + osteoclast_survival_by_cytokines * cytokine_drive)
    by_drug = 1 + osteoclast_apoptosis_rise_by_bisphosphonate * bisphosphonate_effect
    return osteoclast_apoptosis * without_rank * by_estrogen * by_cytokines * by_drug


@loss("osteoclasts")
def osteoclast_death(osteoclast_turnover_rate, osteoclast_apoptosis_relative, osteoclasts):
    """Osteoclasts live about two weeks (Manolagas 2000)."""
    return osteoclast_turnover_rate * osteoclast_apoptosis_relative * osteoclasts


@endpoint(unit="-", meaning="Bone resorption relative to before menopause")
def resorption(osteoclasts, bisphosphonate_effect, resorption_fall_by_bisphosphonate):
    """Osteoclasts times what each removes; bisphosphonate disables those that survive."""
    return osteoclasts * (1 - resorption_fall_by_bisphosphonate * bisphosphonate_effect)
