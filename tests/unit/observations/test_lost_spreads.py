"""Spreads under other names, and values that no patient has, are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from remodel.errors import ObservationError
from remodel.observations import load_observations

HEADER = "study_id,arm,endpoint,time_months,value,unit,kind"


@pytest.mark.parametrize(
    "column", ["se", "SD", "sem", "errror", "Error", "lower", "CI_high", "ci95_lower", "Std. Dev"]
)
def test_a_spread_in_a_column_that_is_not_read_is_refused(tmp_path: Path, column: str) -> None:
    # It was carried along, and an assumed spread used instead.
    path = tmp_path / "own.csv"
    path.write_text(f"{HEADER},{column}\nc,a,ctx,6,-75,percent,change,3\n")
    with pytest.raises(ObservationError, match=r"row 2, column .*the name is not read"):
        load_observations(path)
    path.write_text(f"{HEADER},{column},error,error_kind\nc,a,ctx,6,-75,percent,change,3,2,se\n")
    (row,) = load_observations(path)
    assert row.error_low == -77


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("bmd_total_hip,6,812,g/cm2,level", "beyond 5 g/cm2"),
        ("bmd_total_hip,6,8120,mg/cm2,level", "beyond 5 g/cm2"),
        ("p1np,6,-4,ug/L,level", "below 0"),
        ("ctx,6,-140,percent,change", "less than nothing"),
    ],
)
def test_what_no_patient_has_is_refused(tmp_path: Path, cells: str, problem: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"{HEADER}\nc,a,{cells}\n")
    with pytest.raises(ObservationError, match=problem):
        load_observations(path)
