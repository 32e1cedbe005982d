"""What was measured: published trials and cohorts, their regimens, and how certain they are."""

from __future__ import annotations

from remodel.observations.cohorts import Cohort, check_sides, load_cohorts
from remodel.observations.endpoints import Endpoint, endpoints
from remodel.observations.error_models import reported_standard_error, standard_error
from remodel.observations.kinds import predicted_value, residual
from remodel.observations.load import (
    check_pairs,
    idle_arms,
    load_observations,
    load_regimens,
    with_references,
)
from remodel.observations.schema import KINDS, Arm, Observation, Observations, Study
from remodel.observations.shipped import load_trial, trial_names

__all__ = [
    "KINDS",
    "Arm",
    "Cohort",
    "Endpoint",
    "Observation",
    "Observations",
    "Study",
    "check_pairs",
    "check_sides",
    "endpoints",
    "idle_arms",
    "load_cohorts",
    "load_observations",
    "load_regimens",
    "load_trial",
    "predicted_value",
    "reported_standard_error",
    "residual",
    "standard_error",
    "trial_names",
    "with_references",
]
