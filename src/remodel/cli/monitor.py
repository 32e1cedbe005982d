"""``remodel monitor``: when to scan."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from remodel.cli.progress import progress
from remodel.cli.screen import add_figures_option, number, print_table, print_text
from remodel.cli.trial import draw

if TYPE_CHECKING:
    import pandas as pd

_OK, _FAILED = 0, 3
_MOST_ROWS = 40


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "monitor",
        help="say what each scan and sample of a plan can show",
        description="Say what each visit of a monitoring plan can show, and what plans and "
        "guidelines make of many women: whom they treat, whom they miss, and when.",
        epilog="Writes visits.csv, plans.csv, first_visits.csv and figures. For research, not for "
        "decisions about patients.",
    )
    parser.set_defaults(action=run)
    parser.add_argument("plan", metavar="PLAN.toml", help="women, schedule, visits, rules")
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for all results")
    parser.add_argument("--threads", type=int, metavar="N", help="processors; all by default")
    add_figures_option(parser)


def run(args: argparse.Namespace) -> int:
    """Simulate, print, draw."""
    from pathlib import Path

    from remodel.monitoring import monitor

    with progress("Following women") as shown:
        result = monitor(args.plan, args.out, threads=args.threads, progress=shown)
    if result.design.title:
        print_text(result.design.title)
    print_table(*_visits(result.visits), right=range(2, 9))
    if len(result.visits) > _MOST_ROWS:
        print_text(f"({len(result.visits) - _MOST_ROWS} more rows in visits.csv)")
    if len(result.plans):
        print()
        print_table(*_plans(result.plans), right=range(1, 8))
    if args.figures:
        for path in draw(result, Path(args.out) / "figures"):
            print(path)
    if result.failed:
        print(f"remodel: {result.failed} women left out, whose simulation failed.", file=sys.stderr)
        return _FAILED
    return _OK


def _visits(visits: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    heads = ["plan", "endpoint", "months", "change %", "SD", "LSC %", "beyond", "variance gone",
             "decision"]  # fmt: skip
    rows = [
        [
            str(row.plan),
            str(row.endpoint).removeprefix("bmd_").replace("_", " "),
            f"{row.months:g}",
            number(row.expected_change, 3),
            number(row.sd_between, 3),
            number(row.least_significant_change, 3),
            _share(row.probability_beyond),
            _share(row.variance_reduction),
            _share(row.decision_change),
        ]
        for row in visits.head(_MOST_ROWS).itertuples()
    ]
    return heads, rows


def _plans(plans: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    heads = ["plan", "scans", "samples", "treated", "without need", "missed", "months",
             "change %"]  # fmt: skip
    rows = [
        [
            str(row.plan),
            number(row.scans, 3),
            number(row.samples, 3),
            _share(row.treated),
            _share(row.treated_without_need),
            _share(row.missed),
            number(row.months_to_detection, 3),
            number(row.change_at_horizon, 3),
        ]
        for row in plans.itertuples()
    ]
    return heads, rows


def _share(value: float) -> str:
    return "-" if value != value else f"{100 * value:.0f} %"  # noqa: PLR0124 (NaN)
