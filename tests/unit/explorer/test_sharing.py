"""What is taken away from the page makes the same numbers outside it."""

from __future__ import annotations

import shlex

import numpy as np
import pytest

from remodel.cli.main import parser
from remodel.cli.simulate import _arms, parameters_of, patient_of
from remodel.experiments import load_experiment
from remodel.explorer.question import read_question
from remodel.explorer.sharing import shared
from remodel.explorer.simulations import simulated
from remodel.models import load_model

SPINE = "bmd_lumbar_spine_percent_change"
NAMES = ['say "no"', "it's = 1; rm -rf", "</script>\\ é"]


@pytest.fixture
def question(page):
    for arm, name in zip(page["arms"], NAMES, strict=True):
        arm["name"] = name
    page["patient"] |= {"t_score_total_hip": -1.23456789, "smoking": True, "bmi": 23.0}
    return read_question(page | {"changes": "turnover = 1.1", "years": 2.0})


def test_the_script_runs_and_has_the_numbers(question, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    space: dict = {}
    exec(shared(question)["python"], space)
    expected = simulated(question.case)[SPINE].values[:, -1]
    assert space["ds"][SPINE].values[:, -1] == pytest.approx(expected, rel=1e-9)
    assert list(space["ds"].arm.values) == [" ".join(name.split()) for name in NAMES]
    assert "fracture_probability_major" in space["risk"]
    assert (tmp_path / "arms.png").exists()


def test_the_experiment_has_the_same_arms(question, tmp_path):
    file = tmp_path / "experiment.toml"
    file.write_text(shared(question)["experiment"], encoding="utf-8")
    experiment = load_experiment(file)
    assert [(a.label, a.schedule) for a in experiment.arms] == list(question.case.arms)
    assert {a.patient for a in experiment.arms} == {question.case.patient}
    assert all(dict(a.parameters) == {"turnover": 1.1} for a in experiment.arms)
    assert experiment.years == question.case.years


def test_the_command_has_the_same_arms(question):
    words = shlex.split(shared(question)["command"])
    assert words[0] == "remodel"
    args = parser().parse_args(words[1:])
    arms = _arms(args, load_model("reference"))
    assert list(arms.values()) == [schedule for _, schedule in question.case.arms]
    assert patient_of(args) == question.case.patient
    assert parameters_of(args) == {"turnover": 1.1}
    assert args.years == question.case.years


def test_a_name_with_control_characters_is_a_string_of_toml(page, tmp_path):
    page["arms"][0]["name"] = "a\x7f\x01b"
    file = tmp_path / "experiment.toml"
    file.write_text(shared(read_question(page))["experiment"], encoding="utf-8")
    assert load_experiment(file).arms[0].label == "a\x7f\x01b"


@pytest.mark.parametrize("menopause", ["none", "surgical", "natural"])
def test_every_menopause_is_shared(page, menopause, tmp_path):
    page["patient"] |= {"age": 47.0, "menopause": menopause, "menopause_age": 45.0}
    question = read_question(page)
    texts = shared(question)
    args = parser().parse_args(shlex.split(texts["command"])[1:])
    assert patient_of(args) == question.case.patient
    file = tmp_path / "experiment.toml"
    file.write_text(texts["experiment"], encoding="utf-8")
    assert load_experiment(file).arms[0].patient == question.case.patient


def test_a_model_without_patient_is_shared_too(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page |= {"model": "komarova2003", "arms": [{"name": "a", "schedule": ""}], "panels": []}
    space: dict = {}
    exec(shared(read_question(page))["python"], space)
    assert np.isfinite(space["ds"].osteoclasts.values).all()
