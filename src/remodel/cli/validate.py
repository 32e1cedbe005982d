"""``remodel validate``: a model against published trials, or a table of one's own."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from remodel.cli.progress import progress
from remodel.cli.screen import add_figures_option, count, number, print_table, print_text

if TYPE_CHECKING:
    from remodel.validation.validate import Validation


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "validate",
        help="compare a model with published trials",
        description="Predict published numbers and score the predictions; writes scorecard.csv, "
        "predictions.csv, totals.csv, coverage.csv, drift.csv, contrasts.csv, skipped.csv and one "
        "figure a study. Without tables the "
        "shipped trials that were never used in a fit.",
    )
    parser.set_defaults(action=run)
    parser.add_argument(
        "--model", default="reference", help="a name (remodel list models), or FILE.py:NAME"
    )
    parser.add_argument("--observations", metavar="CSV", help="table of observations")
    parser.add_argument("--regimens", metavar="CSV", help="table of what each arm was given")
    parser.add_argument("--out", metavar="DIR", default="validation", help="folder (validation)")
    parser.add_argument(
        "--parameters", metavar="FILE.toml", help="parameter set, such as that of a fit"
    )
    parser.add_argument(
        "--posterior", metavar="FILE.csv", help="draws of a fit (those that ship with the model)"
    )
    parser.add_argument(
        "--spreads", metavar="FILE.toml", help="spreads between trials of a fit (those that ship)"
    )
    parser.add_argument(
        "--band",
        default="published",
        choices=("parameters", "trial", "published"),
        metavar="BAND",
        help="what bands hold: parameters, trial (the true mean of a new trial) or published (its "
        "number with the standard error)",
    )
    parser.add_argument(
        "--use",
        default="validation",
        choices=("validation", "calibration", "all"),
        metavar="USE",
        help="which shipped trials: validation, calibration or all",
    )
    add_figures_option(parser)


def run(args: argparse.Namespace) -> int:
    """Validate, print, write."""
    from pathlib import Path

    from remodel.validation.validate import validate

    with progress("Simulating and drawing studies") as meter:
        validation = validate(
            args.model,
            observations=args.observations,
            regimens=args.regimens,
            out=args.out,
            parameters=args.parameters,
            posterior=args.posterior,
            spreads=args.spreads,
            band=args.band,
            use=args.use,
            figures=args.figures,
            progress=meter,
        )
    _print(validation)
    for study, arm in validation.failed:
        print(f"remodel: {study}, arm {arm}: the simulation failed.", file=sys.stderr)
    print(f"\nResults: {args.out}")
    if validation.figures:
        overlays = count(len(validation.figures), "study overlay")
        print(f"Figures: {Path(args.out) / 'figures'} ({overlays})")
    return 3 if validation.failed else 0


def _print(validation: Validation) -> None:
    if len(validation.totals):
        rows = [
            [
                str(r.drug_class),
                str(r.group),
                str(r.n),
                *(number(value, 3) for value in (r.mae, r.rmse, r.bias)),
                _share(r.within_95),
            ]
            for r in validation.totals.itertuples()
        ]
        columns = ["treatment", "measurement", "n", "mae", "rmse", "bias", "within 95 %"]
        print_table(columns, rows, right=(2, 3, 4, 5, 6))
        print_text("Errors in percentage points of change; bias is predicted minus observed.")
        print_text(_intervals(validation))
        print_text(_bands(validation))
    else:
        print(f"Nothing to compare model '{validation.model}' with.")
    if validation.skipped:
        _print_skipped(validation)
    if validation.flagged:
        flagged = count(validation.flagged, "observation")
        print()
        print_text(f"Read without bounds, since they carry a flag: {flagged}.")
    if validation.idle:
        names = ", ".join(f"{study} {arm}" for study, arm in validation.idle)
        idle = count(len(validation.idle), "arm")
        print()
        print_text(f"Not simulated, without observations: {idle} ({names}).")


def _intervals(validation: Validation) -> str:
    """Return how many points have a published interval, and what counts for the others."""
    from remodel.predictions.scores import WITHOUT_INTERVAL

    totals = validation.totals
    have, n = int(totals["n_interval"].sum()), int(totals["n"].sum())
    text = f"{have} of {count(n, 'point')} {'has' if n == 1 else 'have'} a published interval."
    if have == n:
        return text
    return (
        f"{text} Of the others, a change of BMD is within if it is off by at most "
        f"{WITHOUT_INTERVAL:g} points; all else is not counted."
    )


def _bands(validation: Validation) -> str:
    """Return how many published numbers the bands hold."""
    from remodel.predictions.bands import MEANING
    from remodel.predictions.reliability import coverage

    table = validation.predictions
    whole = coverage(table.assign(every="all"), ("every",))
    if not len(whole):
        return ""
    row = whole.iloc[0]
    meaning = MEANING[str(table["band"].iloc[0])]
    low, high = (100 * float(row[f"within_90_{end}"]) for end in ("low", "high"))
    return (
        f"Bands of 90 % hold {_share(row.within_90)} of the numbers (95 % interval, by trial: "
        f"{low:.0f} to {high:.0f} %), bands of 50 % {_share(row.within_50)}; they are of the "
        f"{meaning}."
    )


def _print_skipped(validation: Validation) -> None:
    """Print how many observations could not be compared, and why."""
    counts: Counter[str] = Counter()
    for item in validation.skipped:
        counts[item.reason] += item.n
    print(f"\nSkipped: {count(counts.total(), 'observation')}.")
    rows = [[str(n), reason] for reason, n in counts.most_common()]
    print_table(["n", "reason (arms in skipped.csv)"], rows, right=(0,))


def _share(value: float) -> str:
    return "-" if value != value else f"{100 * value:.0f} %"  # noqa: PLR0124 (NaN)
