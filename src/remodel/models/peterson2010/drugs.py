"""Peterson 2010: teriparatide and denosumab.

Teriparatide adds to plasma PTH; denosumab, two compartments with saturable elimination, removes
free RANKL.
"""

from __future__ import annotations

from remodel.equations import flow, loss, quantity, state

TERISC = state("TERISC", "pmol", "Teriparatide at the injection site", typical=1000)
TERICENT = state("TERICENT", "pmol", "Teriparatide passed on, bookkeeping", typical=100)
DENSC = state("DENSC", "ng", "Denosumab at the injection site", typical=1e6)
DENCENT = state("DENCENT", "ng", "Denosumab, central", typical=1e6)
DENPER = state("DENPER", "ng", "Denosumab, peripheral", typical=1e6)


# Teriparatide


@flow(source="TERISC", target="TERICENT")
def J_teri(TERICL, TERISC, TERIVC):
    """Teriparatide absorbed (P49, P111, P112)."""
    return TERICL * TERISC / TERIVC


@loss("TERICENT")
def TERICENT_emptying(TERIKA, TERICENT):
    """Bookkeeping of the public code, feeds nothing (P112)."""
    return TERIKA * TERICENT


@quantity
def teriparatide_dose_factor(TERIF, pmol_per_mmol, teriparatide_molar_mass):
    """Absorbed teriparatide for a dose of 1 mg [pmol/mg]."""
    return TERIF * pmol_per_mmol / teriparatide_molar_mass


# Denosumab


@quantity
def DENCP(DENCENT, DENVC):
    """Denosumab concentration C_d [ng/mL] (P78)."""
    return DENCENT / DENVC


@quantity
def DENMOL(DENCP, mL_per_L, pmol_per_mmol, ng_per_mg, denosumab_molar_mass):
    """Denosumab concentration C_dm [pM] (P79)."""
    return DENCP * (mL_per_L * pmol_per_mmol / (ng_per_mg * denosumab_molar_mass))


@flow(source="DENSC", target="DENCENT")
def denosumab_absorption(DENKA, DENSC):
    """Denosumab absorbed (P113, P114)."""
    return DENKA * DENSC


@flow(source="DENCENT", target="DENPER")
def denosumab_distribution(DENQ, DENCP, DENPER, DENVP):
    """Net flow to the periphery (P114, P115)."""
    return DENQ * DENCP - DENQ * DENPER / DENVP


@loss("DENCENT")
def denosumab_elimination(DENCL, DENVMAX, DENKM, DENCP):
    """Linear and saturable elimination (P114)."""
    return (DENCL + DENVMAX / (DENKM + DENCP)) * DENCP


@quantity
def denosumab_dose_factor(DENF, ng_per_mg):
    """Absorbed denosumab for a dose of 1 mg [ng/mg]."""
    return DENF * ng_per_mg
