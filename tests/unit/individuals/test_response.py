"""Is she taking it, does it work: explanations of readings, and the published rule."""

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import remodel as rm
from remodel.individuals.report import report, response_sentences, spoken_of
from remodel.individuals.response import response_table
from remodel.individuals.woman import load_woman

ROOT = Path(__file__).parents[3]
INHIBITION = """
like = "aromatase_inhibitor"
[parameter.inhibition]
distribution = "lognormal"
center = 1.0
sd = 1.5
of = ["anastrozole_half_inhibition"]
source = "made up"
"""


@pytest.fixture(scope="module")
def benchmark():
    """Return the benchmark of adherence, as a module."""
    path = ROOT / "benchmarks" / "adherence.py"
    spec = importlib.util.spec_from_file_location("adherence", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


def shares(fit):
    return dict(response_table(fit).to_numpy().tolist())


def fit(taken, readings=(), **more):
    rows = [{"endpoint": e, "months": m, "value": v} for e, m, v in readings]
    patient = {"age": 62.0, "menopause_age": 50.0}
    return rm.fit_patient(
        {"patient": patient, "draws": 128, "taken": taken, "reading": rows, **more}
    )


@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_tablets_that_are_not_taken_are_found_at_least_as_often_as_by_the_rule(benchmark, factor):
    detector = benchmark.Detector.of(256)
    women = benchmark.read_women(160, factor, 0.1)
    scores, falls = detector.scores(women), benchmark.smallest_falls(women)
    alarms = np.mean(falls[women.takes] > -1)
    rule, ours = (benchmark.detected(s, women.takes, alarms) for s in (falls, scores))
    assert 0.05 < alarms < 0.3
    assert ours > rule > 0.5
    never = benchmark.read_women(40, factor, 0.0)
    assert benchmark.detected(detector.scores(never), never.takes, 0.1) == 1.0


def test_half_of_the_tablets_or_less_works_less():
    doubts = [
        {"name": "a third", "probability": 0.3, "taken": 0.33},
        {"name": "most", "probability": 0.2, "taken": 0.9},
        {"name": "none", "probability": 0.1, "taken": 0.0},
    ]
    prior = shares(fit("anastrozole 1 mg daily", doubt=doubts))
    assert prior["works_less"] == pytest.approx(0.3, abs=0.02)
    assert prior["not_taken"] == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(
    ("taken", "now", "doubt", "share"),
    [
        ("denosumab 60 mg every 6 mo x 4", 24.0, {"stop": "15 mo"}, 0.2),  # the last was due in 18
        ("denosumab 60 mg every 6 mo x 4", 17.0, {"stop": "15 mo"}, 0.0),
        ("alendronate 70 mg weekly for 1 y; denosumab 60 mg every 6 mo from 1 y", 30.0,
         {"drugs": ["alendronate"], "taken": 0.0}, 0.0),  # is to act no more
        ("anastrozole 1 mg daily", 12.0, {"gap": ["3 mo", "6 mo"]}, 0.0),
        ("anastrozole 1 mg daily", 12.0, {"gap": ["9 mo", "15 mo"]}, 0.2),
    ],
)  # fmt: skip
def test_a_drug_is_not_taken_where_the_last_dose_that_was_due_is_missed(taken, now, doubt, share):
    row = {"name": "doubt", "probability": 0.2, **doubt}
    assert shares(fit(taken, now=now, doubt=[row], draws=256))["not_taken"] == pytest.approx(
        share, abs=0.02
    )


def test_an_inhibitor_works_less_where_the_population_says_that_it_may(tmp_path):
    taken, readings = "anastrozole 1 mg daily", [("estradiol", 0.0, 18.0)]
    usual = fit(taken, readings, population="aromatase_inhibitor")
    assert shares(usual)["works_less"] == 0
    assert any(
        "anastrozole acts alike in all: what works less" in text
        for text in response_sentences(usual)
    )
    path = tmp_path / "population.toml"
    path.write_text(INHIBITION)
    low, high = (
        fit(taken, [*readings, ("estradiol", 3.0, value)], population=str(path), doubt=[])
        for value in (1.5, 7.0)
    )
    assert shares(low)["works_less"] < 0.4 < 0.6 < shares(high)["works_less"]
    assert not any("acts alike" in text for text in response_sentences(high))


@pytest.mark.parametrize(
    ("taken", "now", "said"),
    [
        ("denosumab 60 mg every 6 mo x 4", 28.0,
         "Nothing is due at month 28: it was denosumab (last due at month 18)."),
        ("denosumab 60 mg every 6 mo x 4; alendronate 70 mg weekly from 2 y", 28.0,
         "No longer due: denosumab (last due at month 18)."),
        ("denosumab 60 mg every 6 mo x 4", 20.0, "Explanations of her readings: works"),
    ],
)  # fmt: skip
def test_of_a_drug_that_ended_it_is_not_said_that_it_works(taken, now, said):
    sentences = response_sentences(fit(taken, now=now))
    assert sentences[0].startswith(said)
    text = " ".join(sentences)
    assert (" works " in text) == (not said.startswith("Nothing"))
    assert ("worked" in text) == said.startswith("Nothing")
    assert ("of alendronate: works" in text) == said.startswith("No longer")


def test_the_report_names_the_prior_and_speaks_of_a_man_as_a_man():
    content = {"draws": 64, "reading": [{"endpoint": "ctx", "months": 0.0, "value": 0.4}]}
    texts = []
    for patient in ({"age": 60.0, "sex": "male"}, {"age": 60.0, "menopause_age": 50.0}):
        who = rm.fit_patient({**content, "patient": patient})
        texts.append(report(who, {}))
        assert f"Prior: the population '{who.woman.population.name}'." in texts[-1]
    man, woman = (set(re.findall(r"\w+", text.lower())) for text in texts)
    assert not man & {"she", "her", "woman", "women"}
    assert woman & {"she", "her", "woman"}
    assert "seen him." in texts[0]


def test_names_of_options_are_left_as_they_are_of_a_man():
    option = {"name": "her choice", "schedule": "alendronate 70 mg weekly"}
    who = load_woman({"patient": {"age": 60.0, "sex": "male"}, "option": [option]})
    assert spoken_of(who, "Her bone under her choice: she gains.") == (
        "His bone under her choice: he gains."
    )
