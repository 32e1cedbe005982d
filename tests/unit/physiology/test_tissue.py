"""Readouts of other methods than DXA, derived from the pools of bone."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.models.reference import MODEL

VALUES = {name: p.value * p.factor for name, p in MODEL.parameters.items()}
ARTEFACT_FREE, QCT = "bmd_lumbar_spine_artefact_free", "bmd_lumbar_spine_qct"
TISSUE = [f"tissue_mineral_density_{kind}" for kind in ("trabecular", "cortical")]
CORTEX = ["cortical_thickness_radius", "cortical_porosity_radius"]


def course(
    schedule: str | None, outputs: list[str], years: list[float], **woman: object
) -> dict[str, np.ndarray]:
    patient = rm.Patient(**{"age": 60, "menopause_age": 50, **woman})
    ds = rm.simulate(
        schedule=schedule, patient=patient, times=np.array(years) * 365.25, outputs=outputs
    )
    return {name: ds[name].values[0] for name in outputs}


@pytest.mark.parametrize(
    ("output", "parameter"),
    [
        (TISSUE[0], "tissue_mineral_premenopausal"),
        (TISSUE[1], "tissue_mineral_premenopausal"),
        (QCT, "qct_premenopausal"),
        (CORTEX[0], "cortical_thickness_premenopausal"),
        (CORTEX[1], "cortical_porosity_premenopausal"),
        ("ntx_serum", "ntx_serum_premenopausal"),
        ("sclerostin_serum", "sclerostin_serum_premenopausal"),
        (ARTEFACT_FREE, "bmd_lumbar_spine_young"),
    ],
)
def test_before_menopause_a_readout_is_that_of_the_table(output: str, parameter: str) -> None:
    now = course(None, [output], [0], age=40, menopause_age=None, menopause=None)
    assert now[output][0] == pytest.approx(VALUES[parameter], rel=1e-6)


def test_the_scan_without_degeneration_falls_where_the_scan_does_not() -> None:
    found = course(None, ["bmd_lumbar_spine", ARTEFACT_FREE, QCT], [0, 20])
    scan, bone, bodies = (values[1] / values[0] for values in found.values())
    years = 80 - VALUES["degeneration_onset"] / 365.25
    gained, lost = (
        365.25 * VALUES[f"{name}_lumbar_spine_rate"] for name in ("degeneration", "hidden_loss")
    )
    assert scan / bone == pytest.approx((1 + gained * years) / (1 - lost * years), rel=1e-3)
    assert bodies == pytest.approx(bone ** VALUES["qct_exponent"], rel=1e-6)
    assert bodies < bone < scan


def test_tissue_gains_mineral_where_turnover_falls_and_loses_it_where_turnover_rises() -> None:
    treated = course("zoledronic acid 5 mg yearly for 3 y", TISSUE, [0, 3], age=70)
    inhibited = course("anastrozole 1 mg daily for 3 y", TISSUE, [0, 3], age=70)
    for name in TISSUE:
        assert 1.01 < treated[name][1] / treated[name][0] < 1.08
        assert inhibited[name][1] < inhibited[name][0]


def test_mineral_of_tissue_says_nothing_of_how_much_tissue_there_is() -> None:
    """Two women with the same shares of fresh, young and mature bone."""
    assembly = MODEL.assembly()
    known = {**VALUES, "time": 70 * 365.25}
    start = assembly.evaluate_initial(known)
    half = {
        f"{stage}_lumbar_spine": 0.5 * start[f"{stage}_lumbar_spine"]
        for stage in ("fresh", "young", "mature")
    }
    much, little = (
        assembly.evaluate({**known, **start, **states}).quantities for states in ({}, half)
    )
    assert little[TISSUE[0]] == pytest.approx(much[TISSUE[0]])
    assert little["bmd_lumbar_spine"] == pytest.approx(0.5 * much["bmd_lumbar_spine"])


def test_cortex_gets_thinner_and_more_porous_after_menopause_and_denosumab_turns_it_round() -> None:
    lost = course(None, CORTEX, [0, 15], age=50)
    treated = course("denosumab 60 mg every 6 mo for 3 y", CORTEX, [0, 3], age=65)
    assert lost[CORTEX[0]][1] < 0.97 * lost[CORTEX[0]][0]
    assert lost[CORTEX[1]][1] > 1.1 * lost[CORTEX[1]][0]
    assert treated[CORTEX[0]][1] > treated[CORTEX[0]][0]
    assert treated[CORTEX[1]][1] < treated[CORTEX[1]][0]


def test_what_the_cortex_loses_is_thickness_and_pores() -> None:
    bone, thickness, porosity = course(None, ["bone_total_hip", *CORTEX], [0], age=75).values()
    share = VALUES["porous_share_of_cortical_loss"]
    dense = (1 - porosity) / (1 - VALUES["cortical_porosity_premenopausal"])
    thin = thickness / VALUES["cortical_thickness_premenopausal"]
    assert dense == pytest.approx(bone**share, rel=1e-6)
    assert thin * dense == pytest.approx(bone, rel=1e-6)


def test_serum_sclerostin_goes_on_rising_where_the_local_signal_has_saturated() -> None:
    """Inhibitor +56 % (Kim 2015), estradiol -27 % (Modder 2011)."""
    names = ["sclerostin_serum", "sclerostin"]
    serum, local = course("anastrozole 1 mg daily for 1 y", names, [0, 0.5], age=65).values()
    assert serum[1] / serum[0] > local[1] / local[0] + 0.1
    given = course("estradiol 0.1 mg patch daily for 1 y", names, [0, 0.1], age=60)
    assert -40 < 100 * (given["sclerostin_serum"][1] / given["sclerostin_serum"][0] - 1) < -15


def test_ntx_of_serum_moves_as_ntx_of_urine_and_less_far() -> None:
    found = course("denosumab 60 mg once", ["ntx_serum", "ntx"], [0, 0.1], age=65)
    serum, urine = (values[1] / values[0] for values in found.values())
    assert urine < serum < 1
