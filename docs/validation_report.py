"""The validation report: every shipped trial beside what the model says of it.

    python docs/validation_report.py [FOLDER]

It writes `validation_report.md` and the overlays into docs/_generated, or into FOLDER.
"""

import sys
from pathlib import Path

from remodel.calibration.report import markdown
from remodel.observations import load_observations, load_trial, trial_names
from remodel.predictions import totals
from remodel.predictions.reliability import coverage
from remodel.predictions.scores import WITHOUT_INTERVAL
from remodel.validation.validate import validate

HERE = Path(__file__).parent
LEFT_OUT = HERE.parent / "experiments" / "06_calibration" / "left_out.csv"
USES = {"validation": "held out", "calibration": "used in the fit"}
MISSES = "BMD, by the absolute error in percentage points; yearly rates left out."
SHOWN = ["arm", "endpoint", "n", "mae", "bias"]


def validation_report(folder: Path) -> str:
    """Validate on all shipped trials, draw them, and return the page."""
    out = folder / "validation"
    found = validate(out=out, use="all")
    table = found.predictions
    lines = ["## Bone mineral density, all treatments", "", bmd_totals(table), ""]
    lines += ["## Errors by treatment", "", intervals(table), ""]
    for use, words in USES.items():
        lines += [f"### Trials {words}", "", summary(table[table["use"] == use]), ""]
    lines += ["## Bands", "", bands(table), ""]
    lines += ["## Errors over time", "", over_time(found.drift), ""]
    lines += ["## Arms of one trial against each other", "", within_trials(found.contrasts), ""]
    lines += ["## Beside other models", ""]
    for other in ("jorg2022", "peterson2010"):
        lines += [f"### {other}", "", beside(table, other), ""]
    lines += ["## Largest misses", "", MISSES, "", misses(table), ""]
    lines += ["## Every trial", ""]
    for study in trial_names():
        rows = table[table["study_id"] == study]
        if len(rows):
            score = found.scorecard[found.scorecard["study_id"] == study]
            lines += section(study, rows, score)
    lines += ["## Not compared", "", skipped(found), ""]
    return "\n".join(lines)


def summary(table) -> str:
    """Return errors by class of treatment, and over all."""
    by_class = totals(table)
    every = totals(table.assign(drug_class="all"))
    import pandas as pd

    return shown_totals(pd.concat([by_class, every]))


def bmd_totals(table) -> str:
    """Return errors of BMD over all treatments, one line a use of the trials."""
    found = totals(table[table["group"] == "BMD"], by=("use",)).set_index("use")
    found = found.reindex([use for use in USES if use in found.index]).rename(USES)
    return shown_totals(found.reset_index(names="trials"))


def shown_totals(found) -> str:
    """Return totals as Markdown; where nothing can be counted as within, a dash."""
    within = [percent(share) for share in found["within_95"]]
    shown = found.assign(within_95=within).drop(columns=["rms_standardized"])
    return markdown(shown.rename(columns={"n_interval": "with interval", "within_95": "within"}))


def percent(share: float) -> str:
    """Return a share in whole percent."""
    return "-" if share != share else f"{100 * share:.0f} %"  # noqa: PLR0124 (NaN)


def intervals(table) -> str:
    """Return how many numbers have a published interval, and what counts for the others."""
    found = totals(table)
    return (
        f"{found['n_interval'].sum()} of {found['n'].sum()} numbers have a published interval. "
        "*Within* is the share inside the 95 % interval; a change of BMD without one counts "
        f"within {WITHOUT_INTERVAL:g} points, other numbers without one do not count. "
        "Errors are in percentage points."
    )


def bands(table) -> str:
    """Return how often bands hold published numbers, of trials held out and cohorts left out."""

    kept = table[table["use"] == "validation"]
    text = [
        "Bands for the published number of a new trial: uncertainty of the parameters, spread "
        "between trials, and the standard error of the number. Shares of published numbers that "
        "lie in bands of 50, 80, 90 and 95 %; beside them the 95 % interval of the share within "
        "90 %, clustered by trial. Density only.",
        "",
        "Trials held out:",
        "",
        shown_coverage(kept),
    ]
    if LEFT_OUT.exists():
        text += [
            "",
            "Each cohort of the fit left out in turn, parameters and spreads estimated without:",
            "",
            shown_coverage(left_out()),
        ]
    return "\n".join(text)


def left_out():
    """Return the predictions of cohorts by fits without them, as a table of predictions."""
    import pandas as pd
    from scipy.special import stdtr

    from remodel.predictions.spreads import DEGREES, SCALE

    table = pd.read_csv(LEFT_OUT)
    return table.assign(
        study_id=table["cohort"],
        error=table["expected"] - table["value"],
        probability_below=stdtr(DEGREES, table["z"] / SCALE),
        scored=True,
    )


def shown_coverage(table) -> str:
    """Return the coverage of bands by class of treatment and over all, as Markdown."""
    import pandas as pd

    density = table[table["endpoint"].str.startswith("bmd_")]
    rows = pd.concat([coverage(density), coverage(density.assign(drug_class="all"))])
    shares = [name for name in rows if str(name).startswith("within_")]
    shown = rows.assign(**{name: [percent(share) for share in rows[name]] for name in shares})
    interval = shown.pop("within_90_low") + " to " + shown.pop("within_90_high")
    return markdown(shown.assign(interval=interval))


def over_time(drift) -> str:
    """Return how errors change over time, in percentage points a year."""
    note = (
        "Slope of the error (predicted minus published, percentage points) a year after the start."
    )
    return f"{note}\n\n{markdown(drift[drift['group'] == 'BMD'])}"


def within_trials(contrasts) -> str:
    """Return the errors of differences between arms of one trial, by endpoint."""
    errors = contrasts.assign(size=contrasts["error"].abs(), spread=contrasts["value"].abs())
    rows = errors.groupby("endpoint").agg(
        n=("error", "size"),
        published=("spread", "mean"),
        mae=("size", "mean"),
        bias=("error", "mean"),
    )
    note = (
        "Differences between two arms of a trial, in percentage points: their mean size as "
        "published, and the error of the prediction. What the arms share cancels."
    )
    return f"{note}\n\n{markdown(rows.reset_index())}"


def beside(table, name: str) -> str:
    """Return errors of this model and of another, on the rows that both predict."""
    other = validate(name, use="all").predictions
    keys = ["study_id", "arm", "endpoint", "time_months", "kind", "relative_to", "comparator"]
    scores = ["error", "crps"]
    both = table.merge(other[[*keys, *scores]], on=keys, suffixes=("", f"_{name}"))
    both = both[both["scored"] & both[f"error_{name}"].notna()]
    sizes = both.assign(a=both["error"].abs(), b=both[f"error_{name}"].abs())
    columns = {
        "n": ("a", "size"),
        "reference": ("a", "mean"),
        name: ("b", "mean"),
        "crps_reference": ("crps", "mean"),
        f"crps_{name}": (f"crps_{name}", "mean"),
    }
    rows = sizes.groupby("group").agg(**columns).reset_index()
    note = (
        "Mean absolute error in percentage points and CRPS on the rows of the shipped tables that "
        f"both models predict, with the same spread between trials. {name} was not fitted to these "
        "rows."
    )
    return f"{note}\n\n{markdown(rows)}"


def misses(table, count: int = 15) -> str:
    """Return the numbers of BMD that lie farthest from their prediction, in percentage points."""
    bmd = table[(table["group"] == "BMD") & table["scored"] & (table["kind"] != "rate_per_year")]
    worst = bmd.reindex(bmd["error"].abs().sort_values(ascending=False).index)[:count]
    names = ["study_id", "arm", "endpoint", "time_months", "value", "predicted", "error", "use"]
    return markdown(worst[names].assign(use=worst["use"].map(USES)))


def section(study: str, rows, score) -> list[str]:
    """Return the part of one trial."""
    about = load_trial(study)
    uses = " and ".join(USES[use] for use in sorted(rows["use"].unique()))
    return [
        f"### {about.label}", "",
        f"`{study}`, {uses}. {about.citation}", "",
        f"![{about.label}](_generated/validation/figures/{study}.png)", "",
        markdown(score[SHOWN]), "",
    ]  # fmt: skip


def skipped(found) -> str:
    """Return what the model cannot be compared with."""
    reasons = {}
    for one in found.skipped:
        reasons.setdefault(one.reason, []).append(f"{one.study_id} ({one.endpoint})")
    lines = [f"- {reason} {', '.join(dict.fromkeys(who))}." for reason, who in reasons.items()]
    unused = len(load_observations().where(use="not_used"))
    lines.append(f"- {unused} numbers of the tables are marked as not used, each with its reason.")
    return "\n".join(lines)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "_generated"
    target.mkdir(parents=True, exist_ok=True)
    (target / "validation_report.md").write_text(validation_report(target), encoding="utf-8")
    print(target / "validation_report.md")
