"""What people see in a terminal: tables, numbers, and files that can be written."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

from remodel.errors import StoreError

_WIDTH = 80  # of a page that is no terminal
_WHOLE_WORDS: Any = {"break_long_words": False, "break_on_hyphens": False}
_CUT = 10  # narrowest of a column that is cut
_LONGEST_WORD = 16  # that a column keeps whole
_BREAKS = re.compile(r"(\s+|(?<=[_/,]))")  # after which a text may go on in the next line


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[int] = (),
    is_list: bool = False,
    cut: bool = False,
) -> None:
    """Print aligned columns, no wider than the terminal.

    Heads and text that are too wide are broken over several lines.

    Parameters
    ----------
    columns : sequence of str
    rows : sequence of sequence of str
    right : sequence of int
        Columns aligned to the right, such as numbers.
    is_list : bool
        In a pipe every row is one line, whatever its length.
    cut : bool
        In a terminal the last column is cut where it is too long for one line.
    """
    room = shutil.get_terminal_size((_WIDTH, 24)).columns
    if is_list and not sys.stdout.isatty():
        room = sys.maxsize
    widths = _widths(columns, rows, right, room, least_of_last=_CUT if cut else 0)
    _print_row(columns, widths, right)
    print("  ".join("─" * width for width in widths))
    for row in rows:
        last = row[-1]
        if cut and len(last) > widths[-1]:
            last = f"{last[: widths[-1] - 1]}…"
        _print_row([*row[:-1], last], widths, right)


def _widths(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[int],
    room: int,
    *,
    least_of_last: int,
) -> list[int]:
    """Return the width of each column, narrowed where they do not fit, the widest first."""
    bodies = [max((len(row[c]) for row in rows), default=0) for c in range(len(columns))]
    widths = [max(len(head), body) for head, body in zip(columns, bodies, strict=True)]
    room -= 2 * (len(columns) - 1)
    least = [
        max(_longest([head]), body if c in right else _longest(row[c] for row in rows))
        for c, (head, body) in enumerate(zip(columns, bodies, strict=True))
    ]
    least[-1] = least_of_last or least[-1]
    others = [c for c in range(1, len(columns)) if c not in right]
    for order in (right, others, [0]):  # heads of numbers first, names last
        while sum(widths) > room:
            free = [c for c in order if widths[c] > least[c]]
            if not free:
                break
            widths[max(free, key=lambda c: widths[c])] -= 1
    return widths


def _longest(texts: Iterable[str]) -> int:
    """Return the length of the longest word, of which an unusual one may be broken."""
    words = (word for text in texts for word in _BREAKS.split(text) if word)
    return min(max(map(len, words), default=0), _LONGEST_WORD)


def _print_row(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> None:
    cells = [_lines(cell, width) for cell, width in zip(row, widths, strict=True)]
    for line in zip_longest(*cells, fillvalue=""):
        aligned = [
            text.rjust(width) if c in right else text.ljust(width)
            for c, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(aligned).rstrip())


def _lines(text: str, width: int) -> list[str]:
    """Break a text into lines, at blanks and inside long names."""
    if len(text) <= width:
        return [text]
    wrapper = textwrap.TextWrapper(width, break_on_hyphens=False)
    wrapper.wordsep_simple_re = _BREAKS
    return wrapper.wrap(text)


def print_text(text: str) -> None:
    """Print a sentence in lines no wider than the terminal."""
    width = shutil.get_terminal_size((_WIDTH, 24)).columns
    print(textwrap.fill(text, width, **_WHOLE_WORDS), flush=True)


def add_figures_option(parser: argparse.ArgumentParser) -> None:
    """Add the option of commands that write figures beside their results."""
    parser.add_argument(
        "--no-figures", dest="figures", action="store_false", help="write results without figures"
    )


def number(value: float, digits: int = 4) -> str:
    """Return a number for a table: a few significant digits, - for NaN."""
    return "-" if value != value else f"{value:.{digits}g}"  # noqa: PLR0124 (NaN)


def count(n: int, thing: str) -> str:
    """Return a number with its noun, such as ``1 arm`` or ``3 arms``."""
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def checked_file(text: str | None, suffixes: Sequence[str], option: str) -> str | None:
    """Return a path that can be written, checked before any work starts.

    Raises
    ------
    StoreError
        If its ending is not one of ``suffixes``, or it cannot be written.
    """
    from pathlib import Path

    from remodel.files import is_folder

    if text is None:
        return None
    path = Path(text)
    if path.suffix not in suffixes:
        raise StoreError(f"{option} {text}: the name must end in {' or '.join(suffixes)}.")
    if not is_folder(path.parent):
        raise StoreError(f"{option} {text}: there is no folder {path.parent}.")
    try:
        existed = path.exists()
        with path.open("ab"):
            pass
        if not existed:
            path.unlink()
    except (OSError, ValueError) as error:  # a ValueError is a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"{option} {text} cannot be written: {reason}.") from error
    return text
