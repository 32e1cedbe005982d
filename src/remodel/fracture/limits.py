"""Drugs whose effect on fracture density of the hip and turnover do not tell."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from remodel.schedules import Schedule

_BEYOND = MappingProxyType(
    {
        "teriparatide": "raises turnover and protects all the same",
        "romosozumab": "protects the spine more than the density of the hip tells",
    }
)


def beyond_link(schedules: Iterable[Schedule]) -> tuple[str, ...]:
    """Return a sentence for each drug whose fractures are predicted too high.

    The link is fitted to drugs that restrain resorption; see docs/fracture.md.

    Parameters
    ----------
    schedules : iterable of Schedule
    """
    drugs = {dose.drug for schedule in schedules for dose in schedule.doses if dose.amount > 0}
    return tuple(
        f"Fractures under {drug} are predicted too high: it {why}, and the link of fracture is for "
        "drugs that restrain resorption."
        for drug, why in _BEYOND.items()
        if drug in drugs
    )
