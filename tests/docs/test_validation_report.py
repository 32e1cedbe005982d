"""The page of the validation report: what its tables are sorted by and where it says nothing."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from remodel.observations import Arm, Observation
from remodel.predictions import Target, prediction_table
from remodel.schedules import Schedule

SCRIPT = Path(__file__).parents[2] / "docs" / "validation_report.py"
ARM = Arm("s", "a", Schedule.parse("denosumab 60 mg every 6 mo"))


@pytest.fixture(scope="module")
def report():
    spec = importlib.util.spec_from_file_location("validation_report", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def table():
    rows = [
        ("bmd_total_hip", 3.0, 0.5, "calibration", 4.0),  # 2 standard errors, 1 point
        ("bmd_total_hip", 5.0, 3.0, "validation", 8.0),  # 1 standard error, 3 points
        ("ctx", -80.0, 0.0, "validation", -70.0),
    ]
    targets = [
        Target("t", Observation("s", "a", name, 12.0, value, use=use,
                                error_low=value - se if se else None,
                                error_high=value + se if se else None,
                                error_kind="se" if se else "none"), ((ARM, 1.0),), "denosumab")
        for name, value, se, use, _ in rows
    ]  # fmt: skip
    return prediction_table(targets, np.array([row[-1] for row in rows]))


def cells(markdown: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in markdown.splitlines()]


def test_misses_are_sorted_by_the_error_they_show(report, table):
    head, _, first, second = cells(report.misses(table))
    error = head.index("error")
    assert (first[error], second[error]) == ("3", "1")
    assert "percentage points" in report.MISSES
    assert first[head.index("use")] == "held out"


def test_where_nothing_counts_as_within_there_is_a_dash(report, table):
    found = {tuple(row[:2]): row for row in cells(report.summary(table))}
    head = found["drug class", "group"]
    assert found["denosumab", "CTX"][head.index("within")] == "-"
    assert found["denosumab", "BMD"][head.index("within")] == "50 %"
    assert found["all", "BMD"][head.index("with interval")] == "2"


def test_totals_of_density_stand_for_fitted_and_held_out_trials(report, table):
    head, _, held_out, fitted = cells(report.bmd_totals(table))
    assert (fitted[0], fitted[head.index("n")], fitted[head.index("mae")]) == (
        "used in the fit", "1", "1",
    )  # fmt: skip
    assert (held_out[0], held_out[head.index("mae")]) == ("held out", "3")


def test_the_page_says_how_many_have_an_interval(report, table):
    assert report.intervals(table).startswith("2 of 3 numbers have a published interval.")
