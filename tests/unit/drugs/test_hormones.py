"""Hormone therapy, raloxifene, GnRH analogues and cytokine blockers."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm

MONTH = 30.4375
OLDER = rm.Patient(age=63, menopause_age=50)
YOUNG = rm.Patient(age=40, menopause=None)


def course(
    schedule: str | None, months: list[float], patient: rm.Patient, *outputs: str
) -> dict[str, np.ndarray]:
    ds = rm.simulate(
        "reference",
        schedule=schedule,
        patient=patient,
        times=np.array(months) * MONTH,
        outputs=list(outputs),
    )
    return {name: ds[name].values[0] for name in outputs}


def estradiol(schedule: str, month: float, patient: rm.Patient = OLDER) -> float:
    return float(course(schedule, [0, month], patient, "estradiol")["estradiol"][1])


def test_patch_tablet_and_ultra_low_patch_raise_estradiol() -> None:
    """50 ug: 30-50 pg/mL; 14 ug: about 8.6 pg/mL, above 4.8 on placebo (Ettinger 2004)."""
    patch = estradiol("estradiol 0.05 mg patch daily for 1 y", 6)
    tablet = estradiol("estradiol 1 mg oral daily for 1 y", 6)
    ultra_low = estradiol("estradiol 14 ug patch daily for 1 y", 6)
    assert 80 < patch < 180
    assert tablet == pytest.approx(patch, rel=0.15)
    assert 25 < ultra_low < 50
    assert estradiol("estradiol 0.05 mg patch daily for 1 y", 12.2) == pytest.approx(18, abs=1)


def test_half_of_the_gain_comes_from_a_quarter_of_the_dose() -> None:
    """The less estradiol there is, the more a little of it does (ULTRA)."""
    outputs = "bmd_lumbar_spine_percent_change"
    gain = [
        float(
            course(f"estradiol {dose} ug patch daily for 2 y", [0, 24], OLDER, outputs)[outputs][1]
        )
        for dose in (0, 14, 50)
    ]
    assert gain[1] - gain[0] > 0.4 * (gain[2] - gain[0])


def test_estradiol_adds_little_before_menopause() -> None:
    found = course("estradiol 0.05 mg patch daily for 1 y", [0, 12], YOUNG, "ctx_percent_change")
    assert -10 < found["ctx_percent_change"][1] < 0


def test_an_aromatase_inhibitor_leaves_the_patch_alone() -> None:
    both = estradiol("estradiol 0.05 mg patch daily for 1 y; letrozole 2.5 mg daily for 1 y", 6)
    patch = estradiol("estradiol 0.05 mg patch daily for 1 y", 6)
    assert 0 < patch - both < 18


def test_raloxifene_builds_bone_after_menopause_and_doubling_it_adds_little() -> None:
    name = "bmd_lumbar_spine_percent_change"
    none, usual, double = (
        float(course(s, [0, 36], OLDER, name)[name][1])
        for s in (None, "raloxifene 60 mg daily for 3 y", "raloxifene 120 mg daily for 3 y")
    )
    assert usual - none > 1.5
    assert 0 <= double - usual < 0.5


@pytest.mark.parametrize("implant", ["goserelin 3.6 mg", "triptorelin 3.75 mg"])
def test_gnrh_analogue_stops_the_ovary_for_as_long_as_it_is_given(implant: str) -> None:
    months = [0, 1, 3, 5.9, 9, 12]
    found = course(f"{implant} every 28 d x 6", months, YOUNG, "estradiol")["estradiol"]
    assert found[0] == pytest.approx(350, rel=1e-6)
    assert np.all(found[2:4] < 0.15 * 350)
    assert found[-1] > 0.95 * 350


def test_inhibitor_with_suppression_takes_more_than_either_alone() -> None:
    """At least -95 % with exemestane (SOFT-EST, Bellet 2016); the inhibitor alone does little."""
    implant, tablet = "triptorelin 3.75 mg every 28 d x 13", "exemestane 25 mg daily for 1 y"
    both = estradiol(f"{implant}; {tablet}", 6, YOUNG)
    assert both < 0.05 * 350
    assert estradiol(implant, 6, YOUNG) > 1.5 * both
    assert estradiol(tablet, 6, YOUNG) > 0.9 * 350


def test_bone_is_lost_under_suppression_and_comes_back() -> None:
    """About -3 % at the spine in half a year (nafarelin 1995), most of it back in a year or two."""
    name = "bmd_lumbar_spine_percent_change"
    found = course("goserelin 3.6 mg every 28 d x 7", [0, 6, 9, 36], YOUNG, name)[name]
    assert -5 < found[1] < -1
    assert found[3] > 0.6 * found[2]


def test_gnrh_analogue_does_nothing_after_menopause() -> None:
    found = course("goserelin 3.6 mg every 28 d x 6", [0, 6], OLDER, "estradiol")["estradiol"]
    assert found[1] == pytest.approx(found[0], abs=1e-6)


WITHDRAWAL = "estradiol 0.1 mg patch daily for 60 d"
BLOCKERS = {
    "IL-1": ("anakinra 100 mg daily for 21 d from 60 d", 0.40),
    "TNF": ("etanercept 25 mg every 84 h x 6 from 60 d", 0.50),
}


def rise(blocker: str = "") -> float:
    """Rise of CTX in the three weeks after estradiol is withdrawn [%]."""
    schedule = f"{WITHDRAWAL}; {blocker}" if blocker else WITHDRAWAL
    patient = rm.Patient(age=55, menopause_age=52)
    ctx = course(schedule, [60 / MONTH, 81 / MONTH], patient, "ctx")["ctx"]
    return float(100 * (ctx[1] / ctx[0] - 1))


@pytest.mark.parametrize("cytokine", BLOCKERS)
def test_a_blocker_takes_its_share_of_the_rise_after_withdrawal(cytokine: str) -> None:
    """43 % without, 26 % with anakinra, 22 % with etanercept (Charatcharoenwitthaya 2007)."""
    schedule, share = BLOCKERS[cytokine]
    assert 20 < rise() < 50
    assert 1 - rise(schedule) / rise() == pytest.approx(share, abs=0.15)


def test_both_blockers_take_most_of_it() -> None:
    both = rise("; ".join(schedule for schedule, _ in BLOCKERS.values()))
    assert both < 0.3 * rise()
