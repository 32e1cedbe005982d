"""What is wrong on the page is said in one sentence, with the field it belongs to."""

from __future__ import annotations

import pytest

from remodel.errors import ConfigError
from remodel.explorer.question import read_question
from remodel.models import load_model

WRONG = [
    ("years", 1e9, "years", "at most 40"),
    ("years", -1, "years", "above 0"),
    ("years", "ten", "years", "a number"),
    ("years", 10**400, "years", "number"),
    ("patient.age", -5, "patient.age", "above 0"),
    ("patient.age", 500, "patient.age", "120"),
    ("patient.age", None, "patient.age", "a number"),
    ("patient.sex", "femal", "patient.sex", "Did you mean 'female'?"),
    ("patient.menopause", "late", "patient.menopause", "natural"),
    ("patient.t_score_total_hip", -20, "patient.t_score_total_hip", "between -6 and 6"),
    ("patient.bmi", 5, "patient.bmi", "from 10"),
    ("patient.colour", "red", "patient.colour", "unknown key"),
    ("patient.smoking", "yes", "patient.smoking", "true or false"),
    ("arms", [], "arms", "1 item"),
    ("arms.1.name", "", "arms.1.name", "needs a name"),
    ("arms.1.name", "inhibitor alone", "arms.1.name", "two arms"),
    ("arms.1.name", "x" * 61, "arms.1.name", "60"),
    ("arms.2.schedule", "denosumab 60 every 6 mo", "arms.2.schedule", "unit"),
    ("arms.2.schedule", "denosumap 60 mg every 6 mo", "arms.2.schedule", "denosumab"),
    ("arms.2.schedule", "x" * 1001, "arms.2.schedule", "1000"),
    ("arms.0.schedule", 7, "arms.0.schedule", "a string"),
    ("model", "/etc/passwd", "model", "not a model"),
    ("model", "own.py:MODEL", "model", "not a model"),
    ("model", "referense", "model", "Did you mean 'reference'?"),
    ("parameters", "../secret.toml", "parameters", "not a parameter set"),
    ("changes", "bone", "changes", "NAME = NUMBER"),
    ("changes", "osteoclast_apoptosis_rat = 1", "changes", "Did you mean"),
    ("changes", "turnover = 1e9", "changes", "turnover"),
    ("visits", [0, -12], "visits.1", "from 0"),
    ("panels", ["x"] * 13, "panels", "12"),
]


def change(page, path, value):
    *holders, key = path.split(".")
    place = page
    for step in holders:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(key) if isinstance(place, list) else key] = value


@pytest.mark.parametrize(("path", "value", "field", "words"), WRONG)
def test_what_is_wrong_is_said_of_its_field(page, path, value, field, words):
    change(page, path, value)
    with pytest.raises(ConfigError) as caught:
        read_question(page)
    assert caught.value.field == field
    assert words in str(caught.value)


@pytest.mark.parametrize("content", [None, [], 7, "page", {"arm": []}])
def test_what_is_no_page_is_refused(content):
    with pytest.raises(ConfigError):
        read_question(content)


def test_a_page_becomes_what_the_package_simulates(page):
    page["patient"] = {"age": 70, "sex": "male", "menopause_age": 50.0, "bmi": 30}
    page["changes"] = "turnover = 1.2"
    page["arms"][1]["schedule"] = "  "
    case = read_question(page).case
    assert (case.patient.sex, case.patient.menopause_age) == ("male", None)
    assert case.parameters == (("turnover", 1.2),)
    assert not case.schedules["with zoledronic acid"].drugs


def test_a_substance_read_as_another_is_said_of_its_arm(page):
    page["arms"][1]["schedule"] = "conjugated estrogens 0.625 mg daily"
    question = read_question(page)
    assert question.case.arms[1][1].drugs == ("estradiol",)
    ((arm, sentence),) = question.notes
    assert arm == 1
    assert "estrogens" in sentence


def test_a_parameter_set_replaces_what_differs_from_the_model(page):
    changed = load_model("reference").parameters.replace({"turnover": 1.3})
    page["parameters"] = "fit.toml"
    case = read_question(page, {"fit.toml": changed}).case
    assert dict(case.parameters) == {"turnover": 1.3}
    page["model"] = "jorg2022"
    page["arms"] = [{"name": "none", "schedule": "none"}]
    with pytest.raises(ConfigError, match="not one of model"):
        read_question(page, {"fit.toml": changed})


def test_a_drug_that_a_model_lacks_is_said_of_its_arm(page):
    page["model"] = "jorg2022"
    with pytest.raises(ConfigError, match="no drug 'anastrozole'") as caught:
        read_question(page)
    assert caught.value.field == "arms.0.schedule"
