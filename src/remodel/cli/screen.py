"""What people see in a terminal: tables, numbers, and files that can be written."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence

from remodel.errors import StoreError

_NARROWEST = 24


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[int] = (),
    wrap_last: bool = False,
) -> None:
    """Print aligned columns.

    Parameters
    ----------
    columns : sequence of str
    rows : sequence of sequence of str
    right : sequence of int
        Columns aligned to the right, such as numbers.
    wrap_last : bool
        Break the last column over several lines in a terminal; it is cut to the width otherwise.
        In a pipe a row is always one whole line.
    """
    table = [tuple(columns), *map(tuple, rows)]
    widths = [max(len(row[c]) for row in table) for c in range(len(columns))]
    last = _last_width(widths)
    for number, row in enumerate(table):
        cells = [
            cell.rjust(widths[c]) if c in right else cell.ljust(widths[c])
            for c, cell in enumerate(row[:-1])
        ]
        for text in _lines(row[-1].rjust(widths[-1]) if len(row) - 1 in right else row[-1],
                           last, wrap=wrap_last):  # fmt: skip
            print("  ".join([*cells, text]).rstrip())
            cells = [" " * len(cell) for cell in cells]
        if number == 0:
            print(
                "  ".join(
                    "─" * (w if c < len(widths) - 1 else last or w) for c, w in enumerate(widths)
                )
            )


def _last_width(widths: Sequence[int]) -> int:
    """Return the room for the last column in a terminal; 0 where it is not limited."""
    if not sys.stdout.isatty():
        return 0
    room = shutil.get_terminal_size().columns - sum(widths[:-1]) - 2 * (len(widths) - 1)
    return 0 if room >= widths[-1] else max(room, _NARROWEST)


def _lines(text: str, width: int, *, wrap: bool) -> list[str]:
    if not width or len(text) <= width:
        return [text]
    if wrap:
        return textwrap.wrap(text, width) or [""]
    return [text[: width - 1] + "…"]


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

    if text is None:
        return None
    path = Path(text)
    if path.suffix not in suffixes:
        raise StoreError(f"{option} {text}: the name must end in {' or '.join(suffixes)}.")
    if not path.parent.is_dir():
        raise StoreError(f"{option} {text}: there is no folder {path.parent}.")
    existed = path.exists()
    try:
        with path.open("ab"):
            pass
        if not existed:
            path.unlink()
    except OSError as error:
        raise StoreError(
            f"{option} {text} cannot be written: {error.strerror or error}."
        ) from error
    return text
