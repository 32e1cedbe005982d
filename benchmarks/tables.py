"""Markdown tables from measured rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from work_precision import BASE, TARGETS, Entry, at_equal_error

Row = Mapping[str, Any]


def number(value: Any) -> str:
    """Return a number with three digits, as people write it."""
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return value
    if value != value:
        return "-"
    size = abs(value)
    if size >= 100 or value == int(value):
        return f"{value:.0f}"
    if 0 < size < 0.001:
        return f"{value:.1e}"
    return f"{value:.3g}"


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a markdown table; the first column is text, the others numbers."""
    lines = [
        "| " + " | ".join(header) + " |",
        "|---" + "|---:" * (len(header) - 1) + "|",
        *("| " + " | ".join(number(value) for value in row) + " |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def columns(rows: Sequence[Row], chosen: Mapping[str, str]) -> str:
    """Return a table of some columns of the rows; ``chosen`` maps headings to columns."""
    return table(list(chosen), [[row.get(name) for name in chosen.values()] for row in rows])


def equal_error_table(entries: Sequence[Entry]) -> str:
    """Return time per simulation and ratio to the engine at equal errors."""
    by_target = {t: {row.peer: row for row in at_equal_error(entries, t)} for t in TARGETS}
    order = [row.peer for row in at_equal_error(entries, TARGETS[-1])]
    header = ["solver"]
    for target in TARGETS:
        header += [f"ms at {target:.0e}", "ratio"]
    rows = []
    for peer in order:
        cells: list[Any] = [f"**{peer}**" if peer == BASE else peer]
        for target in TARGETS:
            found = by_target[target][peer]
            if found.seconds != found.seconds:
                cells += ["not reached", ""]
                continue
            star = "" if found.is_measured else "\\*"
            cells += [number(found.seconds * 1e3) + star, number(found.ratio)]
        rows.append(cells)
    return table(header, rows)


def error_table(entries: Sequence[Entry]) -> str:
    """Return errors and times as measured, at every second tolerance."""
    tolerances = (1e-4, 1e-6, 1e-8)
    peers = list(dict.fromkeys(e.peer for e in entries))
    place = {(e.peer, e.rtol): e for e in entries}
    header = ["solver", "simulations"]
    for rtol in tolerances:
        header += [f"error, rtol {rtol:.0e}", "ms"]
    rows = []
    for peer in peers:
        counts = {e.simulations for e in entries if e.peer == peer}
        cells: list[Any] = [peer, float(max(counts))]
        for rtol in tolerances:
            found = place.get((peer, rtol))
            cells += (
                ["", ""] if found is None
                else [f"{found.error:.1e}", sorted(found.seconds)[len(found.seconds) // 2] * 1e3]
            )  # fmt: skip
        rows.append(cells)
    return table(header, rows)


def ratio_of(entries: Sequence[Entry], target: float, peer: str) -> float | None:
    """Return how many times longer than the engine a solver takes at an error."""
    found = {row.peer: row.ratio for row in at_equal_error(entries, target)}
    return found.get(peer)
