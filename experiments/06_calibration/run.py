"""Calibrate the reference model, and compare what is found with expected.json.

    python experiments/06_calibration/run.py [--quick] [--out DIR] [--resume] [--accept] [--install]
                                             [--leave-out] [--starts N]

The full run takes some minutes and gives the values that the package ships; `digitised/` with the
two files of curves must lie beside this script for that. Without them it fits what is left.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from remodel.calibration import calibrate, load_problem
from remodel.calibration.leave_out import leave_out_totals, predictions_without_cohorts
from remodel.cli.calibrate import Printed, draw_fit
from remodel.errors import RemodelError
from remodel.files import read_text, write_csv, write_text
from remodel.parameters.defaults import write_values
from remodel.predictions import SHIPPED
from remodel.predictions.spreads_file import SHIPPED_SPREADS, write_spreads

HERE = Path(__file__).parent
EXPECTED = HERE / "expected.json"
LEFT_OUT = HERE / "left_out.csv"
PARAMETERS = HERE.parents[1] / "src" / "remodel" / "parameters" / "sets" / "reference"
SHIPPED_DRAWS = PARAMETERS.parents[1] / "posteriors" / "reference.csv"


def main() -> int:
    options = arguments()
    mode = "quick" if options.quick else "full"
    problem = load_problem(HERE / "problem.toml", quick=options.quick)
    if not options.quick and not (HERE / "digitised").is_dir():
        mode = "full_without_curves"
        print("digitised/ is not there: fitting the tables of the package alone.")
    if options.starts:
        problem = replace(problem, starts=options.starts)
    out = options.out or HERE / "results" / mode
    fit = calibrate(
        problem, out=out, resume=options.resume, profiles=options.profiles, draws=options.draws,
        progress=Printed(),
    )  # fmt: skip
    figures = draw_fit(fit)
    numbers = {"objective": fit.cost, **{p.name: p.value for p in chosen(fit)}}
    if options.accept:
        accept(mode, numbers)
    if options.install:
        write_values(PARAMETERS, {p.name: p.value for p in chosen(fit)})
        write_spreads(fit.problem.spreads, SHIPPED_SPREADS)
        print(f"Values written into {PARAMETERS}, spreads into {SHIPPED_SPREADS}")
        if fit.posterior is not None:
            write_text(SHIPPED_DRAWS, read_text(fit.folder / "posterior.csv", RemodelError))
            print(f"Draws written into {SHIPPED_DRAWS}")
    if options.leave_out:
        table = leave_out(fit)
        if options.install:
            write_csv(LEFT_OUT, shipped_rows(table))
    code = compare(mode, numbers)
    print(f"Results: {out}\nMain figure:\n{figures[0]}")
    return code


def leave_out(fit):
    """Predict every cohort by a fit without it; write and print how well that works."""
    values = {p.name: p.value for p in chosen(fit)}
    table = predictions_without_cohorts(fit.problem, values)
    table["measure"] = np.where(table["endpoint"].str.startswith("bmd"), "BMD", table["endpoint"])
    table.to_csv(fit.folder / "leave_out.csv", index=False)
    for by in (["measure"], ["measure", "group"]):
        totals = leave_out_totals(table, by)
        totals.to_csv(fit.folder / f"leave_out_by_{'_'.join(by)}.csv", index=False)
        print(totals.round(3).to_string(index=False))
    return table


def shipped_rows(table):
    """Return the predictions of the package's own rows, as the report on validation reads them."""
    package = table[(table["table"] == SHIPPED) & table["is_plain"]]
    columns = ["cohort", "arm", "endpoint", "time_months", "drug_class", "value", "expected", "sd"]
    return package[[*columns, "z", "log_score", "crps"]].round(4)


def chosen(fit):
    """Return the estimated parameters."""
    return [fit.parameters[name] for name in fit.problem.estimate]


def accept(mode: str, numbers: dict[str, float]) -> None:
    """Write what was found as what is expected."""
    content = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {"tolerance": 0.02}
    content[mode] = {name: float(f"{value:.5g}") for name, value in numbers.items()}
    EXPECTED.write_text(json.dumps(content, indent=2) + "\n")


def compare(mode: str, numbers: dict[str, float]) -> int:
    """Print what was found beside what is expected; 1 if something differs."""
    content = json.loads(EXPECTED.read_text())
    if mode not in content:
        print(f"No numbers are expected of the {mode} mode yet; --accept writes those found.")
        return 0
    different = 0
    for name, expected in content[mode].items():
        value = numbers.get(name, np.nan)  # of a parameter that is not estimated any more
        passed = abs(value - expected) <= content["tolerance"] * abs(expected)
        different += not passed
        print(f"{name:50s} {value:12.5g} {expected:12.5g} {'ok' if passed else 'DIFFERENT'}")
    share = 100 * content["tolerance"]
    total = len(content[mode])
    verdict = "FAIL" if different else "PASS"
    print(
        f"{verdict}: {total - different} of {total} numbers within {share:g} % of those expected."
    )
    return int(different > 0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few parameters, few trials")
    parser.add_argument("--out", type=Path, help="folder for results")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted fit")
    parser.add_argument("--accept", action="store_true", help="expect what is found")
    parser.add_argument("--install", action="store_true", help="make these the model's values")
    parser.add_argument("--leave-out", action="store_true", help="predict every cohort without it")
    parser.add_argument("--starts", type=int, help="number of starting points")
    parser.add_argument("--profiles", action="store_true", help="profile every parameter")
    parser.add_argument("--draws", type=int, default=0, help="worth of draws")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RemodelError as error:
        print(f"remodel: {error}", file=sys.stderr)
        sys.exit(2)
