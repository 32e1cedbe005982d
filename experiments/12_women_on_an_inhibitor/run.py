"""Women on an inhibitor: how they differ, as read and in truth, and four trials run again.

    python experiments/12_women_on_an_inhibitor/run.py [--quick] [--out DIR] [--accept]

Trials are in the TOML files beside this script, what they published in published.csv, the spread
of change in published arms in spread.csv.
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

TRIALS = ("halt_bc", "zofast", "ibis2", "atac")
SCHEDULES = {
    "anastrozole": "anastrozole 1 mg daily for 5 y",
    "with zoledronic acid": "anastrozole 1 mg daily for 5 y; "
    "zoledronic acid 4 mg every 6 mo for 5 y",
}
SITES = ("bmd_lumbar_spine", "bmd_total_hip")
VISITS = (0, 12, 24, 36, 60)


def main() -> int:
    options = arguments(__doc__)
    out = results_folder(Path(__file__), options)
    numbers = spread(out, 500 if options.quick else 4000)
    trials = TRIALS[:1] if options.quick else TRIALS
    checks = pd.concat([trial(name, out, quick=options.quick) for name in trials])
    checks.to_csv(out / "checks.csv", index=False)
    print(checks.to_string(index=False, float_format="%.3g"))
    for row in checks.itertuples():
        numbers[row.trial, f"{row.endpoint}_difference", row.months] = row.difference
        if row.months == 12:
            numbers[row.trial, f"{row.endpoint}_standard_error", row.months] = row.standard_error
    code = finish(Path(__file__), options, out, numbers)
    print(f"Results: {out}\nMain figure:\n{out / 'figures' / 'waterfall.png'}")
    return code


def spread(out: Path, n: int) -> dict:
    """Draw how women differ, and return means and standard deviations as read and true."""
    women = rm.population(n, like="aromatase_inhibitor", seed=12)
    outputs = [name for site in SITES for name in (site, f"{site}_percent_change")]
    ds = rm.simulate(schedule=SCHEDULES, patient=women, years=5, outputs=outputs)
    seen = rm.measure(ds, VISITS, seed=13)
    spine = "bmd_lumbar_spine_percent_change"
    title = "Women on anastrozole, with and without zoledronic acid"
    figures = {
        "waterfall": rm.plots.waterfall(seen, spine, 24, title=f"{title}: spine, 24 months"),
        "fan": rm.plots.women_fan(ds, spine, readings=seen, title=f"{title}: spine"),
        "spaghetti": rm.plots.spaghetti(ds, spine, readings=seen, title=f"{title}: spine"),
    }
    for name, (figure, table) in figures.items():
        figure.savefig(out / "figures" / f"{name}.png")
        table.to_csv(out / "figures" / f"{name}.csv", index=False)
    published = pd.read_csv(HERE / "spread.csv").set_index(["arm", "endpoint", "months"])
    rows, numbers = [], {}
    for arm in SCHEDULES:
        chosen = seen.isel(simulation=(seen.arm == arm).to_numpy())
        for site in SITES:
            for month in VISITS[1:]:
                values = chosen.sel(visit=month)
                true, read = (values[f"{site}_percent_change{end}"] for end in ("", "_reading"))
                row = {"arm": arm, "endpoint": site, "months": month, "mean": float(read.mean()),
                       "sd_true": float(true.std()), "sd_read": float(read.std())}  # fmt: skip
                if month == 24:
                    for name in ("mean", "sd_true", "sd_read"):
                        numbers[arm, f"{site}_{name}", month] = row[name]
                if (arm, site, month) in published.index:
                    limits = published.loc[(arm, site, month)]
                    row["published"] = f"{limits.sd_low:g} to {limits.sd_high:g}"
                    row["within"] = limits.sd_low <= row["sd_read"] <= limits.sd_high
                rows.append(row)
    table = pd.DataFrame(rows)
    table.to_csv(out / "spread.csv", index=False)
    print(table.to_string(index=False, float_format="%.2f"), "\n")
    return numbers


def trial(name: str, out: Path, *, quick: bool) -> pd.DataFrame:
    """Run one trial, draw it, and return its differences beside those published."""
    design = dict(load_toml(HERE / f"{name}.toml").content)
    if quick:
        design |= {"women": 500, "power": {**design["power"], "replicates": 50}}
    result = rm.virtual_trial(design, out / name)
    draw(result, out / name / "figures")
    published = pd.read_csv(HERE / "published.csv")
    published = published[published["trial"] == name].drop(columns="source")
    published = published.rename(
        columns={"difference": "published", "standard_error": "published_se"}
    )
    implied = (published["high_95"] - published["low_95"]) / (2 * 1.96)
    published["published_se"] = published["published_se"].fillna(implied)
    columns = ["endpoint", "months", "difference", "standard_error"]
    table = result.differences[columns].merge(published, on=["endpoint", "months"], how="left")
    table["trial"] = name
    inside = table["difference"].between(table["low_95"], table["high_95"])
    table["inside"] = inside.astype(object).where(table["low_95"].notna(), "")
    table["se_ratio"] = table["standard_error"] / table["published_se"]
    first = [
        "trial",
        "endpoint",
        "months",
        "difference",
        "published",
        "low_95",
        "high_95",
        "inside",
    ]
    return table[[*first, "standard_error", "published_se", "se_ratio"]]


if __name__ == "__main__":
    sys.exit(main())
