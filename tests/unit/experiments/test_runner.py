"""Running an experiment: what is written, and the comparison with expected numbers."""

from __future__ import annotations

import json

import pytest
import xarray as xr

from remodel.cli.main import main
from remodel.errors import ConfigError, StoreError
from remodel.experiments import load_experiment, run_experiment

TEXT = """
title = "One arm"
years = 1
[arms.denosumab]
schedule = "denosumab 60 mg once"
observed = ["bekker2004/mg_per_kg_1"]
[[figures]]
name = "one"
variables = ["ctx_percent_change"]
"""
NUMBER = {"arm": "denosumab", "output": "ctx_percent_change", "month": 1, "value": -50.0}


@pytest.fixture
def experiment(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_text(TEXT.replace('observed = ["bekker2004/mg_per_kg_1"]\n', ""))
    return path


def expect(path, **changes):
    numbers = [{**NUMBER, "tolerance": 200.0, **changes}]
    path.with_name("expected.json").write_text(json.dumps({"full": numbers, "quick": []}))


def test_results_hold_everything(experiment):
    expect(experiment)
    outcome = run_experiment(load_experiment(experiment))
    folder = experiment.parent / "results"
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert names == {
        "config.toml", "manifest.json", "data.nc", "numbers.json",
        "figures/one.png", "figures/one.csv",
    }  # fmt: skip
    assert (folder / "config.toml").read_text() == experiment.read_text()
    record = json.loads((folder / "manifest.json").read_text())
    assert record["arms"]["denosumab"]["schedule"] == "denosumab 60 mg once"
    assert record["versions"]["numpy"]
    with xr.open_dataset(folder / "data.nc") as dataset:
        assert list(dataset.arm.values) == ["denosumab"]
    assert json.loads((folder / "numbers.json").read_text())[0]["passed"] is True
    assert outcome.figures == (folder / "figures" / "one.png",)
    assert outcome.failed == ()


@pytest.mark.parametrize(("tolerance", "code", "word"), [(200.0, 0, "PASS"), (1e-3, 1, "FAIL")])
def test_the_exit_code_says_whether_numbers_are_as_expected(
    experiment, tolerance, code, word, capsys
):
    expect(experiment, tolerance=tolerance)
    assert main(["run", str(experiment)]) == code
    shown = capsys.readouterr().out
    assert word in shown
    assert shown.splitlines()[-1].endswith("results/figures/one.png")


def test_accepted_numbers_pass_the_next_time(experiment, capsys):
    expect(experiment, tolerance=1e-3)
    assert main(["run", str(experiment), "--accept"]) == 0
    assert main(["run", str(experiment)]) == 0
    assert "Accepted: 1 number" in capsys.readouterr().out


def test_without_expected_numbers_it_says_so(experiment, capsys):
    assert main(["run", str(experiment), "--out", str(experiment.parent / "elsewhere")]) == 0
    assert "No expected.json" in capsys.readouterr().out
    assert (experiment.parent / "elsewhere" / "data.nc").exists()


def test_expected_numbers_of_what_is_not_simulated_are_refused_before_the_run(experiment):
    expect(experiment, arm="denosumap")
    with pytest.raises(ConfigError, match="the arm 'denosumap' is not simulated"):
        run_experiment(load_experiment(experiment))
    expect(experiment, output="ntx")
    with pytest.raises(ConfigError, match="the output 'ntx' is not simulated"):
        run_experiment(load_experiment(experiment))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "an object with lists"),
        ('{"full": [{"arm": "x"}]}', "expected the fields"),
        ('{"full": [{"arm": "x", "output": "y", "month": "m", "value": 1, "tolerance": 1}]}',
         "must be numbers"),
    ],
)  # fmt: skip
def test_malformed_expected_numbers_are_refused(experiment, text, sentence):
    experiment.with_name("expected.json").write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        run_experiment(load_experiment(experiment))


def test_a_folder_that_cannot_be_written_is_refused_before_the_run(experiment):
    blocked = experiment.parent / "file"
    blocked.write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        run_experiment(load_experiment(experiment), out=blocked)


def test_a_failed_arm_is_listed_and_the_rest_written(experiment, monkeypatch, capsys):
    from remodel.experiments import runner

    real = runner.simulate

    def failed(*arguments, **options):
        dataset = real(*arguments, **options)
        dataset["status"][:] = 2
        return dataset

    monkeypatch.setattr(runner, "simulate", failed)
    assert main(["run", str(experiment)]) == 3
    assert "remodel: arm denosumab: The step size collapsed" in capsys.readouterr().err
    assert (experiment.parent / "results" / "data.nc").exists()
