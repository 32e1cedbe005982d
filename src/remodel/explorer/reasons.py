"""Why two arms differ: what moved an endpoint, in the words of the model."""

from __future__ import annotations

from typing import Any

from remodel.errors import ConfigError
from remodel.explanation.differences import explain_difference
from remodel.explorer.question import Question, at_field
from remodel.explorer.simulations import plain
from remodel.plots.style import unit_text
from remodel.units import DAYS_PER_MONTH

_DEPTH = 2
_LEAST_SHARE = 0.02  # of the difference, from which a cause is shown


def reasons_of(question: Question) -> dict[str, Any]:
    """Return the causes of the difference of an arm from another, or from no treatment.

    Raises
    ------
    ConfigError
        If an arm or endpoint is not there, or both arms are the same.
    """
    case, asked = question.case, question.page.reason
    if max(asked.arm, asked.versus) >= len(case.arms):
        raise ConfigError("this arm is not on the page any more.", field="reason.arm")
    if asked.arm == asked.versus:
        raise ConfigError("an arm does not differ from itself.", field="reason.versus")
    if asked.months > 12 * case.years:
        raise ConfigError(
            f"month {asked.months:g} lies after the end, month {12 * case.years:g}.",
            field="reason.months",
        )
    name, schedule = case.arms[asked.arm]
    other, versus = ("no treatment", None) if asked.versus < 0 else case.arms[asked.versus]
    with at_field("reason.endpoint"):
        difference = explain_difference(
            asked.endpoint,
            model=case.model,
            schedule=schedule,
            versus=versus,
            patient=case.patient,
            parameters=dict(case.parameters) or None,
            at=asked.months * DAYS_PER_MONTH,
            depth=_DEPTH,
        )
    rows = difference.table().itertuples()
    value, against = plain([difference.value, difference.versus])
    return {
        "endpoint": asked.endpoint,
        "arm": name,
        "versus": other,
        "months": asked.months,
        "value": value,
        "against": against,
        "unit": "" if difference.unit == "-" else unit_text(difference.unit),
        "meaning": difference.meaning,
        "causes": [
            {
                "level": int(row.level),
                "cause": str(row.cause).replace("_", " "),
                "effect": plain([row.effect])[0],
                "share": plain([row.share])[0],
                "meaning": str(row.meaning),
            }
            for row in rows
            if abs(row.share) >= _LEAST_SHARE
        ],
    }
