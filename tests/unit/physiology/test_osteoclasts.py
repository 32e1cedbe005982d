"""RANK, the pool that waits, and what drugs do to osteoclasts."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.models.reference import MODEL

WOMAN = rm.Patient(age=60, menopause_age=50)
MONTH = 30.4375


def course(schedule: str, months: np.ndarray, *outputs: str, **parameters: float) -> rm.Dataset:
    return rm.simulate(
        "reference",
        schedule=schedule,
        patient=WOMAN,
        times=months * MONTH,
        outputs=list(outputs),
        parameters=parameters or None,
    )


def test_denosumab_fills_the_waiting_pool_and_the_pool_saturates() -> None:
    months = np.arange(0, 121, 6.0)
    ds = course("denosumab 60 mg every 6 mo x 20", months, "arrested_osteoclasts", "osteoclasts")
    pool = ds.arrested_osteoclasts.values[0]
    assert pool[4] > 5 * pool[0]
    assert abs(pool[-1] / pool[-5] - 1) < 0.3 * abs(pool[8] / pool[4] - 1)
    assert np.all(ds.osteoclasts.values[0, 1:] < 1)


def rebound(years: int) -> float:
    """Highest CTX after the last dose relative to the start."""
    months = np.arange(0, 12.0 * years + 37, 1.0)
    ds = course(f"denosumab 60 mg every 6 mo x {2 * years}", months, "ctx")
    return float(ds.ctx.values[0].max() / ds.ctx.values[0, 0])


def test_rebound_grows_with_treatment_and_is_bounded() -> None:
    short, medium, long, longest = (rebound(y) for y in (1, 2, 5, 10))
    assert 1.05 < short < medium < long <= longest * 1.001 < 2.5
    assert longest - long < 0.5 * (medium - short) + 0.01


def test_rebound_is_over_within_about_two_years() -> None:
    months = np.array([0.0, 24, 48, 54])
    ctx = course("denosumab 60 mg every 6 mo x 4", months, "ctx_percent_change")
    assert abs(float(ctx.ctx_percent_change[0, 3])) < 10


def test_bisphosphonate_leaves_no_rebound() -> None:
    months = np.arange(0, 121, 2.0)
    ds = course("alendronate 10 mg daily for 5 y", months, "ctx_percent_change", "rank_activation")
    assert float(ds.ctx_percent_change.max()) < 1e-6
    assert np.ptp(ds.rank_activation.values) < 0.25  # PTH rises, young osteocytes get fewer


def test_zoledronic_acid_after_denosumab_caps_the_rebound() -> None:
    months = np.arange(0, 61, 1.0)
    alone = course("denosumab 60 mg every 6 mo x 4", months, "ctx", "bmd_total_hip")
    both = course(
        "denosumab 60 mg every 6 mo x 4; zoledronic acid 5 mg once from 24 mo",
        months,
        "ctx",
        "bmd_total_hip",
    )
    assert float(both.ctx.max()) < 0.75 * float(alone.ctx.max())
    assert float(both.bmd_total_hip[0, 48]) > float(alone.bmd_total_hip[0, 48])


@pytest.mark.parametrize("stronger", [2.0, 5.0])
def test_effect_of_bisphosphonate_on_the_surface_saturates(stronger: float) -> None:
    months = np.array([0.0, 12.0])
    one, more = (
        course(f"zoledronic acid {dose} mg once", months, "ctx_percent_change")
        for dose in (1, stronger)
    )
    first, second = float(one.ctx_percent_change[0, 1]), float(more.ctx_percent_change[0, 1])
    assert second < first < 0
    assert second > stronger * first


def test_more_osteoclasts_leave_less_bisphosphonate_for_each() -> None:
    assembly = MODEL.assembly()
    known = {n: p.value * p.factor for n, p in MODEL.all_parameters.items()} | {"time": 25e3}
    start = assembly.evaluate_initial(known)

    def effect(cells: float, sharing: float) -> float:
        values = {**known, "bisphosphonate_shared": sharing, "bisphosphonate_on_surface": 2.0}
        equation = assembly.equations["bisphosphonate_effect"]
        arguments = {**values, **start, "fusing_osteoclasts": cells}
        return float(equation.function(*(arguments[name] for name in equation.arguments)))

    assert effect(1.0, 2.0) == pytest.approx(2 / 3)
    assert effect(2.0, 2.0) == pytest.approx(2 / (2 + 4))
    assert effect(2.0, 0.0) == effect(1.0, 0.0)


def test_zoledronic_acid_holds_less_of_what_denosumab_gained_the_longer_it_was_given() -> None:
    """After 2 years nearly all, after 4.5 years 4 to 5 % of the spine are lost (Soelling 2020)."""
    lost = []
    for doses in (4, 9, 16):
        end = 6 * doses
        ds = course(
            f"denosumab 60 mg every 6 mo x {doses}; zoledronic acid 5 mg once from {end} mo",
            np.array([0.0, end, end + 12]),
            "bmd_lumbar_spine",
        )
        spine = ds.bmd_lumbar_spine.values[0]
        assert spine[2] > spine[0]
        lost.append(1 - spine[2] / spine[1])
    assert 0 < lost[0] < lost[1] < lost[2] < 0.08
