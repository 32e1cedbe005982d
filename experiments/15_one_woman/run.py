"""One woman of 62 on anastrozole: fitted, forecast, and compared with the typical woman.

    python experiments/15_one_woman/run.py [--quick] [--out DIR] [--accept]

The typical woman is in experiment.toml, she herself in woman.toml. Quick uses fewer draws.
"""

import sys
import tomllib
from pathlib import Path

import numpy as np

import remodel as rm
from remodel.cli.fit_patient import draw
from remodel.cli.main import main as remodel
from remodel.individuals.forecast import threshold_table
from remodel.individuals.report import write
from remodel.individuals.response import response_table

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from comparison import arguments, finish, results_folder  # noqa: E402

QUICK = 256  # draws


def main() -> int:
    options = arguments(__doc__)
    out = results_folder(Path(__file__), options)
    flags = ["--quick"] * options.quick + ["--accept"] * options.accept
    code = remodel(["run", str(HERE / "experiment.toml"), "--out", str(out), *flags])
    if code not in (0, 1):
        return code
    woman = tomllib.loads((HERE / "woman.toml").read_text())
    fit = rm.fit_patient({**woman, "draws": QUICK} if options.quick else woman)
    courses = write(fit, out / "her")
    figures = draw(fit, courses, out / "her" / "figures")
    numbers = {("readings", n, 12.0): p for n, p in response_table(fit).to_numpy().tolist()}
    for option, course in courses.items():
        now = int(np.argmin(np.abs(course["months"].to_numpy() - fit.woman.now)))
        for name in ("bmd_lumbar_spine", "bmd_total_hip"):
            density = course[name].to_numpy()
            change = 100 * (density[:, -1] / density[:, now] - 1)
            for quantile, share in (("low_90", 0.05), ("median", 0.5), ("high_90", 0.95)):
                numbers[option, f"{name}_{quantile}", 72.0] = float(np.quantile(change, share))
    for row in threshold_table(courses, fit.woman.thresholds).query("months == 72").itertuples():
        if row.endpoint == "t_score_lumbar_spine":
            numbers[row.option, f"{row.endpoint} {row.threshold}", 72.0] = row.probability
    code = max(code, finish(Path(__file__), options, out / "her", numbers, prefix="her_"))
    print((out / "her" / "report.md").read_text())
    print(f"Results: {out}\nMain figure:\n{figures[0]}")
    return code


if __name__ == "__main__":
    sys.exit(main())
