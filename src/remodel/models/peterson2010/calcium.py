"""Peterson 2010: calcium in plasma, bone and gut."""

from __future__ import annotations

from remodel.equations import flow, gain, hill, quantity, rate, state
from remodel.models.peterson2010.regulation import half_constant

P = state("P", "mmol", "Extracellular calcium", typical=10)
T = state("T", "mmol", "Gut calcium")
R = state("R", "-", "Calcitriol-dependent gut absorption capacity")
HAp = state("HAp", "-", "Hydroxyapatite relative to baseline")
# As published, release from bone does not depend on Q: in long runs both pools fall below zero.
Q = state("Q", "mmol", "Exchangeable bone calcium", typical=100, signed=True)
Qbone = state("Qbone", "mmol", "Non-exchangeable bone calcium", typical=10000, signed=True)


@quantity
def Ca_mM(P, V1):
    """Plasma calcium C_Ca (P4)."""
    return P / V1


@quantity
def Ca_mM_0(P_0, V1):
    """Plasma calcium at time zero C_Ca,b (P8)."""
    return P_0 / V1


# Plasma and bone


@quantity
def T13(CaDay, Q_0):
    """Rate constant of calcium from bone at the baseline (P14)."""
    return CaDay / Q_0


@quantity
def T15(CaDay, P_0):
    """Rate constant of calcium into bone at the baseline (P15)."""
    return CaDay / P_0


@quantity
def K14(OC_0, J14OCmax, T13, J14OCgam):
    """Osteoclasts of half effect on calcium from bone (P16)."""
    return half_constant(OC_0, J14OCmax, T13, J14OCgam)


@flow(source="Q", target="P")
def J14(T13, Q_0, FracJ14, J14OCmax, OC, K14, J14OCgam, M, M_0, OC_0, MOCratioGam):
    """Calcium from bone to plasma, driven by osteoclasts and their RANK occupancy (P17)."""
    fixed = T13 * Q_0 * (1 - FracJ14)
    occupancy = ((M / OC) / (M_0 / OC_0)) ** MOCratioGam
    return fixed + Q_0 * FracJ14 * J14OCmax * hill(OC, K14, J14OCgam) * occupancy


@flow(source="P", target="Q")
def J15(T15, P, FracJ15, HAp):
    """Calcium from plasma to bone (P18)."""
    return T15 * P * (1 - FracJ15 + FracJ15 * HAp)


@quantity
def k15a(k14a, Qbone_0, Q_0):
    """Rate constant from exchangeable to deep bone calcium (P19)."""
    return k14a * Qbone_0 / Q_0


@flow(source="Qbone", target="Q")
def J14a(k14a, Qbone):
    """Calcium from deep to exchangeable bone (P20)."""
    return k14a * Qbone


@flow(source="Q", target="Qbone")
def J15a(k15a, Q):
    """Calcium from exchangeable to deep bone (P21)."""
    return k15a * Q


@rate("HAp")
def d_HAp(OB_rel, HAp, HApMRT):
    """Hydroxyapatite follows osteoblasts (P24)."""
    return (OB_rel - HAp) / HApMRT


# Gut


@quantity
def T29(T_0, T28, T310):
    """Gut calcium of half saturable flux (P25)."""
    return T_0 * (T28 - T310) / T310


@flow(source="T", target="P")
def J40(T28, T, T29, T81, R, T87):
    """Calcium absorbed: saturable with calcitriol, and passive (P26)."""
    return T28 * T / (T + T29) * T / (T + T81) * 2 * R + T87 * T


@gain("T")
def calcium_intake(OralCa, T77, R, T81, unit_amount, T80):
    """Oral calcium available for absorption (P27)."""
    return OralCa * T77 * hill(R, T81 / unit_amount, T80)


@rate("R")
def d_R(T33, T34, calcitriol_pM, T35, CaPOgam, R):
    """Absorption capacity, raised by calcitriol (P28, P29)."""
    effect = (T34 - T33) * hill(calcitriol_pM, T35, CaPOgam)
    return (T33 + effect) * (1 - R) - (T34 - effect) * R
