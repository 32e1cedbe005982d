"""``remodel calibrate``: parameters from published trials."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remodel.cli.screen import add_figures_option, count, number, print_table, print_text
from remodel.errors import ConfigError
from remodel.progress import Silent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from remodel.calibration import Fit


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "calibrate",
        help="estimate parameters from published trials",
        description="Fit a model to published trials from many starting points. Writes the fitted "
        "parameter set, a report, tables and figures.",
    )
    parser.set_defaults(action=run)
    parser.add_argument("problem", metavar="PROBLEM.toml", help="model, data, parameters, search")
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for all results")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted fit")
    parser.add_argument("--quick", action="store_true", help="the short form of the problem")
    parser.add_argument(
        "--profiles", action="store_true", help="profile likelihood of every estimated parameter"
    )
    parser.add_argument(
        "--draws",
        type=int,
        default=0,
        metavar="N",
        help="draws from the posterior, worth N independent ones (none)",
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes; as many as processors by default"
    )
    add_figures_option(parser)


def run(args: argparse.Namespace) -> int:
    """Calibrate, print, draw."""
    from remodel.calibration import calibrate
    from remodel.simulation.inputs import check_count

    check_count("--workers", args.workers)
    if args.draws < 0:
        raise ConfigError(f"--draws = {args.draws}: must be a whole number from 0.")
    fit = calibrate(
        args.problem,
        out=args.out,
        resume=args.resume,
        quick=args.quick,
        profiles=args.profiles,
        draws=args.draws,
        workers=args.workers,
        progress=Printed(),
    )
    paths = draw_fit(fit) if args.figures else []
    _print(fit)
    print(f"\nFitted set: {fit.folder / 'parameters.toml'}")
    print(f"Report:     {fit.folder / 'report.md'}")
    if paths:
        print(f"Figures:    {fit.folder / 'figures'} ({count(len(paths), 'figure')})")
    failed = [start for start in fit.starts if start.cost == float("inf")]
    for start in failed:
        print(f"remodel: start {start.index}: {start.message}.", file=sys.stderr)
    return 3 if failed else 0


class Printed(Silent):
    """A progress whose lines are printed, and kept by whoever redirects the output."""

    def say(self, text: str) -> None:
        """Print a line."""
        print_text(text)


def draw_fit(fit: Fit) -> list[Path]:
    """Write the figures of a fit."""
    from remodel.calibration.coordinates import Coordinates
    from remodel.files import write_atomically, writing
    from remodel.plots import calibration as draw

    folder = fit.folder / "figures"
    figures = {
        "waterfall": draw.waterfall(fit.starts)[0],
        "spectrum": draw.spectrum(fit.information)[0],
        **_numbered("residuals", draw.residuals(fit.predictions)[0]),
        **_numbered("profiles", draw.profiles(fit.profiles)[0] if fit.profiles else []),
    }
    if fit.posterior is not None:
        coordinates = Coordinates.of(fit.problem.parameters().values())
        figures["marginals"] = draw.marginals(fit.posterior, coordinates)[0]
    with writing(folder):
        folder.mkdir(exist_ok=True)
    return [
        write_atomically(folder / f"{name}.png", figure.savefig) for name, figure in figures.items()
    ]


def _numbered(name: str, figures: list[Figure]) -> dict[str, Figure]:
    """Return figures by name, with a number where there are several."""
    if len(figures) == 1:
        return {name: figures[0]}
    return {f"{name}_{i}": figure for i, figure in enumerate(figures, 1)}


def _print_estimates(fit: Fit) -> None:
    rows = [
        [
            str(r.parameter),
            number(r.value, 3),
            number(r.standard_error, 2),
            str(r.unit),
            number(r.sd_over_prior, 2),
            "at bound" if r.at_bound else str(r.verdict or "-"),
        ]
        for r in fit.estimates.itertuples()
    ]
    print_table(["parameter", "value", "±", "unit", "sd/prior", "verdict"], rows, right=(1, 2, 4))
    print_text("± is one standard error; sd/prior: near 0 the data decide, near 1 the prior does.")


def _print(fit: Fit) -> None:
    from remodel.calibration.report import convergence

    print()
    print_text(convergence(fit.starts))
    print()
    _print_estimates(fit)
    print()
    rows = [
        [
            str(r.drug_class),
            str(r.group),
            str(r.n),
            *(number(value, 3) for value in (r.mae, r.rmse, r.bias, t.rms)),
            number(t.slope, 2),
            number(t.slope_error, 2),
        ]
        for r, t in zip(fit.totals.itertuples(), fit.trends.itertuples(), strict=True)
    ]
    columns = ["treatment", "measurement", "n", "mae", "rmse", "bias", "rms z", "z a year", "±"]
    print_table(columns, rows, right=(2, 3, 4, 5, 6, 7, 8))
    print("Errors in percentage points; z is a residual in standard errors.")
