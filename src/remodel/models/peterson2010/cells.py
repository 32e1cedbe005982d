"""Peterson 2010: osteoclasts and osteoblasts."""

from __future__ import annotations

from remodel.equations import gain, hill, loss, quantity, state
from remodel.models.peterson2010.regulation import half_constant

OC = state("OC", "pM", "Active osteoclasts", typical=1e-3)
ROB1 = state("ROB1", "pM", "Responding osteoblasts", typical=1e-3)
OBfast = state("OBfast", "pM", "Active osteoblasts, fast pool", typical=1e-3)
OBslow = state("OBslow", "pM", "Active osteoblasts, slow pool", typical=1e-3)


# Osteoclasts


@quantity
def OC_rel(OC, OC_0):
    """Osteoclasts relative to time zero r_OC (P12)."""
    return OC / OC_0


@gain("OC")
def osteoclast_input(Da, Pic0, E0Meff, EmaxMeffOC, M, M_0, kinOCgam, OC_0):
    """Osteoclasts formed under RANK-RANKL (P85, P86, P89)."""
    half = half_constant(M_0, EmaxMeffOC, 1 - E0Meff, kinOCgam)
    return Da * Pic0 * (E0Meff + EmaxMeffOC * hill(M, half, kinOCgam)) * OC_0


@loss("OC")
def osteoclast_loss(Da, PicOC, E0RANKL, EmaxL, M, RNK_ref, k3, L_0, k4, LsurvOCgam, OC):
    """Osteoclasts lost under TGF-beta, fewer under RANK-RANKL (P87, P88, P89)."""
    half = half_constant(k3 * L_0 / k4, E0RANKL - EmaxL, E0RANKL - 1, LsurvOCgam)
    survival = E0RANKL - (E0RANKL - EmaxL) * hill(M / RNK_ref, half, LsurvOCgam)
    return Da * PicOC * survival * OC


# Osteoblasts


@quantity
def OBfast_0(OBtot0, FracOBfast):
    """Fast pool at time zero."""
    return OBtot0 * FracOBfast


@quantity
def OBslow_0(OBtot0, FracOBfast):
    """Slow pool at time zero."""
    return OBtot0 * (1 - FracOBfast)


@quantity
def OB_0(OBfast_0, OBslow_0):
    """Active osteoblasts at time zero OB_b (P10)."""
    return OBfast_0 + OBslow_0


@quantity
def OB_rel(OBfast, OBslow, OB_0):
    """Active osteoblasts relative to time zero r_OB (P11)."""
    return (OBfast + OBslow) / OB_0


@quantity
def ROB_rel(ROB1, ROB1_0):
    """Responding osteoblasts relative to time zero r_R (P13)."""
    return ROB1 / ROB1_0


@quantity
def kb_now(
    E0RUNX2kbEffFACT, RUNkbMaxFact, kb, RUNkbGAM, RUNX20, RUNX2, Pickb, Pic0, EST, E2scalePicB1
):
    """Elimination of osteoblasts now, of TGF-beta, estrogen and Runx2 k_B (P96, P97)."""
    span = E0RUNX2kbEffFACT * RUNkbMaxFact * kb
    half = half_constant(RUNX20, span, (E0RUNX2kbEffFACT - 1) * kb, RUNkbGAM)
    without = E0RUNX2kbEffFACT * kb * Pickb / Pic0 * EST ** (-E2scalePicB1)
    return without - span * hill(RUNX2, half, RUNkbGAM)


@quantity
def kbslow(Frackb, kb_now):
    """Elimination of the slow pool k_s (P98)."""
    return Frackb * kb_now


@quantity
def kbfast(kb, OB_0, kbslow, OBslow_0, OBfast_0):
    """Elimination of the fast pool k_f (P99)."""
    return (kb * OB_0 - kbslow * OBslow_0) / OBfast_0


@gain("ROB1")
def responding_osteoblast_input(kb, OB_0, Pic0, PicROB, EST, robGAM):
    """Responding osteoblasts formed under TGF-beta, more without estrogen (P101)."""
    return kb * OB_0 / Pic0 * PicROB * EST ** (-robGAM)


@loss("ROB1")
def responding_osteoblast_loss(kb, OB_0, Pic0, ROB1_0, PicOB, ROB1):
    """Responding osteoblasts that differentiate k_d ROB (P100, P101)."""
    return kb * OB_0 * Pic0 / (ROB1_0 * PicOB) * ROB1


@gain("OBfast")
def fast_osteoblast_input(responding_osteoblast_loss, FracOBfast, kbfast, kb_now):
    """Osteoblasts that enter the fast pool (P102)."""
    return responding_osteoblast_loss * FracOBfast * kbfast / kb_now


@loss("OBfast")
def fast_osteoblast_loss(kbfast, OBfast):
    """Osteoblasts lost from the fast pool (P102)."""
    return kbfast * OBfast


@gain("OBslow")
def slow_osteoblast_input(responding_osteoblast_loss, FracOBfast, Frackb):
    """Osteoblasts that enter the slow pool (P103)."""
    return responding_osteoblast_loss * (1 - FracOBfast) * Frackb


@loss("OBslow")
def slow_osteoblast_loss(kbslow, OBslow):
    """Osteoblasts lost from the slow pool (P103)."""
    return kbslow * OBslow
