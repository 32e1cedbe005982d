"""Are forecasts of real women right? Repeated hip scans are forecast from the first two.

    python benchmarks/repeated_scans.py SCANS.csv [--half check] [--site total_hip]

The table has the columns ``woman, visit, years, age_at_visit_2, menopause_age, bmi,
bmd_total_hip, bmd_femoral_neck``, as that of the Study of Osteoporotic Fractures (Cummings 1995,
N Engl J Med 332:767). Women are split once: the first byte of the SHA-256 of ``woman`` written as
text is even in the half ``fit`` and odd in the half ``check``. What is forecast are visits 5 and 6
from visits 2 and 4, age, menopause age and BMI at visit 2, by ``fit_patients``. Others are told
more than that: the mean change of the very women who are forecast.

- ``no change``: the density of visit 4;
- ``own line``: through her two scans;
- ``group's rate``: her density at visit 4 and the mean rate of the women, their spread around it;
- ``mixed model``: random level and slope, statsmodels, fitted to all four visits of the women.
"""

import argparse
import hashlib
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import remodel as rm

KNOWN, LATER = (2, 4), (5, 6)
OLD = 80.0


def main() -> None:
    args = arguments()
    scans = pd.read_csv(args.scans)
    if args.half != "both":
        scans = scans[[half_of(woman) == args.half for woman in scans["woman"]]]
    for site in args.site:
        women = women_of(scans, f"bmd_{site}")
        began = time.perf_counter(), time.process_time()
        forecast = forecasts(women, site, args.draws)
        wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
        speed = (
            f"{len(women) / wall:.0f} a second, {1e3 * cpu / len(women):.1f} ms of processor each"
        )
        print(f"\n{site}, half '{args.half}': {len(women)} women, {speed}")
        told = mixed_model(women)
        is_old = (women["age_at_visit_2"] > OLD).to_numpy()
        for title, chosen in (
            ("all", np.ones(len(women), dtype=bool)),
            (f"above {OLD:g} y", is_old),
        ):
            for visit in LATER:
                print(f"\n{title}, visit {visit}")
                show(women, forecast, visit, chosen, told)


def half_of(woman: int) -> str:
    """Return the half that a woman is in for good."""
    return ("fit", "check")[hashlib.sha256(str(woman).encode()).digest()[0] % 2]


def women_of(scans: pd.DataFrame, density: str) -> pd.DataFrame:
    """Return one row a woman who was scanned at visits 2 and 4 and later."""
    wide = scans.pivot_table(index="woman", columns="visit", values=[density, "years"])
    first = scans[scans["visit"] == KNOWN[0]].set_index("woman")
    table = first[["age_at_visit_2", "menopause_age", "bmi"]].copy()
    for visit in (*KNOWN, *LATER):
        table[f"density_{visit}"] = wide[density, visit]
        table[f"years_{visit}"] = wide["years", visit]
    known = table[[f"density_{v}" for v in KNOWN]].notna().all(axis=1)
    return table[known & table[[f"density_{v}" for v in LATER]].notna().any(axis=1)]


def forecasts(women: pd.DataFrame, site: str, draws: int) -> pd.DataFrame:
    """Return what ``fit_patients`` forecasts, by woman and visit."""
    rows = []
    for woman, her in women.iterrows():
        age = her["age_at_visit_2"]
        menopause = her["menopause_age"]
        traits = {
            "woman": woman,
            "age": age,
            "menopause_age": "" if not menopause <= age else menopause,
            "bmi": "" if np.isnan(her["bmi"]) else her["bmi"],
            "schedule": "",
            "endpoint": f"bmd_{site}",
            "unit": "g/cm2",
        }
        for visit in (*KNOWN, *LATER):
            if not np.isnan(her[f"density_{visit}"]):
                use = "fit" if visit in KNOWN else "predict"
                at = 12 * her[f"years_{visit}"]
                value = her[f"density_{visit}"] if use == "fit" else ""
                rows.append({**traits, "months": at, "value": value, "use": use})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "readings.csv"
        pd.DataFrame(rows).to_csv(path, index=False)
        done = rm.fit_patients(path, draws=draws)
    for woman, problem in done.failed.items():
        print(f"a woman is left out: {problem}" if woman else problem)
    table = done.table
    table["woman"] = table["woman"].astype(int)
    at = 12 * women.loc[table["woman"], [f"years_{v}" for v in LATER]].to_numpy()
    off = np.abs(at - table["months"].to_numpy(dtype=float)[:, None])
    table["visit"] = np.array(LATER)[np.nanargmin(off, axis=1)]
    return table.set_index(["woman", "visit"])


def mixed_model(women: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the mean level and rate, the covariance of both between women, and the error."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    long = pd.concat(
        pd.DataFrame(
            {
                "woman": women.index,
                "years": women[f"years_{visit}"],
                "log": np.log(women[f"density_{visit}"]),
            }
        )
        for visit in (*KNOWN, *LATER)
    ).dropna()
    design = np.column_stack([np.ones(len(long)), long["years"]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MixedLM(long["log"].to_numpy(), design, long["woman"].to_numpy(), exog_re=design)
        fit = model.fit()
    return np.asarray(fit.fe_params), np.asarray(fit.cov_re), float(fit.scale)


def of_mixed_model(women: pd.DataFrame, visit: int, told) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of the log reading at a visit, given those that are known."""
    rate, spread, error = told
    years = women[[f"years_{v}" for v in KNOWN]].to_numpy()
    logs = np.log(women[[f"density_{v}" for v in KNOWN]].to_numpy())
    near = np.stack([np.ones_like(years), years], axis=2)
    far = np.column_stack([np.ones(len(women)), women[f"years_{visit}"]])
    whole = near @ spread @ near.transpose(0, 2, 1) + error * np.eye(len(KNOWN))
    across = np.einsum("wi,ij,wkj->wk", far, spread, near)
    gain = np.linalg.solve(whole, across[:, :, None])[:, :, 0]
    mean = far @ rate + np.einsum("wk,wk->w", gain, logs - near @ rate)
    variance = np.einsum("wi,ij,wj->w", far, spread, far) - (gain * across).sum(axis=1) + error
    return mean, variance


def show(women: pd.DataFrame, forecast: pd.DataFrame, visit: int, chosen, told) -> None:
    """Print errors of some women at a visit, in percent of their density at visit 4."""
    known = women[f"density_{visit}"].notna().to_numpy()
    rows, women = chosen[known], women[known]
    density = women[f"density_{visit}"].to_numpy()
    first, last = (women[f"density_{v}"].to_numpy() for v in KNOWN)
    begin, now = (women[f"years_{v}"].to_numpy() for v in KNOWN)
    ahead = women[f"years_{visit}"].to_numpy() - now
    change, earlier = np.log(density / last), np.log(last / first)
    rate = change.sum() / ahead.sum()
    read = forecast.loc[[(woman, visit) for woman in women.index]]
    ours, spread = read["mean"].to_numpy(), (read["sd"] / read["mean"]).to_numpy()
    mixed, variance = of_mixed_model(women, visit, told)
    means = {
        "no change": last,
        "own line": last * np.exp(earlier / (now - begin) * ahead),
        "group's rate": last * np.exp(rate * ahead),
        "mixed model": np.exp(mixed),
        "fit_patients": ours,
    }
    errors = {name: 100 * ((mean - density) / last)[rows] for name, mean in means.items()}
    print(f"{ahead[rows].mean():.1f} y ahead, {rows.sum()} readings")
    for name, error in errors.items():
        print(f"  {name:13s} root mean square error {rms(error):5.2f} %, bias {error.mean():+.2f}")
    sizes = {name: rms(error) for name, error in errors.items()}
    paired = errors["fit_patients"] ** 2 - errors["mixed model"] ** 2
    doubt = paired.std() / np.sqrt(len(paired)) / (sizes["fit_patients"] + sizes["mixed model"])
    gain = sizes["fit_patients"] - sizes["mixed model"]
    print(f"  fit_patients against the mixed model {gain:+.3f} points, standard error {doubt:.3f}")
    for share in (50, 90):
        is_inside = (density >= read[f"low_{share}"]) & (density <= read[f"high_{share}"])
        print(f"  {share} % hold {100 * is_inside[rows].mean():.1f} %")
    off = change - rate * ahead
    scores = {
        "group's rate": log_score(off, np.full(len(off), off.std())),
        "mixed model": log_score(np.log(density) - mixed, np.sqrt(variance)),
        "fit_patients": log_score(np.log(density / ours), spread),
    }
    means_of = ", ".join(f"{name} {score[rows].mean():.3f}" for name, score in scores.items())
    print(f"  log score of mean and spread: {means_of}")


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def log_score(off: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Return the logarithm of the normal density of what was off."""
    return -0.5 * np.square(off / sd) - np.log(sd) - 0.5 * np.log(2 * np.pi)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scans", type=Path)
    parser.add_argument("--half", choices=("fit", "check", "both"), default="check")
    parser.add_argument("--site", nargs="+", default=["total_hip", "femoral_neck"])
    parser.add_argument("--draws", type=int, default=1024)
    return parser.parse_args()


if __name__ == "__main__":
    main()
