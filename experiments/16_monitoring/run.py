"""When to scan on an aromatase inhibitor, five guidelines on the same women, and one woman.

    python experiments/16_monitoring/run.py [--quick] [--out DIR] [--accept]

Everything that decides the numbers is in the TOML files beside this script.
"""

import sys
from pathlib import Path

import pandas as pd

import remodel as rm
from remodel.cli.trial import draw
from remodel.files import load_toml

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from comparison import arguments, finish, results_folder  # noqa: E402

QUICK, SPINE = 200, "bmd_lumbar_spine"
SHOWN = ("expected_change", "probability_beyond", "variance_reduction", "decision_improved")
LOSSES = ("true_loss", "reads_loss", "false_loss")
RESULTS = ("scans", "treated", "treated_without_need", "missed")
MONTHS = (3, 12, 24, 36, 48)


def main() -> int:
    options = arguments(__doc__)
    out = results_folder(Path(__file__), options)
    women = {"women": QUICK} if options.quick else {}
    inhibitor = followed("plan", out / "plan", women)
    losses = followed("bisphosphonate", out / "bisphosphonate", women)
    her = followed("her", out / "her", {"reading": {"repeats": 4}} if options.quick else {})
    spine = followed("spine", out / "spine", women)
    steady = followed("spine", out / "steady", {**women, "without_wander": ["lumbar_spine"]})
    numbers = {}
    for arm, result, names in (("alone", inhibitor, SHOWN), ("her", her, SHOWN[:3]),
                               ("spine", spine, SHOWN[1:3]), ("steady", steady, SHOWN[1:3]),
                               ("alendronate", losses, LOSSES)):  # fmt: skip
        first = result.visits[result.visits["plan"] == result.visits["plan"].iloc[0]]
        for row in first[first["months"].isin(MONTHS)].to_dict("records"):
            for name in names:
                numbers[arm, f"{row['endpoint']}_{name}", float(row["months"])] = row[name]
    for row in inhibitor.plans.to_dict("records"):
        numbers |= {(row["plan"], name, 60.0): row[name] for name in RESULTS}
    both = [spine.visits, steady.visits.assign(endpoint=f"{SPINE}_without_wander")]
    figure, table = rm.plots.information_by_visit(pd.concat(both), title="The spine's wander")
    figure.savefig(out / "figures" / "spine_wander.png")
    table.to_csv(out / "figures" / "spine_wander.csv", index=False)
    print(inhibitor.plans.to_string(index=False, float_format="%.2f"))
    code = finish(Path(__file__), options, out, numbers)
    print(f"Results: {out}\nMain figure:\n{out / 'plan' / 'figures' / 'plans_compared.png'}")
    return code


def followed(name: str, out: Path, changes: dict) -> rm.MonitoringPlan:
    """Return what a plan of this folder gives, with some changes, written and drawn."""
    plan = dict(load_toml(HERE / f"{name}.toml").content)
    if "woman" in plan:
        plan["woman"] = str(HERE / plan["woman"])
    result = rm.monitor({**plan, **changes}, out)
    draw(result, out / "figures")
    return result


if __name__ == "__main__":
    sys.exit(main())
