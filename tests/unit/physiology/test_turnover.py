"""A woman's turnover moves all remodeling rates and her markers, and no balance."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm

FACTORS = [0.5, 1.0, 2.0]
BMD = ("bmd_lumbar_spine", "bmd_total_hip", "bmd_femoral_neck")


@pytest.mark.parametrize("factor", FACTORS)
def test_before_menopause_she_is_in_balance_whatever_her_turnover(factor) -> None:
    young = rm.simulate(
        patient=rm.Patient(30, menopause=None), parameters={"turnover": factor}, years=10
    )
    for name in (*BMD, "ctx", "p1np", "calcium", "pth"):
        values = young[name].values[0]
        assert values == pytest.approx(np.full_like(values, values[0]), rel=1e-5), name


@pytest.mark.parametrize("marker", ["ctx", "ntx", "p1np", "bsap"])
def test_markers_rise_with_turnover_above_their_floor(marker) -> None:
    levels = rm.simulate(
        patient=rm.Patient(30, menopause=None),
        parameters={"turnover": FACTORS},
        years=1,
        outputs=[marker],
    )[marker].values[:, 0]
    parameters = rm.load_model("reference").parameters
    usual, floor = (parameters[f"{marker}_{word}"].value for word in ("premenopausal", "floor"))
    expected = [usual * (floor + (1 - floor) * factor) for factor in FACTORS]
    assert levels == pytest.approx(expected, rel=1e-5)


def test_faster_turnover_loses_more_and_gains_more() -> None:
    arms = [None] * 3 + ["zoledronic acid 5 mg once"] * 3
    found = rm.simulate(
        patient=rm.Patient(50, 50), schedule=arms, parameters={"turnover": FACTORS * 2}, years=2
    )
    untreated, treated = np.split(found.bmd_lumbar_spine_percent_change.values[:, -1], 2)
    assert np.all(np.diff(untreated) < 0)
    assert np.all(np.diff(treated - untreated) > 0)
