"""Injection under the skin, as drugs share it: a depot from which blood takes up a share."""

from __future__ import annotations

from remodel.equations import flow, loss, state

depot = state("depot", "mg", "Drug under the skin")


@flow(source="depot", target="central")
def absorption(absorption_rate, bioavailability, depot):
    """The share of an injection that reaches the blood."""
    return absorption_rate * bioavailability * depot


@loss("depot")
def not_absorbed(absorption_rate, bioavailability, depot):
    """The share that is broken down under the skin."""
    return absorption_rate * (1 - bioavailability) * depot


SUBCUTANEOUS = (depot, absorption, not_absorbed)
