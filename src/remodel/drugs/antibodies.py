"""Antibodies: linear clearance, and uptake together with the target, which saturates."""

from __future__ import annotations

from remodel.equations import loss


@loss("central")
def elimination(clearance, concentration):
    """Linear clearance, as of any antibody."""
    return clearance * concentration


@loss("central")
def uptake_with_target(maximal_uptake, uptake_half_saturation, concentration):
    """Saturable uptake of antibody bound to its target; it ends the effect of an injection."""
    return maximal_uptake * concentration / (uptake_half_saturation + concentration)
