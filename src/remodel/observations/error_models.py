"""Standard errors of observations: from the published spread, or from a stated assumption.

A published interval is turned into a standard error with the number of patients. Where none was
published, the spread between patients of ``tables/error_model.toml`` is divided by the square
root of that number. A value from memory is given a larger error than one that was read.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from types import MappingProxyType

from remodel.errors import ObservationError
from remodel.observations.endpoints import PERCENT_PER_YEAR, read_table
from remodel.observations.kinds import check_rate
from remodel.observations.schema import Observation

_NORMAL = NormalDist()
WIDTH_95CI = 2.0 * _NORMAL.inv_cdf(0.975)  # of an interval, in standard errors
WIDTH_IQR = 2.0 * _NORMAL.inv_cdf(0.75)  # of the quartiles, in standard deviations


@dataclass(frozen=True, slots=True)
class Spread:
    """Spread between patients of one endpoint.

    Parameters
    ----------
    scale : str
        ``absolute`` (percentage points of change) or ``relative`` (fraction of the level).
    sd : float
        Standard deviation between patients.
    sd_per_year : float
        Added in quadrature for each year between the two visits.
    floor : float
        Smallest standard error of a mean.
    source : str
        Where the numbers come from.
    """

    scale: str
    sd: float
    sd_per_year: float
    floor: float
    source: str


@functools.cache
def spreads() -> Mapping[str, Spread]:
    """Return the assumed spread between patients of every modeled endpoint."""
    table = read_table("error_model.toml")["spread"]
    return MappingProxyType({name: Spread(**row) for name, row in table.items()})


@functools.cache
def assumption(name: str) -> float:
    """Return a number of the error model by name, such as ``recalled_inflation``."""
    return float(read_table("error_model.toml")["assumptions"][name]["value"])


def standard_error(observation: Observation) -> float:
    """Return the standard error of an observation.

    Parameters
    ----------
    observation : Observation
        Any that can be compared with a model.

    Returns
    -------
    float
        In the unit of the observation, always positive.

    Raises
    ------
    ObservationError
        If no error model exists for the endpoint, or a yearly rate is over no time.
    """
    spread = spreads().get(observation.endpoint)
    check_rate(observation)
    if spread is None or observation.kind == "ratio":
        raise ObservationError(
            f"{observation.study_id}: no error model for a {observation.kind} of "
            f"{observation.endpoint}."
        )
    reported = reported_standard_error(observation)
    error = _assumed_standard_error(observation, spread) if reported is None else reported
    if observation.provenance == "recalled":
        error *= assumption("recalled_inflation")
    return max(error, spread.floor * _per_spread(observation, spread))


def reported_standard_error(observation: Observation) -> float | None:
    """Return the standard error that the published interval implies, or None without one."""
    low, high = observation.error_low, observation.error_high
    if observation.error_kind == "none" or low is None or high is None or high <= low:
        return None
    width = high - low
    if observation.error_kind == "95ci":
        return width / WIDTH_95CI
    if observation.error_kind == "se":
        return width / 2.0
    n = _patients(observation)
    standard_deviations = {"sd": 2.0, "iqr": WIDTH_IQR, "range": _range_width(n)}
    return width / standard_deviations[observation.error_kind] / math.sqrt(n)


def _assumed_standard_error(observation: Observation, spread: Spread) -> float:
    years = (observation.time_months - observation.reference_months) / 12.0
    if observation.kind == "level":
        deviation = spread.sd if spread.scale == "relative" else assumption("level_sd")
    else:
        deviation = math.hypot(spread.sd, spread.sd_per_year * years)
    error = deviation * _per_spread(observation, spread) / math.sqrt(_patients(observation))
    if observation.comparator:
        error *= math.sqrt(2.0)  # the comparator is taken to be as large as the arm
    if observation.statistic == "median":
        error *= assumption("median_inflation")
    return error


def _per_spread(observation: Observation, spread: Spread) -> float:
    """Return what one unit of ``spread`` is in the unit of the observation."""
    if observation.kind == "level":
        return abs(observation.value)
    years = (observation.time_months - observation.reference_months) / 12.0
    change = observation.value * (years if observation.unit == PERCENT_PER_YEAR else 1.0)
    size = 1.0 if spread.scale == "absolute" else max(100.0 + change, 1.0)
    return size / years if observation.unit == PERCENT_PER_YEAR else size


def _patients(observation: Observation) -> float:
    return max(observation.n or assumption("n_when_missing"), 2.0)


def _range_width(n: float) -> float:
    """Return the expected range of ``n`` normal values, in standard deviations.

    References
    ----------
    Wan X et al. (2014) BMC Med Res Methodol 14:135, doi:10.1186/1471-2288-14-135.
    """
    return 2.0 * _NORMAL.inv_cdf((n - 0.375) / (n + 0.25))
