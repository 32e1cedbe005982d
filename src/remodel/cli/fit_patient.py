"""``remodel fit-patient``: one woman fitted, and her forecast."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from remodel.cli.screen import add_figures_option, print_table, print_text

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
        "thresholds.csv, differences.csv, response.csv, posterior.csv, report.md, "
        "fracture.csv, fracture.md and figures.",
    )
    parser.set_defaults(action=run)
    parser.add_argument("woman", metavar="WOMAN.toml", help="who she is, readings, options")
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for all results")
    parser.add_argument("--country", default="UK", help="of the background of fractures (UK)")
    parser.add_argument("--threads", type=int, metavar="N", help="processors; all by default")
    add_figures_option(parser)


def run(args: argparse.Namespace) -> int:
    """Fit, print, write, draw."""
    from pathlib import Path

    from remodel.fracture import load_background
    from remodel.fracture.one_woman import write_fractures
    from remodel.individuals.fit import fit_patient
    from remodel.individuals.report import (
        DISCLAIMER,
        difference_sentences,
        fit_sentences,
        option_rows,
        response_sentences,
        spoken_of,
        trait_sentences,
        write,
    )
    from remodel.provenance import recording

    load_background().country_ratio(args.country)
    with recording("fit_patient", {"woman": args.woman, "country": args.country}, args.out):
        fit = fit_patient(args.woman, threads=args.threads)
        courses = write(fit, Path(args.out))
        fractures = write_fractures(fit, args.country, Path(args.out))
    for sentences in (fit_sentences(fit), trait_sentences(fit), response_sentences(fit)):
        _print_all([spoken_of(fit.woman, sentence) for sentence in sentences])
    rows = option_rows(fit, courses)
    years = f"{fit.woman.years:g} y"
    heads = [f"{years} from now", "site", "change % (90 %)", "T-score then (90 %)",
             f"< {rows[0].threshold:g}"]  # fmt: skip
    cells = [
        [r.option, r.site, str(r.change), str(r.score), f"{100 * r.below:.0f} %"] for r in rows
    ]
    print_table(heads, cells, right=(4,))
    print()
    _print_all(difference_sentences(courses))
    _print_all(fractures)
    if args.figures:
        for path in draw(fit, courses, Path(args.out) / "figures"):
            print(path)
    print_text(spoken_of(fit.woman, DISCLAIMER))
    print(f"Results: {args.out}")
    return 0


def _print_all(sentences: list[str]) -> None:
    """Print sentences, each on lines of its own, and a blank line."""
    for sentence in sentences:
        print_text(sentence)
    if sentences:
        print()


def draw(fit: PatientFit, courses: dict[str, xr.Dataset], folder: Path) -> list[Path]:
    """Draw her course and her traits, with the numbers in them beside."""
    from remodel.files import write_atomically, write_csv, writing
    from remodel.individuals.forecast import threshold_table
    from remodel.plots.individuals import her_course, her_thresholds, her_traits

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, (figure, table) in {
        "course": her_course(fit, courses),
        "thresholds": her_thresholds(threshold_table(courses, fit.woman.thresholds)),
        "traits": her_traits(fit),
    }.items():
        write_csv(folder / f"{name}.csv", table)
        paths.append(write_atomically(folder / f"{name}.png", figure.savefig))
    return paths
