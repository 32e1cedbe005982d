"""A model in a file outside the package is fitted, validated, explained and measured."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import remodel as rm
from remodel.calibration import load_problem
from remodel.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
TOY = ROOT / "tests" / "unit" / "calibration" / "toy.py"

OBSERVATIONS = """study_id,arm,endpoint,time_months,value,error_low,error_high,unit,error_kind
mine,treated,bmd_total_hip,6,4.0,3.6,4.4,percent,se
mine,treated,bmd_total_hip,12,6.5,6.0,7.0,percent,se
mine,treated,ctx,3,-55,-60,-50,percent,se
"""
REGIMENS = """study_id,arm,schedule
mine,treated,denosumab 60 mg every 6 mo x 2
"""
PROBLEM = """
title = "A model of my own"
model = "models/own.py:MODEL"
estimate = ["turnover", "half_effect"]

[[data]]
observations = "observations.csv"
regimens = "regimens.csv"

[starts]
count = 2
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "models").mkdir()
    shutil.copy(TOY, tmp_path / "models" / "own.py")
    (tmp_path / "observations.csv").write_text(OBSERVATIONS)
    (tmp_path / "regimens.csv").write_text(REGIMENS)
    (tmp_path / "problem.toml").write_text(PROBLEM)
    return tmp_path


def test_from_python_by_its_file_and_as_an_object(folder):
    fit = rm.calibrate(folder / "problem.toml", out=folder / "fit", workers=1)
    assert fit.problem.model == f"{folder / 'models' / 'own.py'}:MODEL"
    assert fit.problem.model_name == "toy"
    model = rm.load_model("models/own.py:MODEL", folder)
    tables = {name: folder / f"{name}.csv" for name in ("observations", "regimens")}
    by_object = rm.validate(model, **tables, parameters=fit.parameters)
    by_name = rm.validate(model.reference, **tables, parameters=folder / "fit" / "parameters.toml")
    pd.testing.assert_frame_equal(by_object.predictions, by_name.predictions)
    assert by_object.predictions["predicted"].to_list() == fit.predictions["predicted"].to_list()
    explained = rm.explain(
        "ctx", model=model, schedule="denosumab 60 mg once", parameters=fit.parameters
    )
    assert explained.name == "ctx"


def test_from_the_command_line(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    out = ["--out", "fit", "--workers", "1"]
    assert main(["calibrate", "problem.toml", *out]) == 0
    tables = ["--observations", "observations.csv", "--regimens", "regimens.csv"]
    model = ["--model", "models/own.py:MODEL"]
    assert main(["validate", *model, *tables, "--parameters", "fit/parameters.toml"]) == 0
    assert "RANKL" not in capsys.readouterr().out
    record = json.loads((folder / "validation" / "manifest.json").read_text())
    assert record["model"] == "toy"
    assert len(record["model_file_hash"]) == 64
    assert main(["explain", "ctx", *model, "--schedule", "denosumab 60 mg once"]) == 0


def test_a_changed_file_is_another_problem(folder):
    first = load_problem(folder / "problem.toml").fingerprint()
    path = folder / "models" / "own.py"
    path.write_text(path.read_text().replace("turnover * bone /", "1.5 * turnover * bone /"))
    assert load_problem(folder / "problem.toml").fingerprint() != first


@pytest.mark.slow
def test_several_processes_give_the_same(folder):
    alone = rm.calibrate(folder / "problem.toml", out=folder / "one", workers=1, profiles=True)
    beside = rm.calibrate(folder / "problem.toml", out=folder / "two", workers=2, profiles=True)
    assert beside.parameters.natural() == alone.parameters.natural()
    assert beside.profiles == alone.profiles


@pytest.mark.slow
def test_it_is_benchmarked(folder):
    command = [sys.executable, str(ROOT / "benchmarks" / "run_all.py"), "--quick"]
    command += ["--model", "models/own.py:MODEL", "--schedule", "denosumab 60 mg once"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert "toy" in done.stdout
    assert "ms_per_simulation" in done.stdout
