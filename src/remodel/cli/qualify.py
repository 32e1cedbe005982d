"""``remodel qualify``: one report on what the model is for, what was tested, how well."""

from __future__ import annotations

import argparse
from typing import Any

from remodel.cli.screen import print_table, print_text

_OK, _MISSED = 0, 1


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "qualify",
        help="write one report on what the model is for and how well it was tested",
        description="Test the reference model and write a report in the form of model-informed "
        "drug development and V&V 40: question, context of use, model risk, equations, data, "
        "calibration, validation, verification, sensitivity, limits, requirements and tests. "
        "Writes report.html, report.pdf, numbers.json, tables/ and figures/.",
        epilog="Exit code 1 if a credibility goal is not met. Needs the extra qualify.",
    )
    parser.set_defaults(action=run)
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for the report")
    parser.add_argument("--quick", action="store_true", help="fewer stiff problems and equations")


def run(args: argparse.Namespace) -> int:
    """Test, write, print the goals."""
    from remodel.cli.progress import progress
    from remodel.qualification import qualify
    from remodel.qualification.numbers import formatted

    with progress("Testing the model") as shown:
        report = qualify(args.out, quick=args.quick, progress=shown)
    rows = [
        [
            item.goal.factor,
            formatted(report.numbers[item.goal.number].value, item.goal.form),
            formatted(report.numbers[item.limit].value, item.goal.form),
            "met" if item.met else "NOT MET",
        ]
        for item in report.goals
    ]
    print_table(["credibility goal", "found", "limit", ""], rows, right=(1, 2))
    for item in report.goals:
        if not item.met:
            print_text(f"{item.goal.factor}: {item.goal.gates}.")
    print(f"\nReport: {report.html}\n        {report.pdf}")
    return _OK if all(item.met for item in report.goals) else _MISSED
