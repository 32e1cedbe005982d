"""Jörg 2022: bone turnover for sequences of osteoporosis drugs.

Densities of the osteoblast and osteoclast lineages, osteocytes and sclerostin under falling
estrogen give total hip bone mineral density and turnover markers over a life. Cells and sclerostin
are dimensionless: the supply of each precursor is ``per_day``, 1/d. Names are those of the
authors' code; parameters carry the paper's symbols. A year of age lasts ``year``, 365 d, as the
authors count. J numbers are those of docs/published_equations.md.

====================  =====================  ============================================
name                  symbol                 meaning
====================  =====================  ============================================
rho_pB, rho_B, rho_Y  rho_B*, rho_B, rho_Y   pre-osteoblasts, osteoblasts, osteocytes [-]
rho_pC, rho_C         rho_C*, rho_C          pre-osteoclasts, osteoclasts [-]
s, s_b                s, s_ab                sclerostin, free and bound to antibody [-]
rho_b, c_b            rho_b, c               bone density, mineral fraction [-]
u_rom ... u_ter       u                      effective drug levels [-]
estrogen              e                      estrogen relative to its level before a_e [-]
phi_1, phi_2, phi_3   phi                    differentiation fluxes [1/d]
formation             f                      formed bone density [1/d]
resorption            r                      resorbed bone density [1/d]
====================  =====================  ============================================

References
----------
.. [1] Jörg DJ, Fuertinger DH, Cherif A, Bushinsky DA, Mermelstein A, Raimann JG, Kotanko P (2022).
   Modeling osteoporosis to design and optimize pharmacological therapies comprising multiple drug
   types. eLife 11:e76228. doi:10.7554/eLife.76228
"""

from __future__ import annotations

import sys
from typing import Any

from remodel.drugs import Drug
from remodel.equations import (
    collect,
    endpoint,
    flow,
    gain,
    hill,
    log,
    loss,
    maximum,
    quantity,
    rate,
    repression,
    sqrt,
    starts_at,
    state,
    where,
)
from remodel.models.model import Model, Switch
from remodel.parameters import load_parameters

rho_pB = state("rho_pB", "-", "Pre-osteoblasts", typical=100)
rho_B = state("rho_B", "-", "Osteoblasts", typical=100)
rho_Y = state("rho_Y", "-", "Osteocytes", typical=100)
rho_pC = state("rho_pC", "-", "Pre-osteoclasts", typical=1000)
rho_C = state("rho_C", "-", "Osteoclasts", typical=10)
s = state("s", "-", "Free sclerostin", typical=10000)
s_b = state("s_b", "-", "Antibody-bound sclerostin", typical=10000)
rho_b = state("rho_b", "-", "Bone density relative to age 0")
c_b = state("c_b", "-", "Bone mineral fraction")


# Estrogen


@quantity
def age(time, calendar_year, year):
    """Age; a year of age passes in 365 d, as the authors count (J3)."""
    return time * calendar_year / year


@quantity
def estrogen(age, a_e, tau_e):
    """Estrogen relative to its level before the decline (J4)."""
    return where(age > a_e, 1 / (1 + (age - a_e) / tau_e), 1.0)


@quantity
def estrogen_decline_start(a_e, year, calendar_year):
    """Time at which estrogen starts to decline (corner of J4)."""
    return a_e * year / calendar_year


# Cells


@gain("rho_pB")
def preosteoblast_supply(per_day):
    """Supply of pre-osteoblasts, to which cell numbers are scaled (J9)."""
    return per_day


@flow(source="rho_pB", target="rho_B")
def phi_1(omega_pB, s, s_pB, n, rho_pB):
    """Pre-osteoblasts that become osteoblasts, repressed by sclerostin (J6)."""
    return omega_pB * repression(s, s_pB, n) * rho_pB


@loss("rho_B")
def osteoblast_apoptosis(eta_B, beta_B_pth, A_ter, rho_B):
    """Osteoblasts that die; saturating teriparatide turns this into a source (J10)."""
    return eta_B * (1 - beta_B_pth * A_ter) * rho_B


@flow(source="rho_B", target="rho_Y")
def phi_2(omega_B, rho_B):
    """Osteoblasts that become osteocytes (J7)."""
    return omega_B * rho_B


@loss("rho_Y")
def osteocyte_loss(eta_Y, rho_Y):
    """Osteocytes lost (J11)."""
    return eta_Y * rho_Y


@gain("rho_pC")
def preosteoclast_supply(per_day):
    """Supply of pre-osteoclasts, to which cell numbers are scaled (J12)."""
    return per_day


@flow(source="rho_pC", target="rho_C")
def phi_3(omega_pC, estrogen, e_pC, s, s_pC, n, beta_pC_rAb, A_den, beta_pC_pth, A_ter, rho_pC):
    """Pre-osteoclasts that become osteoclasts, repressed by estrogen (J8)."""
    hormones = repression(estrogen, e_pC, n) * hill(s, s_pC, n)
    drugs = (1 - beta_pC_rAb * A_den) * (1 + beta_pC_pth * A_ter)
    return omega_pC * hormones * drugs * rho_pC


@loss("rho_C")
def osteoclast_apoptosis(eta_C, nu_C, estrogen, e_C, n, rho_C, r_C):
    """Osteoclasts that die, faster with estrogen and crowding (J13)."""
    return eta_C * (1 + nu_C * hill(estrogen, e_C, n) * hill(rho_C, r_C, n)) * rho_C


@loss("rho_C")
def osteoclast_apoptosis_by_alendronate(eta_C_bp, A_ale, rho_C):
    """Osteoclasts that alendronate kills (J13)."""
    return eta_C_bp * A_ale * rho_C


# Sclerostin


@gain("s")
def sclerostin_production(per_day, estrogen, e_s, n, rho_Y):
    """Sclerostin made by osteocytes, repressed by estrogen (J14)."""
    return per_day * repression(estrogen, e_s, n) * rho_Y


@loss("s")
def sclerostin_clearance(kappa_s, s):
    """Clearance of free sclerostin (J14)."""
    return kappa_s * s


@flow(source="s", target="s_b")
def antibody_binding(kappa_s, u_rom, u_blo, s, delta_s, s_b):
    """Net binding of sclerostin to romosozumab and blosozumab (J5, J14, J15)."""
    return kappa_s * (u_rom + u_blo) * s - delta_s * s_b


@loss("s_b")
def bound_sclerostin_clearance(kappa_s, s_b):
    """Clearance of bound sclerostin (J15)."""
    return kappa_s * s_b


# Bone


@gain("rho_b")
def formation(lambda_B, s, s_Omega, n, nu_Omega, rho_C, r_Omega, rho_B):
    """Bone formed by osteoblasts, repressed by sclerostin, stimulated by osteoclasts (J16)."""
    per_cell = repression(s, s_Omega, n) * (1 + nu_Omega * hill(rho_C, r_Omega, n))
    return lambda_B * per_cell * rho_B


@loss("rho_b")
def resorption(lambda_C, rho_C):
    """Bone resorbed by osteoclasts (J17)."""
    return lambda_C * rho_C


@rate("c_b")
def d_c_b(gamma, c_0, beta_b_rAb, A_den, c_b):
    """Mineralization towards a fraction that denosumab raises (J19)."""
    return gamma * (c_0 + beta_b_rAb * A_den - c_b)


# Drugs: a level u is dimensionless; a dose raises it by dose x efficacy; it halves in a half-life.

NO_DRUG = 1e-100  # a power has no slope at zero, so its base stays above

u_rom = state("u_rom", "-", "Effective romosozumab level")
u_blo = state("u_blo", "-", "Effective blosozumab level")
u_den = state("u_den", "-", "Effective denosumab level")
u_ale = state("u_ale", "-", "Effective alendronate level")
u_ter = state("u_ter", "-", "Effective teriparatide level")


def level_rate(efficacy: Any, dosing: Any, half_life: Any, level: Any) -> Any:
    """Return the rate of a drug level: dosing less first-order elimination (J20-J24)."""
    return efficacy * dosing - log(2) / half_life * level


@rate("u_rom")
def d_u_rom(E_romosozumab, r_rom, T_romosozumab, u_rom):
    """Dosing and elimination of romosozumab (J20)."""
    return level_rate(E_romosozumab, r_rom, T_romosozumab, u_rom)


@rate("u_blo")
def d_u_blo(E_blosozumab, r_blo, T_blosozumab, u_blo):
    """Dosing and elimination of blosozumab (J21)."""
    return level_rate(E_blosozumab, r_blo, T_blosozumab, u_blo)


@rate("u_den")
def d_u_den(E_denosumab, r_den, T_denosumab, u_den):
    """Dosing and elimination of denosumab (J22)."""
    return level_rate(E_denosumab, r_den, T_denosumab, u_den)


@rate("u_ale")
def d_u_ale(E_alendronate, r_ale, T_alendronate, u_ale):
    """Dosing and elimination of alendronate (J23)."""
    return level_rate(E_alendronate, r_ale, T_alendronate, u_ale)


@rate("u_ter")
def d_u_ter(E_teriparatide, r_ter, T_teriparatide, u_ter):
    """Dosing and elimination of teriparatide (J24)."""
    return level_rate(E_teriparatide, r_ter, T_teriparatide, u_ter)


@quantity
def teriparatide_efficacy(E_teriparatide, ug_per_mg):
    """Efficacy of teriparatide for a dose in mg."""
    return E_teriparatide * ug_per_mg


def saturation(level: Any, n: Any) -> Any:
    """Return how far an effect is saturated (J1)."""
    return hill(maximum(level, NO_DRUG), 1, n)


@quantity
def A_den(u_den, n):
    """Saturation of the effect of denosumab (J1)."""
    return saturation(u_den, n)


@quantity
def A_ale(u_ale, n):
    """Saturation of the effect of alendronate (J1)."""
    return saturation(u_ale, n)


@quantity
def A_ter(u_ter, n):
    """Saturation of the effect of teriparatide (J1)."""
    return saturation(u_ter, n)


DRUGS = (
    Drug("romosozumab", (), {"sc": "u_rom"}, "sclerostin antibody", {"sc": "E_romosozumab"}),
    Drug("blosozumab", (), {"sc": "u_blo"}, "sclerostin antibody", {"sc": "E_blosozumab"}),
    Drug("denosumab", (), {"sc": "u_den"}, "RANKL antibody", {"sc": "E_denosumab"}),
    Drug("alendronate", (), {"oral": "u_ale"}, "bisphosphonate", {"oral": "E_alendronate"}),
    Drug("teriparatide", (), {"sc": "u_ter"}, "PTH analogue", {"sc": "teriparatide_efficacy"}),
)


# Baseline: the equilibrium without drugs at e = 1, in closed form; rho_C_0 holds for n = 1.


@quantity
def rho_B_0(per_day, eta_B, omega_B):
    """Osteoblasts at the baseline."""
    return per_day / (eta_B + omega_B)


@quantity
def rho_Y_0(omega_B, rho_B_0, eta_Y):
    """Osteocytes at the baseline."""
    return omega_B * rho_B_0 / eta_Y


@quantity
def s_0(per_day, e_s, n, rho_Y_0, kappa_s):
    """Sclerostin at the baseline."""
    return per_day * repression(1, e_s, n) * rho_Y_0 / kappa_s


@quantity
def rho_pB_0(per_day, omega_pB, s_0, s_pB, n):
    """Pre-osteoblasts at the baseline."""
    return per_day / (omega_pB * repression(s_0, s_pB, n))


@quantity
def rho_pC_0(per_day, omega_pC, e_pC, s_0, s_pC, n):
    """Pre-osteoclasts at the baseline."""
    return per_day / (omega_pC * repression(1, e_pC, n) * hill(s_0, s_pC, n))


@quantity
def rho_C_0(per_day, eta_C, nu_C, e_C, r_C, n):
    """Osteoclasts at the baseline, the positive root of a x^2 - b x - c = 0."""
    a = eta_C * (1 + nu_C * hill(1, e_C, n))
    b = per_day - eta_C * r_C
    c = per_day * r_C
    return (b + sqrt(b**2 + 4 * a * c)) / (2 * a)


CELLS = ("rho_pB", "rho_B", "rho_Y", "rho_pC", "rho_C", "s")
BASELINE = (
    *(starts_at(name, f"{name}_0") for name in CELLS),
    starts_at("rho_b", "rho_b_0"),
    starts_at("c_b", "c_0"),
)


# Outputs


@quantity
def bmd(rho_b, c_b):
    """Bone mineral density relative to bone density at age 0 (J25)."""
    return rho_b * c_b


@quantity
def bmd_ref(
    lambda_B, s_0, s_Omega, n, nu_Omega, rho_C_0, r_Omega, rho_B_0, lambda_C,
    rho_b_0, c_0, age_ref, year, calendar_year,
):  # fmt: skip
    """Bone mineral density at the reference age: the baseline loses bone at a constant rate."""
    formed = formation(lambda_B, s_0, s_Omega, n, nu_Omega, rho_C_0, r_Omega, rho_B_0)
    lost = (lambda_C * rho_C_0 - formed) * age_ref * year / calendar_year
    return (rho_b_0 - lost) * c_0


@endpoint(unit="-", meaning="Total hip bone mineral density relative to age 25")
def bmd_total_hip(bmd, bmd_ref):
    """Bone mineral density relative to its value at the reference age, 25 years in the paper."""
    return bmd / bmd_ref


@endpoint(unit="-", meaning="P1NP")
def p1np(formation, per_day, q_P1NP):
    """P1NP, formation to a power; only ratios of its values have a meaning (J26)."""
    return (formation / per_day) ** q_P1NP


@endpoint(unit="-", meaning="Bone-specific alkaline phosphatase")
def bsap(formation, per_day, q_BSAP):
    """BSAP, formation to a power; only ratios of its values have a meaning (J27)."""
    return (formation / per_day) ** q_BSAP


@endpoint(unit="-", meaning="CTX")
def ctx(resorption, per_day, q_CTX):
    """CTX, resorption to a power; only ratios of its values have a meaning (J28)."""
    return (resorption / per_day) ** q_CTX


MODEL = Model(
    name="jorg2022",
    title="Bone turnover from age 0 on, with sequences of five osteoporosis drugs.",
    citation="Jörg et al. 2022, eLife 11:e76228, doi:10.7554/eLife.76228",
    parts=(*collect(sys.modules[__name__]), *BASELINE),
    parameters=load_parameters("jorg2022"),
    drugs={drug.name: drug for drug in DRUGS},
    interventions={"menopause": Switch("a_e")},
    follows_age=True,
    history_start="age_start",
    menopause_age="a_e",
    days_per_year=365.0,
    kinks=("estrogen_decline_start",),
    structural=("n",),
)
