"""Estimate what teriparatide does, after the rest of the model: six parameters on its own trials.

    python experiments/06_calibration/teriparatide.py [--install]

Numbers count as in the fit of the rest, by standard errors and spreads between trials. The curves
of Leder 2014 in `digitised/` are used where they are at hand.
"""

import sys
from pathlib import Path

from remodel.calibration import FitProblem
from remodel.calibration.data import Source
from remodel.calibration.objective import Objective
from remodel.calibration.search import descend
from remodel.parameters.defaults import write_values

HERE = Path(__file__).parent
PARAMETERS = HERE.parents[1] / "src" / "remodel" / "parameters" / "sets" / "reference"
CURVES = HERE / "digitised"
ESTIMATED = (
    "recruitment_by_response",
    "cortical_resorption_by_response",
    "tolerance_strength",
    "retention_by_response",
    "awakening_by_response",
    "cortical_unit_rate",
)
STUDIES = ("fpt", "data", "leder2014", "mcclung2014", "data_switch")
NOT_TERIPARATIDE = (
    "data/denosumab", "data_switch/denosumab_to_teriparatide", "fpt/placebo", "mcclung2014/placebo",
    "mcclung2014/alendronate", "mcclung2014/romosozumab_210_qm",
)  # fmt: skip


def main() -> int:
    sources = [Source(held_out=NOT_TERIPARATIDE)]
    if CURVES.is_dir():
        tables = CURVES / "observations.csv", CURVES / "regimens.csv"
        sources.append(Source(*tables, held_out=("leder2014/denosumab", "saag2017")))
    problem = FitProblem(
        "Teriparatide", "reference", tuple(f"teriparatide_{name}" for name in ESTIMATED),
        tuple(sources), studies=STUDIES,
    )  # fmt: skip
    built = Objective.of(problem)
    rows = [target.observation for target in built.predictor.targets]
    start = {name: p.value for name, p in problem.parameters().items()}
    optimum = descend(built, built.coordinates.inner(start))
    values = {
        name: float(f"{value:.3g}")
        for name, value in built.coordinates.natural(optimum.theta).items()
    }
    for name, value in values.items():
        print(f"{name:50s} {value:10.4g}   before {start[name]:10.4g}")
    for row, predicted in zip(rows, built.predictor.predict(values), strict=True):
        print(
            f"{row.study_id:12s} {row.arm:26s} {row.endpoint:18s} {row.time_months:5.1f} mo "
            f"{row.value:7.1f}, model {predicted:7.1f}"
        )
    if "--install" in sys.argv[1:]:
        write_values(PARAMETERS, values)
        print(f"Values written into {PARAMETERS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
