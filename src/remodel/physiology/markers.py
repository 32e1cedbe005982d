"""Markers of bone turnover in blood and urine.

Each has a floor that does not come from bone turnover, and is linear in it above. Their half-lives
in blood are hours to days, so they follow the cells at once.
"""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from remodel.equations import endpoint


def level(premenopausal, floor, turnover):
    """Return a marker level from turnover relative to before menopause."""
    return premenopausal * (floor + (1 - floor) * turnover)


@endpoint(unit="ng/mL", meaning="Serum CTX")
def ctx(ctx_premenopausal, ctx_floor, resorption):
    """C-terminal telopeptide, set free from matrix by osteoclasts."""
    return level(ctx_premenopausal, ctx_floor, resorption)


@endpoint(unit="nmol/mmol", meaning="Urinary NTX (bone collagen equivalents per creatinine)")
def ntx(ntx_premenopausal, ntx_floor, resorption):
    """N-terminal telopeptide; moves less than CTX, hence a higher floor."""
    return level(ntx_premenopausal, ntx_floor, resorption)


@endpoint(unit="ug/L", meaning="Serum P1NP")
def p1np(p1np_premenopausal, p1np_floor, preosteoblasts, osteoblasts):
    """Propeptide of collagen, from osteoblasts young and active alike."""
    return level(p1np_premenopausal, p1np_floor, (preosteoblasts + osteoblasts) / 2)


@endpoint(unit="ug/L", meaning="Serum bone-specific alkaline phosphatase")
def bsap(bsap_premenopausal, bsap_floor, osteoblasts):
    """Alkaline phosphatase of active osteoblasts."""
    return level(bsap_premenopausal, bsap_floor, osteoblasts)
