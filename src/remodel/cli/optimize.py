"""``remodel optimize``: which plan."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from remodel.cli.progress import progress
from remodel.cli.screen import add_figures_option, number, print_table, print_text
from remodel.cli.trial import draw

if TYPE_CHECKING:
    from remodel.decisions import Best

_OK, _FAILED = 0, 3
_MOST_ROWS = 20


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "optimize",
        help="look for the best schedule, or the best rules",
        description="Look for the best plan: a schedule with variables, or rules by which visits "
        "decide, for many women or one, with the uncertainty of every number.",
        epilog="Writes front.csv, plans.csv, plan.toml, report.md and figures. A run that was "
        "stopped goes on with the same numbers. For research, not for decisions about patients.",
    )
    parser.set_defaults(action=run)
    parser.add_argument(
        "problem", metavar="PROBLEM.toml", help="women, schedule, variables, objectives"
    )
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for all results")
    parser.add_argument("--threads", type=int, metavar="N", help="processors; all by default")
    add_figures_option(parser)


def run(args: argparse.Namespace) -> int:
    """Search, print, draw."""
    from pathlib import Path

    from remodel.decisions import optimize

    with progress("Valuing plans") as shown:
        best = optimize(args.problem, args.out, threads=args.threads, progress=shown)
    if best.problem.design.title:
        print_text(best.problem.design.title)
    heads, rows = _front(best)
    print_table(heads, rows, right=range(1, len(heads)))
    if len(best.on_front) > _MOST_ROWS:
        print_text(f"({len(best.on_front) - _MOST_ROWS} more in front.csv)")
    print()
    for sentence in best.sentences:
        print_text(sentence)
    for sentence in best.warnings:
        print_text(f"Not tested: {sentence}")
    for sentence in best.misses:
        print_text(f"Known miss: {sentence}")
    if args.figures:
        for path in draw(best, Path(args.out) / "figures"):
            print(path)
    if best.people.failed:
        print(f"remodel: {best.people.left_out}", file=sys.stderr)
    if best.failed:
        print(f"remodel: {best.failed} simulations failed.", file=sys.stderr)
        return _FAILED
    return _OK


def _front(best: Best) -> tuple[list[str], list[list[str]]]:
    questions = best.problem.questions
    heads = ["plan", *(question.name.replace("_", " ") for question in questions)]
    rows = []
    for position in best.on_front[:_MOST_ROWS]:
        evaluation = best.evaluations[position]
        pairs = zip(evaluation.answers, evaluation.errors, strict=True)
        cells = [f"{number(v, 3)} ± {number(e, 2)}" for v, e in pairs]
        rows.append([best.plans[position].title.replace("_", " "), *cells])
    return heads, rows
