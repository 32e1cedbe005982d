"""``remodel verify``: a model against published trajectories."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from remodel.cli.progress import progress
from remodel.cli.screen import count, print_table

if TYPE_CHECKING:
    from remodel.verification import Verification

_METHODS = ("rodas5p", "lsoda")


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "verify",
        help="compare a model with published trajectories",
        description="Simulate the scenarios of a folder and compare with its trajectories, each "
        "state in each scenario. Exit code 1 if any differs by more than its tolerance "
        "(trajectories 1e-6 of the state's range).",
    )
    parser.set_defaults(action=run)
    parser.add_argument("folder", metavar="DIR", help="with scenarios.csv and reference_*.csv")
    parser.add_argument("--model", help="by default the model that is called like the folder")
    parser.add_argument(
        "--method", default="rodas5p", choices=_METHODS, metavar="METHOD", help="rodas5p or lsoda"
    )


def run(given: argparse.Namespace) -> int:
    """Compare; print the worst state of each scenario, and every state that differs."""
    from remodel.verification import verify

    with progress("Simulating"):
        found = verify(given.folder, given.model, method=given.method)
    _print(found)
    return 0 if found.passed else 1


def _print(found: Verification) -> None:
    rows = [
        [scenario, worst.quantity, f"{worst.difference:.1e}", f"{worst.tolerance:.0e}",
         "ok" if worst.passed else f"DIFFERENT {worst.note}".strip()]
        for scenario, worst in found.worst().items()
    ]  # fmt: skip
    print_table(["scenario", "worst quantity", "difference", "allowed", ""], rows, right=(2, 3))
    print()
    if found.ignored:
        print(f"Not in the model, so not compared: {', '.join(found.ignored)}.")
    failures = found.failures
    total = count(len(found.comparisons), "comparison")
    if failures:
        print(f"FAIL: {found.model}, {len(failures)} of {total} differ.")
    else:
        print(f"PASS: {found.model}, {total} within tolerance.")
