"""``remodel rerun``: a result repeated, and what differs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from remodel.cli.screen import count, number, print_table, print_text

if TYPE_CHECKING:
    from remodel.reruns import Rerun

_OK, _DIFFERENT = 0, 1
_MOST_ROWS = 40


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "rerun",
        help="repeat a result from its record and say what differs",
        description="Repeat a result from the record that is kept with it, with the same "
        "arguments and input files, compare every file bit for bit, and say what has changed since "
        "where they differ. Exit code 1 if they do.",
        epilog="Examples: remodel rerun arms.nc; remodel rerun experiments/07_dose_interval/"
        "results; remodel rerun sweep.zarr --out again.zarr; remodel rerun her/ --current",
    )
    parser.set_defaults(action=run)
    parser.add_argument("result", metavar="RESULT", help="a folder, file or store of results")
    parser.add_argument("--out", metavar="PATH", help="keep the repetition there")
    parser.add_argument(
        "--current",
        action="store_true",
        help="take input files as they are now, not as they were",
    )


def run(args: argparse.Namespace) -> int:
    """Repeat, compare, print."""
    from remodel.cli.progress import progress
    from remodel.reruns import rerun

    with progress("Repeating"):
        again = rerun(args.result, args.out, current=args.current)
    _print(again)
    return _OK if again.identical else _DIFFERENT


def _print(again: Rerun) -> None:
    repeated = [item for item in again.files if item.verdict in ("identical", "differs")]
    same = sum(item.verdict == "identical" for item in repeated)
    print_text(
        f"{again.result}: {again.function} repeated in {again.seconds:.1f} s; {same} of "
        f"{count(len(repeated), 'file')} identical bit for bit."
    )
    if again.differing:
        print()
        rows = [
            [item.name, item.verdict, number(item.largest, 2), item.detail]
            for item in again.differing[:_MOST_ROWS]
        ]
        print_table(["file", "", "relative", "where"], rows, right=(2,))
    _print_list(
        "What has changed since:" if again.identical else "What may have caused it:", again.causes
    )
    if not again.identical and not again.causes:
        print_text(
            "\nNothing the record keeps has changed: versions, machine, code of this package and "
            "input files are those it was made with."
        )
    _print_list("Input files that have changed; the copies in the record were used:", again.notes)


def _print_list(title: str, sentences: tuple[str, ...]) -> None:
    if sentences:
        print(f"\n{title}")
        for sentence in sentences:
            print_text(f"- {sentence}")
