"""When to scan on an aromatase inhibitor, and five guidelines on the same women.

    python experiments/16_monitoring/run.py [--quick] [--out DIR] [--accept]

Everything that decides the numbers is in plan.toml and bisphosphonate.toml.
"""

import sys
import tomllib
from pathlib import Path

import remodel as rm
from remodel.cli.trial import draw

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from comparison import arguments, finish, results_folder  # noqa: E402

QUICK = 200
SHOWN = ("expected_change", "probability_beyond", "variance_reduction", "decision_improved")


def main() -> int:
    given = arguments(__doc__)
    out = results_folder(Path(__file__), given)
    inhibitor, bisphosphonate = (
        followed(name, out, quick=given.quick) for name in ("plan", "bisphosphonate")
    )
    found = {}
    for row in inhibitor.visits.query("plan == 'each alone'").to_dict("records"):
        for name in SHOWN:
            found["each alone", f"{row['endpoint']}_{name}", float(row["months"])] = row[name]
    for row in inhibitor.plans.to_dict("records"):
        for name in ("scans", "treated", "treated_without_need", "missed"):
            found[row["plan"], name, 60.0] = row[name]
    for row in bisphosphonate.visits.to_dict("records"):
        for name in ("true_loss", "reads_loss"):
            found["alendronate", f"{row['endpoint']}_{name}", float(row["months"])] = row[name]
    print(inhibitor.plans.to_string(index=False, float_format="%.2f"))
    print(inhibitor.first_visits.query("plan == 'each alone'").to_string(index=False))
    hip = found["alendronate", "bmd_total_hip_reads_loss", 12.0]
    true = found["alendronate", "bmd_total_hip_true_loss", 12.0]
    print(f"On alendronate {100 * hip:.0f} % of hips read a loss at 12 months;", end=" ")
    print(f"{100 * true:.0f} % truly lose.")
    code = finish(Path(__file__), given, out, found)
    print(f"Results: {out}\nMain figure:\n{out / 'plan' / 'figures' / 'plans_compared.png'}")
    return code


def followed(name: str, out: Path, *, quick: bool) -> rm.MonitoringPlan:
    """Return what a plan of this folder gives, written and drawn."""
    plan = tomllib.loads((HERE / f"{name}.toml").read_text())
    result = rm.monitor({**plan, "women": QUICK} if quick else plan, out / name)
    draw(result, out / name / "figures")
    return result


if __name__ == "__main__":
    sys.exit(main())
