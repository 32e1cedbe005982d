"""``remodel fit-patient``: one woman fitted, and her forecast."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from remodel.cli.screen import add_figures_option, print_text

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from remodel.individuals.patient_fit import PatientFit


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "fit-patient",
        help="fit one woman's readings and forecast her options",
        description="Fit the readings of one woman, with a population as prior and the errors of "
        "scanners and laboratories, and forecast each of her options. Writes forecast.csv, "
        "thresholds.csv, differences.csv, response.csv, posterior.csv, report.md and figures.",
    )
    parser.set_defaults(action=run)
    parser.add_argument("woman", metavar="WOMAN.toml", help="who she is, readings, options")
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for all results")
    parser.add_argument("--threads", type=int, metavar="N", help="processors; all by default")
    add_figures_option(parser)


def run(args: argparse.Namespace) -> int:
    """Fit, print, write, draw."""
    from pathlib import Path

    from remodel.individuals.fit import fit_patient
    from remodel.individuals.report import (
        DISCLAIMER,
        fit_sentences,
        option_sentences,
        response_sentences,
        trait_sentences,
        write,
    )

    fit = fit_patient(args.woman, threads=args.threads)
    courses = write(fit, Path(args.out))
    groups = fit_sentences(fit), trait_sentences(fit), response_sentences(fit)
    for sentences in (*groups, option_sentences(fit, courses)):
        for sentence in sentences:
            print_text(sentence)
        print()
    if args.figures:
        for path in draw(fit, courses, Path(args.out) / "figures"):
            print(path)
    print_text(DISCLAIMER)
    print(f"Results: {args.out}")
    return 0


def draw(fit: PatientFit, courses: dict[str, xr.Dataset], folder: Path) -> list[Path]:
    """Draw her course and her traits, with the numbers in them beside."""
    from remodel.files import write_atomically, write_csv, writing
    from remodel.plots.individuals import her_course, her_traits

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, (figure, table) in {
        "course": her_course(fit, courses),
        "traits": her_traits(fit),
    }.items():
        write_csv(folder / f"{name}.csv", table)
        paths.append(write_atomically(folder / f"{name}.png", figure.savefig))
    return paths
