"""The R code runs in R with deSolve, and gives what the package gives."""

import csv
import shutil
import subprocess

import numpy as np
import pytest

from remodel.exchange.desolve import desolve_text
from remodel.models import model_names

from .cases import away_from_events, case_of, outputs_of, simulated, worst

SLOW = {"reference", "peterson2010"}


@pytest.fixture(scope="module")
def rscript():
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("R is not installed")
    found = subprocess.run([program, "-e", "library(deSolve)"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip("R has no deSolve")
    return program


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in model_names()]
)
def test_desolve_agrees(rscript, tmp_path, name):
    case = case_of(name)
    times = away_from_events(case)
    text = desolve_text(case)
    # output at times at which nothing happens
    wanted = ", ".join(map(repr, times.tolist()))
    text = text.replace("seq(0, ", f"c({wanted}), seq(0, ", 1)
    script, table = tmp_path / "case.R", tmp_path / "result.csv"
    script.write_text(f'{text}write.csv(as.data.frame(result), "{table}", row.names = FALSE)\n')
    run = subprocess.run([rscript, script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    with table.open() as file:
        rows = {round(float(row["time"]), 6): row for row in csv.DictReader(file)}
    outputs = [*case.states, *outputs_of(case)]
    values = np.array([[float(rows[round(t, 6)][n]) for t in times.tolist()] for n in outputs])
    assert worst(case, values, simulated(case, times, outputs), outputs) < 1e-5


def test_the_script_is_whole_without_r():
    """Brackets close, and every event acts on a state of the script."""
    case = case_of("reference")
    text = desolve_text(case)
    code = "\n".join(line.partition("  #")[0] for line in text.splitlines() if line[:1] != "#")
    for opening, closing in ("()", "{}"):
        assert code.count(opening) == code.count(closing)
    events = sum(len(change.set) + len(change.added) for change in case.changes)
    assert code.count('"add"') + code.count('"replace"') == events + len(case.corners)
    assert "anastrozole_oral_rate = 0.0" in code  # a rate that events set is a state
