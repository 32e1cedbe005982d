"""Which side every published number stood on when it was locked, so that none changes it unseen.

``python tests/sides.py`` locks the numbers that are new, and those whose cohort has a new date. It
refuses to lock one that went from validation to calibration.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from remodel.observations import (
    Cohort,
    Observation,
    load_cohorts,
    load_observations,
    load_trial,
)

LOCK = Path(__file__).parent / "unit" / "observations" / "sides.csv"


@dataclass(frozen=True)
class Side:
    """A side, and the date of the cohort when it was locked."""

    side: str
    date: datetime.date


def key_of(row: Observation) -> str:
    """Return what stays the same when a value or its error is corrected."""
    limit = row.value if row.is_bound else ""
    text = "|".join(
        str(word)
        for word in (
            row.study_id, row.arm, row.endpoint, row.time_months, row.kind, row.relative_to,
            row.comparator, limit,
        )
    )  # fmt: skip
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def cohort_of(row: Observation) -> Cohort:
    return load_cohorts()[load_trial(row.study_id).cohort]


def sides_of(rows: Iterable[Observation]) -> dict[str, Side]:
    return {key_of(row): Side(row.use, cohort_of(row).date) for row in rows}


def used_rows() -> tuple[Observation, ...]:
    return tuple(load_observations().where(use=("calibration", "validation")))


def locked_sides() -> dict[str, Side]:
    with LOCK.open(encoding="utf-8", newline="") as file:
        return {
            row["row"]: Side(row["side"], datetime.date.fromisoformat(row["date"]))
            for row in csv.DictReader(file)
        }


def unlocked(now: Mapping[str, Side], locked: Mapping[str, Side]) -> list[str]:
    """Return the keys of numbers that are used and not locked."""
    return [key for key in now if key not in locked]


def moved(now: Mapping[str, Side], locked: Mapping[str, Side]) -> list[str]:
    """Return the keys of numbers that changed sides without a later date, or may never do so."""
    return [
        key
        for key, side in now.items()
        if key in locked
        and side.side != locked[key].side
        and (side.date <= locked[key].date or locked[key].side == "validation")
    ]


def described(keys: Iterable[str]) -> list[str]:
    """Return the numbers behind keys in words."""
    rows = {key_of(row): row for row in used_rows()}
    return [f"{rows[k].study_id}/{rows[k].arm} {rows[k].endpoint} {rows[k].use}" for k in keys]


def main() -> None:
    now = sides_of(used_rows())
    locked = locked_sides() if LOCK.exists() else {}
    if wrong := moved(now, locked):
        raise SystemExit("changed sides: " + "; ".join(described(wrong)))
    lines = sorted({**locked, **now}.items())
    with LOCK.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("row", "side", "date"))
        writer.writerows((key, side.side, side.date.isoformat()) for key, side in lines)
    print(f"{len(unlocked(now, locked))} new, {len(lines)} in all")


if __name__ == "__main__":
    main()
