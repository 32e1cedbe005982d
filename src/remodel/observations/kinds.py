"""What an observation means: the number a model must give to be compared with it."""

from __future__ import annotations

from remodel.errors import ObservationError
from remodel.observations.schema import Observation
from remodel.units import relative_change


def predicted_value(
    observation: Observation,
    level: float,
    reference: float,
    comparator_level: float | None = None,
    comparator_reference: float | None = None,
) -> float:
    """Return a simulated quantity in the terms of an observation.

    Parameters
    ----------
    observation : Observation
        Its kind, unit, reference month and comparator decide what is calculated.
    level, reference : float
        The simulated endpoint of the arm at ``observation.time`` and ``reference_time``, both in
        one unit; for a level in the unit of the observation.
    comparator_level, comparator_reference : float, optional
        The same of the comparator arm; needed if the observation has one.

    Returns
    -------
    float
        Prediction in ``observation.unit``.

    Raises
    ------
    ObservationError
        If the comparator's values are missing, the kind cannot be compared with a model, or a
        yearly rate is over no time.
    """
    check_rate(observation)
    if observation.kind == "level":
        return level
    change = relative_change(level, reference)
    if observation.kind == "rate_per_year":
        return change * 12.0 / (observation.time_months - observation.reference_months)
    if observation.kind in {"change", "bound_upper", "bound_lower"} and not observation.comparator:
        return change
    if observation.kind == "ratio":
        raise ObservationError(
            f"{observation.study_id}: a ratio of {observation.endpoint} is never compared."
        )
    if comparator_level is None or comparator_reference is None:
        raise ObservationError(
            f"{observation.study_id}, arm {observation.arm}: the {observation.kind} of "
            f"{observation.endpoint} needs the arm '{observation.comparator}' as well."
        )
    other = relative_change(comparator_level, comparator_reference)
    if observation.kind == "difference":
        return change - other
    return relative_change(100.0 + change, 100.0 + other)


def check_rate(observation: Observation) -> None:
    """Raise if a yearly rate is over no time.

    Raises
    ------
    ObservationError
    """
    months = observation.time_months - observation.reference_months
    if observation.kind == "rate_per_year" and months <= 0:
        raise ObservationError(
            f"{observation.study_id}, arm {observation.arm}: a rate_per_year of "
            f"{observation.endpoint} at {observation.time_months:g} months counts from month "
            f"{observation.reference_months:g}; it needs a later month."
        )


def residual(observation: Observation, predicted: float) -> float:
    """Return predicted minus observed [``observation.unit``]; 0 where a bound is kept."""
    difference = predicted - observation.value
    if observation.is_upper:
        return max(difference, 0.0)
    if observation.is_lower:
        return min(difference, 0.0)
    return difference
