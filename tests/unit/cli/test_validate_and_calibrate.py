"""The commands that compare with trials and fit to them."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
import pytest

from remodel.cli import calibrate, validate
from remodel.errors import ConfigError, RemodelError

OBSERVATIONS = """study_id,arm,endpoint,time_months,value,error_low,error_high,unit,error_kind
den,treated,bmd_total_hip,12,3.2,2.8,3.6,percent,95ci
den,treated,bmd_lumbar_spine,12,5.3,4.8,5.8,percent,se
"""
REGIMENS = "study_id,arm,schedule,age\nden,treated,denosumab 60 mg every 6 mo x 2,65\n"
PROBLEM = """
title = "one parameter"
model = "jorg2022"
estimate = ["E_denosumab"]

[[data]]
observations = "obs.csv"
regimens = "reg.csv"

[starts]
count = 2
max_evaluations = 5
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "obs.csv").write_text(OBSERVATIONS)
    (tmp_path / "reg.csv").write_text(REGIMENS)
    (tmp_path / "problem.toml").write_text(PROBLEM)
    return tmp_path


def call(module, *arguments: str) -> int:
    top = argparse.ArgumentParser()
    module.add_parser(top.add_subparsers())
    given = top.parse_args([module.__name__.rsplit(".", maxsplit=1)[-1], *arguments])
    code: int = given.action(given)
    return code


def test_validate_prints_errors_and_what_was_skipped(folder, capsys):
    tables = ("--observations", str(folder / "obs.csv"), "--regimens", str(folder / "reg.csv"))
    code = call(validate, "--model", "jorg2022", *tables, "--out", str(folder / "out"))
    printed = capsys.readouterr().out
    assert code == 0
    assert "denosumab" in printed
    assert "Skipped: 1 observation." in printed
    assert "model 'jorg2022' has no endpoint 'bmd_lumbar_spine'." in printed
    assert (folder / "out" / "scorecard.csv").exists()


def test_validate_names_its_figures_as_a_path(folder, capsys):
    tables = ("--observations", str(folder / "obs.csv"), "--regimens", str(folder / "reg.csv"))
    assert call(validate, "--model", "jorg2022", *tables, "--out", f"{folder}/out/") == 0
    assert f"Figures: {folder / 'out' / 'figures'} (1 study overlay)" in capsys.readouterr().out


def test_results_can_be_written_without_figures(folder, capsys):
    tables = ("--observations", str(folder / "obs.csv"), "--regimens", str(folder / "reg.csv"))
    out = ("--out", str(folder / "out"), "--no-figures")
    assert call(validate, "--model", "jorg2022", *tables, *out) == 0
    problem = (str(folder / "problem.toml"), "--workers", "1")
    assert call(calibrate, *problem, "--out", str(folder / "fit"), "--no-figures") == 0
    printed = capsys.readouterr().out
    assert "Figures" not in printed
    lines = [line for line in printed.splitlines() if str(folder) not in line]
    assert max(map(len, lines)) <= 80
    assert (folder / "out" / "scorecard.csv").exists()
    assert (folder / "fit" / "report.md").exists()
    assert list(folder.rglob("*.png")) == []


def test_validate_says_how_many_have_an_interval_and_which_arms_are_idle(folder, capsys):
    (folder / "obs.csv").write_text(OBSERVATIONS + "den,treated,ctx,6,-80,,,percent,\n")
    (folder / "reg.csv").write_text(REGIMENS + "den,idle,none,65\n")
    tables = ("--observations", str(folder / "obs.csv"), "--regimens", str(folder / "reg.csv"))
    assert call(validate, "--model", "jorg2022", *tables, "--out", str(folder / "out")) == 0
    printed = capsys.readouterr().out
    assert "1 of 2 points have a published interval. Of the others, a change of BMD is" in printed
    assert "Not simulated, without observations: 1 arm (den idle)." in printed
    (marker,) = [line for line in printed.splitlines() if "CTX" in line]
    assert marker.split()[-1] == "-"


def test_a_negative_number_of_draws_is_wrong_input(folder):
    out = folder / "fit"
    with pytest.raises(ConfigError, match="--draws = -5: must be a whole number from 0"):
        call(calibrate, str(folder / "problem.toml"), "--out", str(out), "--draws", "-5")
    assert not out.exists()


def test_validate_with_one_table_is_wrong_input(folder):
    with pytest.raises(ConfigError, match="give both tables"):
        call(validate, "--observations", str(folder / "obs.csv"), "--out", str(folder / "out"))


def test_calibrate_writes_a_set_that_validate_reads(folder, capsys):
    problem = str(folder / "problem.toml")
    out = str(folder / "fit")
    assert call(calibrate, problem, "--out", out, "--workers", "1", "--draws", "20") == 0
    printed = capsys.readouterr().out
    assert "2 of 2 starts done" in printed
    assert "starts end within" in printed
    (estimate,) = pd.read_csv(folder / "fit" / "estimates.csv").itertuples()
    (line,) = [line for line in printed.splitlines() if line.startswith(estimate.parameter)]
    assert line.split()[1:3] == [f"{estimate.value:.3g}", f"{estimate.standard_error:.2g}"]
    names = {path.name for path in (folder / "fit").rglob("*") if path.is_file()}
    assert {
        "parameters.toml", "report.md", "estimates.csv", "starts.csv", "waterfall.png",
        "residuals.png", "posterior.csv", "problem.toml",
    } <= names  # fmt: skip
    tables = ("--observations", str(folder / "obs.csv"), "--regimens", str(folder / "reg.csv"))
    fitted = ("--parameters", f"{out}/parameters.toml", "--posterior", f"{out}/posterior.csv")
    assert call(validate, "--model", "jorg2022", *tables, *fitted, "--out", f"{out}/v") == 0
    with pytest.raises(RemodelError, match="holds a fit"):
        call(calibrate, problem, "--out", out)
    assert call(calibrate, problem, "--out", out, "--resume", "--workers", "1") == 0


def test_calibrate_on_two_processes_ends_as_on_one(folder, capsys):
    problem = str(folder / "problem.toml")
    for workers in ("1", "2"):
        out = str(folder / f"fit{workers}")
        assert call(calibrate, problem, "--out", out, "--workers", workers) == 0
    ends = [(folder / f"fit{n}" / "parameters.toml").read_text() for n in (1, 2)]
    assert ends[0] == ends[1]
    capsys.readouterr()
