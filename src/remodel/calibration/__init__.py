"""Calibration: parameters from published trials, and what the trials can and cannot tell."""

from __future__ import annotations

from remodel.calibration.calibrate import Fit, calibrate
from remodel.calibration.information import Information, information
from remodel.calibration.multistart import StartResult
from remodel.calibration.objective import Objective, objective
from remodel.calibration.posterior import Posterior, sample_posterior
from remodel.calibration.problem import FitProblem, load_problem
from remodel.calibration.profile import Profile, profile

__all__ = [
    "Fit",
    "FitProblem",
    "Information",
    "Objective",
    "Posterior",
    "Profile",
    "StartResult",
    "calibrate",
    "information",
    "load_problem",
    "objective",
    "profile",
    "sample_posterior",
]
