"""What a release says of itself in several places is the same everywhere."""

from __future__ import annotations

import importlib
import re
import tomllib
import zipfile
from pathlib import Path

import pytest

from remodel.cli.main import parser

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RECIPE = (ROOT / "recipe" / "recipe.yaml").read_text(encoding="utf-8")
CITATION = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
PAPER = (ROOT / "paper" / "paper.md").read_text(encoding="utf-8")
ENTRIES = dict(
    re.findall(
        r"^@\w+\{(\w+),\n(.*?)^\}",
        (ROOT / "paper" / "paper.bib").read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
)
CONDA_NAMES = {"matplotlib": "matplotlib-base"}


def test_the_version_is_the_same_everywhere():
    version = PROJECT["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    latest = re.search(r"^## (\S+) \((.*)\)$", changelog, re.MULTILINE)
    assert latest is not None
    assert re.search(rf"^version: {re.escape(version)}$", CITATION, re.MULTILINE)
    assert f'version: "{version}"' in RECIPE
    assert latest[1] == version


def test_the_page_of_installation_has_every_extra():
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    named = re.findall(r'pip install "bone-remodel\[(\w+)\]"', page)
    assert sorted(named) == sorted(PROJECT["optional-dependencies"])


def test_the_commands_of_the_readme_exist_and_their_pages_too():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"`remodel ([a-z-]+)", text))
    usage = parser().format_help()
    assert commands <= set(re.findall(r"^    ([a-z-]+)\b", usage, re.MULTILINE))
    assert {"explore", "export", "fit-patient", "monitor", "optimize", "qualify"} <= commands
    assert {"rerun", "trial"} <= commands
    pages = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [page for page in pages if not (ROOT / page).exists()] == []


def test_the_archive_of_examples_has_their_files_and_no_rows_of_others(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    examples = importlib.import_module("examples")
    folder = tmp_path / "experiments" / "99_example"
    for name in ("experiment.toml", "digitized.csv", "results/data.csv", "digitised/rows.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x = 1")
    monkeypatch.setattr(examples, "EXPERIMENTS", tmp_path / "experiments")
    examples.write_examples(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.namelist() == ["experiments/99_example/experiment.toml"]


def test_the_citation_has_the_date_of_the_release():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    latest = re.search(r"^## \S+ \((.*)\)$", changelog, re.MULTILINE)
    dated = re.search(r"^date-released: (\S+)$", CITATION, re.MULTILINE)
    assert latest is not None
    assert latest[1] == (dated[1] if dated else "not yet released")


def test_the_recipe_has_the_dependencies_of_the_package():
    run = RECIPE.partition("  run:\n")[2].partition("\n\n")[0]
    listed = {line.strip(" -").replace(" ", "") for line in run.splitlines()}
    named = [re.split(r"(?=[<>=!])", text, maxsplit=1) for text in PROJECT["dependencies"]]
    wanted = {f"{CONDA_NAMES.get(name, name)}{limit}" for name, limit in named}
    assert listed - {"python>=${{python_min}}"} == wanted
    assert f'python_min: "{PROJECT["requires-python"].removeprefix(">=")}"' in RECIPE


def test_the_paper_cites_what_its_bibliography_has():
    cited = set(re.findall(r"@(\w+)", PAPER.partition("\n# Summary")[2]))
    assert cited == set(ENTRIES)


@pytest.mark.parametrize("key", sorted(ENTRIES))
def test_every_reference_has_a_doi(key):
    assert re.search(r"doi = \{10\.\d{4,}/\S+\}", ENTRIES[key])


def test_the_paper_has_the_length_and_the_parts_that_are_asked_for():
    text = PAPER.partition("\n# Summary")[2]
    assert 750 <= len(text.split()) <= 1750
    for title in ("Statement of need", "State of the field", "Software design", "References"):
        assert f"\n# {title}\n" in text
