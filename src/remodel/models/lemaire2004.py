"""Lemaire 2004: osteoblasts and osteoclasts coupled by RANK-RANKL-OPG, PTH and TGF-beta.

Responding osteoblasts, active osteoblasts and active osteoclasts change slowly; receptors and
ligands are at quasi steady state. Made for infusions of PTH, OPG and RANKL and for the addition or
removal of cells; it has no bone mass and no drugs. L numbers are those of
docs/published_equations.md.

=============  =================  ==================================================
name           symbol             meaning
=============  =================  ==================================================
R, B, C        R, B, C            responding and active osteoblasts, osteoclasts [pM]
pi_C           pi_C               occupancy of TGF-beta receptors [-]
pi_P           pi_P               occupancy of PTH receptors [-]
pi_L           pi_L               occupancy of RANK by RANKL [-]
OPG            O                  osteoprotegerin [pM]
I_P, I_O, I_L  I_P, I_O, I_L      infused PTH, OPG, RANKL [pM/d]
u_R, u_B, u_C  u                  cells added, or removed if negative [pM/d]
=============  =================  ==================================================

References
----------
.. [1] Lemaire V, Tobin FL, Greller LD, Cho CR, Suva LJ (2004). Modeling the interactions between
   osteoblast and osteoclast activities in bone remodeling. J Theor Biol 229:293-309.
   doi:10.1016/j.jtbi.2004.03.023
"""

from __future__ import annotations

import sys

from remodel.equations import collect, endpoint, flow, gain, loss, quantity, starts_at, state
from remodel.models.model import Model
from remodel.parameters import load_parameters

R = state("R", "pM", "Responding osteoblasts", typical=1e-3)
B = state("B", "pM", "Active osteoblasts", typical=1e-3)
C = state("C", "pM", "Active osteoclasts", typical=1e-3)


# Receptors and ligands


@quantity
def pi_C(C, f0, C_s):
    """Occupancy of TGF-beta receptors; osteoclasts release TGF-beta (L1)."""
    return (C + f0 * C_s) / (C + C_s)


@quantity
def pi_P(I_P, k_P, S_P, k6, k5):
    """Occupancy of PTH receptors; only infused PTH counts below the line (L2-L5)."""
    infused, endogenous, half = I_P / k_P, S_P / k_P, k6 / k5
    return (infused + endogenous) / (infused + half)


@quantity
def OPG(kO, K_O_P, R, pi_P, I_O):
    """OPG made by responding osteoblasts, repressed by PTH (L6)."""
    return (K_O_P * R / pi_P + I_O) / kO


@quantity
def pi_L(k3, k4, K_L_P, pi_P, B, I_L, r_L, K, k1, OPG, k2):
    """Occupancy of RANK; active osteoblasts carry RANKL, raised by PTH (L7)."""
    free = 1 + k3 * K / k4 + k1 * OPG / k2
    return k3 / k4 * K_L_P * pi_P * B * (1 + I_L / r_L) / free


# Cells


@gain("R")
def osteoblast_commitment(D_R, pi_C):
    """Progenitors that become responding osteoblasts (L9)."""
    return D_R * pi_C


@flow(source="R", target="B")
def osteoblast_differentiation(f0, d_B, R, pi_C):
    """Responding osteoblasts that become active (L8, L9, L10)."""
    return f0 * d_B * R / pi_C


@loss("B")
def osteoblast_elimination(k_B, B):
    """Active osteoblasts lost (L10)."""
    return k_B * B


@gain("C")
def osteoclast_differentiation(D_C, pi_L):
    """Precursors that become active osteoclasts (L11)."""
    return D_C * pi_L


@loss("C")
def osteoclast_apoptosis(D_A, pi_C, C):
    """Active osteoclasts lost under TGF-beta (L11)."""
    return D_A * pi_C * C


@gain("R")
def responding_osteoblasts_added(u_R):
    """Responding osteoblasts added or removed (L9)."""
    return u_R


@gain("B")
def active_osteoblasts_added(u_B):
    """Active osteoblasts added or removed (L10)."""
    return u_B


@gain("C")
def active_osteoclasts_added(u_C):
    """Active osteoclasts added or removed (L11)."""
    return u_C


@endpoint(unit="pM", meaning="Active osteoclasts")
def osteoclasts(C):
    """Active osteoclasts."""
    return C


@endpoint(unit="pM", meaning="Active osteoblasts")
def osteoblasts(B):
    """Active osteoblasts."""
    return B


MODEL = Model(
    name="lemaire2004",
    title="Bone cells coupled by RANK-RANKL-OPG, PTH and TGF-beta.",
    citation="Lemaire et al. 2004, J Theor Biol 229:293-309, doi:10.1016/j.jtbi.2004.03.023",
    parts=(
        *collect(sys.modules[__name__]),
        *(starts_at(name, f"{name}_0") for name in ("R", "B", "C")),
    ),
    parameters=load_parameters("lemaire2004"),
)
