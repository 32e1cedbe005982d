"""The report made again: its numbers are those expected, its goals judged as expected."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from remodel.cli.main import main

pytest.importorskip("reportlab")
pytest.importorskip("latex2mathml")

HERE = Path(__file__).parent
EXPECTED = HERE / "qualification.json"
MACHINE = ("code.",)  # round-off: judged by the goals
spec = importlib.util.spec_from_file_location(
    "report_checks", HERE.parent / "unit" / "qualification" / "test_report.py"
)
assert spec is not None
assert spec.loader is not None
checks = importlib.util.module_from_spec(spec)
sys.modules["report_checks"] = checks
spec.loader.exec_module(checks)


class Numbers(dict):
    """Numbers of a file, as the checks want them."""

    def __getitem__(self, key):
        return checks.Number(**super().__getitem__(key))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "report"
    assert main(["qualify", "--quick", "--out", str(out)]) == 1  # two goals are known to be missed
    return out


def test_the_numbers_are_those_expected(folder):
    numbers = json.loads((folder / "numbers.json").read_text())
    expected = json.loads(EXPECTED.read_text())
    kept = {key: n["value"] for key, n in numbers.items() if not key.startswith(MACHINE)}
    assert set(kept) == set(expected)
    assert kept == pytest.approx(expected, rel=2e-3, abs=2e-3, nan_ok=True)


def test_the_goals_that_are_missed_are_those_known(folder, capsys):
    numbers = json.loads((folder / "numbers.json").read_text())
    assert numbers["goal.count"]["value"] - numbers["goal.met"]["value"] == 2
    missed = [
        goal.number
        for goal in checks.load_goals()
        if goal.at_least is not None and numbers[goal.number]["value"] < goal.at_least
    ]
    classes = ("aromatase_inhibitor", "aromatase_inhibitor_and_bisphosphonate")
    assert missed == [f"validation.class.{name}.within_90_high" for name in classes]


def test_the_page_shows_no_other_number(folder):
    html = (folder / "report.html").read_text()
    numbers = Numbers(json.loads((folder / "numbers.json").read_text()))
    assert len(checks.check(html, numbers).shown) > 500
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert {p.name for p in (folder / "figures").iterdir()} == {
        "parameters.png", "held_out.png", "coverage.png", "sensitivity.png"
    }  # fmt: skip
    for name in ("coverage", "misses", "parameters", "published_models", "sensitivity"):
        assert (folder / "tables" / f"{name}.csv").stat().st_size > 100
