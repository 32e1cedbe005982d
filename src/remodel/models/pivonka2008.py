"""Pivonka 2008: bone cells with explicit balances of RANKL, OPG, PTH and TGF-beta.

Extends Lemaire 2004: each signal has a quasi-steady balance with a limit of production, and
switches (``b_...``) say which cells make OPG and carry RANKL. The default is the structure of the
public code: RANKL on pre-osteoblasts, OPG from active osteoblasts. V numbers are those of
docs/published_equations.md.

================  =====================  ==================================================
name              symbol                 meaning
================  =====================  ==================================================
OBp, OBa, OCa     OB_p, OB_a, OC_a       pre-osteoblasts, osteoblasts, osteoclasts [pM]
BV                BV                     bone volume [% of the start]
X_OB, X_OC        X                      integrals of the deviations of OBa and OCa [pM d]
TGFb ... RANKL    TGF, PTH, OPG, RANKL   signals [pM]
RANKL_RANK        c_RR                   RANK-RANKL complex [pM]
pi_...            pi                     activation and repression [-]
P_..., S_TGFb     P, S                   dosing of signals [pM/d]
u_...             u                      cells added, or removed if negative [pM/d]
================  =====================  ==================================================

References
----------
.. [1] Pivonka P, Zimak J, Smith DW, Gardiner BS, Dunstan CR, Sims NA, Martin TJ, Mundy GR (2008).
   Model structure and control of bone remodeling: a theoretical study. Bone 43:249-263.
   doi:10.1016/j.bone.2008.03.025
"""

from __future__ import annotations

import sys

from remodel.equations import (
    collect,
    endpoint,
    flow,
    gain,
    hill,
    loss,
    quantity,
    rate,
    repression,
    starts_at,
    state,
)
from remodel.models.model import Model
from remodel.parameters import load_parameters

OBp = state("OBp", "pM", "Pre-osteoblasts", typical=1e-3)
OBa = state("OBa", "pM", "Active osteoblasts", typical=1e-3)
OCa = state("OCa", "pM", "Active osteoclasts", typical=1e-3)
BV = state("BV", "%", "Bone volume relative to the start", typical=100)
X_OB = state("X_OB", "pM*d", "Integrated deviation of osteoblasts", typical=1e-3, signed=True)
X_OC = state("X_OC", "pM*d", "Integrated deviation of osteoclasts", typical=1e-3, signed=True)


# Signals


@quantity
def TGFb(alpha, k_res, OCa, S_TGFb, D_TGFb):
    """TGF-beta released by resorption (V1)."""
    return (alpha * k_res * OCa + S_TGFb) / D_TGFb


@quantity
def pi_repressed(TGFb, K_D2):
    """TGF-beta represses the differentiation of pre-osteoblasts pi_p (V3)."""
    return repression(TGFb, K_D2)


@quantity
def PTH(beta_PTH, P_PTH, D_PTH):
    """Parathyroid hormone (V5)."""
    return (beta_PTH + P_PTH) / D_PTH


@quantity
def OPG_production(beta_OPG, b_OPG_p, OBp, b_OPG_a, OBa, PTH, K_D6):
    """OPG made by the chosen cells, repressed by PTH q_OPG (V7, V8)."""
    return beta_OPG * (b_OPG_p * OBp + b_OPG_a * OBa) * repression(PTH, K_D6)


@quantity
def OPG(OPG_production, P_OPG, OPG_max, D_OPG):
    """OPG, limited by a maximum (V9)."""
    return (OPG_production + P_OPG) / (OPG_production / OPG_max + D_OPG)


@quantity
def RANKL_eff(R_RANKL, b_RANKL_p, OBp, b_RANKL_a, OBa, PTH, K_D4):
    """RANKL that the chosen cells can carry, raised by PTH (V6, V10)."""
    return R_RANKL * (b_RANKL_p * OBp + b_RANKL_a * OBa) * hill(PTH, K_D4)


@quantity
def RANKL(RANKL_eff, K_A1, OPG, K_A2, RANK, beta_RANKL, P_RANKL, D_RANKL):
    """Free RANKL after binding to OPG and RANK (V11)."""
    free = RANKL_eff / (1 + K_A1 * OPG + K_A2 * RANK)
    return free * (beta_RANKL + P_RANKL) / (beta_RANKL + D_RANKL * RANKL_eff)


@quantity
def RANKL_RANK(K_A2, RANKL, RANK):
    """RANK-RANKL complex (V12)."""
    return K_A2 * RANKL * RANK


@quantity
def pi_RANKL(RANKL_RANK, K_D8):
    """RANK-RANKL activates the differentiation of osteoclasts pi_R (V13)."""
    return hill(RANKL_RANK, K_D8)


# Cells


@gain("OBp")
def osteoblast_commitment(D_OBu, TGFb, K_D1):
    """Progenitors that become pre-osteoblasts under TGF-beta (V2, V14)."""
    return D_OBu * hill(TGFb, K_D1)


@flow(source="OBp", target="OBa")
def osteoblast_differentiation(D_OBp, OBp, pi_repressed):
    """Pre-osteoblasts that become active (V14, V15)."""
    return D_OBp * OBp * pi_repressed


@loss("OBa")
def osteoblast_elimination(A_OBa, OBa):
    """Active osteoblasts lost (V15)."""
    return A_OBa * OBa


@gain("OCa")
def osteoclast_differentiation(D_OCp, pi_RANKL):
    """Precursors that become active osteoclasts (V16)."""
    return D_OCp * pi_RANKL


@loss("OCa")
def osteoclast_apoptosis(A_OCa, OCa, TGFb, K_D3):
    """Active osteoclasts lost under TGF-beta (V4, V16)."""
    return A_OCa * OCa * hill(TGFb, K_D3)


@gain("OBp")
def preosteoblasts_added(u_OBp):
    """Pre-osteoblasts added or removed (V14)."""
    return u_OBp


@gain("OBa")
def active_osteoblasts_added(u_OBa):
    """Active osteoblasts added or removed (V15)."""
    return u_OBa


@gain("OCa")
def active_osteoclasts_added(u_OCa):
    """Active osteoclasts added or removed (V16)."""
    return u_OCa


# Bone


@gain("BV")
def formation(k_form, d_X_OB):
    """Bone formed beyond the steady state (V17)."""
    return k_form * d_X_OB


@loss("BV")
def resorption(k_res, d_X_OC):
    """Bone resorbed beyond the steady state (V17)."""
    return k_res * d_X_OC


@rate("X_OB")
def d_X_OB(OBa, OBa_0):
    """Deviation of active osteoblasts from the start (V18)."""
    return OBa - OBa_0


@rate("X_OC")
def d_X_OC(OCa, OCa_0):
    """Deviation of active osteoclasts from the start (V19)."""
    return OCa - OCa_0


@endpoint(unit="pM", meaning="Active osteoclasts")
def osteoclasts(OCa):
    """Active osteoclasts."""
    return OCa


@endpoint(unit="pM", meaning="Active osteoblasts")
def osteoblasts(OBa):
    """Active osteoblasts."""
    return OBa


@endpoint(unit="%", meaning="Bone volume relative to the start")
def bone_volume(BV):
    """Bone volume."""
    return BV


MODEL = Model(
    name="pivonka2008",
    title="Bone cells with balances of RANKL, OPG, PTH and TGF-beta.",
    citation="Pivonka et al. 2008, Bone 43:249-263, doi:10.1016/j.bone.2008.03.025",
    parts=(
        *collect(sys.modules[__name__]),
        *(starts_at(name, f"{name}_0") for name in ("OBp", "OBa", "OCa", "BV")),
    ),
    parameters=load_parameters("pivonka2008"),
)
