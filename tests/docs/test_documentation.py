"""The documentation: every public name is in it, and its snippets run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import remodel as rm
from remodel.cli.main import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(
    r"^(?P<skip><!-- not run -->\n+)?```python\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL
)
COMMAND = re.compile(r"^remodel (?:[^\n\\]|\\\n)*", re.MULTILINE)


def python_blocks(page):
    """Return the snippets of a page, less those after a comment ``<!-- not run -->``."""
    blocks = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [block["code"] for block in blocks if not block["skip"]]


def commands(page):
    """Return the lines of a page that call ``remodel simulate``, ``explain`` or ``list``."""
    text = page.read_text(encoding="utf-8")
    shell = "\n".join(re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    found = [shlex.split(c.replace("\\\n", " "), comments=True) for c in COMMAND.findall(shell)]
    return [c[1:] for c in found if c[1] in ("simulate", "explain", "list")]


@pytest.mark.parametrize("name", rm.__all__)
def test_every_public_name_is_documented(name):
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert re.search(rf"(autofunction|autoclass):: remodel\.{name}\b", text), (
        f"{name} not in api.md"
    )
    assert getattr(rm, name).__doc__


@pytest.mark.parametrize(
    "page", [p for p in PAGES if python_blocks(p)], ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_snippets_run(page, snippets):
    text = page.read_text(encoding="utf-8")
    assert len(snippets.outcomes(page.stem, text)) >= len(python_blocks(page))


@pytest.mark.parametrize(
    "page", [p for p in PAGES if commands(p)], ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_commands_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for command in commands(page):
        assert main(command) == 0, command


def test_the_readme_prints_what_it_says(capsys):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    said = re.search(r"This prints\n\n```text\n(.*?)```", text, re.DOTALL)
    assert said is not None
    exec(compile(python_blocks(ROOT / "README.md")[0], "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed == said.group(1), (
        f"README.md says {said.group(1)!r}, the code prints {printed!r}"
    )


def test_the_grammar_in_the_docs_is_that_of_the_code():
    from remodel.schedules import sentences

    page = (ROOT / "docs" / "schedules.md").read_text(encoding="utf-8")
    grammar = re.search(r"```text\n(.*?)```", page, re.DOTALL)
    assert grammar is not None
    in_code = {line.strip() for line in (sentences.__doc__ or "").splitlines()}
    assert {line.strip() for line in grammar.group(1).splitlines()} <= in_code


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_between_files_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http", "_generated")):
            assert (page.parent / target).exists(), target


def test_the_answer_of_an_experiment_stands_below_its_figures(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import generate

    folder = tmp_path / "12_example"
    folder.mkdir()
    (folder / "experiment.toml").write_text(
        'title = "Example"\nquestion = "Does it?"\nanswer = """\nIt does,\nby 5 %."""\nyears = 1\n'
        '[arms.none]\n[[figures]]\nname = "one"\nvariables = ["ctx"]\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(generate, "EXPERIMENTS", tmp_path)
    page = generate.gallery(tmp_path / "made")
    places = [page.index(text) for text in ("Does it?", "figures/one.png", "It does, by 5 %.")]
    assert places == sorted(places)


@pytest.mark.slow
def test_the_pages_build_without_a_warning(tmp_path):
    pytest.importorskip("sphinx")
    pytest.importorskip("myst_parser")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = subprocess.run(
            [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html",
             "-d", tmp_path / "doctrees", ROOT / "docs", tmp_path / "html"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
