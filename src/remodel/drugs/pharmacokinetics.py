"""Pharmacokinetics that drugs share: absorption from the gut and one compartment.

Amounts are in mg. A drug class takes the equations it needs; within a drug the short names mean
its own states and parameters.
"""

from __future__ import annotations

from dataclasses import replace

from remodel.equations import Equation, State, flow, loss, quantity, state

gut = state("gut", "mg", "Drug in the gut")
central = state("central", "mg", "Drug in the body")


def microdosed(*parts: State | Equation) -> tuple[State | Equation, ...]:
    """Return parts of a drug given in microgram, whose amounts are followed more finely."""
    return tuple(
        replace(part, typical=0.01) if isinstance(part, State) and part.unit == "mg" else part
        for part in parts
    )


@flow(source="gut", target="central")
def absorption(absorption_rate, bioavailability, gut):
    """The share of an oral dose that reaches the blood."""
    return absorption_rate * bioavailability * gut


@loss("gut")
def not_absorbed(absorption_rate, bioavailability, gut):
    """The share of an oral dose that does not reach the blood."""
    return absorption_rate * (1 - bioavailability) * gut


@loss("central")
def elimination(clearance, volume, central):
    """Metabolism and excretion."""
    return clearance / volume * central


@quantity
def concentration(central, volume):
    """Plasma concentration."""
    return central / volume


ORAL = (gut, absorption, not_absorbed)
ONE_COMPARTMENT = (central, elimination, concentration)
