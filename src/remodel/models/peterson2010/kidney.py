"""Peterson 2010: filtration, urinary calcium, and phosphate."""

from __future__ import annotations

from remodel.equations import flow, gain, log, loss, maximum, quantity, state

GFR = state("GFR", "L/d", "Glomerular filtration rate", typical=100)
UCA = state("UCA", "mmol", "Cumulative urinary calcium")
ECCPhos = state("ECCPhos", "mmol", "Extracellular phosphate", typical=10)
PhosGut = state("PhosGut", "mmol", "Gut phosphate")
IntraPO = state("IntraPO", "mmol", "Intracellular phosphate", typical=1000)


# Calcium


@quantity
def mt(maxTmESTkid, estrogen_low):
    """Slope of the reabsorption maximum on estrogen m_t (P30)."""
    return (1 - maxTmESTkid) / (1 - estrogen_low)


@quantity
def reabsorption_maximum(
    mt, EST, unbound_fraction, PTH_share, GFR, Ca_mM_0, urine_calcium_0, Reabs50
):
    """Maximum of calcium reabsorption R_max, raised by estrogen (P31)."""
    baseline = unbound_fraction * PTH_share * GFR * Ca_mM_0 - urine_calcium_0
    return (1 - mt + mt * EST) * baseline * (Reabs50 + Ca_mM_0) / Ca_mM_0


@quantity
def T17(T16, PTH_pM_0):
    """PTH of half effect on reabsorption (P32)."""
    return (T16 - 1) * PTH_pM_0


@quantity
def T20(unbound_fraction, PTH_share, GFR, Ca_mM, reabsorption_maximum, Reabs50, T16, PTH_pM, T17):
    """Calcium filtered less calcium reabsorbed under PTH (P33)."""
    filtered = unbound_fraction * PTH_share * GFR * Ca_mM
    by_calcium = reabsorption_maximum * Ca_mM / (Reabs50 + Ca_mM)
    return filtered - by_calcium * T16 * PTH_pM / (PTH_pM + T17)


@flow(source="P", target="UCA")
def J27(T7, calcitriol_pM, T9, T20):
    """Urinary calcium, lowered by calcitriol (P34, P35)."""
    return maximum((2 - T7 * calcitriol_pM / (calcitriol_pM + T9)) * T20, 0.0)


@loss("GFR")
def filtration_loss(GFR, GFR_0, GFRdelta, mL_per_L_GFR, GFRtau):
    """Loss of kidney function, GFRdelta within GFRtau (P38, P39)."""
    return -log((GFR_0 - GFRdelta / mL_per_L_GFR) / GFR_0) / GFRtau * GFR


# Phosphate


@quantity
def PO4_mM(ECCPhos, V1):
    """Plasma phosphate C_PO (P5)."""
    return ECCPhos / V1


@gain("ECCPhos")
def phosphate_from_bone(P_per_Ca, J14, J15):
    """Phosphate released from bone with calcium, net (P46)."""
    return P_per_Ca * (J14 - J15)


@loss("ECCPhos")
def J48(phosphate_filtered, GFR, PO4_mM, T46):
    """Urinary phosphate above a threshold (P40)."""
    return maximum(phosphate_filtered * GFR * (PO4_mM - T46), 0.0)


@flow(source="PhosGut", target="ECCPhos")
def J53(T52, PhosGut):
    """Phosphate absorbed (P41)."""
    return T52 * PhosGut


@flow(source="ECCPhos", target="IntraPO")
def J54(T49, PO4_mM):
    """Phosphate from plasma into cells (P42)."""
    return T49 * PO4_mM


@flow(source="IntraPO", target="ECCPhos")
def J56(T55, IntraPO):
    """Phosphate from cells to plasma (P43)."""
    return T55 * IntraPO


@gain("PhosGut")
def phosphate_intake(OralPhos, F12):
    """Oral phosphate that can be absorbed (P44)."""
    return OralPhos * F12
