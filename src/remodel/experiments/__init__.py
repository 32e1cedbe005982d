"""Experiments: one TOML file that decides every number, run to data, figures and a comparison."""

from remodel.experiments.expected import Comparison, Expected
from remodel.experiments.load import load_experiment
from remodel.experiments.runner import Outcome, run_experiment
from remodel.experiments.schema import Experiment, ExperimentArm, Picture

__all__ = [
    "Comparison",
    "Expected",
    "Experiment",
    "ExperimentArm",
    "Outcome",
    "Picture",
    "load_experiment",
    "run_experiment",
]
