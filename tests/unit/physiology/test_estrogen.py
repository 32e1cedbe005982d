"""Estradiol from ovaries and tissue, and the separate actions of the receptor on bone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import remodel as rm
from remodel.equations import factor, term
from remodel.models.reference import MODEL

YEAR = 365.25


def values_at(age: float, *, drugs: tuple[str, ...] = (), **changed: float) -> dict[str, float]:
    """Quantities and terms of a woman with premenopausal cells at some age."""
    parameters = MODEL.all_parameters.replace(changed)
    numbers = {n: p.value * p.factor for n, p in parameters.items()}
    states = MODEL.assembly(drugs).evaluate_initial({**numbers, "time": age * YEAR})
    return dict(MODEL.evaluate(states, parameters, time=age * YEAR, drugs=drugs).quantities)


def test_estradiol_before_and_after_menopause() -> None:
    assert values_at(30)["estradiol"] == pytest.approx(350, rel=1e-9)
    assert values_at(60)["estradiol"] == pytest.approx(18, rel=1e-6)
    assert 18 < values_at(48)["estradiol"] < 350


def test_menopause_may_come_at_any_age() -> None:
    early, late = (values_at(50, menopause_age=a)["estradiol"] for a in (42, 58))
    assert early == pytest.approx(18, rel=1e-4)
    assert late == pytest.approx(350, rel=1e-4)


def test_oophorectomy_leaves_the_peripheral_part() -> None:
    assert values_at(30, ovarian_function=0.0)["estradiol"] == 18


@pytest.mark.parametrize(
    ("quantity", "rises"),
    [
        ("rankl", True),
        ("opg", False),
        ("osteoclast_death", False),
        ("osteoblast_death", True),
        ("sclerostin", True),
        ("osteocyte_death", True),
        ("cytokine_induction", True),
    ],
)
def test_each_action_of_estrogen_has_its_sign(quantity: str, rises: bool) -> None:
    before, after = values_at(30)[quantity], values_at(60)[quantity]
    assert (after > before) == rises
    assert after != before


def test_actions_are_separate() -> None:
    only = {"rankl_rise_without_estrogen": 0.0}
    assert values_at(60, **only)["rankl"] == 1.0  # cytokines have not risen yet
    assert values_at(60, **only)["osteoblast_death"] == values_at(60)["osteoblast_death"]


def test_response_to_estradiol_is_concave() -> None:
    """The same dose does more where there is less, as in ULTRA."""
    signal = [values_at(60, estradiol_peripheral=e)["estrogen_signal"] for e in (10.0, 20.0, 30.0)]
    assert signal[1] - signal[0] > signal[2] - signal[1] > 0


def test_cytokines_rise_without_estrogen() -> None:
    ds = rm.simulate(
        "reference",
        patient=rm.Patient(age=60),
        times=[0.0],
        outputs=["il1", "il6", "tnf", "rankl", "opg", "rankl_opg"],
    )
    for name in ("il1", "il6", "tnf", "rankl", "rankl_opg"):
        assert float(ds[name][0, 0]) > 1


def test_opg_falls_at_once_without_estrogen_and_young_osteocytes_bring_it_back() -> None:
    """High turnover brings young osteocytes, which make part of the OPG."""
    woman = rm.Patient(age=45, menopause=None)
    months = np.array([0.0, 3.0, 48.0])
    opg = rm.simulate(
        "reference",
        schedule="oophorectomy from 1 mo",
        patient=woman,
        times=months * 30.4375,
        outputs=["opg"],
    ).opg.values[0]
    assert opg[1] < 0.97 * opg[0]
    assert opg[2] > opg[1]


def test_bone_gets_used_to_less_estrogen() -> None:
    """The share of a cavity that new deficiency leaves open is largest at once, and fades."""
    woman = rm.Patient(age=45, menopause="surgical", menopause_age=45)
    months = np.array([0.0, 2.0, 24.0, 120.0])
    ds = rm.simulate(
        patient=woman,
        times=months * 30.4375,
        outputs=["acute_deficiency", "refilling_lumbar_spine"],
    )
    acute, refilled = ds.acute_deficiency.values[0], ds.refilling_lumbar_spine.values[0]
    assert acute[0] > acute[1] > 0.3 > 0.2 > acute[2] > acute[3] > 0
    assert refilled[0] < refilled[1] < refilled[2] < refilled[3] <= 1


def ctx_rise_after_oophorectomy(*blockers: object) -> float:
    """Rise of CTX three weeks after oophorectomy [%]."""
    model = dataclasses.replace(MODEL, parts=(*MODEL.parts, *blockers))
    woman = rm.Patient(age=45, menopause="surgical", menopause_age=45)
    ds = rm.simulate(model, patient=woman, times=[0.0, 21.0], outputs=["ctx_percent_change"])
    return float(ds.ctx_percent_change[0, 1])


@factor("tnf_activity")
def tnf_blocked():
    """All TNF blocked."""
    return 0


@factor("il1_activity")
def il1_blocked():
    """All IL-1 blocked."""
    return 0


def test_blocking_one_cytokine_removes_its_share_only() -> None:
    """Etanercept halves the rise of CTX, anakinra takes 40 % (Charatcharoenwitthaya 2007)."""
    free = ctx_rise_after_oophorectomy()
    without_tnf = 1 - ctx_rise_after_oophorectomy(tnf_blocked) / free
    without_il1 = 1 - ctx_rise_after_oophorectomy(il1_blocked) / free
    without_both = 1 - ctx_rise_after_oophorectomy(tnf_blocked, il1_blocked) / free
    assert 25 < free < 55  # 43 % was measured
    assert 0.35 < without_tnf < 0.6
    assert 0.25 < without_il1 < 0.5
    assert without_il1 < without_tnf < without_both < 1


def test_exogenous_estradiol_has_a_port() -> None:
    @term("exogenous_estradiol")
    def patch(estradiol_peripheral):
        """As much again as tissue makes."""
        return estradiol_peripheral

    model = dataclasses.replace(MODEL, parts=(*MODEL.parts, patch))
    woman = rm.Patient(age=67)
    low, high = (
        rm.simulate(m, patient=woman, times=[0.0], outputs=["estradiol", "resorption"])
        for m in (MODEL, model)
    )
    assert float(high.estradiol[0, 0]) == pytest.approx(2 * float(low.estradiol[0, 0]), rel=1e-6)
    assert float(high.resorption[0, 0]) < float(low.resorption[0, 0])


def test_surgery_is_a_step_and_natural_menopause_is_not() -> None:
    times = np.array([0.0, 1.0, 30.0])
    surgical = rm.simulate(
        "reference",
        patient=rm.Patient(age=44, menopause=None),
        schedule="oophorectomy at 44 y",
        times=times,
        outputs=["estradiol"],
    )
    natural = rm.simulate(
        "reference", patient=rm.Patient(age=49), times=times, outputs=["estradiol"]
    )
    assert surgical.estradiol.values[0, 1] == pytest.approx(18, rel=1e-6)
    fall = 1 - natural.estradiol.values[0, 2] / natural.estradiol.values[0, 0]
    assert 0 < fall < 0.2


@pytest.mark.parametrize(("curvature", "expected"), [(0.0, 0.3), (1.0, 0.09), (0.5, 0.195)])
def test_new_deficiency_counts_by_its_square_with_full_curvature(
    curvature: float, expected: float
) -> None:
    equation = MODEL.assembly().equations["acute_deficiency"]
    known = {
        "estrogen_deficiency": 0.7,
        "accustomed_estrogen": 0.6,
        "acute_deficiency_curvature": curvature,
    }
    back = {**known, "estrogen_deficiency": 0.1}
    for values, sign in ((known, 1), (back, -1)):
        acute = equation.function(*(values[name] for name in equation.arguments))
        assert acute == pytest.approx(sign * expected)
