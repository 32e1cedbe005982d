"""What is exported, what is refused, and the command."""

import pytest

import remodel as rm
from remodel.cli.main import main
from remodel.errors import ConfigError, PatientError, RemodelError
from remodel.exchange.case import Case
from remodel.exchange.export import format_of
from remodel.models import load_model

EXPERIMENT = """
title = "Two arms"
model = "{model}"
years = 2
[arms.untreated]
schedule = "none"
[arms.denosumab]
schedule = "denosumab 60 mg every 6 mo"
[[figures]]
name = "changes"
variables = ["{variable}"]
"""


def test_the_ending_says_the_format():
    assert format_of("a.xml", None) == "sbml"
    assert format_of("a.R", None) == "desolve"
    assert format_of("a.xml", "latex") == "latex"
    with pytest.raises(ConfigError, match="its ending does not say the format"):
        format_of("a.csv", None)
    with pytest.raises(ConfigError, match="Did you mean 'sbml'"):
        format_of("a.xml", "smbl")


def test_an_export_holds_one_simulation():
    with pytest.raises(ConfigError, match="one simulation, and these are 2"):
        Case.of(load_model("komarova2003"), parameters={"x1_0": [10.0, 11.0]})


def test_what_simulate_refuses_is_refused(tmp_path):
    with pytest.raises(PatientError, match="has no patient"):
        rm.export("komarova2003", tmp_path / "m.xml", patient=rm.Patient())
    assert not list(tmp_path.iterdir())


def test_states_at_day_zero_follow_the_history():
    """The woman's own bone: older is less, and a T-score is met."""
    model = load_model("reference")
    young, old = (Case.of(model, patient=rm.Patient(age, 50)) for age in (55, 75))
    assert young.start < old.start
    assert sum(young.states.values()) != sum(old.states.values())
    given = Case.of(model, patient=rm.Patient(65, 50, t_score_lumbar_spine=-2.5))
    usual = Case.of(model, patient=rm.Patient(65, 50))
    young = model.density["lumbar_spine"].young
    assert given.parameters[young] != usual.parameters[young]


def test_doses_before_day_zero_are_part_of_the_states():
    model = load_model("reference")
    before = Case.of(model, "zoledronic acid 5 mg once from -1 y", rm.Patient())
    assert not before.changes
    assert max(v for n, v in before.states.items() if n.startswith("zoledronic_acid")) > 0


def test_a_reset_puts_states_back():
    model = load_model("peterson2010")
    case = Case.of(model, "denosumab 60 mg once; reset from 1 y")
    assert case.changes[-1].set == pytest.approx(case.states)


def test_interventions_set_parameters():
    model = load_model("reference")
    case = Case.of(model, "bed rest for 3 mo from 1 y", rm.Patient())
    assert [dict(change.set) for change in case.changes] == [{"disuse": 1.0}, {"disuse": 0.0}]
    assert case.varying == {"disuse"}


def test_an_arm_of_an_experiment(tmp_path, capsys):
    file, out = tmp_path / "two.toml", tmp_path / "arm.xml"
    file.write_text(EXPERIMENT.format(model="reference", variable="ctx_percent_change"))
    assert main(["export", str(file), "--arm", "denosumab", "--out", str(out)]) == 0
    assert "denosumab_depot" in out.read_text()
    for words, sentence in (
        ([], "has several arms; name one with --arm: untreated, denosumab."),
        (["--arm", "denosumap"], "Did you mean 'denosumab'?"),
        (["--arm", "denosumab", "--age", "60"], "its arms say schedule and patient."),
    ):
        assert main(["export", str(file), *words, "--out", str(tmp_path / "b.xml")]) == 2
        assert sentence in capsys.readouterr().err
    assert main(["export", "reference", "--arm", "x", "--out", str(tmp_path / "b.xml")]) == 2
    assert "only an experiment has arms" in capsys.readouterr().err
    assert not (tmp_path / "b.xml").exists()


def test_the_command(tmp_path, capsys):
    out = tmp_path / "model.xml"
    words = ["export", "reference", "--schedule", "denosumab 60 mg every 6 mo x 2"]
    assert main([*words, "--age", "65", "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"Written: {out}\n"
    assert "Patient(age=65.0" in out.read_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["referenze", "--out", "m.xml"], "Did you mean 'reference'?"),
        (["reference", "--out", "m.docx"], "its ending does not say the format"),
        (["reference", "--out", "m.xml", "--schedule", "denosumab 60 mgg once"], "mgg"),
        (["none.toml", "--out", "m.xml"], "none.toml"),
        (["reference", "--out", "no/such/folder/m.xml"], "cannot be written"),
    ],
)
def test_wrong_input_is_one_sentence(tmp_path, monkeypatch, capsys, words, sentence):
    monkeypatch.chdir(tmp_path)
    assert main(["export", *words]) == 2
    err = capsys.readouterr().err
    assert sentence in err
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())


def test_a_missing_library_names_its_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "libsbml", None)
    with pytest.raises(RemodelError, match=r'pip install "bone-remodel\[exchange\]"'):
        rm.export("komarova2003", tmp_path / "m.xml")
