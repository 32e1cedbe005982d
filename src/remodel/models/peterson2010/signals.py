"""Peterson 2010: TGF-beta, RANK-RANKL-OPG, and the signals of PTH within osteoblasts."""

from __future__ import annotations

from typing import Any

from remodel.equations import flow, gain, hill, loss, quantity, rate, state, where
from remodel.models.peterson2010.regulation import half_constant

TGFB = state("TGFB", "pM", "Latent TGF-beta", typical=100)
TGFBact = state("TGFBact", "pM", "Active TGF-beta", typical=0.1)
L = state("L", "pM", "Free RANKL", typical=0.1)
RNK = state("RNK", "pM", "Free RANK", typical=10)
M = state("M", "pM", "RANK-RANKL complex", typical=1e-4)
N = state("N", "pM", "OPG-RANKL complex", typical=1e-4)
O = state("O", "pM", "Free OPG")
RX2 = state("RX2", "-", "Runx2", typical=10)
CREB = state("CREB", "-", "CREB", typical=10)
BCL2 = state("BCL2", "-", "Bcl-2", typical=100)


# TGF-beta


@quantity
def TGFBact_0(Pic0, unit_concentration):
    """Active TGF-beta at time zero."""
    return Pic0 * unit_concentration


@quantity
def TGFB_0(latent_per_active, TGFBact_0):
    """Latent TGF-beta at time zero."""
    return latent_per_active * TGFBact_0


@gain("TGFB")
def TGFB_production(koutTGF0, TGFB_0, OB_rel, OBtgfGAM, EST, tgfbGAM):
    """Latent TGF-beta laid down by osteoblasts, more without estrogen (P62)."""
    return koutTGF0 * TGFB_0 * OB_rel**OBtgfGAM * EST ** (-tgfbGAM)


@flow(source="TGFB", target="TGFBact")
def TGFB_activation(koutTGF0, TGFB, TGFB_0, koutTGFGam, OC_rel, OCtgfGAM, EST, tgfbactGAM):
    """Latent TGF-beta activated by osteoclasts and estrogen (P61, P62, P63)."""
    by_osteoclasts = koutTGF0 * (TGFB / TGFB_0) ** koutTGFGam * TGFB * OC_rel**OCtgfGAM
    return by_osteoclasts * EST**tgfbactGAM


@loss("TGFBact")
def TGFBact_elimination(latent_per_active, koutTGF0, TGFBact):
    """Elimination of active TGF-beta (P63)."""
    return latent_per_active * koutTGF0 * TGFBact


def activation(
    TGFBact: Any, TGFBact_0: Any, maximum: Any, without: Any, Pic0: Any, exponent: Any
) -> Any:
    """Return an effect of active TGF-beta; it is Pic0 at the baseline, whatever the maximum."""
    half = half_constant(TGFBact_0, maximum, (1 - without) * Pic0, exponent)
    return without * Pic0 + maximum * hill(TGFBact, half, exponent)


@quantity
def PicROB(TGFBact, TGFBact_0, EmaxPicROB, FracPicROB, Pic0, PicROBgam):
    """TGF-beta effect on the input of responding osteoblasts pi_ROB (P64, P65)."""
    return activation(TGFBact, TGFBact_0, EmaxPicROB, FracPicROB, Pic0, PicROBgam)


@quantity
def PicOB(TGFBact, TGFBact_0, EmaxPicOB, FracPicOB, Pic0, PicOBgam):
    """TGF-beta effect on the differentiation of responding osteoblasts pi_OB (P66, P67)."""
    return activation(TGFBact, TGFBact_0, EmaxPicOB, FracPicOB, Pic0, PicOBgam)


@quantity
def PicOC(TGFBact, TGFBact_0, EmaxPicOC, FracPicOC, Pic0, PicOCgam):
    """TGF-beta effect on osteoclast elimination pi_OC (P68, P69)."""
    return activation(TGFBact, TGFBact_0, EmaxPicOC, FracPicOC, Pic0, PicOCgam)


@quantity
def Pickb(TGFBact, TGFBact_0, MultPicOBkb, FracPic0kb, Pic0, PicOBgamkb):
    """TGF-beta effect on osteoblast elimination pi_kb (P70, P71)."""
    span = (MultPicOBkb - FracPic0kb) * Pic0
    half = half_constant(TGFBact_0, span, (MultPicOBkb - 1) * Pic0, PicOBgamkb)
    return MultPicOBkb * Pic0 - span * hill(TGFBact, half, PicOBgamkb)


# RANK, RANKL and OPG


@quantity
def M_0(k3, RNK_0, L_0, k4):
    """RANK-RANKL complex at time zero."""
    return k3 * RNK_0 * L_0 / k4


@quantity
def N_0(k1, O_0, L_0, k2):
    """OPG-RANKL complex at time zero."""
    return k1 * O_0 * L_0 / k2


@quantity
def RANK_binding(k3, RNK, L, k4, M):
    """Net binding of RANKL to RANK b_M (P72)."""
    return k3 * RNK * L - k4 * M


@quantity
def OPG_binding(k1, O, L, k2, N):
    """Net binding of RANKL to OPG b_N (P73)."""
    return k1 * O * L - k2 * N


@gain("L")
def RANKL_production(koutL, L_0, OB_rel, OsteoEffectGam, EmaxLpth, PTH_pM, PTH_pM_0):
    """RANKL made by osteoblasts under PTH J_L (P74, P75)."""
    by_cells = OB_rel**OsteoEffectGam
    by_PTH = EmaxLpth * PTH_pM / ((EmaxLpth - 1) * PTH_pM_0 * by_cells + PTH_pM)
    return koutL * L_0 * by_cells * by_PTH


@rate("L")
def d_L(koutL, L, OPG_binding, RANK_binding, kdenosl, DENMOL):
    """RANKL eliminated, bound, and removed by denosumab (P80)."""
    return -koutL * L - OPG_binding - RANK_binding - kdenosl * DENMOL * L


@rate("RNK")
def d_RNK(koutRNK, RNK_0, k3, L_0, k4, M_0, TGFBact, TGFBact_0, kinRNKgam, RNK, RANK_binding):
    """RANK, made under TGF-beta (P77, P81)."""
    production = koutRNK * RNK_0 + k3 * RNK_0 * L_0 - k4 * M_0
    effect = (TGFBact / TGFBact_0) ** kinRNKgam
    return production * effect - koutRNK * RNK - RANK_binding


@rate("M")
def d_M(RANK_binding):
    """RANK-RANKL complex (P82)."""
    return RANK_binding


@rate("N")
def d_N(OPG_binding):
    """OPG-RANKL complex (P83)."""
    return OPG_binding


@gain("O")
def OPG_production(kO, O_0, ROB_rel, PTH_pM, opgPTH50):
    """OPG made by responding osteoblasts, repressed by PTH J_O (P76)."""
    return kO * O_0 * ROB_rel * (PTH_pM + opgPTH50 * ROB_rel) / (2 * PTH_pM)


@rate("O")
def d_O(OPG_binding, kO, O):
    """OPG bound and eliminated (P84)."""
    return -OPG_binding - kO * O


# Runx2, CREB and Bcl-2


@rate("RX2")
def d_RX2(RX2Kout0, RX2_0, E0rx2Kout, EmaxPTHRX2x, PTH_pM_0, PTH_pM, RX2):
    """Runx2, broken down under PTH (P90, P92)."""
    half = EmaxPTHRX2x * PTH_pM_0 / (RX2Kout0 - E0rx2Kout) - PTH_pM_0
    return RX2Kout0 * RX2_0 - (E0rx2Kout + EmaxPTHRX2x * PTH_pM / (PTH_pM + half)) * RX2


@rate("CREB")
def d_CREB(crebKout, CREB_0, E0crebKin, EmaxPTHcreb, PTH_pM_0, PTH_pM, CREB):
    """CREB, made under PTH (P91, P93)."""
    half = EmaxPTHcreb * PTH_pM_0 / (1 - E0crebKin) - PTH_pM_0
    effect = E0crebKin + EmaxPTHcreb * PTH_pM / (PTH_pM + half)
    return crebKout * CREB_0 * effect - crebKout * CREB


@rate("BCL2")
def d_BCL2(bcl2Kout, CREB, RX2, BCL2):
    """Bcl-2, made by CREB with Runx2 (P94)."""
    return bcl2Kout * (CREB * RX2 - BCL2)


@quantity
def RUNX2(BCL2, BCL2_switch, BCL2_offset, RUNX2_low):
    """Runx2 signal to osteoblast survival, switched by Bcl-2 x_R (P95)."""
    return where(BCL2_switch < BCL2, BCL2 - BCL2_offset, RUNX2_low)
