"""The calibration of the reference model: its experiment, its speed, and what it never sees."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from remodel.calibration import Objective, load_problem
from remodel.calibration.data import validation_studies

FOLDER = Path(__file__).parents[2] / "experiments" / "06_calibration"


@pytest.fixture(scope="module")
def built():
    return Objective.of(load_problem(FOLDER / "problem.toml"))


def test_the_fit_never_sees_a_validation_trial(built):
    shipped = [t.observation for t in built.predictor.targets if t.table == "shipped"]
    assert len(shipped) > 350
    assert not validation_studies() & {row.study_id for row in shipped}
    assert {row.use for row in shipped} == {"calibration"}
    arms = {(row.study_id, row.arm) for row in shipped}
    assert ("data", "denosumab") not in arms
    assert ("defend", "placebo") not in arms


def test_curves_that_are_held_out_are_not_in_the_problem():
    problem = load_problem(FOLDER / "problem.toml")
    held_out = {name for source in problem.sources for name in source.held_out}
    assert {
        "mcclung2006/denosumab_30_q3m", "mcclung2006/denosumab_210_q6m", "leder2014/denosumab",
        "bone2011/placebo", "saag2017",
    } <= held_out  # fmt: skip


@pytest.mark.slow
def test_the_objective_and_its_slopes_are_fast(built):
    theta = np.zeros(len(built.coordinates))
    theta = np.clip(theta, *built.coordinates.bounds)
    for call, limit in ((built.cost, 1.0), (built.residuals_and_jacobian, 5.0)):
        call(theta)  # compiles
        begun = time.perf_counter()
        call(theta)
        assert time.perf_counter() - begun < limit


@pytest.mark.slow
def test_slopes_of_all_trials_are_exact(built):
    theta = np.clip(np.full(len(built.coordinates), 0.1), *built.coordinates.bounds)
    _, slopes = built.residuals_and_jacobian(theta)
    along = np.random.default_rng(1).standard_normal(len(theta))
    ahead, behind = (built.residuals(theta + s * 1e-3 * along) for s in (1, -1))
    near = (ahead - behind)[: built.size] / 2e-3
    np.testing.assert_allclose(slopes[: built.size] @ along, near, atol=2e-3 * np.abs(near).max())


@pytest.mark.slow
def test_the_quick_experiment_gives_the_expected_numbers(tmp_path):
    command = [sys.executable, str(FOLDER / "run.py"), "--quick", "--out", str(tmp_path / "fit")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS" in done.stdout
    assert (tmp_path / "fit" / "figures" / "waterfall.png").exists()
