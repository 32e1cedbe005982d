"""``remodel.monitor`` and ``remodel monitor`` from a file to tables and figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import remodel as rm
from remodel.cli.main import main
from remodel.errors import ConfigError

PLAN = """
title = "When to scan"
population = "aromatase_inhibitor"
women = 40
seed = 2
schedule = "anastrozole 1 mg daily for 5 y"
horizon_years = 3
rule = "hadji2017"
[reading]
repeats = 4
[search]
months = [12, 24]
endpoints = ["bmd_lumbar_spine", "bmd_total_hip", "bmd_femoral_neck"]
visits = 1
[[plan]]
name = "ASCO"
guideline = "asco2019"
[[plan]]
name = "UK"
guideline = "uk2008"
"""
CONTRACT = [
    "plan",
    "months",
    "endpoint",
    "expected_change",
    "sd_between",
    "sd_reading",
    "least_significant_change",
    "probability_beyond",
    "false_alarm",
    "variance_reduction",
    "decision_change",
]
PLANS = [
    "plan",
    "scans",
    "samples",
    "treated",
    "treated_without_need",
    "missed",
    "months_to_detection",
]


@pytest.fixture
def path(tmp_path):
    """Return the path of a plan."""
    file = tmp_path / "plan.toml"
    file.write_text(PLAN)
    return file


def test_a_plan_is_printed_written_and_drawn_the_same_for_any_threads(path, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["monitor", str(path), "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "When to scan" in text
    assert all(len(line) <= 80 for line in text.splitlines() if str(tmp_path) not in line)
    visits, plans = pd.read_csv(out / "visits.csv"), pd.read_csv(out / "plans.csv")
    assert list(visits.columns[: len(CONTRACT)]) == CONTRACT
    assert list(plans.columns[: len(PLANS)]) == PLANS
    assert {"ASCO", "UK", "each alone", "best 1 of the search"} == set(visits["plan"])
    for name in ("information_by_visit", "plans_compared"):
        assert (out / "figures" / f"{name}.png").exists()
    loss = visits.query("plan == 'each alone' and endpoint == 'bmd_lumbar_spine'")
    assert np.all(np.diff(loss["expected_change"]) < 0)
    assert np.all(loss["expected_change"] < 0)
    again = rm.monitor(path, threads=1)
    pd.testing.assert_frame_equal(again.visits, visits, check_dtype=False)
    pd.testing.assert_frame_equal(again.plans, plans, check_dtype=False)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("[12, 24]", "[12, 48]", "a visit at month 48: must be a whole month from 1 to 36"),
        ('"asco2019"', '"asco2020"', "'asco2020' is not a guideline"),
        ('"bmd_total_hip", ', '"bmd_hip", ', "'bmd_hip' is not measured"),
        ("women = 40", "womn = 40", "unknown key"),
        ("women = 40", "women = 1", "women = 1: what visits show is read from how women differ"),
        ('rule = "hadji2017"', 'need = "risk_factors > 1"', "no reading or trait is called"),
        ('rule = "hadji2017"', 'forecast = "ctx"', "'ctx' is not a density"),
        ('guideline = "uk2008"', "", "plan 'UK' needs either visits or a guideline"),
        ('name = "UK"', 'name = "ASCO"', "two plans have the same name"),
        (
            '"aromatase_inhibitor"',
            '"aromatase"',
            "line 3, population: 'aromatase' is not a population",
        ),
        ("anastrozole 1 mg", "anastrozol 1 mg", "has no drug 'anastrozol'. Did you mean"),
        ("seed = 2", "without_wander = ['spine']", "'spine' is not a site"),
        ("[12, 24]", "[]", "expected at least one month"),
    ],
)
def test_wrong_input_is_one_sentence(path, tmp_path, capsys, before, after, message):
    path.write_text(PLAN.replace(before, after))
    assert main(["monitor", str(path), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_a_site_without_wander_changes_alike_in_all(path):
    plan = {"population": "aromatase_inhibitor", "women": 30, "horizon_years": 2,
            "schedule": "anastrozole 1 mg daily for 2 y", "reading": {"repeats": 1},
            "search": {"months": [24.0], "endpoints": ["bmd_lumbar_spine", "bmd_total_hip"]}}  # fmt: skip
    with_it, without = (
        rm.monitor({**plan, "without_wander": sites}).visits.query("plan == 'each alone'")
        for sites in ([], ["lumbar_spine"])
    )
    spine, hip = (without["sd_between"] / with_it["sd_between"]).tolist()
    assert spine < 0.8
    assert hip == 1


def test_losses_that_are_read_where_bone_is_gained_are_counted_and_drawn(path):
    plan = {"population": "osteoporosis", "women": 60, "adherence": "as_prescribed",
            "schedule": "alendronate 70 mg weekly for 1 y", "horizon_years": 1, "reading": {"repeats": 4},
            "plan": [{"name": "a", "visits": [{"months": 12.0, "endpoints": ["bmd_total_hip"]}]}]}  # fmt: skip
    result = rm.monitor(plan)
    (row,) = result.visits.to_dict("records")
    assert 0.3 < row["false_loss"] / row["reads_loss"] < 0.9
    assert row["reads_loss"] > row["true_loss"]
    assert "loss_as_read" in [name for name, _, _ in result.figures()]


def test_a_rule_that_looks_at_what_no_visit_reads_is_refused():
    plan = {"rule": "asco2019", "plan": [{"name": "a", "visits": [
        {"months": 12.0, "endpoints": ["ctx"]}]}]}  # fmt: skip
    with pytest.raises(ConfigError, match="which no visit takes"):
        rm.monitor(plan)


def test_a_plan_says_what_it_wants():
    with pytest.raises(ConfigError, match=r"name at least one table \[\[plan\]\]"):
        rm.monitor({"population": "postmenopausal"})
