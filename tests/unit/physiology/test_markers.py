"""Markers of turnover: linear above a floor, and from the whole skeleton."""

from __future__ import annotations

import pytest

from remodel.models.reference import MODEL
from remodel.physiology.markers import level

AGE = 60 * 365.25


def evaluated(**changed: float) -> dict[str, float]:
    numbers = {n: p.value * p.factor for n, p in MODEL.all_parameters.items()}
    states = MODEL.assembly(["teriparatide"]).evaluate_initial({**numbers, "time": AGE})
    states.update(changed)
    return MODEL.evaluate(states, time=AGE, drugs=["teriparatide"]).quantities


@pytest.mark.parametrize("floor", [0.0, 0.3])
def test_level_is_premenopausal_at_turnover_of_one_and_never_below_its_floor(floor: float) -> None:
    assert level(38.0, floor, 1.0, 1.0) == pytest.approx(38.0)
    assert level(38.0, floor, 1.0, 0.0) == pytest.approx(38.0 * floor)


def test_without_a_drug_markers_follow_the_cells_alone() -> None:
    found = evaluated(osteoclasts=1.7)
    assert found["resorption_of_skeleton"] == found["resorption"]
    assert found["cortical_formation_of_skeleton"] == 0.0


def test_resorption_within_cortex_counts_by_its_share() -> None:
    found = evaluated(teriparatide_cortical_units=0.4)
    share = MODEL.parameters["cortical_share_skeleton"].value
    excess = found["intracortical_resorption"]
    assert excess > 0
    expected = found["resorption"] * (1 + share * excess)
    assert found["resorption_of_skeleton"] == pytest.approx(expected)


def test_formation_within_cortex_counts_by_its_share() -> None:
    before, after = (evaluated(teriparatide_cortical_refill=refill) for refill in (0.0, 1.0))
    numbers = {name: MODEL.parameters[name].value for name in MODEL.parameters}
    share = numbers["cortical_share_skeleton"]
    for marker in ("p1np", "bsap"):
        above = numbers[f"{marker}_premenopausal"] * (1 - numbers[f"{marker}_floor"])
        assert after[marker] - before[marker] == pytest.approx(above * share)


def test_preosteoblasts_that_stay_make_more_collagen_and_no_more_phosphatase() -> None:
    before, after = (evaluated(teriparatide_cortical_units=units) for units in (0.0, 0.4))
    assert after["p1np"] > before["p1np"]
    assert after["bsap"] == before["bsap"]
