"""``remodel verify``: a model against published trajectories."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "verify",
        help="compare a model with published trajectories",
        description="Simulate the scenarios of a folder and compare with its trajectories. "
        "Exit code 1 if the largest difference of any exceeds 1e-6.",
    )
    parser.set_defaults(action=run)
    parser.add_argument("folder", metavar="DIR", help="with scenarios.csv and reference_*.csv")
    parser.add_argument("--model", help="by default the name of the folder")
    parser.add_argument("--method", default="batch", choices=("batch", "lsoda"), metavar="METHOD",
                        help="batch or lsoda (batch)")  # fmt: skip


def run(given: argparse.Namespace) -> int:
    """Compare and print one line a scenario."""
    raise NotImplementedError(given)
