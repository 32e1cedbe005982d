"""The numbers of the page are those of the package."""

from __future__ import annotations

import json

import numpy as np
import pytest

import remodel as rm
from remodel.errors import ConfigError
from remodel.explorer.bands import DRAWS, bands_of
from remodel.explorer.catalog import catalog
from remodel.explorer.curves import curves_of
from remodel.explorer.forecast import forecast_of, woman_table
from remodel.explorer.question import read_question
from remodel.explorer.reasons import reasons_of
from remodel.explorer.risk import risk_of
from remodel.explorer.trials import alike_until, matches_of, trials_of

SPINE = "bmd_lumbar_spine_percent_change"


@pytest.fixture
def curves(page):
    return curves_of(read_question(page))


def test_curves_are_those_of_simulate(page, curves):
    ds = rm.simulate(
        schedule={arm["name"]: arm["schedule"] for arm in page["arms"]},
        patient=rm.Patient(age=62, menopause_age=50),
        years=3,
    )
    panel = next(p for p in curves["panels"] if p["name"] == SPINE)
    months = np.asarray(curves["months"])
    for row, simulated in zip(panel["values"], ds[SPINE].values, strict=True):
        assert np.interp(ds.month, months, row) == pytest.approx(simulated, abs=0.02)
    year = np.argmin(abs(ds.month.values - 12))
    assert [row[1] for row in panel["visits"]] == pytest.approx(ds[SPINE].values[:, year], abs=0.02)
    assert json.dumps(curves, allow_nan=False)


def test_the_axis_of_t_scores_is_hers(page, curves):
    question = read_question(page | {"panels": [SPINE, "t_score_lumbar_spine"]})
    change, scores = curves_of(question)["panels"]
    axis = change["score"]
    on_axis = axis["start"] + axis["per_percent"] * np.asarray(change["values"])
    assert on_axis == pytest.approx(np.asarray(scores["values"]), abs=1e-3)
    page["arms"][0]["schedule"] = "anastrozole 1 mg daily from -24 mo for 5 y"
    assert curves_of(read_question(page))["panels"][0]["score"] is None, "starts differ"


def test_what_was_given_is_a_strip_and_menus(curves):
    assert [row["drug"] for row in curves["strip"]] == [
        "anastrozole", "zoledronic acid", "denosumab",
    ]  # fmt: skip
    lane = curves["strip"][2]["lanes"][0]
    assert lane["arm"] == 2
    assert lane["doses"] == pytest.approx([0, 6, 12, 18, 24, 30])
    line = curves["arms"][1]["lines"][1]
    assert (line["drug"], line["amount"], line["start"], line["length"]) == (
        "zoledronic_acid", 4, 0, 60,
    )  # fmt: skip


def test_what_menus_cannot_hold_stays_as_text(page):
    page["arms"][0]["schedule"] = "zoledronic acid 5 mg once over 15 min; exercise from 6 mo"
    lines = curves_of(read_question(page))["arms"][0]["lines"]
    assert [set(line) for line in lines] == [{"text"}, {"text"}]


def test_unusual_doses_and_ages_are_notes(page):
    page["arms"] = [{"name": "a", "schedule": "denosumab 60 mg daily"}]
    page["patient"]["age"] = 105.0
    notes = curves_of(read_question(page))["notes"]
    assert any("denosumab" in note for note in notes)
    assert any("105" in note for note in notes)


def test_an_unknown_panel_is_refused(page):
    page["panels"] = ["bmd_lumbar_spin"]
    with pytest.raises(ConfigError, match="bmd_lumbar_spine") as caught:
        curves_of(read_question(page))
    assert caught.value.field == "panels"


def test_what_contradicts_itself_is_said_of_the_arm(page):
    page["arms"][1]["schedule"] = "menopause at 40 y"
    with pytest.raises(ConfigError) as caught:
        curves_of(read_question(page))
    assert caught.value.field == "arms.1.schedule"


def test_bands_hold_the_draws(page, curves):
    page["arms"] = page["arms"][1:]
    bands = bands_of(read_question(page))
    draws = {name: values[:DRAWS] for name, values in rm.posterior_draws().items()}
    ds = rm.simulate(
        schedule=[page["arms"][1]["schedule"]] * DRAWS,
        patient=rm.Patient(age=62, menopause_age=50),
        parameters=draws,
        times=["12 mo", "24 mo"],
        outputs=[SPINE],
    )
    low, high = np.percentile(ds[SPINE].values, [5, 95], axis=0)
    band = bands["panels"][SPINE]
    at = [bands["months"].index(month) for month in (12, 24)]
    assert [band["low"][1][i] for i in at] == pytest.approx(low, abs=2e-3)
    assert [band["high"][1][i] for i in at] == pytest.approx(high, abs=2e-3)


def test_models_without_patients_and_draws_have_curves_alone(page):
    page |= {
        "model": "komarova2003",
        "arms": [{"name": "none", "schedule": ""}],
        "panels": ["osteoclasts", "bone_mass"],
    }
    question = read_question(page)
    assert [panel["name"] for panel in curves_of(question)["panels"]] == page["panels"]
    assert bands_of(question) == {"months": [], "panels": {}, "draws": 0}
    assert risk_of(question)["why"]
    assert trials_of(question)["points"] == []


def test_trials_of_the_same_drugs_are_laid_over(page):
    answer = trials_of(read_question(page | {"years": 6.0}))
    atac = [p for p in answer["points"] if p["source"] == "atac_eastell2008/anastrozole"]
    spine = next(p for p in atac if p["panel"] == SPINE and p["month"] == 60)
    published = next(
        o
        for o in rm.load_trial("atac_eastell2008").observations
        if o.arm == "anastrozole" and o.endpoint == "bmd_lumbar_spine" and o.time_months == 60
        if o.use != "not_used"
    )
    assert (spine["arm"], spine["value"]) == (0, published.value)
    hidden = trials_of(read_question(page | {"hidden": ["atac_eastell2008/anastrozole"]}))
    assert not [p for p in hidden["points"] if p["source"] == "atac_eastell2008/anastrozole"]
    assert "atac_eastell2008/anastrozole" in [s["source"] for s in hidden["sources"]]


@pytest.mark.parametrize(
    ("one", "other", "months"),
    [
        ("denosumab 60 mg every 6 mo", "denosumab 60 mg every 6 mo", 1e4),
        ("denosumab 60 mg every 6 mo", "denosumab 60 mg every 6 mo x 6", 37.02),
        ("alendronate 70 mg weekly", "alendronate 10 mg daily", 1e4),
        ("denosumab 60 mg every 6 mo", "denosumab 210 mg every 6 mo", 0),
        ("denosumab 60 mg every 6 mo", "denosumab 60 mg once", 7.02),
        ("denosumab 60 mg every 6 mo", "denosumab 60 mg every 6 mo from -8 y", 0),
        ("denosumab 60 mg every 6 mo", "alendronate 70 mg weekly", 0),
        ("zoledronic acid 5 mg once", "zoledronic acid 4 mg once", 0),
        ("none", "none", 1e4),
        ("none", "oophorectomy from 0 mo", 0),
        ("ibandronate 3 mg iv every 3 mo", "ibandronate 3 mg oral every 3 mo", 0),
    ],
)
def test_regimens_are_alike_until_one_of_them_ends(one, other, months):
    schedules = [rm.Schedule.parse(sentence) for sentence in (one, other)]
    assert alike_until(*schedules) == pytest.approx(months, abs=0.1)


def test_an_untreated_arm_has_the_comparators_of_the_others():
    drugs = tuple(rm.load_model("reference").drugs)
    none, denosumab = rm.Schedule(), rm.Schedule.parse("denosumab 60 mg every 6 mo")
    both = matches_of({"none": none, "denosumab": denosumab}, drugs, is_male=False)
    assert "freedom/placebo" in {match.source for match in both["none"]}
    assert "atac_eastell2008/control" not in {match.source for match in both["none"]}
    alone = matches_of({"none": none}, drugs, is_male=False)
    assert len(alone["none"]) > len(both["none"])


def test_fractures_are_those_of_fracture_risk(page):
    page["patient"] |= {"prior_fracture": True, "bmi": 22.0, "country": "Sweden"}
    answer = risk_of(read_question(page))
    ds = rm.simulate(
        schedule={arm["name"]: arm["schedule"] for arm in page["arms"]},
        patient=rm.Patient(age=62, menopause_age=50),
        years=3,
    )
    risk = rm.fracture_risk(ds, country="Sweden", women={"prior_fracture": 1, "bmi": 22})
    hip = next(p for p in answer["panels"] if p["name"] == "fracture_probability_hip")
    expected = risk.fracture_probability_hip.values[:, -1]
    assert [row[-1] for row in hip["values"]] == pytest.approx(expected, rel=2e-3)
    assert hip["low"][0][-1] < hip["values"][0][-1] < hip["high"][0][-1]
    assert answer["beyond"] == ""
    page["arms"][1]["schedule"] = "teriparatide 20 ug daily for 1 y"
    assert "under teriparatide are predicted too high" in risk_of(read_question(page))["beyond"]
    page["patient"]["country"] = "Atlantis"
    with pytest.raises(ConfigError, match="Atlantis") as caught:
        risk_of(read_question(page))
    assert caught.value.field == "patient.country"


def test_reasons_add_up_to_the_difference(page):
    page["reason"] = {"endpoint": "bmd_total_hip", "arm": 2, "versus": 0, "months": 24.0}
    answer = reasons_of(read_question(page))
    assert answer["arm"] == "with denosumab"
    total = sum(cause["effect"] for cause in answer["causes"] if cause["level"] == 0)
    assert total == pytest.approx(answer["value"] - answer["against"], rel=1e-3)


@pytest.mark.parametrize(
    ("reason", "field"),
    [
        ({"arm": 5}, "reason.arm"),
        ({"arm": 1, "versus": 1}, "reason.versus"),
        ({"months": 60.0}, "reason.months"),
        ({"endpoint": "bmd_total_hop"}, "reason.endpoint"),
    ],
)
def test_what_cannot_be_explained_is_said(page, reason, field):
    with pytest.raises(ConfigError) as caught:
        reasons_of(read_question(page | {"reason": reason}))
    assert caught.value.field == field


READINGS = [
    {"endpoint": "ctx", "months": 6.0, "value": 0.4, "unit": "ng/mL"},
    {"endpoint": "t_score_lumbar_spine", "months": 0.0, "value": -1.8},
]


def test_a_forecast_is_that_of_fit_patient(page):
    page |= {"readings": READINGS, "taken": "anastrozole 1 mg daily", "years": 2.0}
    question = read_question(page)
    answer = forecast_of(question)
    fit = rm.fit_patient(woman_table(question))
    course = fit.predict(page["arms"][2]["schedule"], 2.0)
    panel = next(p for p in answer["panels"] if p["name"] == "t_score_lumbar_spine")
    median = np.median(course.t_score_lumbar_spine.values, axis=0)
    assert panel["courses"][2]["median"] == pytest.approx(median, abs=1e-3)
    assert panel["readings"] == [{"month": 0.0, "value": -1.8}]
    assert answer["now"] == 6.0
    assert sum(row["probability"] for row in answer["response"]) == pytest.approx(1, abs=1e-3)
    assert answer["notes"] == []


def test_a_forecast_says_that_it_takes_a_menopause_for_a_natural_one(page):
    patient = {"age": 62.0, "menopause": "surgical", "menopause_age": 45.0}
    answer = forecast_of(read_question(page | {"readings": READINGS, "patient": patient}))
    assert [note for note in answer["notes"] if "natural" in note]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"readings": []}, "readings"),
        ({"readings": [READINGS[0] | {"value": 500.0}]}, "readings.0.value"),
        ({"readings": [READINGS[0] | {"unit": "mmHg"}]}, "readings.0.unit"),
        ({"readings": [READINGS[0] | {"months": -1.0}]}, "readings.0.months"),
        ({"readings": [READINGS[0], READINGS[1] | {"endpoint": "ct"}]}, "readings.1.endpoint"),
        ({"taken": "anastrozol"}, "taken"),
        ({"population": "../women.toml"}, "population"),
        ({"changes": "turnover = 1.1"}, "changes"),
        ({"patient": {"age": 62.0, "menopause": "none"}}, "patient.menopause"),
        ({"patient": {"age": 62.0, "menopause_age": 70.0}}, "patient.menopause_age"),
    ],
)
def test_what_no_forecast_can_be_made_of_is_said(page, changes, field):
    with pytest.raises(ConfigError) as caught:
        forecast_of(read_question(page | {"readings": READINGS} | changes))
    assert caught.value.field == field


def test_the_menus_hold_every_model_and_its_drugs():
    menus = catalog(["fit.toml"])
    models = {model["name"]: model for model in menus["models"]}
    assert set(models) == set(rm.model_names())
    assert [d["name"] for d in models["reference"]["drugs"]] == list(
        rm.load_model("reference").drugs
    )
    denosumab = next(d for d in models["reference"]["drugs"] if d["name"] == "denosumab")
    assert denosumab["usual"][0]["mg"] == 60
    assert menus["sets"] == ["as calibrated", "fit.toml"]
    assert "UK" in menus["countries"]
    assert curves_of(read_question(menus["first"]))["panels"]
