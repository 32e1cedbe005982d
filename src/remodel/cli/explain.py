"""``remodel explain``: the terms behind a number, or behind a difference."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from remodel.cli.progress import progress
from remodel.cli.screen import number, print_table, print_text
from remodel.cli.simulate import add_patient_options, parameters_of, patient_of, schedule_of

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
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    add_patient_options(parser)


def run(given: argparse.Namespace) -> int:
    """Explain."""
    from remodel.explanation.explain import explain
    from remodel.models import load_model
    from remodel.units import read_time

    at, model = read_time(given.at, "d", "--at"), load_model(given.model)
    schedule, patient = schedule_of(given, model), patient_of(given)
    if given.versus is not None:
        return _difference(given, model, schedule, patient, at)
    with progress("Compiling and simulating"):
        found = explain(
            given.quantity,
            model=model,
            schedule=schedule,
            patient=patient,
            parameters=parameters_of(given),
            at=at,
        )
    _print(found, given.at)
    return 0


def _difference(
    given: argparse.Namespace, model: Model, schedule: Schedule, patient: Patient | None, at: float
) -> int:
    from remodel.explanation.differences import explain_difference
    from remodel.schedules import Schedule

    with progress("Compiling and simulating"):
        found = explain_difference(
            given.quantity,
            model=model,
            schedule=schedule,
            versus=Schedule.parse(given.versus, drugs=model.drugs),
            patient=patient,
            parameters=parameters_of(given),
            at=at,
            depth=given.depth,
        )
    _print_difference(found, given.at, given.versus)
    return 0


def _print_difference(found: Difference, when: str, versus: str) -> None:
    unit = _unit(found.unit)
    print_text(
        f"{found.name} at {when}: {number(found.value)}{unit}, against "
        f"{number(found.versus)}{unit} on '{versus}'. {found.meaning}"
    )
    print()
    if not found.causes or found.value == found.versus:
        print("There is no difference.")
        return
    rows = [row for cause in found.causes for row in _cause_rows(cause, 0)]
    print_table(["because of", "effect", "share", "meaning"], rows, right=(1, 2))
    print()
    print_text(
        f"difference = {number(found.value - found.versus)}{unit}; indented: what moved the "
        "state above; parts below 1 % are left out."
    )


def _cause_rows(cause: Cause, level: int) -> list[list[str]]:
    own = [
        "  " * level + cause.name,
        number(cause.value),
        f"{100 * cause.share:.1f} %",
        cause.meaning,
    ]
    return [own, *(row for inner in cause.causes for row in _cause_rows(inner, level + 1))]


def _print(found: Explanation, when: str) -> None:
    print_text(f"{found.name} at {when}: {number(found.value)}{_unit(found.unit)}. {found.meaning}")
    if found.reference:
        print_text(found.reference)
    print()
    if not found.terms:
        print("It has no terms: it stays as it is.")
        return
    with_share = found.kind in ("state", "sum")
    rows = [
        [t.name, number(t.value), t.unit or "", *([f"{100 * t.share:.1f} %"] if with_share else []),
         t.meaning]
        for t in found.terms
    ]  # fmt: skip
    heads = [_HEADS[found.kind], "value", "unit", *(["share"] if with_share else []), "meaning"]
    print_table(heads, rows, right=(1, 3) if with_share else (1,))
    if found.kind == "state":
        unit = found.terms[0].unit
        print()
        print_text(
            f"sum = {number(found.rate)} {unit}, the rate of {found.name}; "
            "shares are of all gains and of all losses."
        )


def _unit(unit: str) -> str:
    return "" if unit in ("-", "") else f" {unit}"
