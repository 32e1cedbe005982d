"""The benchmarks still run, on sizes too small to mean anything."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_benchmarks_write_every_table_and_the_page(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "benchmarks" / "run_all.py"),
            "--quick",
            "--out",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "benchmarks.md").read_text()
    for heading in ("## In short", "## Against other solvers", "## How the cost grows",
                    "## Threads", "## A large virtual trial", "## Start"):  # fmt: skip
        assert heading in page
    assert (tmp_path / "work_precision_Le.png").stat().st_size > 1000
    with (tmp_path / "work_precision_Le.csv").open(newline="") as file:
        errors = [float(r["error"]) for r in csv.DictReader(file) if float(r["rtol"]) == 1e-6]
    assert errors
    assert max(errors) < 1e-5
