"""``remodel optimize``: files, table, exit codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from remodel.cli.main import main
from remodel.decisions.people import PopulationPeople

PROBLEM = """
title = "How many infusions"
population = "aromatase_inhibitor"
women = 12
horizon_years = 2
schedule = "anastrozole 1 mg daily for 2 y; zoledronic acid 4 mg every 6 mo x {number}"

[variable.number]
lower = 0
upper = 2
step = 1

[[objective]]
quantity = "QUANTITY"
direction = "minimize"

[[objective]]
quantity = "infusions"
direction = "minimize"

[uncertainty]
draws = 3
"""


def test_results_are_written_printed_and_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = tmp_path / "problem.toml"
    problem.write_text(PROBLEM.replace("QUANTITY", "fracture_probability_major"))
    out = tmp_path / "best"
    assert main(["optimize", str(problem), "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "How many infusions" in text
    assert "Of 3 plans" in text
    assert "Not tested: Zoledronic acid" in text
    assert max(map(len, text.splitlines())) <= max(80, len(str(out)) + 30)
    assert len(pd.read_csv(out / "front.csv")) == 3
    assert (out / "figures" / "front.png").stat().st_size > 5000


def test_wrong_input_is_one_sentence_and_leaves_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = tmp_path / "problem.toml"
    problem.write_text(PROBLEM.replace("QUANTITY", "fracture_probability_hips"))
    assert main(["optimize", str(problem), "--out", str(tmp_path / "best")]) == 2
    error = capsys.readouterr().err.strip()
    assert error.count("\n") == 0
    assert "line 14, [objective] quantity" in error
    assert "Did you mean 'fracture_probability_hip'?" in error


def test_simulations_that_failed_are_counted_and_leave_with_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One woman fails under plans that give a drug, and is left out of their numbers."""
    levels = PopulationPeople.levels

    def failing(self, schedules, times, names):
        values = levels(self, schedules, times, names)
        for i, schedule in enumerate(schedules):
            if "zoledronic_acid" in schedule.drugs:
                for course in values.values():
                    course[i, 0, -2:] = np.nan
        return values

    monkeypatch.setattr(PopulationPeople, "levels", failing)
    problem = tmp_path / "problem.toml"
    problem.write_text(PROBLEM.replace("QUANTITY", "fracture_probability_major"))
    out = tmp_path / "best"
    assert main(["optimize", str(problem), "--out", str(out), "--no-figures"]) == 3
    assert "2 simulations failed" in capsys.readouterr().err
    table = pd.read_csv(out / "plans.csv")
    assert table["failed"].tolist() == [0, 1, 1]
    assert np.isfinite(table["fracture_probability_major"]).all()
