"""``remodel trial``: a trial before the trial."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from remodel.cli.progress import progress
from remodel.cli.screen import add_figures_option, count, number, print_table, print_text

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from remodel.decisions import Best
    from remodel.monitoring import MonitoringPlan
    from remodel.virtual_trials.trial import VirtualTrial

_OK, _FAILED = 0, 3
_MOST_ROWS = 40


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "trial",
        help="run a trial on virtual women, many times",
        description="Run a trial on women who differ, read by instruments that err, many times, "
        "and say how often it finds what it looks for.",
        epilog="Writes power.csv, arms.csv, truth.csv, differences.csv, readings.csv and figures. "
        "A run that was stopped continues with the same numbers.",
    )
    parser.set_defaults(action=run)
    parser.add_argument("trial", metavar="TRIAL.toml", help="arms, visits, endpoints, sizes")
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for all results")
    parser.add_argument(
        "--replicate", type=int, default=0, metavar="N", help="whose readings are written (0)"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="processors; all by default")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="Dask scheduler, or local")
    parser.add_argument("--workers", type=int, metavar="N", help="processes of --scheduler local")
    add_figures_option(parser)


def run(args: argparse.Namespace) -> int:
    """Simulate, print, draw."""
    from pathlib import Path

    from remodel.virtual_trials.trial import virtual_trial

    with progress("Simulating women and trials") as shown:
        result = virtual_trial(
            args.trial,
            args.out,
            threads=args.threads,
            scheduler=args.scheduler,
            workers=args.workers,
            replicate=args.replicate,
            progress=shown,
        )
    _print(result)
    if args.figures:
        for path in draw(result, Path(args.out) / "figures"):
            print(path)
    if result.pool.failed:
        failed = count(result.pool.failed, "woman").replace("womans", "women")
        print(f"remodel: {failed} left out, whose simulation failed.", file=sys.stderr)
        return _FAILED
    return _OK


def draw(result: VirtualTrial | MonitoringPlan | Best, folder: Path) -> list[Path]:
    """Write the figures of a result, each with its table, and return where they are."""
    from remodel.files import write_atomically, write_csv, writing

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, figure, table in result.figures():
        write_csv(folder / f"{name}.csv", table)
        paths.append(write_atomically(folder / f"{name}.png", figure.savefig))
    return paths


def _print(result: VirtualTrial) -> None:
    design = result.design
    if design.title:
        print_text(design.title)
    if design.entry:
        print_text(f"{100 * result.eligible:.3g} % of women meet the criteria at screening.")
    print_text(
        f"{design.power.replicates:,} replicates; power at alpha {design.power.alpha:g}, two-sided:"
    )
    print()
    print_table(*_power(result.power), right=range(3, 8))
    for name, table in (("Sample size", result.sample_size), ("Assurance", result.assurance)):
        if table is not None:
            print(f"\n{name}:")
            for row in table.to_dict("records"):
                print_text(_sentence({str(key): value for key, value in row.items()}))


def _power(power: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    heads = ["endpoint", "comparison", "analysis", "months", "n/arm", "effect", "SD", "power"]
    rows = [
        [
            str(row.endpoint).replace("_", " "),
            str(row.comparison),
            str(row.analysis).replace("_", " "),
            f"{row.months:g}",
            str(row.n_per_arm),
            number(row.effect, 3),
            number(row.sd, 3),
            "-" if row.power != row.power else f"{row.power:.3f}",  # NaN
        ]
        for row in power.head(_MOST_ROWS).itertuples()
    ]
    return heads, rows


def _sentence(row: dict[str, Any]) -> str:
    head = f"{row['endpoint']} at {row['months']:g} months, {row['comparison']}, {row['analysis']}"
    if "assurance" in row:
        return (
            f"{head}, {row['n_per_arm']} an arm: {row['assurance']:.3f} "
            f"({row['low_90']:.2f} to {row['high_90']:.2f} over draws)."
        )
    return (
        f"{head}: {row['n_per_arm']} women an arm for a power of {row['power_asked']:g} "
        f"(found {row['power']:.3f}; closed form {row['n_closed_form']:g})."
    )
