"""Mechanistic simulation of bone remodeling.

The public names are loaded when they are first used, so that ``import remodel`` stays fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remodel import plots as plots
    from remodel.calibration import calibrate
    from remodel.errors import EquivalentDoseWarning, UnusualDoseWarning, UnusualPatientWarning
    from remodel.experiments import run_experiment
    from remodel.explanation.differences import explain_difference
    from remodel.explanation.explain import explain
    from remodel.models import Model, load_model, model_names
    from remodel.observations import load_trial, trial_names
    from remodel.parameters import Parameter, ParameterSet, load_parameters, write_parameters
    from remodel.patient import Patient
    from remodel.schedules import Dose, Intervention, Schedule
    from remodel.sensitivity.study import sensitivity_analysis
    from remodel.simulation.simulate import simulate
    from remodel.sweeps import open_sweep, sweep
    from remodel.validation.validate import validate
    from remodel.verification.verify import verify

_HOME = {
    "Dose": "remodel.schedules",
    "EquivalentDoseWarning": "remodel.errors",
    "Intervention": "remodel.schedules",
    "Model": "remodel.models",
    "Parameter": "remodel.parameters",
    "ParameterSet": "remodel.parameters",
    "Patient": "remodel.patient",
    "Schedule": "remodel.schedules",
    "UnusualDoseWarning": "remodel.errors",
    "UnusualPatientWarning": "remodel.errors",
    "calibrate": "remodel.calibration",
    "explain": "remodel.explanation.explain",
    "explain_difference": "remodel.explanation.differences",
    "load_model": "remodel.models",
    "load_parameters": "remodel.parameters",
    "load_trial": "remodel.observations",
    "model_names": "remodel.models",
    "open_sweep": "remodel.sweeps",
    "run_experiment": "remodel.experiments",
    "sensitivity_analysis": "remodel.sensitivity.study",
    "simulate": "remodel.simulation.simulate",
    "sweep": "remodel.sweeps",
    "trial_names": "remodel.observations",
    "validate": "remodel.validation.validate",
    "verify": "remodel.verification",
    "write_parameters": "remodel.parameters",
}

__all__ = [
    "Dose",
    "EquivalentDoseWarning",
    "Intervention",
    "Model",
    "Parameter",
    "ParameterSet",
    "Patient",
    "Schedule",
    "UnusualDoseWarning",
    "UnusualPatientWarning",
    "calibrate",
    "explain",
    "explain_difference",
    "load_model",
    "load_parameters",
    "load_trial",
    "model_names",
    "open_sweep",
    "run_experiment",
    "sensitivity_analysis",
    "simulate",
    "sweep",
    "trial_names",
    "validate",
    "verify",
    "write_parameters",
]


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it."""
    if name == "__version__":
        from remodel.provenance import package_version

        return package_version()
    if name == "plots":
        return importlib.import_module("remodel.plots")
    if name == "trials":
        import warnings

        message = "remodel.trials is now remodel.load_trial, and will be gone in 0.3."
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        name = "load_trial"
    if name not in _HOME:
        raise AttributeError(f"module 'remodel' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted([*__all__, "plots"])
