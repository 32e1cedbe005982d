"""Global sensitivity analysis: which factors of a sweep move which outputs, and when."""

from remodel.sensitivity.analysis import Study, analyze, to_frame
from remodel.sensitivity.methods import METHODS, Method, Options, method_of
from remodel.sensitivity.study import load_study, sensitivity, sensitivity_analysis

__all__ = [
    "METHODS",
    "Method",
    "Options",
    "Study",
    "analyze",
    "load_study",
    "method_of",
    "sensitivity",
    "sensitivity_analysis",
    "to_frame",
]
