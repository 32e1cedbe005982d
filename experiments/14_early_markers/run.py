"""Early markers: do CTX, P1NP, BSAP or NTX tell who loses most on an inhibitor?

    python experiments/14_early_markers/run.py [--quick] [--out DIR] [--accept]

Everything that decides the numbers is in markers.toml.
"""

import sys
import tomllib
from pathlib import Path

import pandas as pd

import remodel as rm
from remodel.virtual_trials.early_markers import early_and_late

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from comparison import arguments, finish, results_folder  # noqa: E402

SHOWN = (("ctx", 3.0, "change"), ("p1np", 6.0, "change"), ("ctx", 0.0, "level"))
COMPARED = ("anastrozole", "all arms", "untreated")


def main() -> int:
    options = arguments(__doc__)
    out = results_folder(Path(__file__), options)
    config = tomllib.loads((HERE / "markers.toml").read_text())
    n = 400 if options.quick else config["women"]
    women = rm.population(n, like=config["population"], seed=config["seed"])
    names = ("markers", "months", "outcome", "outcome_months", "samples", "seed")
    settings = {name: config[name] for name in names}
    table = rm.early_markers(women, config["schedules"], worst=config["worst"], **settings)
    untreated = config["untreated"]
    controls = rm.population(n, like=untreated["population"], seed=config["seed"])
    baseline = rm.early_markers(
        controls, None, **{**settings, "outcome_months": [untreated["months"]]}
    )
    table = pd.concat([table, baseline.replace({"arm": {"all women": "untreated"}})])
    table.to_csv(out / "early_markers.csv", index=False)
    numbers = {}
    for arm in (*config["schedules"], "all arms", "untreated"):
        for marker, month, quantity in SHOWN:
            last = untreated["months"] if arm == "untreated" else 24
            rows = table.query(
                "arm == @arm and marker == @marker and months == @month and quantity == @quantity "
                "and outcome_months == @last and samples < 2"
            )
            print(rows[["arm", "marker", "months", "quantity", "kind", "r", "auc"]].to_string(
                index=False, float_format="%.2f"))  # fmt: skip
            for row in rows.itertuples():
                if arm in COMPARED:
                    numbers[arm, f"{marker}_{quantity}_{month:g}_{row.kind}_r", float(last)] = row.r
    figure = draw(women, config, settings, out)
    code = finish(Path(__file__), options, out, numbers)
    print(f"Results: {out}\nMain figure:\n{figure}")
    return code


def draw(women: rm.Population, config: dict, options: dict, out: Path) -> Path:
    """Draw CTX at three months against the spine at 24, true and as read."""
    only = {**options, "markers": ["ctx"], "months": [3], "outcome_months": [24]}
    pairs = [
        (f"{p.arm}, {'one sample' if p.read else 'true'}", p.early, p.late, p.weights)
        for p in early_and_late(women, config["schedules"], **only)
        if p.arm in ("anastrozole", "all arms") and p.quantity == "change" and p.samples < 2
    ]
    figure, table = rm.plots.marker_against_change(
        pairs,
        x_label="CTX at 3 months, change [%]",
        y_label="spine at 24 months, change [%]",
        worst=config["worst"],
        title="Does CTX at three months tell who loses bone at the spine?",
    )
    path = out / "figures" / "ctx_against_spine.png"
    table.to_csv(path.with_suffix(".csv"), index=False)
    figure.savefig(path)
    return path


if __name__ == "__main__":
    sys.exit(main())
