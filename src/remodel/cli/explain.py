"""``remodel explain``: the terms behind a number, or behind a difference."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from remodel.cli.progress import progress
from remodel.cli.screen import number, print_table, print_text
from remodel.cli.simulate import (
    add_parameter_options,
    add_patient_options,
    parameters_of,
    patient_of,
    schedule_of,
)

if TYPE_CHECKING:
    from remodel.explanation.attribution import Cause
    from remodel.explanation.differences import Difference
    from remodel.explanation.explain import Explanation
    from remodel.models import Model
    from remodel.patient import Patient
    from remodel.schedules import Schedule

_HEADS = {
    "state": "term of its rate",
    "product": "factor",
    "sum": "summand",
    "quantity": "computed from",
}


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "explain",
        help="show the terms behind a state or quantity at one time",
        description="Show every term of the rate of a state, or what a quantity is computed from.",
        epilog='Examples: remodel explain osteoclasts --schedule "denosumab 60 mg every 6 mo" '
        '--at 12mo; remodel explain bmd_total_hip --schedule "letrozole 2.5 mg daily" '
        "--versus none --at 2y",
    )
    parser.set_defaults(action=run)
    parser.add_argument("quantity", metavar="NAME", help="a state or quantity, such as ctx")
    parser.add_argument("--schedule", metavar="SENTENCE", help="no treatment by default")
    parser.add_argument(
        "--versus", metavar="SENTENCE", help="explain the difference from this schedule instead"
    )
    parser.add_argument(
        "--depth", type=int, default=1, help="how often to look behind states, with --versus (1)"
    )
    parser.add_argument(
        "--at",
        default="0d",
        metavar="TIME",
        help="such as 12mo, 2.5y or 90d (0d); before a dose given then",
    )
    parser.add_argument("--model", default="reference", help="see: remodel list models")
    add_parameter_options(parser)
    add_patient_options(parser)


def run(args: argparse.Namespace) -> int:
    """Explain."""
    from remodel.explanation.explain import explain
    from remodel.models import load_model
    from remodel.units import read_time

    at, model = read_time(args.at, "d", "--at"), load_model(args.model)
    schedule, patient = schedule_of(args, model), patient_of(args)
    if args.versus is not None:
        return _difference(args, model, schedule, patient, at)
    with progress("Compiling and simulating"):
        explanation = explain(
            args.quantity,
            model=model,
            schedule=schedule,
            patient=patient,
            parameters=parameters_of(args),
            at=at,
        )
    _print(explanation, args.at)
    return 0


def _difference(
    args: argparse.Namespace, model: Model, schedule: Schedule, patient: Patient | None, at: float
) -> int:
    from remodel.explanation.differences import explain_difference
    from remodel.schedules import Schedule

    with progress("Compiling and simulating"):
        difference = explain_difference(
            args.quantity,
            model=model,
            schedule=schedule,
            versus=Schedule.parse(args.versus, drugs=model.drugs),
            patient=patient,
            parameters=parameters_of(args),
            at=at,
            depth=args.depth,
        )
    _print_difference(difference, args.at, args.versus)
    return 0


def _print_difference(difference: Difference, when: str, versus: str) -> None:
    from remodel.explanation.explain import unit_after

    unit = unit_after(difference.unit)
    print_text(
        f"{difference.name} at {when}: {number(difference.value)}{unit}, against "
        f"{number(difference.versus)}{unit} on '{versus}'. {difference.meaning}"
    )
    print()
    if not difference.causes or difference.value == difference.versus:
        print("There is no difference.")
        return
    rows = [row for cause in difference.causes for row in _cause_rows(cause, 0)]
    print_table(["because of", "effect", "share", "meaning"], rows, right=(1, 2))
    print()
    print_text(
        f"difference = {number(difference.value - difference.versus)}{unit}; indented: what moved "
        "the state above; parts below 1 % are left out."
    )


def _cause_rows(cause: Cause, level: int) -> list[list[str]]:
    row = [
        "  " * level + cause.name,
        number(cause.value),
        f"{100 * cause.share:.1f} %",
        cause.meaning,
    ]
    return [row, *(each for inner in cause.causes for each in _cause_rows(inner, level + 1))]


def _print(explanation: Explanation, when: str) -> None:
    from remodel.explanation.explain import unit_after

    value = f"{number(explanation.value)}{unit_after(explanation.unit)}"
    print_text(f"{explanation.name} at {when}: {value}. {explanation.meaning}")
    if explanation.reference:
        print_text(explanation.reference)
    print()
    if not explanation.terms:
        print("It has no terms: it stays as it is.")
        return
    with_share = explanation.kind in ("state", "sum")
    rows = [
        [t.name, number(t.value), t.unit or "", *([f"{100 * t.share:.1f} %"] if with_share else []),
         t.meaning]
        for t in explanation.terms
    ]  # fmt: skip
    heads = [
        _HEADS[explanation.kind],
        "value",
        "unit",
        *(["share"] if with_share else []),
        "meaning",
    ]
    print_table(heads, rows, right=(1, 3) if with_share else (1,))
    if explanation.kind == "state":
        unit = explanation.terms[0].unit
        print()
        print_text(
            f"sum = {number(explanation.rate)} {unit}, the rate of {explanation.name}; "
            "shares are of all gains and of all losses."
        )
