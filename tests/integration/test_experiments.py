"""Every experiment, in quick mode, gives the numbers it must give."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from remodel.cli.main import main
from remodel.experiments import load_experiment, run_experiment

FOLDER = Path(__file__).parents[2] / "experiments"
EXPERIMENTS = sorted(FOLDER.glob("*/experiment.toml"))
NAMES = [path.parent.name for path in EXPERIMENTS]


def _figure_names(experiment):
    """Return names of files; a picture of several models is one for each scenario."""
    return [
        name
        for picture in experiment.pictures
        for name in (
            [f"{picture.name}_{scenario.key}" for scenario in experiment.scenarios]
            if picture.kind == "models"
            else [picture.name]
        )
    ]


@pytest.mark.parametrize("path", EXPERIMENTS, ids=NAMES)
def test_quick_mode_gives_the_expected_numbers(path, tmp_path, capsys):
    assert main(["run", str(path), "--quick", "--out", str(tmp_path)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert Path(last).exists()
    assert Path(last).stem == _figure_names(load_experiment(path))[0]
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    assert len(numbers) >= 12


@pytest.mark.slow
@pytest.mark.parametrize("path", EXPERIMENTS, ids=NAMES)
def test_full_mode_gives_the_expected_numbers_and_all_figures(path, tmp_path):
    experiment = load_experiment(path)
    outcome = run_experiment(experiment, out=tmp_path)
    assert [n for n in outcome.numbers if not n.passed] == []
    assert [f.stem for f in outcome.figures] == _figure_names(experiment)


@pytest.mark.parametrize("path", EXPERIMENTS, ids=NAMES)
def test_every_experiment_has_a_short_script_and_a_row_in_the_table(path):
    script = path.with_name("run.py").read_text().splitlines()
    assert len(script) <= 60
    assert f"experiments/{path.parent.name}/experiment.toml" in (FOLDER / "README.md").read_text()


@pytest.mark.parametrize("path", EXPERIMENTS, ids=NAMES)
def test_the_answer_has_the_numbers_that_are_expected(path):
    answer = load_experiment(path).answer
    rows = json.loads(path.with_name("expected.json").read_text())["full"]
    numbers = re.findall(r"\d+\.\d+", answer)
    assert len(numbers) >= 2
    for number in numbers:
        digits = len(number.partition(".")[2])
        assert number in {f"{abs(row['value']):.{digits}f}" for row in rows}


def test_the_script_is_the_same_as_the_command(tmp_path):
    script = FOLDER / "02_menopause" / "run.py"
    done = subprocess.run(
        [sys.executable, script, "--quick", "--out", tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "PASS" in done.stdout


@pytest.mark.slow
def test_the_woman_of_15_is_forecast_as_expected(tmp_path):
    script = FOLDER / "15_one_woman" / "run.py"
    done = subprocess.run(
        [sys.executable, script, "--quick", "--out", tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("course", "thresholds", "traits"):
        assert (tmp_path / "her" / "figures" / f"{name}.png").exists()


SCRIPTS = (
    "12_women_on_an_inhibitor",
    "13_virtual_trial",
    "14_early_markers",
    "16_monitoring",
    "18_when_to_protect",
    "19_guidelines",
    "20_leaving_denosumab",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_of_women_give_the_expected_numbers(name, tmp_path):
    done = subprocess.run(
        [sys.executable, FOLDER / name / "run.py", "--quick", "--out", tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout
