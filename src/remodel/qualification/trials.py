"""The data: published trials, and the side on which each number stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remodel.observations import load_observations, load_regimens, load_trial
from remodel.qualification.findings import Findings, records
from remodel.qualification.numbers import slug

if TYPE_CHECKING:
    import pandas as pd

SIDES = ("calibration", "validation", "not_used")
_COUNTS = {"numbers": "1", "studies": "1", "cohorts": "1", "density": "1"}
_EXTENT = {"longest_years": "y", "youngest": "y", "oldest": "y", "arms": "1"}


def count_trials(findings: Findings) -> None:
    """Add how many numbers, studies and cohorts there are on each side, and what they reach."""
    import pandas as pd

    rows = pd.DataFrame(_rows())
    table = pd.DataFrame([{"side": side, **_counts(rows[rows["side"] == side])} for side in SIDES])
    findings.tables["data"] = table
    for row in records(table):
        findings.add_row(f"data.{row['side']}", row, _COUNTS, "tables/data.csv")
    findings.add_row("data.all", _counts(rows), _COUNTS, "the shipped observations")
    used = rows[rows["side"] != "not_used"]
    ages = used.drop_duplicates(["study", "arm"])["age"].dropna()
    extent = {
        "longest_years": used["months"].max() / 12.0,
        "youngest": ages.quantile(0.05),
        "oldest": ages.quantile(0.95),
        "arms": len(used.drop_duplicates(["study", "arm"])),
    }
    findings.add_row("data", extent, _EXTENT, "the shipped observations and regimens")


def _rows() -> list[dict[str, Any]]:
    arms = load_regimens()
    return [
        {
            "side": number.use,
            "study": number.study_id,
            "arm": number.arm,
            "cohort": load_trial(number.study_id).cohort,
            "months": number.time_months,
            "age": arms[number.study_id, number.arm].age,
            "is_density": number.endpoint.startswith("bmd_"),
        }
        for number in load_observations()
    ]


def _counts(group: pd.DataFrame) -> dict[str, int]:
    return {
        "numbers": len(group),
        "studies": group["study"].nunique(),
        "cohorts": group["cohort"].nunique(),
        "density": int(group["is_density"].sum()),
    }


def count_classes(findings: Findings, fitted: pd.DataFrame, held_out: pd.DataFrame) -> None:
    """Add how many numbers of density each class of treatment has on either side.

    Parameters
    ----------
    findings : Findings
    fitted, held_out : pandas.DataFrame
        Predictions of the two sides, with ``drug_class``.
    """
    import pandas as pd

    sides = {"calibration": fitted, "validation": held_out}
    counts = {
        side: table[table["endpoint"].str.startswith("bmd_")].groupby("drug_class").size()
        for side, table in sides.items()
    }
    table = pd.DataFrame(counts).fillna(0).astype(int).rename_axis("drug_class").reset_index()
    findings.tables["data_by_class"] = table
    for row in records(table):
        units = dict.fromkeys(sides, "1")
        prefix = f"data.class.{slug(row['drug_class'])}"
        findings.add_row(prefix, row, units, "tables/data_by_class.csv")
