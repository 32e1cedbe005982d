"""Teriparatide within cortex: units that need RANKL, cavities that are filled, what markers see."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.models.reference import MODEL

MONTH = 30.4375
WOMAN = rm.Patient(age=66, menopause_age=50)
TERIPARATIDE = "teriparatide 20 ug daily for 24 mo"
DENOSUMAB = "denosumab 60 mg every 6 mo x 4"
UNITS = "teriparatide_cortical_units"


def course(schedule: str, months: object, *outputs: str, **options: object) -> list[np.ndarray]:
    times = np.asarray(months, dtype=float) * MONTH
    ds = rm.simulate(
        "reference",
        schedule=schedule,
        patient=WOMAN,
        times=times,
        outputs=list(outputs),
        **options,
    )
    return [ds[name].values[0] for name in outputs]


def test_what_is_resorbed_within_cortex_is_filled_but_for_a_share() -> None:
    months = np.arange(0.0, 96.0, 0.25)
    resorption, excess, refill = course(
        "teriparatide 20 ug daily for 12 mo",
        months,
        "resorption",
        "teriparatide_cortical_resorption",
        "teriparatide_cortical_refill",
    )
    share = MODEL.parameters["teriparatide_refilled_share"].value
    resorbed, filled = (np.trapezoid(rate, months) for rate in (resorption * excess, refill))
    assert filled == pytest.approx(share * resorbed, rel=5e-3)


def test_cavities_open_before_they_are_filled() -> None:
    months = np.arange(0.0, 24.0, 0.25)
    resorption, excess, refill = course(
        TERIPARATIDE,
        months,
        "resorption",
        "teriparatide_cortical_resorption",
        "teriparatide_cortical_refill",
    )
    assert np.argmax(resorption * excess) + 4 < np.argmax(refill)


def test_hip_holds_after_the_drug_what_spine_loses() -> None:
    """Cavities within cortex are filled after the last injection."""
    spine, hip = course(
        "teriparatide 20 ug daily for 12 mo", [0, 12, 18], "bmd_lumbar_spine", "bmd_total_hip"
    )
    assert hip[2] > 0.998 * hip[1]
    assert hip[2] / hip[1] > spine[2] / spine[1]


def test_units_within_cortex_need_rankl() -> None:
    alone, together = (
        course(schedule, [12], UNITS)[0][0]
        for schedule in (TERIPARATIDE, f"{TERIPARATIDE}; {DENOSUMAB}")
    )
    assert together < 0.8 * alone


def test_markers_count_what_happens_within_cortex() -> None:
    """Without it CTX, NTX, P1NP and bone-specific alkaline phosphatase would rise less."""
    names = [f"{marker}_percent_change" for marker in ("ctx", "ntx", "p1np", "bsap")]
    with_cortex = course(TERIPARATIDE, [0, 12], *names)
    without = course(TERIPARATIDE, [0, 12], *names, parameters={"cortical_share_skeleton": 0.6})
    for more, less in zip(with_cortex, without, strict=True):
        assert more[1] > less[1] + 5


def test_p1np_rises_more_than_alkaline_phosphatase_and_ctx() -> None:
    """P1NP +175, CTX +112 % at a year (DATA, Tsai 2013, Leder 2014)."""
    names = [f"{marker}_percent_change" for marker in ("p1np", "ctx", "bsap")]
    p1np, ctx, bsap = (found[1] for found in course(TERIPARATIDE, [0, 12], *names))
    assert p1np == pytest.approx(175, abs=70)
    assert ctx == pytest.approx(112, abs=70)
    assert bsap < p1np - 20


def test_markers_peak_in_the_first_year_and_fall_in_the_second() -> None:
    names = ["p1np_percent_change", "ctx_percent_change"]
    months = np.arange(0.0, 25.0)
    for found in course(TERIPARATIDE, months, *names):
        assert 5 <= np.argmax(found) <= 12
        assert found[24] < 0.8 * found[12]


def test_denosumab_with_it_keeps_markers_down() -> None:
    """Both are suppressed at every visit (DATA, Leder 2014)."""
    names = ["p1np_percent_change", "ctx_percent_change"]
    for found in course(f"{TERIPARATIDE}; {DENOSUMAB}", [0, 3, 6, 12, 18, 24], *names):
        assert np.all(found[1:] < -25)


def test_turnover_returns_once_the_drug_stops() -> None:
    names = ["p1np_percent_change", "ctx_percent_change"]
    for found in course("teriparatide 20 ug daily for 12 mo", [0, 12, 24], *names):
        assert abs(found[2]) < 0.2 * found[1]
