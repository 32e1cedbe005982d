"""The recipe for adding a model, on one with a closed form: cells made, lost, and killed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from remodel.drugs import Drug
from remodel.equations import endpoint, gain, loss, quantity, starts_at, state
from remodel.errors import ModelError
from remodel.models import Model
from remodel.parameters import Parameter, ParameterSet

cells = state("cells", "-", "Cells")
level = state("level", "pmol", "Drug")


@gain("cells")
def production(made):
    """Cells made."""
    return made


@loss("cells")
def removal(lost, cells):
    """Cells lost."""
    return lost * cells


@loss("level")
def elimination(cleared, level):
    """Drug cleared."""
    return cleared * level


@quantity
def cells_0(made, lost):
    """Steady state."""
    return made / lost


@quantity
def amount_per_mg(absorbed, pmol_per_mg):
    """Absorbed drug for a dose of 1 mg."""
    return absorbed * pmol_per_mg


@endpoint(unit="-", meaning="Cells relative to the start")
def ctx(cells, cells_0):
    """Cells relative to their steady state."""
    return cells / cells_0


def parameter(name: str, value: float, unit: str) -> Parameter:
    return Parameter(name, value, unit, 0.0, 1e9, name, "made up")


PARAMETERS = ParameterSet(
    [
        parameter("made", 3.0, "1/d"),
        parameter("lost", 0.1, "1/d"),
        parameter("cleared", 0.2, "1/d"),
        parameter("absorbed", 0.5, "-"),
        parameter("pmol_per_mg", 1000.0, "pmol/mg"),
    ],
    "small",
)
PARTS = (
    cells, level, production, removal, elimination, cells_0, amount_per_mg, ctx,
    starts_at("cells", "cells_0"),
)  # fmt: skip
MODEL = Model(
    name="small",
    title="Cells with a steady state.",
    citation="made up",
    parts=PARTS,
    parameters=PARAMETERS,
    drugs={"drug": Drug("drug", (), {"sc": "level"}, "test", {"sc": "amount_per_mg"})},
)


def values() -> dict[str, float]:
    return {name: p.value * p.factor for name, p in MODEL.all_parameters.items()}


def test_starts_at_its_steady_state() -> None:
    state_0 = MODEL.assembly().evaluate_initial({**values(), "time": 0.0})
    assert state_0 == {"cells": pytest.approx(30.0), "level": 0.0}
    assert MODEL.evaluate(state_0).rates()["cells"] == pytest.approx(0.0)


def test_terms_of_a_rate_have_names_and_signs() -> None:
    terms = MODEL.evaluate({"cells": 10.0, "level": 0.0}).terms["cells"]
    assert terms == {"production": 3.0, "removal": -1.0}


def test_dose_in_mg_enters_a_state_of_the_body_in_its_unit() -> None:
    assert MODEL.dose_target("drug", "sc") == ("level", "amount_per_mg")
    assert MODEL.constants(["amount_per_mg"], values()) == {"amount_per_mg": 500.0}


def test_constant_dosing_is_converted_like_a_dose() -> None:
    known = {**values(), "drug_sc_rate": 2.0, "cells": 30.0, "level": 0.0, "time": 0.0}
    rates = MODEL.assembly(["drug"]).evaluate(known).rates()
    assert rates["level"] == 1000.0


def test_constants_take_arrays_of_parameters() -> None:
    many = {**values(), "absorbed": np.array([0.5, 1.0])}
    found = MODEL.constants(["amount_per_mg", "lost"], many)
    np.testing.assert_array_equal(found["amount_per_mg"], [500.0, 1000.0])
    assert found["lost"] == 0.1


def test_a_constant_may_not_depend_on_a_state() -> None:
    with pytest.raises(ModelError, match="'ctx' is not constant: it depends on 'cells'"):
        MODEL.constants(["ctx"], values())


def test_a_constant_must_exist() -> None:
    with pytest.raises(ModelError, match="uses 'amount', which nothing defines"):
        MODEL.constants(["amount"], values())


def test_an_unknown_route_is_refused() -> None:
    with pytest.raises(ModelError, match=r"drug 'drug' has no route 'iv'. Known: sc."):
        MODEL.dose_target("drug", "iv")


def test_a_dose_factor_needs_a_route() -> None:
    with pytest.raises(ModelError, match="dose factor for route 'oral'"):
        Drug("drug", (), {"sc": "level"}, "test", {"oral": "absorbed"})


def test_a_drug_without_factor_enters_in_mg() -> None:
    depot = Drug("plain", (state("depot", "mg", "Depot"),), {"oral": "depot"}, "test")
    model = Model("m", "m", "m", PARTS, PARAMETERS, {"plain": depot})
    assert model.dose_target("plain", "oral") == ("plain_depot", "")
    rates = model.assembly(["plain"]).evaluate(
        {**values(), "plain_oral_rate": 2.0, "cells": 30.0, "level": 0.0, "plain_depot": 0.0}
    )
    assert rates.rates()["plain_depot"] == 2.0


def test_simulation_follows_the_closed_form() -> None:
    import remodel as rm

    found = rm.simulate(
        MODEL,
        schedule="drug 2 mg once",
        times=[0.0, 5.0, 10.0],
        outputs=["level", "ctx"],
        rtol=1e-9,
    )
    expected = [1000 * math.exp(-0.2 * t) for t in (5.0, 10.0)]
    np.testing.assert_allclose(found.level.values[0, 1:], expected, rtol=1e-7)
    np.testing.assert_allclose(found.ctx.values[0], 1.0, rtol=1e-12)
