"""Running an experiment: what is written, and the comparison with expected numbers."""

from __future__ import annotations

import hashlib
import json
import resource

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
        "config.toml", "manifest.json", "data.nc", "numbers.json", "provenance.json",
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


def test_an_experiment_runs_without_figures(experiment, capsys):
    expect(experiment, tolerance=200.0)
    assert main(["run", str(experiment), "--no-figures"]) == 0
    shown = capsys.readouterr().out
    assert "Main figure" not in shown
    assert "Drawing" not in shown
    assert list(experiment.parent.rglob("*.png")) == []


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
    from remodel.experiments import arms

    real = arms.simulate

    def failed(*arguments, **options):
        dataset = real(*arguments, **options)
        dataset["status"][:] = 2
        return dataset

    monkeypatch.setattr(arms, "simulate", failed)
    assert main(["run", str(experiment)]) == 3
    assert "remodel: arm denosumab: The step size collapsed" in capsys.readouterr().err
    assert (experiment.parent / "results" / "data.nc").exists()


def test_files_that_no_run_wrote_are_kept(experiment, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "config.toml").write_text("mine")
    with pytest.raises(
        StoreError, match=r"holds config\.toml, which no run of an experiment wrote"
    ):
        run_experiment(load_experiment(experiment), out=folder)
    assert (folder / "config.toml").read_text() == "mine"


def test_a_figure_that_no_run_wrote_is_kept(experiment, tmp_path):
    loaded = load_experiment(experiment)
    name = loaded.chosen_pictures(quick=False)[0].name
    figure = tmp_path / "figures" / f"{name}.png"
    figure.parent.mkdir()
    figure.write_text("mine")
    with pytest.raises(StoreError, match=rf"holds figures/{name}\.png, which no run"):
        run_experiment(loaded, out=tmp_path)
    assert figure.read_text() == "mine"
    run_experiment(loaded, out=tmp_path, figures=False)


def test_what_an_earlier_run_wrote_is_replaced(experiment, tmp_path):
    for _ in range(2):
        outcome = run_experiment(load_experiment(experiment), out=tmp_path / "out")
    assert outcome.figures[0].exists()


def test_the_file_of_a_model_of_ones_own_is_hashed_into_the_manifest(experiment):
    (experiment.parent / "own.py").write_text(
        "from dataclasses import replace\n"
        "from remodel.models import load_model\n"
        "MODEL = replace(load_model('reference'), name='own')\n"
    )
    experiment.write_text('model = "own.py:MODEL"\n' + experiment.read_text())
    outcome = run_experiment(load_experiment(experiment))
    record = json.loads((outcome.folder / "manifest.json").read_text())
    ((name, digest),) = record["model_files"].items()
    assert name.endswith("own.py:MODEL")
    assert digest == hashlib.sha256((experiment.parent / "own.py").read_bytes()).hexdigest()


def test_a_full_disk_is_exit_code_2(experiment, capsys):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    load_experiment(experiment)
    run_experiment(load_experiment(experiment), out=experiment.parent / "before")  # compiled
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        assert main(["run", str(experiment)]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "data.nc cannot be written" in capsys.readouterr().err
