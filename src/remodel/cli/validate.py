"""``remodel validate``: a model against published trials, or a table of one's own."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from remodel.cli.progress import progress
from remodel.cli.screen import count, number, print_table

if TYPE_CHECKING:
    from remodel.predictions import Evidence
    from remodel.validation.validate import Validation


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "validate",
        help="compare a model with published trials",
        description="Predict published numbers and score the predictions; writes scorecard.csv, "
        "predictions.csv, totals.csv, skipped.csv and one figure a study. Without tables the "
        "shipped trials that were never used in a fit.",
    )
    parser.set_defaults(action=run)
    parser.add_argument("--model", default="reference", help="see: remodel list models")
    parser.add_argument("--observations", metavar="CSV", help="table of observations")
    parser.add_argument("--regimens", metavar="CSV", help="table of what each arm was given")
    parser.add_argument("--out", metavar="DIR", default="validation", help="folder (validation)")
    parser.add_argument(
        "--parameters", metavar="FILE.toml", help="parameter set, such as that of a fit"
    )
    parser.add_argument(
        "--posterior", metavar="FILE.csv", help="draws of a fit; gives every curve a band"
    )
    parser.add_argument(
        "--use",
        default="validation",
        choices=("validation", "calibration", "all"),
        metavar="USE",
        help="which shipped trials: validation, calibration or all",
    )


def run(given: argparse.Namespace) -> int:
    """Validate, print, write."""
    from remodel.validation.validate import load_evidence, validate

    evidence = load_evidence(given.observations, given.regimens, given.use)
    with progress("Simulating and drawing studies") as shown:
        shown.start(len(evidence.observations.studies))
        found = validate(
            given.model,
            observations=given.observations,
            regimens=given.regimens,
            out=given.out,
            parameters=given.parameters,
            posterior=given.posterior,
            use=given.use,
            progress=shown.advance,
        )
    _print(found)
    if given.regimens is not None:
        _print_idle(evidence)
    for study, arm in found.failed:
        print(f"remodel: {study}, arm {arm}: the simulation failed.", file=sys.stderr)
    print(f"\nResults: {given.out}")
    if found.figures:
        print(f"Figures: {given.out}/figures ({count(len(found.figures), 'study overlay')})")
    return 3 if found.failed else 0


def _print(found: Validation) -> None:
    if len(found.totals):
        rows = [
            [str(r.drug_class), str(r.group), str(r.n), number(r.mae, 3), number(r.rmse, 3),
             number(r.bias, 3), _share(r.within_95)]
            for r in found.totals.itertuples()
        ]  # fmt: skip
        columns = ["treatment", "measurement", "n", "mae", "rmse", "bias", "within 95 %"]
        print_table(columns, rows, right=(2, 3, 4, 5, 6))
        print("Errors in percentage points of change; bias is predicted minus observed.")
        print(_intervals(found))
    else:
        print(f"Nothing to compare model '{found.model}' with.")
    if found.skipped:
        n = sum(item.n for item in found.skipped)
        print(f"\nSkipped: {count(n, 'observation')}.")
        _print_reasons(found)


def _intervals(found: Validation) -> str:
    """Return how many points have a published interval, and what counts for the others."""
    from remodel.predictions.scores import WITHOUT_INTERVAL

    have, n = int(found.totals["n_interval"].sum()), int(found.totals["n"].sum())
    text = f"{have} of {count(n, 'point')} {'has' if n == 1 else 'have'} a published interval."
    if have == n:
        return text
    return (
        f"{text} Of the others, a change of BMD is within if it is off by at most "
        f"{WITHOUT_INTERVAL:g} points; all else is not counted."
    )


def _print_idle(evidence: Evidence) -> None:
    from remodel.observations import idle_arms

    idle = idle_arms(evidence.observations, evidence.arms)
    if idle:
        names = ", ".join(f"{study} {arm}" for study, arm in idle)
        print(f"\nNot simulated, without observations: {count(len(idle), 'arm')} ({names}).")


def _print_reasons(found: Validation) -> None:
    counts: dict[str, int] = {}
    for item in found.skipped:
        counts[item.reason] = counts.get(item.reason, 0) + item.n
    rows = [[str(n), reason] for reason, n in sorted(counts.items(), key=lambda pair: -pair[1])]
    print_table(["n", "reason (arms in skipped.csv)"], rows, right=(0,), wrap_last=True)


def _share(value: float) -> str:
    return "-" if value != value else f"{100 * value:.0f} %"  # noqa: PLR0124 (NaN)
