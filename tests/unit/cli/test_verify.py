"""``remodel verify``: a published model against its reference trajectories."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from remodel.cli.main import main
from remodel.verification.verify import PUBLISHED

DATA = PUBLISHED / "komarova2003"


def test_a_model_that_agrees_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(DATA), "--model", "komarova2003"]) == 0
    printed = capsys.readouterr().out
    assert "single_event" in printed
    assert printed.splitlines()[-1].startswith("PASS: komarova2003, ")
    assert "DIFFERENT" not in printed


def test_a_model_that_differs_fails_and_the_worst_state_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "komarova2003"
    shutil.copytree(DATA, folder)
    table = folder / "reference_single_event.csv"
    rows = table.read_text().splitlines()
    place = rows[0].split(",").index("z")
    cells = rows[-1].split(",")
    cells[place] = str(1.01 * float(cells[place]))
    table.write_text("\n".join([*rows[:-1], ",".join(cells)]) + "\n")
    assert main(["verify", str(folder), "--model", "komarova2003"]) == 1
    printed = capsys.readouterr().out
    assert "DIFFERENT" in printed
    assert "FAIL: komarova2003, " in printed
