"""Explanations: the terms of a derivative add up to it, those of a quantity give it."""

from __future__ import annotations

import math
import re

import pytest

import remodel as rm
from remodel.errors import ConfigError, ModelError, ScheduleError
from remodel.explanation.explain import explain

SCHEDULE = "anastrozole 1 mg daily for 2 y; denosumab 60 mg every 6 mo x 2"
STATES = tuple(rm.load_model("reference").system(("anastrozole", "denosumab")).state_names)


@pytest.mark.parametrize("name", STATES)
def test_terms_add_up_to_the_derivative(name):
    """The derivative is that of the trajectory: a central difference over an hour."""
    at, step = 100.0, 1 / 24
    found = explain(name, schedule=SCHEDULE, at=at)
    ds = rm.simulate(schedule=SCHEDULE, times=[at - step, at + step], outputs=[name], rtol=1e-10)
    slope = float(ds[name][0, 1] - ds[name][0, 0]) / (2 * step)
    size = sum(abs(term.value) for term in found.terms)
    assert found.rate == pytest.approx(slope, abs=1e-4 * size + 1e-9)


def test_terms_are_those_of_the_model_evaluated_at_the_same_state():
    model = rm.load_model("reference")
    drugs = model.with_drugs(["anastrozole", "denosumab"])
    names = model.system(drugs).state_names
    patient, at = rm.Patient(age=64, menopause_age=52), 400.0
    ds = rm.simulate(schedule=SCHEDULE, patient=patient, times=[at], outputs=names)
    parameters = model.all_parameters.replace({"menopause_age": 52, "anastrozole_oral_rate": 1.0})
    states = {n: float(ds[n][0, 0]) for n in names}
    there = model.evaluate(states, parameters, time=64 * 365.25 + at, drugs=drugs)
    for name in names:
        found = explain(name, schedule=SCHEDULE, patient=patient, at=at)
        assert {t.name: t.value for t in found.terms} == pytest.approx(there.terms[name])


def test_shares_are_of_gains_and_of_losses():
    found = explain("fusing_osteoclasts", at=30.0)
    for sign in (1, -1):
        shares = [t.share for t in found.terms if t.value * sign > 0]
        assert sum(shares) == pytest.approx(1.0)


def test_a_drug_has_its_terms_before_its_first_dose():
    later = "denosumab 60 mg once from 12 mo"
    found = explain("denosumab_central", schedule=later, at=182.6)
    assert (found.kind, found.value, found.rate) == ("state", 0.0, 0.0)
    assert found.terms
    waiting = explain("osteoclasts", schedule=later, at=182.6)
    untreated = explain("osteoclasts", at=182.6)
    assert waiting.value == pytest.approx(untreated.value, rel=1e-6)


def test_a_quantity_is_its_equation_of_its_arguments():
    found = explain("ctx", schedule=SCHEDULE, at=200.0)
    level, floor, turnover, resorption = (t.value for t in found.terms)
    assert found.value == pytest.approx(level * (floor + (1 - floor) * turnover * resorption))
    assert found.unit == "ng/mL"
    assert math.isnan(found.rate)


def test_the_arguments_of_dosing_are_what_the_schedule_gives_then():
    during = explain("anastrozole_oral_dosing", schedule=SCHEDULE, at=365.0)
    after = explain("anastrozole_oral_dosing", schedule=SCHEDULE, at=900.0)
    assert (during.value, during.terms[0].value) == (1.0, 1.0)
    assert (after.value, after.terms[0].value) == (0.0, 0.0)


def test_a_product_and_a_sum_are_those_of_their_contributions():
    product = explain("aromatase_activity", schedule=SCHEDULE, at=200.0)
    assert product.kind == "product"
    assert math.prod(t.value for t in product.terms) == pytest.approx(product.value)
    total = explain("rankl_competition", schedule=SCHEDULE, at=200.0)
    assert total.kind == "sum"
    assert sum(t.value for t in total.terms) == pytest.approx(total.value)
    assert total.terms[0].share == pytest.approx(1.0)


def test_arguments_carry_unit_and_meaning():
    terms = {t.name: t for t in explain("ctx").terms}
    assert terms["ctx_premenopausal"].unit == "ng/mL"
    assert terms["ctx_premenopausal"].meaning.startswith("Mean serum CTX")
    clearance = explain("anastrozole_elimination", schedule=SCHEDULE, at=9.0).terms[0]
    assert (clearance.name, clearance.unit) == ("anastrozole_clearance", "L/d")


@pytest.mark.parametrize(
    ("patient", "schedule", "menopause_age", "function"),
    [
        (rm.Patient(age=46), "menopause at 47 y", 47.0, 1.0),
        (rm.Patient(age=60, menopause="surgical", menopause_age=45), None, math.inf, 0.0),
        (rm.Patient(age=46, menopause=None), "oophorectomy at 47 y", math.inf, 0.0),
        (rm.Patient(age=46, menopause=None), "oophorectomy at 50 y", math.inf, 1.0),
    ],
)
def test_what_the_ovaries_read_is_what_was_simulated(patient, schedule, menopause_age, function):
    found = explain("ovarian_activity", patient=patient, schedule=schedule, at=2 * 365.25)
    values = {t.name: t.value for t in found.terms}
    never = rm.load_model("reference").parameters["menopause_age"].upper
    assert values["menopause_age"] == pytest.approx(min(menopause_age, never) * 365.25)
    assert values["ovarian_function"] == function
    assert (found.value == 0) == (function == 0)


def test_density_follows_the_t_score_of_the_patient():
    found = explain("bmd_lumbar_spine", patient=rm.Patient(age=60, t_score_lumbar_spine=-2.5))
    values = [t.value for t in found.terms]
    young, mineral, premenopausal, degeneration = values
    assert found.value == pytest.approx(young * mineral / premenopausal * degeneration)
    assert young < 0.95


def test_a_change_in_percent_is_explained_by_its_level():
    with pytest.raises(ModelError, match=r"quantity 'ctx_percent_change'. Explain 'ctx'.$"):
        explain("ctx_percent_change")


def test_an_empty_schedule_is_refused():
    with pytest.raises(ScheduleError, match="'none' for no treatment"):
        explain("ctx", schedule="")


def test_age_and_menopause_are_those_of_the_patient():
    patient = rm.Patient(age=51, menopause_age=53)
    found = explain("ovarian_activity", patient=patient, at=10.0)
    values = {t.name: t.value for t in found.terms}
    assert values["time"] == pytest.approx(51 * 365.25 + 10)
    assert values["menopause_age"] == pytest.approx(53 * 365.25)


@pytest.mark.parametrize(
    "name", ["bmd_lumbar_spine", "osteoclasts", "cytokine_tone", "rankl", "estradiol", "opg"]
)
def test_a_man_is_no_woman_before_or_after_menopause(name):
    man = rm.Patient(age=65, sex="male")
    found = explain(name, patient=man, schedule="anastrozole 1 mg daily", at=700.0)
    said = " ".join([found.meaning, *(t.meaning for t in found.terms)]).lower()
    assert not re.search(r"wom[ae]n|menopau|\bher\b|\bshe\b|ovar", said)
    assert "testicular_estradiol" not in [t.name for t in explain(name).terms]


def test_the_density_of_a_man_is_his():
    found = explain("bmd_total_hip", patient=rm.Patient(age=65, sex="male"))
    (young,) = [t.meaning for t in found.terms if t.name == "bmd_total_hip_young"]
    assert young.startswith("His density")
    assert young.endswith("young men")


def test_a_changed_parameter_is_explained_as_changed():
    found = explain("osteoclast_formation", parameters={"osteoclast_turnover_rate": 0.08})
    assert {t.name: t.value for t in found.terms}["osteoclast_turnover_rate"] == 0.08


def test_published_models_are_explained_too():
    found = explain("rho_C", model="jorg2022", at=1.0)
    assert found.rate == pytest.approx(sum(t.value for t in found.terms))


def test_unknown_names_and_times_are_refused():
    with pytest.raises(ModelError, match="Did you mean 'osteoclasts'"):
        explain("osteoclast")
    with pytest.raises(ConfigError, match="before the start"):
        explain("osteoclasts", at=-1.0)


def test_an_explanation_is_short_in_a_session_and_whole_in_print():
    found = explain("osteoclasts", at=30.0)
    assert len(repr(found)) < 100
    assert repr(found).startswith("<Explanation osteoclasts = ")
    printed = str(found)
    assert found.meaning in printed
    assert all(term.name in printed for term in found.terms)
    assert "per day" in printed
    assert "<table" in found._repr_html_()
    assert list(found.table().columns) == ["name", "value", "unit", "share", "meaning"]
    assert "share" not in explain("ctx", at=30.0).table()
