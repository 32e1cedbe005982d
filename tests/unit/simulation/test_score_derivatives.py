"""Derivatives where T-scores are given agree with differences between simulations."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import remodel as rm
from remodel.errors import PatientError

SITES = ("lumbar_spine", "total_hip", "femoral_neck")
OUTPUTS = [
    *(f"bmd_{site}" for site in SITES),
    "bmd_lumbar_spine_percent_change",
    "t_score_total_hip",
    "ctx",
]
WOMEN = [
    rm.Patient(62, 48, t_score_lumbar_spine=-2.5, t_score_total_hip=-1.8),
    rm.Patient(55, 50),
    rm.Patient(70, 52, t_score_femoral_neck=-3.0, t_score_lumbar_spine=0.5),
]
SCHEDULE = "anastrozole 1 mg daily for 2 y from -6 mo; zoledronic acid 4 mg once"
DAYS = [0.0, 100.0, 700.0]
TIGHT = {"rtol": 1e-10, "times": DAYS, "outputs": OUTPUTS, "schedule": SCHEDULE}
NAMES = [
    "estradiol_peripheral",
    "remodeling_rate_lumbar_spine",
    "bmd_lumbar_spine_reference",
    "bmd_lumbar_spine_reference_sd",
    "bmd_lumbar_spine_reference_2",
    "bmd_femoral_neck_reference",
]
SET = ["bmd_lumbar_spine_young", "relative_density_lumbar_spine"]
SCORES = ["t_score_lumbar_spine", "t_score_total_hip"]
PARAMETERS = rm.load_model("reference").parameters


def assert_close(slopes, expected) -> None:
    size = np.max(np.abs(expected))
    assert slopes == pytest.approx(expected, rel=2e-4, abs=2e-5 * size + 1e-8)


def difference(name, step, women=WOMEN):
    """Return the central difference of every output by a parameter or a T-score."""
    ends = []
    for sign in (-1.0, 1.0):
        if name in PARAMETERS:
            value = PARAMETERS[name].value + sign * step
            ends.append(rm.simulate(patient=women, parameters={name: value}, **TIGHT))
        else:
            moved = [
                dataclasses.replace(woman, **{name: getattr(woman, name) + sign * step})
                for woman in women
            ]
            ends.append(rm.simulate(patient=moved, **TIGHT))
    return {n: (ends[1][n].values - ends[0][n].values) / (2 * step) for n in OUTPUTS}


@pytest.fixture(scope="module")
def found():
    return rm.simulate(patient=WOMEN, sensitivities=[*NAMES, *SET], **TIGHT)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_by_parameters_hold_the_scores(found, name) -> None:
    expected = difference(name, 1e-4 * PARAMETERS[name].value)
    for output in OUTPUTS:
        slopes = found[f"{output}_sensitivity"].sel(parameter=name).values
        assert_close(slopes, expected[output])


def test_at_day_0_scores_do_not_move(found) -> None:
    slopes = found.t_score_total_hip_sensitivity.sel(parameter="estradiol_peripheral")[:, 0]
    assert abs(slopes[0]) < 1e-9
    assert np.all(np.abs(slopes[1:]) > 1e-4)  # these women have no score there


def test_what_a_score_sets_has_no_effect_of_its_own(found) -> None:
    slopes = found.bmd_lumbar_spine_sensitivity.sel(parameter=SET).values
    assert np.all(slopes[:, [0, 2]] == 0.0)
    assert np.all(slopes[0, 1] > 0.1)


def test_other_women_change_no_bit(found) -> None:
    rows = [2, 0]
    women = [WOMEN[row] for row in rows]
    fewer = rm.simulate(patient=women, sensitivities=[*NAMES, *SET], **TIGHT)
    for output in OUTPUTS:
        name = f"{output}_sensitivity"
        assert np.array_equal(fewer[name].values, found[name].values[:, rows]), output


@pytest.mark.parametrize("name", SCORES)
def test_derivatives_by_a_score(name) -> None:
    women = WOMEN[:1]
    slopes = rm.simulate(patient=women, sensitivities=SCORES, **TIGHT).sel(parameter=name)
    expected = difference(name, 1e-3, women)
    for output in OUTPUTS:
        assert_close(slopes[f"{output}_sensitivity"].values, expected[output])


def test_a_score_cut_to_its_bounds_moves_density_alone() -> None:
    light = rm.Patient(62, t_score_lumbar_spine=-5.9, t_score_total_hip=-2.0)
    with pytest.warns(rm.UnusualPatientWarning, match="turnover there is that of"):
        found = rm.simulate(
            patient=light,
            parameters={"bmd_lumbar_spine_reference_sd": 0.14},
            sensitivities=SCORES,
            **TIGHT,
        )
    slopes = found.bmd_lumbar_spine_percent_change_sensitivity.values[0]
    assert slopes == pytest.approx(np.zeros_like(slopes), abs=1e-9)
    assert found.bmd_lumbar_spine_sensitivity.values[0, 0, 0] == pytest.approx(0.14)


def test_a_score_that_someone_lacks_is_no_parameter() -> None:
    with pytest.raises(PatientError, match="needs patients who have one"):
        rm.simulate(patient=WOMEN, sensitivities=["t_score_lumbar_spine"], **TIGHT)
