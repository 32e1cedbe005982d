"""Peterson 2010: parathyroid hormone and its gland, calcitriol, estrogen."""

from __future__ import annotations

from remodel.equations import gain, hill, loss, quantity, rate, state, where
from remodel.models.peterson2010.regulation import half_constant, tanh

PTH = state("PTH", "pmol", "Plasma PTH", typical=10)
S = state("S", "-", "Parathyroid gland pool")
PTmax = state("PTmax", "-", "Parathyroid gland capacity")
AOH = state("AOH", "pmol/d", "1-alpha-hydroxylase activity", typical=1000)
B = state("B", "pmol", "Calcitriol", typical=1000)
EST = state("EST", "-", "Estrogen relative to the age at time zero")


# Parathyroid hormone


@quantity
def PTH_pM(PTH, V1):
    """Plasma PTH C_p (P3)."""
    return PTH / V1


@quantity
def PTH_pM_0(PTH_0, V1):
    """Plasma PTH at time zero C_p,b (P7)."""
    return PTH_0 / V1


@quantity
def K_Ca(Ca_mM_0, T58, T61, PTH_secretion_0, T59):
    """Calcium of half effect on PTH secretion (P47)."""
    return half_constant(Ca_mM_0, T58 - T61, T58 - PTH_secretion_0, T59)


@gain("PTH")
def PTH_secretion(S, PTmax, T58, T61, Ca_mM, K_Ca, T59):
    """Secretion of PTH, repressed by calcium J_PTH (P48)."""
    return 2 * S * PTmax * (T58 - (T58 - T61) * hill(Ca_mM, K_Ca, T59))


@loss("PTH")
def PTH_elimination(kout, PTH):
    """Elimination of PTH (P50)."""
    return kout * PTH


@gain("PTH")
def teriparatide_input(J_teri):
    """Teriparatide counts as PTH (P50)."""
    return J_teri


@quantity
def s_t(T71, calcitriol_pM, calcitriol_ref, Ca_mM_0, Ca_mM, ScaEffGam):
    """Signal of calcitriol and calcium to the gland pool (P51)."""
    set_point = calcitriol_ref * (Ca_mM_0 / Ca_mM) ** ScaEffGam
    return tanh(T71 * (calcitriol_pM - set_point))


@rate("S")
def d_S(S, T70, T70_modulated, s_t, T70_fixed):
    """Gland pool, emptied by calcitriol (P52)."""
    growth = T70 * (T70_modulated * (1 - s_t) + T70_fixed)
    decline = T70 * (T70_modulated * (1 + s_t) + T70_fixed)
    return (1 - S) * growth - S * decline


@quantity
def K_PT(B_0, V1, CtriolMax, CtriolMin, CtriolPTgam):
    """Calcitriol of half effect on gland capacity (P9, P53)."""
    return half_constant(B_0 / V1, CtriolMax - CtriolMin, CtriolMax - 1, CtriolPTgam)


@rate("PTmax")
def d_PTmax(PTout, CtriolMax, CtriolMin, calcitriol_pM, K_PT, CtriolPTgam, PTmax):
    """Gland capacity, lowered by calcitriol (P54)."""
    drive = CtriolMax - (CtriolMax - CtriolMin) * hill(calcitriol_pM, K_PT, CtriolPTgam)
    return PTout * drive - PTout * PTmax


# Calcitriol


@quantity
def calcitriol_pM(B, V1):
    """Plasma calcitriol C_D (P6)."""
    return B / V1


@quantity
def phosphate_effect(PhosEff0, PhosEff50, PO4_ref, PhosEffGam, PO4_mM):
    """Effect of phosphate on 1-alpha-hydroxylase production w_PO (P55, P56)."""
    span = (PhosEff0 - 1) * (1 + (PhosEff50 / PO4_ref) ** PhosEffGam)
    lowered = PhosEff0 - span * hill(PO4_mM, PhosEff50, PhosEffGam)
    return where(PO4_mM > PO4_ref, lowered, 1.0)


@gain("AOH")
def J_A(T65, phosphate_effect, T67, PTH_pM_0, AlphOHgam, PO4_mM, PO4_ref, PO4inhPTHgam, PTH_pM):
    """Production of 1-alpha-hydroxylase, driven by PTH (P57, P58)."""
    at_baseline = 1 + (T67 / PTH_pM_0) ** AlphOHgam
    inhibition = (PO4_mM / PO4_ref) ** PO4inhPTHgam
    return T65 * phosphate_effect * at_baseline / (1 + (T67 / PTH_pM) ** AlphOHgam * inhibition)


@loss("AOH")
def AOH_elimination(T64, AOH):
    """Elimination of 1-alpha-hydroxylase (P59)."""
    return T64 * AOH


@gain("B")
def calcitriol_production(AOH):
    """Calcitriol made by 1-alpha-hydroxylase (P60)."""
    return AOH


@loss("B")
def calcitriol_elimination(T69, B):
    """Elimination of calcitriol (P60)."""
    return T69 * B


# Estrogen


@quantity
def transition_start(ageDONE, menoDUR, ageENTER):
    """Time at which the menopausal transition starts (P104, P105)."""
    return ageDONE - menoDUR - ageENTER


@quantity
def transition(time, transition_start, menoDUR, age50):
    """Estrogen left by the menopausal transition w_m (P106)."""
    since = (time - transition_start) / menoDUR
    return where(since < 0, 1.0, 1 - age50 * (2 * since) ** 2 / (1 + (2 * since) ** 2))


@rate("EST")
def d_EST(ESTON, koutEST, ageENTER, time, ageGAM, transition, EST):
    """Estrogen, falling with age once switched on (P107)."""
    return ESTON * koutEST * (((ageENTER + time) / ageENTER) ** ageGAM * transition - EST)
