"""Markers of bone turnover in blood and urine.

Each has a floor that does not come from bone turnover, and is linear in it above. Their half-lives
in blood are hours to days, so they follow the cells at once. They come from the whole skeleton,
most of which is cortex: what a drug does there in excess of other surfaces counts by its share.
A woman whose bone turns over faster than others' has more of what is above the floor.
"""

from __future__ import annotations

from remodel.equations import endpoint, product, quantity

preosteoblast_stay = product(
    "preosteoblast_stay", "How long preosteoblasts make collagen relative to no other influence"
)


def level(premenopausal, floor, turnover, relative):
    """Return a marker level from turnover among women, and relative to before menopause."""
    return premenopausal * (floor + (1 - floor) * turnover * relative)


@quantity
def resorption_of_skeleton(resorption, cortical_share_skeleton, intracortical_resorption):
    """Resorption of the whole skeleton; what drives it within cortex counts by the share."""
    return resorption * (1 + cortical_share_skeleton * intracortical_resorption)


@quantity
def cortical_formation_of_skeleton(cortical_share_skeleton, intracortical_formation):
    """Formation that only cortex has, in units of formation of the whole skeleton."""
    return cortical_share_skeleton * intracortical_formation


@endpoint(unit="ng/mL", meaning="Serum CTX")
def ctx(ctx_premenopausal, ctx_floor, turnover, resorption_of_skeleton):
    """C-terminal telopeptide, set free from matrix by osteoclasts."""
    return level(ctx_premenopausal, ctx_floor, turnover, resorption_of_skeleton)


@endpoint(unit="nmol/mmol", meaning="Urinary NTX (bone collagen equivalents per creatinine)")
def ntx(ntx_premenopausal, ntx_floor, turnover, resorption_of_skeleton):
    """N-terminal telopeptide; moves less than CTX, hence a higher floor."""
    return level(ntx_premenopausal, ntx_floor, turnover, resorption_of_skeleton)


@endpoint(unit="nmol/L", meaning="Serum NTX (bone collagen equivalents)")
def ntx_serum(ntx_serum_premenopausal, ntx_serum_floor, turnover, resorption_of_skeleton):
    """N-terminal telopeptide of serum, whose background is larger than that of urine."""
    return level(ntx_serum_premenopausal, ntx_serum_floor, turnover, resorption_of_skeleton)


@endpoint(unit="ug/L", meaning="Serum P1NP")
def p1np(
    p1np_premenopausal,
    p1np_floor,
    turnover,
    preosteoblasts,
    preosteoblast_stay,
    osteoblasts,
    cortical_formation_of_skeleton,
):
    """Propeptide of collagen, from osteoblasts young and active alike."""
    young = (preosteoblasts + cortical_formation_of_skeleton) * preosteoblast_stay
    active = osteoblasts + cortical_formation_of_skeleton
    return level(p1np_premenopausal, p1np_floor, turnover, (young + active) / 2)


@endpoint(unit="ug/L", meaning="Serum bone-specific alkaline phosphatase")
def bsap(bsap_premenopausal, bsap_floor, turnover, osteoblasts, cortical_formation_of_skeleton):
    """Alkaline phosphatase of active osteoblasts."""
    formation = osteoblasts + cortical_formation_of_skeleton
    return level(bsap_premenopausal, bsap_floor, turnover, formation)
