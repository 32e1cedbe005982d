"""``remodel run``: an experiment, its figures, and its numbers against those expected."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from remodel.cli.progress import progress
from remodel.cli.screen import add_figures_option, count, number, print_table

if TYPE_CHECKING:
    from remodel.experiments import Outcome


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "run",
        help="run an experiment and compare its numbers with those expected",
        description="Run an experiment: data, figures, and a comparison with expected.json beside "
        "it. Exit code 1 if a number differs.",
    )
    parser.set_defaults(action=run)
    parser.add_argument("experiment", metavar="EXPERIMENT.toml", help="or the folder it lies in")
    parser.add_argument("--quick", action="store_true", help="fewer simulations and output times")
    parser.add_argument("--out", metavar="DIR", help="folder for results (results/ beside it)")
    parser.add_argument(
        "--accept", action="store_true", help="write the numbers found into expected.json"
    )
    add_figures_option(parser)


def run(args: argparse.Namespace) -> int:
    """Run an experiment."""
    from remodel.experiments import load_experiment, run_experiment

    experiment = load_experiment(args.experiment)
    print(experiment.title)
    with progress("Compiling and simulating") as shown:
        outcome = run_experiment(
            experiment,
            quick=args.quick,
            out=args.out,
            accept_numbers=args.accept,
            figures=args.figures,
            progress=shown,
        )
    what = "arm" if "arm" in outcome.dataset.coords else "simulation"
    code = _compare(outcome, what, accepted=args.accept)
    for failure in outcome.failed:  # a sweep names its simulations itself
        print(f"remodel: {'arm ' if what == 'arm' else ''}{failure}", file=sys.stderr)
    print(f"\nResults: {outcome.folder}")
    for path in outcome.tables:
        print(f"Table:   {path}")
    for path in outcome.figures[1:]:
        print(f"Figure:  {path}")
    if outcome.figures:
        print(f"Main figure:\n{outcome.figures[0]}")
    return 3 if outcome.failed else code


def _compare(outcome: Outcome, what: str, *, accepted: bool) -> int:
    """Print numbers beside those expected; 1 if any differs."""
    ran = count(outcome.dataset.sizes["simulation"], what)
    print(f"{'Simulated' if what == 'arm' else 'Ran'} {ran} in {outcome.seconds:.1f} s.")
    if not outcome.numbers:
        print("No expected.json: numbers are not compared.")
        return 0
    print()
    rows = [
        [n.arm, n.output, f"{n.month:g}", number(n.found), number(n.expected), number(n.tolerance),
         "ok" if n.passed else "DIFFERENT"]
        for n in outcome.numbers
    ]  # fmt: skip
    print_table(
        [what, "output", "month", "found", "expected", "within", ""], rows, right=(2, 3, 4, 5)
    )
    print()
    different = sum(not n.passed for n in outcome.numbers)
    if accepted:
        print(f"Accepted: {count(len(outcome.numbers), 'number')} written to expected.json.")
        return 0
    if different:
        total = count(len(outcome.numbers), "number")
        print(f"FAIL: {different} of {total} not as expected.")
        return 1
    print(f"PASS: all {count(len(outcome.numbers), 'number')} as expected.")
    return 0
