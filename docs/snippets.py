"""Snippets of the pages: each is run, and what it prints and draws stands below it.

A block of Python is run in the namespace of its page, in an empty folder with ``experiments`` and
``tests`` in it. A block of shell is run where every line of it calls one of ``COMMANDS``. A comment
above a block changes that: ``<!-- not run -->`` and ``<!-- run -->`` say so, the name of a file
(``<!-- design.toml -->``) writes the block to that file, any other word names its figure. The value
of a last expression is printed, as in a notebook. Figures are those that the block saved or gave a
name.

Results are kept under ``_generated/snippets`` with a hash of the page's code and of the package, so
that a page is run again only where one of these has changed.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from kept import ROOT, hash_of, hash_of_files, kept, package_hash

INPUTS = (Path(__file__), *(ROOT / "experiments").glob("*/*.toml"))
KEPT = Path(__file__).parent / "_generated" / "snippets"
BLOCK = re.compile(
    r"^(?:<!-- (?P<remark>[\w. ]+) -->\n+)?"
    r"```(?P<language>python|bash|toml|csv)\n(?P<code>.*?)^```\n",
    re.MULTILINE | re.DOTALL,
)
COMMANDS = ("simulate", "explain", "list")
FILES = (".py", ".toml", ".csv")
LONGEST = 32  # lines of output that are shown


class Snippet(NamedTuple):
    """A block that is run: its language, its code, where it ends, and what its figure is called."""

    language: str
    code: str
    end: int
    name: str


class Outcome(NamedTuple):
    """What a snippet printed, and the files of its figures, below ``KEPT``."""

    text: str
    figures: tuple[str, ...]


def snippets(text: str) -> list[Snippet]:
    """Return the blocks of a page that are run."""
    matches = [match for match in BLOCK.finditer(text) if is_run(match)]
    return [
        Snippet(
            "file" if is_file(match) else match["language"],
            match["code"],
            match.end(),
            match["remark"] if match["remark"] not in (None, "run") else f"{number}",
        )
        for number, match in enumerate(matches, start=1)
    ]


def is_run(match: re.Match[str]) -> bool:
    """Whether a block of a page is run, or written to a file."""
    if match["remark"] == "not run":
        return False
    if match["language"] == "bash":
        return match["remark"] == "run" or is_shown(match["code"])
    return match["language"] == "python" or is_file(match)


def is_file(match: re.Match[str]) -> bool:
    """Whether a block of a page is the content of a file."""
    return (match["remark"] or "").endswith(FILES)


def is_shown(code: str) -> bool:
    """Whether every line of a shell block is a command that only prints."""
    calls = commands(code)
    return bool(calls) and all(
        call[0] == "remodel" and call[1:2] and call[1] in COMMANDS for call in calls
    )


def commands(code: str) -> list[list[str]]:
    """Return the commands of a shell block, each as a list of words."""
    lines = code.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def outcomes(name: str, text: str) -> list[Outcome]:
    """Return what the snippets of a page give, from what is kept where nothing has changed.

    Raises
    ------
    Exception
        Whatever a snippet raises, with a note that names the page and the block.
    """
    blocks = snippets(text)
    key = hash_of(
        package_hash(), hash_of_files(INPUTS), *(block.name + block.code for block in blocks)
    )

    def make() -> list[Outcome]:
        (KEPT / name).mkdir(parents=True, exist_ok=True)
        # other processes may run the same page: files are moved there whole
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            made = list(run(name, blocks, Path(folder)))
            for figure in Path(folder).iterdir():
                figure.replace(KEPT / name / figure.name)
        return made

    if not blocks:
        return []
    stored = kept(KEPT / name / "outcomes.json", key, make)
    return [Outcome(printed, tuple(figures)) for printed, figures in stored]


def run(name: str, blocks: list[Snippet], folder: Path) -> Iterator[Outcome]:
    """Yield the outcome of each snippet of a page, one after the other."""
    namespace: dict[str, Any] = {"__name__": "page"}
    drawn: list[Any] = []
    with empty_folder(), saved_figures() as saved, strict_warnings(), wide_tables():
        for number, block in enumerate(blocks, start=1):
            saved.clear()
            try:
                printed = ""
                if block.language == "file":
                    Path(block.name).write_text(block.code, encoding="utf-8")
                elif block.language == "python":
                    printed = run_python(block.code, namespace, f"{name}, snippet {number}")
                else:
                    printed = "".join(run_command(words) for words in commands(block.code))
            except BaseException as error:
                error.add_note(f"in snippet {number} of {name}:\n{block.code}")
                raise
            fresh = [f for f in [*saved, *named_figures(namespace)] if not contains(drawn, f)]
            drawn += fresh
            yield Outcome(
                printed, tuple(f"{name}/{figure}" for figure in keep(fresh, folder, block.name))
            )


def contains(figures: list[Any], figure: Any) -> bool:
    """Whether a figure is among others; figures are compared by identity."""
    return any(one is figure for one in figures)


@contextlib.contextmanager
def empty_folder() -> Iterator[None]:
    """Work in a new folder, in which the examples of the repository can be read."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        for shared in ("experiments", "tests"):
            (Path(folder) / shared).symlink_to(ROOT / shared)
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


@contextlib.contextmanager
def saved_figures() -> Iterator[list[Any]]:
    """Collect the figures that are saved."""
    from matplotlib.figure import Figure

    save = Figure.savefig
    figures: list[Any] = []

    def noted(figure: Any, *args: Any, **kwargs: Any) -> None:
        figures.append(figure)
        save(figure, *args, **kwargs)

    Figure.savefig = noted  # type: ignore[method-assign]
    try:
        yield figures
    finally:
        Figure.savefig = save  # type: ignore[method-assign]


@contextlib.contextmanager
def strict_warnings() -> Iterator[None]:
    """Take warnings as errors, except those that tell of unusual doses and patients."""
    from numba.core.errors import NumbaWarning

    from remodel.errors import UnusualDoseWarning, UnusualPatientWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for category in (UnusualDoseWarning, UnusualPatientWarning, NumbaWarning):
            warnings.simplefilter("ignore", category)
        yield


@contextlib.contextmanager
def wide_tables() -> Iterator[None]:
    """Print tables as wide as a page, with all their columns."""
    import pandas as pd

    with pd.option_context("display.width", 100, "display.max_columns", 20, "display.precision", 4):
        yield


def run_python(code: str, namespace: dict[str, Any], name: str) -> str:
    """Run a block, and return what it prints and the value of its last expression."""
    tree = ast.parse(code)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not is_text(tree.body[-1]):
        last = ast.Expression(tree.body.pop().value)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, name, "exec"), namespace)
        if last is not None and (value := eval(compile(last, name, "eval"), namespace)) is not None:
            print(value)
    return printed.getvalue()


def is_text(statement: ast.Expr) -> bool:
    """Whether a statement is a text or number that stands there alone, such as a docstring."""
    return isinstance(statement.value, ast.Constant)


def run_command(words: list[str]) -> str:
    """Run a command of the package in this process, and return what it prints."""
    from remodel.cli.main import main

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = main(words[1:])
    if code:
        raise RuntimeError(f"{shlex.join(words)} ended with {code}")
    return printed.getvalue()


def named_figures(namespace: dict[str, Any]) -> Iterator[Any]:
    """Yield the figures that have a name, those in lists included."""
    from matplotlib.figure import Figure

    for value in namespace.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Figure):
                yield one


def keep(figures: list[Any], folder: Path, name: str) -> Iterator[str]:
    """Write figures, and yield the names of their files."""
    from matplotlib.figure import Figure

    unique = [figure for k, figure in enumerate(figures) if not contains(figures[:k], figure)]
    for position, figure in enumerate(unique):
        path = folder / (f"{name}_{position + 1}.png" if position else f"{name}.png")
        Figure.savefig(figure, path, dpi=150)
        yield path.name


# ---------------------------------------------------------------- pages


def with_outcomes(name: str, text: str) -> str:
    """Return a page with the outcome of each snippet below it."""
    made = outcomes(name, text)
    for block, outcome in reversed(list(zip(snippets(text), made, strict=True))):
        text = text[: block.end] + shown(outcome) + text[block.end :]
    return text


def shown(outcome: Outcome) -> str:
    """Return an outcome as Markdown."""
    lines = outcome.text.rstrip().splitlines()
    if len(lines) > LONGEST:
        lines = [*lines[: LONGEST - 1], f"... and {len(lines) - LONGEST + 1} more lines"]
    written = ""
    if lines:
        body = "\n".join(lines)
        written += f"\n````{{code-block}} text\n:class: output\n\n{body}\n````\n"
    for figure in outcome.figures:
        written += (
            f"\n```{{image}} /_generated/snippets/{figure}\n"
            ":alt: the figure that the code above draws\n:class: drawn\n```\n"
        )
    return written


def on_read(_: Any, name: str, source: list[str]) -> None:
    """Put the outcomes into a page that Sphinx has read."""
    if not name.startswith("_"):
        source[0] = with_outcomes(name, source[0])


def setup(app: Any) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("source-read", on_read)
    return {"parallel_read_safe": False, "parallel_write_safe": True}


if __name__ == "__main__":
    for page in sys.argv[1:]:
        path = Path(page)
        print(with_outcomes(path.stem, path.read_text(encoding="utf-8")))
