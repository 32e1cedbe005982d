"""Five guidelines as policies on 10,000 women on anastrozole, on treatment and five years after it.

    python experiments/19_guidelines/run.py [--quick] [--out DIR] [--accept]

The typical woman is in experiment.toml, the policies in policies.toml. Quick takes fewer women.
"""

import sys
import time
import tomllib
from pathlib import Path

import remodel as rm
from remodel.cli.main import main as remodel
from remodel.cli.trial import draw

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from comparison import arguments, finish, results_folder  # noqa: E402

QUICK = {"women": 200}
AFTER = {"title": "Five guidelines, five years after anastrozole and all bone drugs",
         "horizon_years": 10, "treatment_months": 60}  # fmt: skip
SHOWN = ("scans", "treated", "treated_without_need", "missed", "fractures_any_clinical",
         "prevented_any_clinical", "prevented_hip", "needed_to_treat_any_clinical",
         "several_vertebral_fractures")  # fmt: skip


def main() -> int:
    options = arguments(__doc__)
    out = results_folder(Path(__file__), options)
    flags = ["--quick"] * options.quick + ["--accept"] * options.accept
    code = remodel(["run", str(HERE / "experiment.toml"), "--out", str(out), *flags])
    if code not in (0, 1):
        return code
    plan = tomllib.loads((HERE / "policies.toml").read_text()) | (QUICK if options.quick else {})
    numbers = {}
    for name, changes in (("on_treatment", {}), ("after_treatment", AFTER)):
        start = time.perf_counter()
        result = rm.compare_policies({**plan, **changes}, out / name)
        draw(result, out / name / "figures")
        months = 12.0 * result.design.horizon_years
        shown = result.policies[result.policies["quantity"].isin(SHOWN)]
        for row in shown.itertuples():
            numbers[row.policy, row.quantity, months] = row.value
        for row in result.harms.itertuples():
            numbers[row.policy, row.harm, months] = row.events
        print(f"{result.report()}\n{time.perf_counter() - start:.0f} s")
    code = max(code, finish(Path(__file__), options, out, numbers, prefix="policies_"))
    figure = out / "on_treatment" / "figures" / "fractures_by_treated.png"
    print(f"Results: {out}\nMain figure:\n{figure}")
    return code


if __name__ == "__main__":
    sys.exit(main())
