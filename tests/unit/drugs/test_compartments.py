"""Compartments of a drug by number, as a table of doses names them."""

from __future__ import annotations

import remodel as rm
from remodel.drugs import Drug
from remodel.equations import state

depot, central = state("depot", "mg", "Depot"), state("central", "mg", "Blood")


def test_compartments_stand_in_order_with_the_route_of_a_dose() -> None:
    drug = Drug("drug", (depot, central), {"iv": "central", "sc": "depot"}, "test")
    assert drug.compartments == (("depot", "sc"), ("central", "iv"))
    assert rm.load_model("reference").drugs["denosumab"].compartments[:2] == (
        ("depot", "sc"),
        ("central", ""),
    )


def test_of_two_routes_into_one_compartment_the_first_is_meant() -> None:
    drug = Drug("drug", (depot,), {"sc": "depot", "oral": "depot"}, "test")
    assert drug.compartments == (("depot", "sc"),)


def test_states_of_the_body_that_doses_enter_come_last() -> None:
    drug = Drug("drug", (depot,), {"iv": "plasma", "sc": "depot"}, "test")
    assert drug.compartments == (("depot", "sc"), ("plasma", "iv"))
