"""Experiment files: what they mean, and errors with file, line and key."""

from __future__ import annotations

import pytest

from remodel.errors import ConfigError
from remodel.experiments import load_experiment

GOOD = """
title = "Two arms"
years = 2
[patient]
age = 65
[quick]
arms = ["alone"]
[arms.alone]
schedule = "anastrozole 1 mg daily"
[arms.trial]
label = "the trial"
published = "halt_bc_ellis2008/ai_denosumab"
[[figures]]
name = "one"
variables = ["ctx_percent_change"]
[[figures]]
name = "two"
kind = "phase_plane"
arms = ["trial"]
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "experiment.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_everything_is_read(written):
    found = load_experiment(written(GOOD))
    alone, trial = found.arms
    assert tuple(found.models) == ("reference",)
    assert (alone.label, alone.patient.age) == ("alone", 65)
    assert trial.patient.age == 59
    assert trial.patient.t_score_lumbar_spine == -1.1
    assert trial.schedule.drugs == ("anastrozole", "denosumab")
    assert trial.observed == (("halt_bc_ellis2008", "ai_denosumab"),)
    assert found.variables() == ("ctx_percent_change", "osteoclasts", "osteoblasts")


def test_a_question_and_its_answer(written):
    both = 'question = "Which?"\nanswer = "The second."\n'
    found = load_experiment(written(both + GOOD))
    assert (found.question, found.answer) == ("Which?", "The second.")
    assert load_experiment(written(GOOD)).answer == ""
    with pytest.raises(ConfigError, match="line 1, answer: expected"):
        load_experiment(written("answer = 3\n" + GOOD))


def test_a_folder_stands_for_its_file(written):
    path = written(GOOD)
    assert load_experiment(path.parent).title == "Two arms"


def test_quick_draws_the_main_figure_with_the_arms_there_are(written):
    found = load_experiment(written(GOOD))
    assert [a.key for a in found.chosen_arms(quick=True)] == ["alone"]
    (picture,) = found.chosen_pictures(quick=True)
    assert (picture.name, picture.arms) == ("one", ("alone",))


def test_a_woman_without_menopause(written):
    text = GOOD.replace("age = 65", 'age = 40\nmenopause = "none"')
    assert load_experiment(written(text)).arms[0].patient.menopause is None


WRONG = [
    ("title = ", "titel = ", "line 2, titel: unknown key. Did you mean 'title'?"),
    ('title = "Two arms"', "", "title: this key is missing"),
    ("years = 2", 'years = "2"', "line 3, years: expected a number, got '2'"),
    ("years = 2", "years = 0", "line 3, years: expected a number above 0"),
    ("years = 2", "years = 2\nmodel = 'referense'", "line 4, model: 'referense' is not a model"),
    ("age = 65", "age = -65", "line 5, [patient] age: age = -65 y"),
    ("age = 65", "agee = 65", "line 5, [patient] agee: unknown key. Did you mean 'age'?"),
    ('arms = ["alone"]', 'arms = ["alon"]', "line 7, [quick] arms: no arm is called 'alon'. Did"),
    ("1 mg daily", "1 mg", "line 9, [arms.alone] schedule: "),
    ("anastrozole 1", "anastrozol 1", "Did you mean 'anastrozole'?"),
    ("ellis2008/", "elis2008/", "line 12, [arms.trial] published: 'halt_bc_elis2008'"),
    (
        "halt_bc_ellis2008/ai_denosumab",
        "zofast/zol_delayed",
        "published: its women took several schedules; name one of zofast/zol_delayed_never, zofast",
    ),
    ("ellis2008/ai", "ellis2008:ai", "expected STUDY/ARM"),
    ("ai_denosumab", "ai_denosumap", "Did you mean 'ai_denosumab'?"),
    ('["ctx_percent_change"]', '["ctx_change"]', "line 15, [figures] variables: model 'reference'"),
    ('["ctx_percent_change"]', "[1]", "line 15, [figures] variables: expected a list of strings"),
    ('kind = "phase_plane"', 'kind = "phase"', "line 18, [figures] kind: 'phase' is not a kind"),
    ('kind = "phase_plane"', 'kind = "phase_plane"\nvariables = ["ctx"]', "has two variables"),
    ('arms = ["trial"]', 'arms = ["trail"]', "line 19, [figures] arms: no arm is called 'trail'"),
    ('label = "the trial"', 'label = "alone"', "two of these arms have the same label"),
    ("[quick]", "[solver]\nmethod = 'eular'\n[quick]", "[solver] method: 'eular' is not a method"),
    ("[quick]", "[solver]\nrtol = 3\n[quick]", "[solver] rtol: rtol = 3"),
    ("[[figures]]", "[figures", "is not valid TOML"),
    (
        'name = "one"',
        'name = "../../one"',
        "line 14, [figures] name: the name '../../one' contains '/'",
    ),
    ('name = "one"', 'name = "/abs"', "contains '/'"),
    ('name = "one"', 'name = "a\\u0000b"', "contains '\\x00'"),
    ('name = "two"', 'name = "One"', "line 17, [figures] name: the name 'One' is given twice"),
    (
        'name = "two"',
        'name = "two"\ntitle = "$\\\\frac{1$"',
        "line 18, [figures] title: the formula",
    ),
    ('label = "the trial"', 'label = "$^$ a"', "line 11, [arms.trial] label: the formula"),
    ("years = 2", "years = 1e308", "line 3, years: expected a number of at most 120, got 1e+308"),
    (
        "years = 2",
        "years = 2\nstep_months = 1e-9",
        "line 4, step_months: a step of 1e-09 months makes",
    ),
    (
        "[quick]",
        "[quick]\nstep_months = 1e-9",
        "line 7, [quick] step_months: a step of 1e-09 months",
    ),
    (
        "age = 65",
        "age = 1" + "0" * 400,
        "line 5, [patient] age: age = inf: must be a finite number",
    ),
]


@pytest.mark.parametrize(("old", "new", "sentence"), WRONG, ids=[w[2][:40] for w in WRONG])
def test_mistakes_are_named_with_file_line_and_key(old, new, sentence, written):
    assert old in GOOD
    path = written(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_experiment(path)
    assert str(path) in str(caught.value)
    assert sentence in str(caught.value)


def test_an_experiment_needs_arms(written):
    with pytest.raises(ConfigError, match="needs at least one table"):
        load_experiment(written('title = "None"\nyears = 1\n'))


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not text in UTF-8"):
        load_experiment(path)


def test_a_model_of_ones_own_lies_relative_to_the_file(written, tmp_path):
    (tmp_path / "own.py").write_text(
        "from dataclasses import replace\n"
        "from remodel.models import load_model\n"
        "MODEL = replace(load_model('reference'), name='own')\n"
    )
    experiment = load_experiment(written('model = "own.py:MODEL"\n' + GOOD))
    assert experiment.models["own"].file == f"{tmp_path / 'own.py'}:MODEL"
    assert [arm.model for arm in experiment.arms] == ["own", "own"]
    with pytest.raises(
        ConfigError, match=r"line 1, model: .*own\.py has no model 'MODLE'\. Did you"
    ):
        load_experiment(written('model = "own.py:MODLE"\n' + GOOD))
