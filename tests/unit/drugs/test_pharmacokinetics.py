"""Pharmacokinetics: closed forms, balance of mass, and what each drug contributes to."""

from __future__ import annotations

import math

import numpy as np
import pytest

import remodel as rm
from remodel.models.reference import MODEL

WOMAN = rm.Patient(age=60, menopause_age=50)
DRUGS = tuple(MODEL.drugs)


@pytest.mark.parametrize("drug", ["anastrozole", "letrozole", "tamoxifen", "exemestane"])
def test_one_compartment_after_a_single_dose(drug: str) -> None:
    """The Bateman function."""
    p = {n: q.value * q.factor for n, q in MODEL.parameters.select(prefix=f"{drug}_").items()}
    ka, share = p[f"{drug}_absorption_rate"], p[f"{drug}_bioavailability"]
    k = p[f"{drug}_clearance"] / p[f"{drug}_volume"]
    times = np.array([0.25, 1.0, 3.0, 10.0, 30.0])
    ds = rm.simulate(
        "reference",
        schedule=f"{drug} 10 mg once",
        patient=WOMAN,
        times=times,
        outputs=[f"{drug}_gut", f"{drug}_central"],
        rtol=1e-9,
    )
    central = 10 * share * ka / (ka - k) * (np.exp(-k * times) - np.exp(-ka * times))
    assert ds[f"{drug}_gut"].values[0] == pytest.approx(10 * np.exp(-ka * times), abs=1e-6)
    assert ds[f"{drug}_central"].values[0] == pytest.approx(central, abs=1e-6)


@pytest.mark.parametrize(
    ("drug", "smallest"),
    [("teriparatide", 0.02), ("estradiol", 0.014)],  # mg, Ettinger 2004
)
def test_a_drug_given_in_microgram_is_followed_more_finely_than_a_dose(
    drug: str, smallest: float
) -> None:
    system = MODEL.system([drug])
    states = [system.state(name) for name in system.state_names if name.startswith(drug)]
    compartments = [state for state in states if state.unit == "mg"]
    assert len(compartments) >= 2
    assert max(state.typical for state in compartments) <= smallest


def half_life(drug: str) -> float:
    p = MODEL.parameters
    rate = p[f"{drug}_clearance"].value / p[f"{drug}_volume"].value
    return math.log(2) / rate


def test_half_lives_are_as_published() -> None:
    assert half_life("anastrozole") == pytest.approx(42, abs=2)  # h, Yuan
    assert half_life("exemestane") == pytest.approx(24, abs=1)  # h, label
    assert half_life("letrozole") == pytest.approx(63, abs=5)  # h, Tanii 2011
    assert half_life("tamoxifen") / 24 == pytest.approx(7, abs=0.5)  # d


@pytest.mark.parametrize("drug", DRUGS)
def test_no_drug_is_made_or_lost_unseen(drug: str) -> None:
    """The sum over all amounts changes by dosing and by named losses only, at any state."""
    assembly = MODEL.assembly([drug])
    numbers = {n: p.value * p.factor for n, p in MODEL.all_parameters.items()}
    numbers.update({f"{drug}_{route}_rate": 3.0 for route in MODEL.drugs[drug].routes})
    states = assembly.evaluate_initial({**numbers, "time": 22000.0})
    amounts = [n for n, s in assembly.states.items() if s.unit == "mg"]
    assert amounts
    for place, name in enumerate(amounts):
        states[name] = 1.0 + 0.37 * place
    found = assembly.evaluate({**numbers, **states, "time": 22000.0})
    change = sum(sum(found.terms[name].values()) for name in amounts)
    given, lost = 0.0, 0.0
    for name in found.quantities:
        source, target = assembly.flow_of(name)
        if source in amounts and target not in amounts:
            lost += found.quantities[name]
        elif target in amounts and source not in amounts:
            given += found.quantities[name]
    assert given == pytest.approx(3.0 * len(MODEL.drugs[drug].routes))
    assert lost > 0
    assert change == pytest.approx(given - lost, rel=1e-12)


@pytest.mark.parametrize("drug", DRUGS)
def test_zero_dose_is_no_drug(drug: str) -> None:
    times = np.array([0.0, 400.0])
    outputs = ["bmd_lumbar_spine", "ctx", "estradiol"]
    with_zero = rm.simulate(
        "reference",
        schedule=f"{drug} 0 mg daily for 1 y",
        patient=WOMAN,
        times=times,
        outputs=outputs,
        rtol=1e-9,
    )
    without = rm.simulate("reference", patient=WOMAN, times=times, outputs=outputs, rtol=1e-9)
    for name in outputs:
        assert with_zero[name].values == pytest.approx(without[name].values, rel=1e-6)


@pytest.mark.parametrize(
    ("drug", "port"),
    [
        ("anastrozole", "aromatase_activity"),
        ("letrozole", "aromatase_activity"),
        ("exemestane", "aromatase_activity"),
        ("tamoxifen", "serm_binding"),
        ("tamoxifen", "serm_agonism"),
        ("zoledronic_acid", "bisphosphonate_on_surface"),
        ("ibandronate", "bisphosphonate_on_surface"),
        ("denosumab", "rankl_competition"),
    ],
)
def test_each_drug_acts_through_its_port(drug: str, port: str) -> None:
    assert MODEL.assembly([drug]).contributions_to(port) != ()
    assert MODEL.assembly().contributions_to(port) == ()


def test_two_bisphosphonates_add_up_on_the_surface() -> None:
    assembly = MODEL.assembly(["zoledronic_acid", "alendronate"])
    assert len(assembly.contributions_to("bisphosphonate_on_surface")) == 2


def test_doses_of_iv_and_oral_ibandronate_reach_bone_differently() -> None:
    times = np.array([0.0, 30.0])
    iv, oral = (
        rm.simulate(
            "reference",
            schedule=f"ibandronate {dose} once",
            patient=WOMAN,
            times=times,
            outputs=["ibandronate_surface"],
        )
        for dose in ("3 mg iv", "3 mg")
    )
    ratio = float(oral.ibandronate_surface[0, 1]) / float(iv.ibandronate_surface[0, 1])
    assert ratio == pytest.approx(MODEL.parameters["ibandronate_bioavailability"].value, rel=0.01)
