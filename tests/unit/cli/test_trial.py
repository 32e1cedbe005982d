"""``remodel trial``."""

from __future__ import annotations

import pytest

from remodel.cli.main import main

TRIAL = """
title = "A trial as planned"
seed = 1
[[arm]]
name = "drug"
assumed_mean = 2.0
assumed_sd = 4.5
[[arm]]
name = "placebo"
assumed_mean = 0.0
assumed_sd = 4.5
[visits]
months = [0, 24]
[[endpoint]]
name = "bmd_total_hip"
months = 24
analysis = ["t_test"]
[power]
sizes = [50, 107]
replicates = 60
[sample_size]
power = 0.8
"""


@pytest.fixture
def trial(tmp_path):
    """Return the path of a design."""
    path = tmp_path / "trial.toml"
    path.write_text(TRIAL)
    return path


def test_a_trial_is_printed_written_and_drawn(trial, tmp_path, capsys):
    assert main(["trial", str(trial), "--out", str(tmp_path / "out")]) == 0
    text = capsys.readouterr().out
    assert "A trial as planned" in text
    assert "women an arm for a power of 0.8" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= max(80, len(str(tmp_path)) + 40)
    assert (tmp_path / "out" / "power.csv").exists()
    assert (tmp_path / "out" / "figures" / "power.png").exists()


def test_wrong_input_is_one_sentence_and_2(trial, tmp_path, capsys):
    trial.write_text(TRIAL.replace("months = 24\n", "months = 36\n"))
    assert main(["trial", str(trial), "--out", str(tmp_path / "out")]) == 2
    message = capsys.readouterr().err
    assert "trial.toml, line" in message
    assert "month 36 is outside the trial" in message
    assert not (tmp_path / "out").exists()


def test_a_folder_of_somebody_else_is_left_alone(trial, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "power.csv").write_text("mine")
    assert main(["trial", str(trial), "--out", str(out)]) == 2
    assert "no virtual trial wrote" in capsys.readouterr().err
    assert (out / "power.csv").read_text() == "mine"
