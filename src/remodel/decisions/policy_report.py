"""Policies side by side: the comparison, its report and its files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from remodel.decisions.harms import events_text, load_rates
from remodel.files import results_folder, write_csv, write_text
from remodel.monitoring.design import Design
from remodel.plots.policies import fractures_by_treated, needed_and_harmed
from remodel.provenance import manifest

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_MANIFEST = "policies.json"
_FILES = ("policies.csv", "harms.csv", "report.md")
_SAME = 1e-9  # standard error of what is the same in every woman
_SHOWN = {
    "scans": "scans",
    "treated": "treated [%]",
    "treated_without_need": "without need [%]",
    "missed": "missed [%]",
    "fractures_any_clinical": "fractures per 1,000",
    "prevented_any_clinical": "prevented",
    "needed_to_treat_any_clinical": "needed to treat",
    "prevented_hip": "hip prevented",
}


@dataclass(frozen=True, eq=False)
class Comparison:
    """What policies make of the same women.

    Attributes
    ----------
    design : Design
    policies : DataFrame
        One row a policy and quantity: ``value``, its ``standard_error`` over women, and, for
        fractures, ``low_90`` and ``high_90`` of what is unsure about background and link.
    harms : DataFrame
        Expected events of each harm among 1,000 women under each policy, with their interval.
    notes : tuple of str
        What stands for FRAX, and what no trial has tested.
    women : int
        How many were followed.
    failed : int
        Women left out because a simulation failed.
    """

    design: Design
    policies: pd.DataFrame
    harms: pd.DataFrame
    notes: tuple[str, ...]
    women: int
    failed: int

    def figures(self) -> Iterator[tuple[str, Figure, pd.DataFrame]]:
        """Yield name, figure and the numbers in it."""
        title = self.design.title
        yield "fractures_by_treated", *fractures_by_treated(self.policies, title=title)
        yield (
            "needed_and_harmed",
            *needed_and_harmed(self.policies, self.harms, title=title),
        )

    def report(self) -> str:
        """Return the report in Markdown."""
        design = self.design
        lines = [
            f"# {design.title or 'Policies'}",
            "",
            f"{self.women:,} women, {design.horizon_years} years; {design.schedule or 'no drug'} "
            f"for all; fractures of {design.country}. Every woman is compared with herself under "
            "the schedule of all alone. In brackets: the standard error over women; for fractures "
            "prevented also the band of 90 % of what is unsure about background and link.",
            "",
            *self._policies(),
            "",
            "## Harms",
            "",
            "Expected events among 1,000 women, beyond those of untreated women, from published "
            "rates; several vertebral fractures after denosumab are counted with the fractures.",
            "",
            *self._harms(),
            "",
            "## What to know",
            "",
            *(f"- {note}" for note in self.notes),
            *(f"- {text}" for text in _recalled()),
        ]
        return "\n".join(lines) + "\n"

    def _policies(self) -> Iterator[str]:
        table = self.policies.set_index(["policy", "quantity"])
        names = list(dict.fromkeys(self.policies["policy"]))
        yield "| policy | " + " | ".join(_SHOWN.values()) + " |"
        yield "|---" * (len(_SHOWN) + 1) + "|"
        for name in names:
            cells = [
                _cell(table.loc[(name, quantity)], with_band=quantity.startswith("prevented"))
                if (name, quantity) in table.index
                else "-"
                for quantity in _SHOWN
            ]
            yield f"| {name} | " + " | ".join(cells) + " |"

    def _harms(self) -> Iterator[str]:
        kinds = list(dict.fromkeys(self.harms["harm"]))
        yield "| policy | " + " | ".join(kinds) + " |"
        yield "|---" * (len(kinds) + 1) + "|"
        for policy, rows in self.harms.groupby("policy", sort=False):
            ends = rows[["events", "low", "high"]].to_numpy()
            cells = ["{} ({} to {})".format(*map(events_text, each)) for each in ends]
            yield f"| {policy} | " + " | ".join(cells) + " |"


def _cell(row: pd.Series, *, with_band: bool) -> str:
    text = f"{row['value']:.1f}"
    if not row["standard_error"] > _SAME:
        return text
    text = f"{text} ({row['standard_error']:.1f})"
    return f"{text}, {row['low_90']:.1f} to {row['high_90']:.1f}" if with_band else text


def _recalled() -> list[str]:
    harms = dict.fromkeys(
        f"{rate.harm} ({', '.join(rate.drugs).replace('_', ' ')})"
        for rate in load_rates()
        if rate.provenance == "recalled"
    )
    return [f"Rates known from memory, not read again: {'; '.join(harms)}."]


def start_folder(out: str | Path) -> Path:
    """Return the folder for results, marked before anything is computed."""
    folder = results_folder(
        out, _FILES, mark=_MANIFEST, key="policies", what="comparison of policies"
    )
    write_text(folder / _MANIFEST, json.dumps({"policies": "unfinished"}) + "\n")
    return folder


def write_comparison(result: Comparison, folder: Path) -> None:
    """Write tables, report and manifest."""
    write_csv(folder / "policies.csv", result.policies)
    write_csv(folder / "harms.csv", result.harms)
    write_text(folder / "report.md", result.report())
    record = manifest(
        policies=result.design.title or "policies",
        design=json.loads(result.design.model_dump_json()),
        women=result.women,
        failed=result.failed,
    )
    write_text(folder / _MANIFEST, json.dumps(record, indent=2, default=str) + "\n")
