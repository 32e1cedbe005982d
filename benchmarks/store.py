"""Results on disk: one CSV a section, and one file that says on what and when they were made."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import machine

_CONDITIONS = "conditions.json"


def write(folder: Path, section: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the rows of a section, and under which conditions they were measured."""
    begun, commit = machine.load(), machine.commit()
    listed = list(rows)
    columns = list(dict.fromkeys(name for row in listed for name in row))
    with (folder / f"{section}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(listed)
    conditions = conditions_of(folder)
    conditions[section] = {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit,
        "load at start": f"{begun:.2f}",
        "load at end": f"{machine.load():.2f}",
        **machine.describe(),
    }
    (folder / _CONDITIONS).write_text(json.dumps(conditions, indent=1) + "\n")


def read(folder: Path, section: str) -> list[dict[str, Any]]:
    """Return the rows of a section, numbers as numbers; empty if it was not measured."""
    path = folder / f"{section}.csv"
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{name: _value(text) for name, text in row.items()} for row in csv.DictReader(file)]


def conditions_of(folder: Path) -> dict[str, dict[str, str]]:
    """Return date, load, machine and versions of every section."""
    path = folder / _CONDITIONS
    return json.loads(path.read_text()) if path.exists() else {}


def _value(text: str) -> Any:
    if text == "":
        return None
    try:
        return float(text)
    except ValueError:
        return text
