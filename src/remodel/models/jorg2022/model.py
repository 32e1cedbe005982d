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

from remodel.equations import collect, endpoint, hill, quantity, repression, sqrt, starts_at
from remodel.models.jorg2022 import drugs, turnover
from remodel.models.model import Model, Switch
from remodel.parameters import load_parameters

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
    formed = turnover.formation(lambda_B, s_0, s_Omega, n, nu_Omega, rho_C_0, r_Omega, rho_B_0)
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
    parts=(*collect(turnover, drugs, sys.modules[__name__]), *BASELINE),
    parameters=load_parameters("jorg2022"),
    drugs={drug.name: drug for drug in drugs.DRUGS},
    interventions={"menopause": Switch("a_e")},
    follows_age=True,
    history_start="age_start",
    menopause_age="a_e",
    days_per_year=365.0,
    kinks=("estrogen_decline_start",),
    structural=("n",),
)
