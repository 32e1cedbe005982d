"""Made-up trials with known parameters."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import toy

import remodel as rm
from remodel.predictions.covariance import LEVELS

TRUTH = {"turnover": 0.7, "half_effect": 6.0, "cleared": 0.02, "floor": 0.15}
MONTHS = (1.0, 3.0, 6.0, 9.0, 12.0)


@pytest.fixture
def toy_source(tmp_path):
    """Return tables of the toy model at TRUTH, with noise of their standard errors."""
    days = np.array(MONTHS) * 30.4375
    random = np.random.default_rng(3)
    rows = []
    for _, arm, schedule in toy.REGIMENS:
        found = rm.simulate(
            toy.MODEL, schedule=schedule, parameters=TRUTH, times=[0.0, *days],
            outputs=["bmd_total_hip_percent_change", "ctx_percent_change"], rtol=1e-8,
        )  # fmt: skip
        for name, se in (("bmd_total_hip", 0.4), ("ctx", 4.0)):
            exact = found[f"{name}_percent_change"].to_numpy()[0, 1:]
            noisy = exact + se * random.standard_normal(len(MONTHS))
            rows += [
                (arm, name, month, value, se, "percent", "change", "")
                for month, value in zip(MONTHS, noisy, strict=True)
            ]
    return toy.tables(tmp_path, rows)


LINE_MONTHS = (0.0, 1.0, 2.0, 4.0, 6.0)
LINE_ERROR = 20.0
LINE_VALUES = np.array([100.0, 118.0, 131.0, 155.0, 196.0])
# generalized least squares: levels of the same women go together
DESIGN = np.stack([np.ones(5), np.array(LINE_MONTHS) * 30.4375], axis=1)
ERRORS = LINE_ERROR**2 * (LEVELS * np.ones((5, 5)) + (1.0 - LEVELS) * np.eye(5))
COVARIANCE = np.linalg.inv(DESIGN.T @ np.linalg.solve(ERRORS, DESIGN))
BEST = COVARIANCE @ DESIGN.T @ np.linalg.solve(ERRORS, LINE_VALUES)


@pytest.fixture
def line_source(tmp_path):
    """Return tables of the straight line."""
    rows = [
        ("control", "estradiol", month, value, LINE_ERROR, "pmol/L", "level", "")
        for month, value in zip(LINE_MONTHS, map(float, LINE_VALUES), strict=True)
    ]
    return toy.tables(tmp_path, rows)
