"""Parameters with units, bounds, priors and sources."""

from remodel.parameters.files import load_parameters, write_parameters
from remodel.parameters.parameter import Parameter, Prior
from remodel.parameters.parameter_set import ParameterSet

__all__ = ["Parameter", "ParameterSet", "Prior", "load_parameters", "write_parameters"]
