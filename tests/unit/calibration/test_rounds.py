"""Spreads estimated with the parameters, and T-scores that are not known well."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import toy

from remodel.calibration import Objective, calibrate
from remodel.calibration.data import Source
from remodel.calibration.latent import SCORE_SD
from remodel.errors import StoreError
from remodel.predictions.spreads import Spreads
from remodel.predictions.spreads_file import load_spreads


def test_spreads_are_estimated_before_the_starts_and_kept(toy_source, tmp_path):
    problem = toy.problem(toy_source, spreads=Spreads(), rounds=3, starts=2)
    fit = calibrate(problem, out=tmp_path / "fit", workers=1)
    rounds = json.loads((tmp_path / "fit" / "rounds.json").read_text())["rounds"]
    assert 2 <= len(rounds) <= 3
    assert rounds[1]["marginal"] < rounds[0]["marginal"] + 1.0
    assert rounds[1]["spreads"] < rounds[0]["spreads"]
    spreads = load_spreads(tmp_path / "fit" / "spreads.toml")
    assert fit.problem.spreads == spreads
    assert spreads.about == "a made-up fit, 30 published numbers"
    # the numbers were made without any spread: what is found is less than what is usual
    usual = Spreads()
    for endpoint in ("bmd_total_hip", "ctx"):
        variances = [s.variance(endpoint, "denosumab", 6.0) for s in (spreads, usual)]
        assert variances[0] < 0.95 * variances[1]


def test_an_interrupted_fit_keeps_its_spreads(toy_source, tmp_path):
    problem = toy.problem(toy_source, spreads=Spreads(), rounds=1)
    first = calibrate(problem, out=tmp_path / "fit", workers=1)
    again = calibrate(problem, out=tmp_path / "fit", resume=True, workers=1)
    assert again.parameters.natural() == first.parameters.natural()
    (tmp_path / "fit" / "rounds.json").write_text("{")
    with pytest.raises(StoreError, match=r"rounds\.json is damaged; name another folder"):
        calibrate(problem, out=tmp_path / "fit", resume=True, workers=1)


HEADER = ("study_id", "arm", "schedule", "age", "menopause_age", "t_score_lumbar_spine", "recalled")


def reference_problem(folder, recalled: str):
    """One trial of denosumab, whose T-score is or is not from memory."""
    rows = [
        (
            "mine",
            "a",
            "bmd_lumbar_spine",
            month,
            value,
            value - 0.5,
            value + 0.5,
            "percent",
            "se",
            "change",
            "",
        )
        for month, value in ((12, 5.0), (24, 7.0))
    ]
    arms = [("mine", "a", "denosumab 60 mg every 6 mo x 6", 70, 50, -2.5, recalled)]
    toy.write_table(folder / "observations.csv", toy.OBSERVATION_HEADER, rows)
    toy.write_table(folder / "regimens.csv", HEADER, arms)
    return problem_in(folder)


def problem_in(folder):
    source = Source(folder / "observations.csv", folder / "regimens.csv")
    return toy.problem(source, "reference", estimate=("denosumab_half_effect",))


def test_a_recalled_t_score_adds_what_it_would_change(tmp_path):
    known, recalled = (
        Objective.of(reference_problem(tmp_path, words)) for words in ("age", "age t_score")
    )
    added = recalled.blocks[0].fixed - known.blocks[0].fixed
    ends = []
    for sign in (-1.0, 1.0):
        path = tmp_path / "regimens.csv"
        score = -2.5 + sign * SCORE_SD
        path.write_text(path.read_text().replace(",-2.5,", f",{score},"))
        ends.append(Objective.of(problem_in(tmp_path)).predictor.predict())
        path.write_text(path.read_text().replace(f",{score},", ",-2.5,"))
    slopes = (ends[1] - ends[0]) / 2.0  # a standard deviation of the score
    np.testing.assert_allclose(added, np.outer(slopes, slopes), rtol=1e-6, atol=1e-12)
    assert np.abs(slopes).max() > 0.01
    assert np.all(known.predictor.predict() == recalled.predictor.predict())


def test_markers_deviate_by_what_is_predicted_at_the_center(toy_source):
    low, high = (
        Objective.of(replace(toy.problem(toy_source, spreads=Spreads()), center={"half_effect": v}))
        for v in (1.0, 100.0)
    )
    treated = [
        t.observation.endpoint == "ctx" and t.observation.arm == "high"
        for t in low.predictor.targets
    ]
    assert np.all(low.sigma[treated] < high.sigma[treated])
