"""Which exit from denosumab, and when, after 2, 5 and 10 years of it.

    python experiments/20_leaving_denosumab/run.py [--quick] [--out DIR] [--accept]

Arms of a typical woman are in experiment.toml, women and exits in problem.toml.
"""

import sys
import tomllib
from pathlib import Path

import remodel as rm
from remodel.cli.main import main as remodel

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from comparison import arguments, finish, results_folder  # noqa: E402

QUICK = {"women": 40, "uncertainty": {"draws": 10}}
SITES = ("vertebral_morphometric", "any_clinical")
AFTER = 5  # years that are looked at after denosumab has ended


def main() -> int:
    options = arguments(__doc__)
    out = results_folder(Path(__file__), options)
    flags = ["--quick"] * options.quick + ["--accept"] * options.accept
    code = remodel(["run", str(HERE / "experiment.toml"), "--out", str(out), *flags])
    if code not in (0, 1):
        return code
    numbers = {}
    for years in (2, 5, 10):
        text = (HERE / "problem.toml").read_text().replace("for 5 y", f"for {years} y")
        problem = tomllib.loads(text.replace("after 5 years", f"after {years} years"))
        problem |= {"horizon_years": years + AFTER} | (QUICK if options.quick else {})
        best = rm.optimize(problem, out / f"after_{years}_years")
        nothing = best.table.query("exit == 'nothing'").iloc[0]
        for row in best.table.to_dict("records"):
            for site in SITES:
                prevented = nothing[f"fractures_{site}"] - row[f"fractures_{site}"]
                numbers[row["exit"], f"{site} prevented after {years} y", 60.0] = prevented
        numbers["nothing", f"{SITES[0]} after {years} y", 60.0] = nothing[f"fractures_{SITES[0]}"]
        shown = ["exit", *(name for name in best.table if name.startswith("fractures"))]
        print(
            f"\nAfter {years} years of denosumab", best.table[shown].round(1).to_string(), sep="\n"
        )
        print(*best.sentences, *(f"Not tested: {text}" for text in best.warnings), sep="\n")
        print(*(f"Known miss: {text}" for text in best.misses), sep="\n")
    code = max(code, finish(Path(__file__), options, out, numbers, prefix="exits_"))
    print(f"Results: {out}\nMain figure:\n{out / 'figures' / 'four_exits.png'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
