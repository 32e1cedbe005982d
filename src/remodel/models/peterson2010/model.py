"""Peterson and Riggs 2010: calcium, hormones and bone, with the extensions of 2012.

Whole-body control of calcium and phosphate by PTH and calcitriol, coupled to RANK-RANKL-OPG,
TGF-beta, osteoblasts and osteoclasts, and from there to bone mineral density, as in the public
program OpenBoneMin. Denosumab, teriparatide, falling estrogen (``ESTON`` = 1) and loss of kidney
function (``GFRdelta``) act on it. Names are those of OpenBoneMin; parameters carry the symbols of
the equations, whose P numbers are those of docs/published_equations.md. The equations are in one
module an organ: ``calcium``, ``kidney``, ``hormones``, ``signals``, ``cells`` and ``drugs``. The
program counts hours; here time is in days.

=======================  ==================  ============================================
name                     symbol              meaning
=======================  ==================  ============================================
PTH_pM, calcitriol_pM    C_p, C_D            plasma PTH and calcitriol [pM]
Ca_mM, PO4_mM            C_Ca, C_PO          plasma calcium and phosphate [mM]
P, Q, Qbone, T           P, Q, Q_b, T        calcium in plasma, bone and gut [mmol]
ECCPhos ... IntraPO      PO                  phosphate in plasma, gut and cells [mmol]
PTH, AOH, B              PTH, A, B           PTH, 1-alpha-hydroxylase, calcitriol
S, PTmax                 S, PT_max           parathyroid gland, pool and capacity [-]
TGFB, TGFBact            G_l, G_a            TGF-beta, latent and active [pM]
L, RNK, O, M, N          L, RNK, O, M, N     RANKL, RANK, OPG and their complexes [pM]
OC, ROB1, OBfast/slow    OC, ROB, OB         osteoclasts, osteoblasts [pM]
RX2, CREB, BCL2          RX, CREB, BCL       Runx2, CREB, Bcl-2 [-]
OB_rel, OC_rel, ROB_rel  r_OB, r_OC, r_R     cells relative to time zero [-]
BMDls, BMDlsDEN, BMDfn   BMD                 bone mineral density relative to time zero [-]
=======================  ==================  ============================================

References
----------
.. [1] Peterson MC, Riggs MM (2010). A physiologically based mathematical model of integrated
   calcium homeostasis and bone remodeling. Bone 46:49-63. doi:10.1016/j.bone.2009.08.053
.. [2] Peterson MC, Riggs MM (2012). Predicting nonlinear changes in bone mineral density over time
   using a multiscale systems pharmacology model. CPT Pharmacometrics Syst Pharmacol 1:e14.
   doi:10.1038/psp.2012.15
.. [3] Riggs MM, Bennetts M, van der Graaf PH, Martin SW (2012). CPT Pharmacometrics Syst Pharmacol
   1:e11. doi:10.1038/psp.2012.10
"""

from __future__ import annotations

import sys
from typing import Any

from remodel.equations import State, collect, endpoint, product, rate, starts_at, state
from remodel.models.model import Model
from remodel.models.peterson2010 import calcium, cells, drugs, hormones, kidney, signals
from remodel.models.peterson2010.dosing import DRUGS
from remodel.parameters import load_parameters

BMDls = state("BMDls", "-", "Lumbar spine bone mineral density")
BMDlsDEN = state("BMDlsDEN", "-", "Lumbar spine bone mineral density, fitted to denosumab trials")
BMDfn = state("BMDfn", "-", "Femoral neck bone mineral density")
lumbar_spine_fit = product("lumbar_spine_fit", "1 for BMDls, 0 for BMDlsDEN")


def bmd_rate(
    turnover: Any,
    at_baseline: Any,
    osteoblasts: Any,
    osteoblast_power: Any,
    osteoclasts: Any,
    power: Any,
    now: Any,
) -> Any:
    """Return gain with osteoblasts less loss with osteoclasts."""
    gained = turnover * at_baseline * osteoblasts**osteoblast_power
    return gained - turnover * osteoclasts**power * now


@rate("BMDls")
def d_BMDls(koutBMDls, BMDls_0, OB_rel, gamOB, OC_rel, gamOCls, BMDls):
    """Lumbar spine (P108)."""
    return bmd_rate(koutBMDls, BMDls_0, OB_rel, gamOB, OC_rel, gamOCls, BMDls)


@rate("BMDlsDEN")
def d_BMDlsDEN(koutBMDlsDEN, BMDlsDEN_0, OB_rel, gamOB, OC_rel, gamOClsDEN, BMDlsDEN):
    """Lumbar spine, fitted to denosumab trials (P109)."""
    return bmd_rate(koutBMDlsDEN, BMDlsDEN_0, OB_rel, gamOB, OC_rel, gamOClsDEN, BMDlsDEN)


@rate("BMDfn")
def d_BMDfn(koutBMDfnBAS, BMDfn_0, OB_rel, gamOB, OC_rel, gamOCfnBAS, BMDfn):
    """Femoral neck (P110)."""
    return bmd_rate(koutBMDfnBAS, BMDfn_0, OB_rel, gamOB, OC_rel, gamOCfnBAS, BMDfn)


@endpoint(unit="-", meaning="Lumbar spine bone mineral density relative to time zero")
def bmd_lumbar_spine(lumbar_spine_fit, BMDls, BMDlsDEN):
    """Lumbar spine by the denosumab fit where denosumab is given, else by the other equation."""
    return lumbar_spine_fit * BMDls + (1 - lumbar_spine_fit) * BMDlsDEN


@endpoint(unit="-", meaning="Femoral neck bone mineral density relative to time zero")
def bmd_femoral_neck(BMDfn):
    """Femoral neck bone mineral density."""
    return BMDfn


@endpoint(unit="-", meaning="CTX relative to time zero")
def ctx(OC_rel):
    """CTX, taken as proportional to osteoclasts."""
    return OC_rel


@endpoint(unit="-", meaning="Bone-specific alkaline phosphatase relative to time zero")
def bsap(OB_rel):
    """BSAP, taken as proportional to osteoblasts."""
    return OB_rel


@endpoint(unit="pmol/L", meaning="Plasma PTH with teriparatide")
def pth(PTH_pM):
    """Plasma PTH, teriparatide included."""
    return PTH_pM


@endpoint(unit="mmol/L", meaning="Total plasma calcium")
def calcium_(Ca_mM):
    """Total plasma calcium."""
    return Ca_mM


EQUATIONS = collect(calcium, kidney, hormones, signals, cells, drugs, sys.modules[__name__])
STARTING_EMPTY = ("UCA", "TERISC", "TERICENT", "DENSC", "DENCENT", "DENPER")
BASELINE = tuple(
    starts_at(part.name, f"{part.name}_0")
    for part in EQUATIONS
    if isinstance(part, State) and part.name not in STARTING_EMPTY
)

MODEL = Model(
    name="peterson2010",
    title="Calcium, hormones and bone remodeling of the whole body, with density at two sites.",
    citation="Peterson & Riggs 2010, Bone 46:49-63, doi:10.1016/j.bone.2009.08.053",
    parts=(*EQUATIONS, *BASELINE),
    parameters=load_parameters("peterson2010"),
    drugs=DRUGS,
    kinks=("transition_start",),
    time_unit="h",
    exact_doses=True,
)
