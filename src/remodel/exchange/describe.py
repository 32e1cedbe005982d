"""What an exported file says of itself: what it is, its source, and what its time means."""

from __future__ import annotations

from remodel.exchange.case import Case
from remodel.provenance import package_version
from remodel.units import DAYS_PER_YEAR


def description(case: Case) -> list[str]:
    """Return sentences about a case."""
    model, patient = case.model, case.patient
    lines = [f"{model.name}: {model.title}", model.citation]
    if patient is not None:
        lines.append(f"Patient at day 0: {patient!r}.")
    lines.append(f"Schedule: {case.schedule}.")
    lines.append(
        "Time is in days from day 0, the start of treatment; doses at day 0 come after it."
    )
    if case.start:
        lines.append(
            f"Model time, on which the equations depend, is the age: {case.start!r} d "
            f"({case.start / DAYS_PER_YEAR:.6g} y) at day 0."
        )
    if not case.at_baseline:
        lines.append(
            "The values of the states at day 0 are numbers from the history before it; they do "
            "not follow parameters that are changed in this file."
        )
    lines.append(f"Written by remodel {package_version()}.")
    return lines
