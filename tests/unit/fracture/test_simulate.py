"""``remodel simulate --fracture``."""

import pandas as pd
import pytest

import remodel as rm
from remodel.cli.main import main
from remodel.fracture import INPUTS

DENOSUMAB = "denosumab 60 mg every 6 mo x 4"


def test_simulate_shows_risks_on_demand(tmp_path, capsys):
    out = tmp_path / "two.csv"
    arms = ["--arm", "untreated=none", "--arm", f"denosumab={DENOSUMAB}"]
    who = ["--age", "66", "--t-score-femoral-neck", "-2.2", "--years", "3"]
    shown = ["--outputs", "ctx", "--fracture", "Sweden", "--out", str(out)]
    assert main(["simulate", *arms, *who, *shown]) == 0
    assert "fracture" in capsys.readouterr().out
    table = pd.read_csv(out)
    ds = rm.simulate(
        schedule={"untreated": None, "denosumab": DENOSUMAB}, years=3, outputs=INPUTS,
        patient=rm.Patient(age=66, t_score_femoral_neck=-2.2),
    )  # fmt: skip
    expected = rm.fracture_risk(ds, country="Sweden")
    for name in ("fracture_probability_hip", "ten_year_probability_major"):
        values = table[name].to_numpy().reshape(2, -1)
        assert values == pytest.approx(expected[name].to_numpy(), rel=1e-4)
    assert main(["simulate", *who, "--fracture", "Atlantis"]) == 2
    assert capsys.readouterr().err.count("Known") == 1


def test_simulate_names_drugs_the_link_is_not_for(capsys):
    drug = "romosozumab 210 mg monthly x 12"
    assert main(["simulate", "--schedule", drug, "--years", "1", "--fracture", "UK"]) == 0
    assert "Fractures under romosozumab are predicted too high" in capsys.readouterr().out
    assert main(["simulate", "--schedule", drug, "--years", "1"]) == 0
    assert "Fractures under" not in capsys.readouterr().out
