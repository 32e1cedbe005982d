"""The sentence that says what a schedule holds; reading it gives an equal schedule."""

from __future__ import annotations

from remodel.schedules.events import Dose, Intervention, doses_within
from remodel.schedules.interventions import INTERVENTIONS
from remodel.schedules.timeline import Timeline
from remodel.schedules.words import INTERVALS, length_text, number_text


def sentence_of(schedule: Timeline) -> str:
    """Return a sentence that parses to an equal schedule."""
    pieces = [_dose_text(dose) for dose in schedule.doses]
    pieces += [_intervention_text(event) for event in schedule.interventions]
    return "; ".join(pieces) or "none"


def _dose_text(dose: Dose) -> str:
    words = [dose.drug, number_text(dose.amount), dose.unit.strip()]
    if dose.route is not None:
        words.append(dose.route)
    if dose.interval is None:
        words.append("once")
    else:
        named = {length: word for word, length in INTERVALS.items()}
        words.append(named.get(dose.interval) or f"every {length_text(dose.interval)}")
        words += _extent_words(dose, dose.interval)
    if dose.time != 0:
        words.append(f"from {length_text(dose.time)}")
    if dose.infusion > 0:
        words.append(f"over {length_text(dose.infusion)}")
    if dose.steady_state:
        words.append("at steady state")
        if dose.lead > 0:
            words.append(f"{length_text(dose.lead)} before")
    return " ".join(words)


def _extent_words(dose: Dose, interval: float) -> list[str]:
    if dose.count is None:
        return []
    if dose.duration is None:
        return [f"x {dose.count}"]
    length = f"for {length_text(dose.duration)}"
    is_full = dose.count == doses_within(dose.duration, interval)
    return [length] if is_full else [f"x {dose.count}", length]


def _intervention_text(event: Intervention) -> str:
    words = [event.name]
    if event.value is not None:
        words += [number_text(event.value), INTERVENTIONS[event.name].unit or ""]
    if event.age is None:
        words += ["from", length_text(event.time or 0.0)]
    else:
        words += ["at", length_text(event.age)]
    if event.duration is not None:
        words += ["for", length_text(event.duration)]
    return " ".join(words)
