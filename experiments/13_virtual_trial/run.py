"""A trial before the trial: denosumab against risedronate in women on an inhibitor.

    python experiments/13_virtual_trial/run.py [--quick] [--out DIR] [--accept]

The same as `remodel trial experiments/13_virtual_trial/trial.toml --out DIR`, with the numbers
compared with expected.json.
"""

import sys
from pathlib import Path

import remodel as rm
from remodel.cli.trial import draw
from remodel.files import load_toml

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from comparison import arguments, finish, results_folder  # noqa: E402


def main() -> int:
    options = arguments(__doc__)
    out = results_folder(Path(__file__), options)
    design = dict(load_toml(HERE / "trial.toml").content)
    if options.quick:
        short = {"sizes": [12, 24], "replicates": 100}
        design |= {"women": 600, "power": {**design["power"], **short}}
        del design["assurance"], design["sample_size"]
    result = rm.virtual_trial(design, out)
    figures = draw(result, out / "figures")
    print(result.power.to_string(index=False, float_format="%.3g"))
    numbers = {
        (
            row.comparison,
            f"{row.endpoint}_{row.analysis}_power_{row.n_per_arm}",
            row.months,
        ): row.power
        for row in result.power.itertuples()
        if row.n_per_arm in (12, 24)
    }
    if result.sample_size is not None:
        print(result.sample_size.to_string(index=False))
        row = result.sample_size.iloc[0]
        numbers[row["comparison"], "n_per_arm", row["months"]] = float(row["n_per_arm"])
    if result.assurance is not None:
        print(result.assurance.to_string(index=False, float_format="%.3g"))
        rows = result.assurance.query(
            "endpoint == 'bmd_total_hip' and analysis == 'ancova' and n_per_arm == 24"
        )
        for row in rows.itertuples():
            numbers[row.comparison, "bmd_total_hip_ancova_assurance_24", row.months] = row.assurance
    code = finish(Path(__file__), options, out, numbers)
    print(f"Results: {out}\nMain figure:\n{figures[0]}")
    return code


if __name__ == "__main__":
    sys.exit(main())
