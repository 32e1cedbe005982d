"""What drugs do: estradiol on aromatase inhibitors, partial agonism, the ovary left alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import remodel as rm
from remodel.models.reference import MODEL

WOMAN = rm.Patient(age=60, menopause_age=50)
DAILY = {"anastrozole": "1 mg", "letrozole": "2.5 mg", "exemestane": "25 mg"}
RESIDUAL = {"anastrozole": 0.101, "letrozole": 0.059, "exemestane": 0.078}
"""Share of estradiol left: Dixon 2008; Geisler 1998."""


def value(output: str, schedule: str | None, day: float, patient: rm.Patient = WOMAN) -> float:
    ds = rm.simulate(
        "reference",
        schedule=schedule,
        patient=patient,
        times=np.array([0.0, day]),
        outputs=[output],
    )
    return float(ds[output][0, 1])


@pytest.mark.parametrize("drug", DAILY)
def test_residual_estradiol_after_three_months(drug: str) -> None:
    found = value("estradiol", f"{drug} {DAILY[drug]} daily for 1 y", 91)
    assert found / 18 == pytest.approx(RESIDUAL[drug], rel=0.05)
    assert 1 <= found <= 3


@pytest.mark.parametrize("drug", DAILY)
def test_the_cycling_ovary_escapes_an_aromatase_inhibitor(drug: str) -> None:
    young = rm.Patient(age=40, menopause=None)
    found = value("estradiol", f"{drug} {DAILY[drug]} daily for 1 y", 91, young)
    assert found > 0.94 * 350


def test_suppression_outlasts_anastrozole_for_days_and_exemestane_by_enzyme_turnover() -> None:
    for drug, low, high in (("anastrozole", 0.1, 0.4), ("exemestane", 0.4, 0.9)):
        schedule = f"{drug} {DAILY[drug]} daily for 100 d"
        assert low < value("estradiol", schedule, 106) / 18 < high
        assert value("estradiol", schedule, 130) / 18 > 0.9


def test_dose_response_of_letrozole_is_flat() -> None:
    low, usual = (value("estradiol", f"letrozole {d} mg daily for 1 y", 91) for d in (0.5, 2.5))
    assert low - usual < 0.05 * 18


def test_tamoxifen_builds_bone_after_menopause_and_costs_it_before() -> None:
    schedule = "tamoxifen 20 mg daily for 3 y"
    after = value("bmd_lumbar_spine_percent_change", schedule, 730)
    before = value(
        "bmd_lumbar_spine_percent_change", schedule, 730, rm.Patient(age=43, menopause=None)
    )
    assert before < -0.3 < 0.5 < after


def test_more_denosumab_never_raises_ctx_in_the_first_month() -> None:
    found = [value("ctx", f"denosumab {dose} mg once", 20) for dose in (6, 14, 30, 60, 210)]
    assert all(b <= a for a, b in pairwise(found))


def test_denosumab_lasts_about_six_months() -> None:
    schedule = "denosumab 60 mg once"
    assert value("ctx_percent_change", schedule, 30) < -70
    assert value("ctx_percent_change", schedule, 180) < -45
    assert value("ctx_percent_change", schedule, 330) > 0


def test_denosumab_exposure_is_of_the_published_size() -> None:
    """Peak within a factor of 1.5 of 6.75 ug/mL, about ten days after 60 mg (label)."""
    times = np.arange(0.0, 60.0)
    ds = rm.simulate(
        "reference",
        schedule="denosumab 60 mg once",
        patient=WOMAN,
        times=times,
        outputs=["denosumab_concentration"],
    )
    level = ds.denosumab_concentration.values[0]
    assert 6.75 / 1.5 < level.max() < 6.75 * 1.5
    assert 5 <= times[level.argmax()] <= 15


def test_terminal_half_life_of_alendronate_is_about_ten_years() -> None:
    """At least ten years by urine (Khan 1997)."""
    year = 365.25
    times = np.array([0.0, 10 * year, 18 * year])
    ds = rm.simulate(
        "reference",
        schedule="alendronate 10 mg daily for 5 y",
        patient=WOMAN,
        times=times,
        outputs=["alendronate_surface", "alendronate_buried"],
    )
    total = (ds.alendronate_surface + ds.alendronate_buried).values[0]
    half_life = 8 * np.log(2) / np.log(total[1] / total[2])
    assert 6 < half_life < 16


def test_one_law_of_affinity_says_how_fast_each_bisphosphonate_leaves_the_surface() -> None:
    order = ("zoledronic_acid", "alendronate", "ibandronate", "risedronate")
    assembly = MODEL.assembly(order)
    known = {n: p.value * p.factor for n, p in MODEL.all_parameters.items()} | {"time": 25e3}
    found = assembly.evaluate({**known, **assembly.evaluate_initial(known)}).quantities
    rates = [found[f"{drug}_surface_loss_rate"] for drug in order]
    assert rates == sorted(rates)
    affinities = [known[f"{drug}_affinity"] for drug in order]
    slopes = np.diff(np.log(rates)) / np.diff(np.log(affinities))
    assert slopes == pytest.approx(-known["bisphosphonate_affinity_exponent"])
    assert rates[1] == pytest.approx(known["bisphosphonate_surface_loss_rate"])
