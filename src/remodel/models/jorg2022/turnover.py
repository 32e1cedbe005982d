"""Jörg 2022: estrogen, the two cell lineages, sclerostin and bone."""

from __future__ import annotations

from remodel.equations import flow, gain, hill, loss, quantity, rate, repression, state, where

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
