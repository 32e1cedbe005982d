"""``remodel fit-patients``: forecasts of the readings of many women."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from remodel.cli.progress import progress
from remodel.cli.screen import count

_OK, _FAILED = 0, 3
_LISTED = 10


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "fit-patients",
        help="forecast the readings of many women from their earlier ones",
        description="Forecast the rows of a table with use = predict from those with use = fit. "
        "Columns: woman, age, sex, menopause_age, bmi, schedule, endpoint, months, value, unit, "
        "use; where known also date, scanner, fasting, hour.",
        epilog="Writes predictions.csv. A run that was stopped continues with the same numbers.",
    )
    parser.set_defaults(action=run)
    parser.add_argument("readings", metavar="READINGS.csv", help="one row a reading")
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for all results")
    parser.add_argument(
        "--population", metavar="NAME", default="postmenopausal", help="preset or TOML file"
    )
    parser.add_argument("--draws", type=int, default=1024, help="of a stored population (1024)")
    parser.add_argument("--seed", type=int, default=1, help="of the draws (1)")
    parser.add_argument("--threads", type=int, metavar="N", help="processors; all by default")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="Dask scheduler, or local")
    parser.add_argument("--workers", type=int, metavar="N", help="processes of --scheduler local")


def run(args: argparse.Namespace) -> int:
    """Fit, write, name who failed."""
    from remodel.individuals.table import fit_patients

    with progress("Fitting women") as shown:
        forecasts = fit_patients(
            args.readings,
            args.out,
            population=args.population,
            draws=args.draws,
            seed=args.seed,
            threads=args.threads,
            scheduler=args.scheduler,
            workers=args.workers,
            progress=shown,
        )
    women = "1 woman" if forecasts.women == 1 else f"{forecasts.women:,} women"
    readings = int(forecasts.table["mean"].notna().sum())
    print(f"{women} fitted, {count(readings, 'reading')} forecast.")
    print(f"Results: {args.out}")
    for name, problem in list(forecasts.failed.items())[:_LISTED]:
        print(f"remodel: woman {name}: {problem}", file=sys.stderr)
    if len(forecasts.failed) > _LISTED:
        print(f"remodel: and {len(forecasts.failed) - _LISTED} more.", file=sys.stderr)
    return _FAILED if forecasts.failed else _OK
