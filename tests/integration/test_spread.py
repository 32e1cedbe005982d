"""The estimate of the spread between women finds what made the data."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "21_spread_between_women"


@pytest.fixture(scope="module")
def scans():
    spec = importlib.util.spec_from_file_location("scans_of_women", FOLDER / "scans.py")
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_the_likelihood_of_scans_finds_wander_and_scan_error(scans):
    rng = np.random.default_rng(1)
    n, years = 1500, np.array([0.0, 2.0, 4.0, 6.0])
    steps = rng.normal(0, 2.0, (n, 3)) * np.sqrt(2.0)  # wander of 2 %/sqrt(y) at every age
    path = np.concatenate([np.zeros((n, 1)), np.cumsum(steps, axis=1)], axis=1)
    path += rng.normal(-0.6, 0.4, (n, 1)) * years
    rows = [
        {"woman": i, "visit": v, "years": years[v], "age_at_visit_2": 73.0}
        for i in range(n) for v in range(4)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    for site, error in (("total_hip", 1.5), ("femoral_neck", 2.5)):
        read = path + rng.normal(0, error, path.shape)
        table[f"bmd_{site}"] = 0.7 * np.exp(read.ravel() / 100)
    known = {
        "wander_growth": 0.0, "slope_sd_total_hip": 0.4, "slope_sd_femoral_neck": 0.4,
        "acceleration_total_hip": 0.0, "acceleration_femoral_neck": 0.0, "scan_r": 0.0,
        "wander_r": 0.95,
    }  # fmt: skip
    fit = scans.fit(scans.groups(table), "normal", known)
    assert fit.sizes["wander_total_hip"] == pytest.approx(2.0, rel=0.08)
    assert fit.sizes["scan_total_hip"] == pytest.approx(1.5, rel=0.12)
    assert fit.sizes["scan_femoral_neck"] == pytest.approx(2.5, rel=0.12)
    assert fit.sizes["slope_total_hip"] == pytest.approx(-0.6, abs=0.1)
    wrong = {**fit.sizes, "wander_total_hip": 3.0}
    data = scans.groups(table)
    assert scans.log_likelihood(data, wrong, "normal") < fit.log_likelihood - 50
    # infinitely many degrees of freedom are the normal distribution
    calm = {**fit.sizes, "freedom": 1e6}
    assert scans.log_likelihood(data, calm, "all") == pytest.approx(
        scans.log_likelihood(data, calm, "normal"), rel=1e-4
    )


def test_every_target_has_a_side_an_arm_and_an_interval_that_holds_it():
    targets = pd.read_csv(FOLDER / "targets.csv")
    import tomllib

    arms = tomllib.loads((FOLDER / "arms.toml").read_text())
    assert set(targets["side"]) == {"estimation", "check"}
    assert targets["target"].is_unique
    for row in targets.itertuples():
        assert row.low <= row.value <= row.high, row.target
        for name in row.arm.replace("-", "+").split("+"):
            assert name in arms, row.target
