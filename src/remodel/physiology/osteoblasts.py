"""Osteoblasts: recruited after reversal by what resorption released, held back by sclerostin."""

from __future__ import annotations

from remodel.equations import gain, initial, loss, product, quantity, state, total

reversal_surface = state(
    "reversal_surface", "-", "Resorbed surface in reversal, relative to premenopausal"
)
preosteoblasts = state("preosteoblasts", "-", "Preosteoblasts, relative to premenopausal")
osteoblasts = state("osteoblasts", "-", "Active osteoblasts, relative to premenopausal")
preosteoblast_recruitment = product(
    "preosteoblast_recruitment", "Recruitment of preosteoblasts relative to no other influence"
)
intracortical_formation = total(
    "intracortical_formation", "Formation within cortex in excess of that on other surfaces"
)
osteoblast_apoptosis = product(
    "osteoblast_apoptosis", "Osteoblast apoptosis relative to no other influence"
)


@initial("preosteoblasts")
def preosteoblasts_baseline():
    """Scaled to 1 before menopause."""
    return 1


@initial("osteoblasts")
def osteoblasts_baseline():
    """Scaled to 1 before menopause."""
    return 1


@initial("reversal_surface")
def reversal_surface_baseline():
    """Scaled to 1 before menopause."""
    return 1


@gain("reversal_surface")
def surface_resorbed(reversal_time, resorption):
    """Osteoclasts leave resorbed surface behind."""
    return resorption / reversal_time


@loss("reversal_surface")
def surface_prepared(reversal_time, reversal_surface):
    """Reversal cells clean it before osteoblasts come, within weeks (Delaisse 2014)."""
    return reversal_surface / reversal_time


@quantity
def tgf_beta(reversal_surface):
    """TGF-beta and other factors of reversal, which couple formation to resorption.

    They come a reversal later than resorption, so that P1NP hardly falls in the first month of
    denosumab.
    """
    return reversal_surface


@quantity
def wnt_signal(sclerostin_free, sclerostin_inhibition):
    """Wnt signal in the osteoblast lineage, 1 before menopause."""
    return (1 + sclerostin_inhibition) / (1 + sclerostin_inhibition * sclerostin_free)


@gain("preosteoblasts")
def preosteoblast_commitment(
    preosteoblast_turnover_rate,
    uncoupled_recruitment,
    tgf_beta,
    wnt_signal,
    preosteoblast_recruitment,
):
    """Mesenchymal cells commit where TGF-beta is released and Wnt signals; few do without."""
    coupled = uncoupled_recruitment + (1 - uncoupled_recruitment) * tgf_beta
    return preosteoblast_turnover_rate * coupled * wnt_signal * preosteoblast_recruitment


@loss("preosteoblasts")
def preosteoblast_maturation(preosteoblast_turnover_rate, preosteoblasts):
    """Preosteoblasts mature within about three weeks."""
    return preosteoblast_turnover_rate * preosteoblasts


@gain("osteoblasts")
def osteoblast_formation(osteoblast_turnover_rate, preosteoblasts):
    """Maturation feeds the active osteoblasts."""
    return osteoblast_turnover_rate * preosteoblasts


@loss("osteoblasts")
def osteoblast_death(
    osteoblast_turnover_rate,
    osteoblasts,
    estrogen_deficiency,
    osteoblast_apoptosis_rise_without_estrogen,
    osteoblast_apoptosis,
):
    """Osteoblasts die or are buried; sooner without estrogen (Kousteni 2001)."""
    by_estrogen = 1 + osteoblast_apoptosis_rise_without_estrogen * estrogen_deficiency
    return osteoblast_turnover_rate * by_estrogen * osteoblast_apoptosis * osteoblasts
