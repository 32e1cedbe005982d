"""Calibration: parameters from published trials, and what the trials can and cannot tell."""

from __future__ import annotations

from remodel.calibration.calibrate import calibrate
from remodel.calibration.fit import Fit
from remodel.calibration.objective import Objective
from remodel.calibration.posterior import Posterior
from remodel.calibration.problem import FitProblem, load_problem
from remodel.calibration.profile import Profile, profile_likelihood
from remodel.calibration.search import StartResult
from remodel.calibration.uncertainty import Information

__all__ = [
    "Fit",
    "FitProblem",
    "Information",
    "Objective",
    "Posterior",
    "Profile",
    "StartResult",
    "calibrate",
    "load_problem",
    "profile_likelihood",
]
