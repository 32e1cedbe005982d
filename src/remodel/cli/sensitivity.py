"""``remodel sensitivity``: which factors of a design matter, for which outputs, and when."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from remodel.cli.progress import progress
from remodel.cli.screen import add_figures_option, number, print_table, print_text
from remodel.cli.sweep import say_remark, stopped
from remodel.errors import ConfigError, SolverError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

    from remodel.sensitivity.analysis import Study

    Drawing = Callable[[xr.Dataset, str], tuple[Figure, pd.DataFrame]]

_OK, _FAILED = 0, 3
_MOST_LISTED, _MOST_NOTES = 10, 5
_EPILOG = """
The design has kind = "morris" (elementary effects), "saltelli" (Sobol
indices), or is a sample ("latin_hypercube", "sobol", "random") or a table
(PAWN, delta). A table [sensitivity] may say method, failed ("refuse" or
"drop"), resamples and confidence.
"""


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "sensitivity",
        help="find out which factors of a design matter",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Simulate a design and say how much each factor moves each output,\nover time.",
        epilog=_EPILOG,
    )
    parser.set_defaults(action=run)
    parser.add_argument("design", metavar="DESIGN.toml")
    parser.add_argument("--out", metavar="DIR", help="folder for simulations, indices and figures")
    parser.add_argument("--model", metavar="MODEL", help="instead of the design's; or FILE.py:NAME")
    parser.add_argument("--method", help="pawn or delta, of a sample or table")
    parser.add_argument("--resume", action="store_true", help="continue the simulations in DIR")
    parser.add_argument("--threads", type=int, metavar="N", help="processors; all by default")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="Dask scheduler, or local")
    parser.add_argument("--workers", type=int, metavar="N", help="processes of --scheduler local")
    add_figures_option(parser)


def run(args: argparse.Namespace) -> int:
    """Simulate, analyze, print, draw."""
    from pathlib import Path

    from remodel.sensitivity.study import SIMULATIONS, load_study, sensitivity_analysis
    from remodel.simulation.dataset import SimulationWarning

    if args.out is None:
        raise ConfigError(
            "--out DIR is missing: where simulations, indices and figures are written."
        )
    study = load_study(args.design, args.method, args.model)
    say_remark(study.design)
    print_text(_headline(study))
    try:
        with warnings.catch_warnings(), progress("Simulating and analyzing") as shown:
            warnings.simplefilter("ignore", SimulationWarning)  # it is in the report
            indices = sensitivity_analysis(
                args.design,
                args.out,
                model=args.model,
                method=args.method,
                resume=args.resume,
                threads=args.threads,
                scheduler=args.scheduler,
                workers=args.workers,
                progress=shown,
            )
    except KeyboardInterrupt as stop:
        return stopped(stop, _again(args))
    except SolverError as error:
        print(f"remodel: {error}", file=sys.stderr)
        print(f"  remodel sweep status {Path(args.out) / SIMULATIONS}", file=sys.stderr)
        return _FAILED
    return _report(indices, Path(args.out), figures=args.figures)


def _again(args: argparse.Namespace) -> str:
    options = "".join(
        f" --{name} {getattr(args, name)}" for name in ("method", "model") if getattr(args, name)
    )
    return f"remodel sensitivity {args.design} --out {args.out}{options} --resume"


def _headline(study: Study) -> str:
    from remodel.sensitivity.methods import block_length

    title, drawn, length = study.method.title, study.design.drawn, block_length(study.design)
    blocks = f" in {drawn // length:,} blocks" if length > 1 else ""
    factors = len(study.design.factors)
    return f"{title[:1].upper()}{title[1:]}: {factors} factors, {drawn:,} simulations{blocks}."


def _report(indices: xr.Dataset, folder: Path, *, figures: bool) -> int:
    """Print the indices of every output, and draw them."""
    outputs = list(dict.fromkeys(str(v.attrs["output"]) for v in indices.data_vars.values()))
    for output in outputs:
        _print_output(indices, output)
    rule = indices.attrs["failed"]
    print()
    print_text(f"{rule[:1].upper()}{rule[1:]}.")
    notes = indices.attrs["notes"].splitlines()
    for note in notes[:_MOST_NOTES]:
        print_text(f"Note: {note}")
    if len(notes) > _MOST_NOTES:
        print(f"... and {len(notes) - _MOST_NOTES} more notes in indices.nc.")
    for path in draw(indices, outputs, folder / "figures") if figures else ():
        print(f"Figure: {path}")
    print(f"Indices: {folder / 'indices.csv'}")
    return _FAILED if indices.attrs["left_out"] else _OK


def _print_output(indices: xr.Dataset, output: str) -> None:
    from remodel.plots.sensitivity import ranked

    table = ranked(indices, output, most=_MOST_LISTED)
    print(f"\n{output}{'' if 'time' not in indices.dims else ', at the end'}:\n")
    heads = [column.replace("_interval", " ±").replace("_", " ") for column in table.columns]
    rows = [
        [str(factor), *(number(float(value), 3) for value in values)]
        for factor, values in zip(table.index, table.to_numpy(), strict=True)
    ]
    print_table(["factor", *heads], rows, right=range(1, len(heads) + 1))


def draw(indices: xr.Dataset, outputs: list[str], folder: Path) -> list[Path]:
    """Draw every output and return the files: tornado, and over time heat map and time course."""
    from remodel.files import write_atomically, writing
    from remodel.plots.sensitivity import index_heat_map, indices_of, time_course, tornado

    paths = []
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for output in outputs:
        drawings: dict[str, Drawing] = {"tornado": tornado}
        main, _ = indices_of(indices, output)
        if "time" in indices[f"{output}_{main}"].dims:
            drawings |= {"heat_map": index_heat_map, "time_course": time_course}
        for name, drawing in drawings.items():
            figure, _ = drawing(indices, output)
            paths.append(write_atomically(folder / f"{output}_{name}.png", figure.savefig))
    return paths
