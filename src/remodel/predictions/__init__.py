"""Predictions of published numbers: which arms a model can simulate, and what it says of them."""

from __future__ import annotations

from remodel.predictions.arms import drug_class, patient_of
from remodel.predictions.evidence import SHIPPED, Evidence, Skipped, Target, find_targets
from remodel.predictions.predictor import Predictor
from remodel.predictions.scores import prediction_table, scorecard, totals

__all__ = [
    "SHIPPED",
    "Evidence",
    "Predictor",
    "Skipped",
    "Target",
    "drug_class",
    "find_targets",
    "patient_of",
    "prediction_table",
    "scorecard",
    "totals",
]
