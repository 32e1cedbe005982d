"""When zoledronate or denosumab should begin on anastrozole, how often, and how long.

    python experiments/18_when_to_protect/run.py [--quick] [--out DIR] [--accept]

Arms are in experiment.toml, the search in problem.toml; it is repeated, and it needs optuna.
"""

import sys
import tomllib
from pathlib import Path

import numpy as np

import remodel as rm
from remodel.cli.main import main as remodel
from remodel.cli.trial import draw
from remodel.decisions.front import hypervolume

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from comparison import arguments, finish, results_folder  # noqa: E402

CORNER = np.array([11.0, 250.0])  # doses and fractures that are worse than any
QUICK = {"women": 40, "search": {"method": "tpe", "evaluations": 60}}
EVERY = {"search": {"method": "exhaustive", "evaluations": 1100}}
SIX = "drug == 'zoledronate' and interval == 6 and duration == 36"


def main() -> int:
    options = arguments(__doc__)
    out = results_folder(Path(__file__), options)
    flags = ["--quick"] * options.quick + ["--accept"] * options.accept
    code = remodel(["run", str(HERE / "experiment.toml"), "--out", str(out), *flags])
    if code not in (0, 1):
        return code
    problem = tomllib.loads((HERE / "problem.toml").read_text()) | (QUICK if options.quick else {})
    early = EVERY | {"objective": [goal | {"at": "5 y"} for goal in problem["objective"]]}
    runs = {"search": {}, "second seed": {"search": problem["search"] | {"seed": 2}}}
    if not options.quick:
        runs |= {"other women": {"seed": 118}, "every plan": EVERY, "at 5 years": early}
    numbers, size = {}, {}
    for name, changes in runs.items():
        best = rm.optimize({**problem, **changes}, out / name.replace(" ", "_"))
        draw(best, out / name.replace(" ", "_") / "figures")
        size[name] = hypervolume(best.losses[list(best.on_front)], CORNER)
        print(f"{name}: {len(best.plans)} plans", best.front.iloc[:, 1:9].to_string(), sep="\n")
        print(*best.sentences, *(f"Not tested: {text}" for text in best.warnings), sep="\n")
        for row in best.front.itertuples():
            numbers[name, f"doses {row.doses:.0f}", 120.0] = row.fractures_any_clinical
        for row in best.table.query(SIX).itertuples() if name == "every plan" else ():
            numbers["six doses", f"from month {row.start:.0f}", 120.0] = row.fractures_any_clinical
        numbers[name, "hypervolume", 120.0] = ratio = size[name] / size["search"]
        print(f"Hypervolume of the front against the first search: {ratio:.4f}\n")
    code = max(code, finish(Path(__file__), options, out, numbers, prefix="front_"))
    print(f"Results: {out}\nMain figure:\n{out / 'search' / 'figures' / 'front.png'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
