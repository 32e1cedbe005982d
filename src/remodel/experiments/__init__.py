"""Experiments: one TOML file that decides every number, run to data, figures and a comparison."""

from remodel.experiments.arms import Experiment
from remodel.experiments.expected import Comparison, Expected
from remodel.experiments.load import load_experiment
from remodel.experiments.runner import Outcome, run_experiment
from remodel.experiments.schema import ExperimentArm, Picture
from remodel.experiments.sweeps import SweepExperiment

__all__ = [
    "Comparison",
    "Expected",
    "Experiment",
    "ExperimentArm",
    "Outcome",
    "Picture",
    "SweepExperiment",
    "load_experiment",
    "run_experiment",
]
