"""``remodel verify``: a model against published trajectories."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from remodel.cli.progress import progress
from remodel.cli.screen import count, print_table, print_text

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
    parser.add_argument(
        "--model", help="a name, or FILE.py:NAME; the name of the folder by default"
    )
    parser.add_argument(
        "--method", default="rodas5p", choices=_METHODS, metavar="METHOD", help="rodas5p or lsoda"
    )


def run(args: argparse.Namespace) -> int:
    """Compare; print the worst state of each scenario, and every state that differs."""
    from remodel.verification import verify

    with progress("Simulating"):
        verification = verify(args.folder, args.model, method=args.method)
    _print(verification)
    return 0 if verification.passed else 1


def _print(verification: Verification) -> None:
    rows = [
        [
            scenario,
            worst.quantity,
            f"{worst.difference:.1e}",
            f"{worst.tolerance:.0e}",
            "ok" if worst.passed else f"DIFFERENT {worst.note}".strip(),
        ]
        for scenario, worst in verification.worst().items()
    ]
    print_table(["scenario", "worst quantity", "difference", "allowed", ""], rows, right=(2, 3))
    print()
    if verification.ignored:
        print_text(f"Not in the model, so not compared: {', '.join(verification.ignored)}.")
    failures = verification.failures
    total = count(len(verification.comparisons), "comparison")
    if failures:
        print(f"FAIL: {verification.model}, {len(failures)} of {total} differ.")
    else:
        print(f"PASS: {verification.model}, {total} within tolerance.")
