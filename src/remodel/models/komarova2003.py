"""Komarova 2003: one remodeling site, two cell populations that regulate each other.

Each population is made at a rate that is a power of both, and bone changes with the cells above
their steady state. The exponent ``g11``, by which osteoclasts regulate themselves, decides between
one remodeling cycle, sustained cycles and instability. K numbers are those of
docs/published_equations.md.

==========  ==================  ==========================================
name        symbol              meaning
==========  ==================  ==========================================
x1, x2      x_1, x_2            osteoclasts, osteoblasts per site [-]
z           z                   bone mass [% of the start]
gij         g_ij                effect of cell i on the production of j [-]
x1_ss       x_1 with a bar      steady state [-]
y1, y2      y_1, y_2            cells that act on bone [-]
==========  ==================  ==========================================

References
----------
.. [1] Komarova SV, Smith RJ, Dixon SJ, Sims SM, Wahl LM (2003). Mathematical model predicts a
   critical role for osteoclast autocrine regulation in the control of bone remodeling.
   Bone 33:206-215. doi:10.1016/S8756-3282(03)00157-1
"""

from __future__ import annotations

import sys

from remodel.equations import (
    collect,
    endpoint,
    gain,
    loss,
    maximum,
    quantity,
    starts_at,
    state,
)
from remodel.models.model import Model
from remodel.parameters import load_parameters

x1 = state("x1", "-", "Osteoclasts at the remodeling site")
x2 = state("x2", "-", "Osteoblasts at the remodeling site", typical=100)
z = state("z", "%", "Bone mass relative to the start", typical=100)


# Steady state; the exponent of the second factor of K3 is misprinted in the paper.


@quantity
def gamma(g12, g21, g11, g22):
    """Net strength of the loop between the cells (K1)."""
    return g12 * g21 - (1 - g11) * (1 - g22)


@quantity
def x1_ss(beta1, alpha1, beta2, alpha2, g21, g22, gamma):
    """Steady state of osteoclasts (K2)."""
    return (beta1 / alpha1) ** ((1 - g22) / gamma) * (beta2 / alpha2) ** (g21 / gamma)


@quantity
def x2_ss(beta1, alpha1, beta2, alpha2, g12, g11, gamma):
    """Steady state of osteoblasts (K3)."""
    return (beta1 / alpha1) ** (g12 / gamma) * (beta2 / alpha2) ** ((1 - g11) / gamma)


@quantity
def y1(x1, x1_ss):
    """Osteoclasts that resorb (K4)."""
    return maximum(x1 - x1_ss, 0.0)


@quantity
def y2(x2, x2_ss):
    """Osteoblasts that form bone (K5)."""
    return maximum(x2 - x2_ss, 0.0)


# Cells and bone


@gain("x1")
def osteoclast_production(alpha1, x1, g11, x2, g21):
    """Osteoclasts made (K6)."""
    return alpha1 * x1**g11 * x2**g21


@loss("x1")
def osteoclast_removal(beta1, x1):
    """Osteoclasts removed (K6)."""
    return beta1 * x1


@gain("x2")
def osteoblast_production(alpha2, x1, g12, x2, g22):
    """Osteoblasts made (K7)."""
    return alpha2 * x1**g12 * x2**g22


@loss("x2")
def osteoblast_removal(beta2, x2):
    """Osteoblasts removed (K7)."""
    return beta2 * x2


@gain("z")
def formation(k2, y2):
    """Bone formed (K8)."""
    return k2 * y2


@loss("z")
def resorption(k1, y1):
    """Bone resorbed (K8)."""
    return k1 * y1


@endpoint(unit="-", meaning="Osteoclasts at the remodeling site")
def osteoclasts(x1):
    """Osteoclasts at the site."""
    return x1


@endpoint(unit="-", meaning="Osteoblasts at the remodeling site")
def osteoblasts(x2):
    """Osteoblasts at the site."""
    return x2


@endpoint(unit="%", meaning="Bone mass relative to the start")
def bone_mass(z):
    """Bone mass at the site."""
    return z


MODEL = Model(
    name="komarova2003",
    title="One bone remodeling site: osteoclasts and osteoblasts that regulate each other.",
    citation="Komarova et al. 2003, Bone 33:206-215, doi:10.1016/S8756-3282(03)00157-1",
    parts=(
        *collect(sys.modules[__name__]),
        starts_at("x1", "x1_0"),
        starts_at("x2", "x2_0"),
        starts_at("z", "z_0"),
    ),
    parameters=load_parameters("komarova2003"),
)
