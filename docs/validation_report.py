"""The validation report: every shipped trial beside what the model says of it.

    python docs/validation_report.py [FOLDER]

It writes `validation_report.md` and the overlays into docs/_generated, or into FOLDER.
"""

import sys
from pathlib import Path

from remodel.calibration.report import markdown
from remodel.observations import load_observations, load_trial, trial_names
from remodel.predictions import totals
from remodel.predictions.scores import WITHOUT_INTERVAL
from remodel.validation.validate import validate

HERE = Path(__file__).parent
POSTERIOR = HERE.parent / "experiments" / "06_calibration" / "posterior.csv"
USES = {"validation": "held out", "calibration": "used in the fit"}
MISSES = "BMD, by the absolute error in percentage points; yearly rates left out."
SHOWN = ["arm", "endpoint", "n", "mae", "bias"]


def validation_report(folder: Path) -> str:
    """Validate on all shipped trials, draw them, and return the page."""
    out = folder / "validation"
    posterior = POSTERIOR if POSTERIOR.exists() else None
    found = validate(out=out, use="all", posterior=posterior)
    table = found.predictions
    lines = ["## Bone mineral density, all treatments", "", bmd_totals(table), ""]
    lines += ["## Errors by treatment", "", intervals(table), ""]
    for use, words in USES.items():
        lines += [f"### Trials {words}", "", summary(table[table["use"] == use]), ""]
    lines += ["## Beside another model", "", beside_jorg(table), ""]
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


def beside_jorg(table) -> str:
    """Return errors of this model and of Jörg 2022, on the rows that both predict."""
    other = validate("jorg2022", use="all").predictions
    keys = ["study_id", "arm", "endpoint", "time_months", "kind", "relative_to", "comparator"]
    both = table.merge(other[[*keys, "error"]], on=keys, suffixes=("", "_jorg2022"))
    both = both[both["scored"]]
    grouped = both.assign(a=both["error"].abs(), b=both["error_jorg2022"].abs()).groupby("group")
    rows = grouped.agg(n=("a", "size"), reference=("a", "mean"), jorg2022=("b", "mean"))
    note = (
        "Mean absolute error in percentage points on the rows of the shipped tables that both "
        "models predict. Jörg 2022 was fitted to digitised curves, not to these rows."
    )
    return f"{note}\n\n{markdown(rows.reset_index())}"


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
