"""Predictions of published numbers: which arms a model can simulate, and what it says of them."""

from __future__ import annotations

from remodel.predictions.drug_classes import drug_class
from remodel.predictions.evidence import Evidence, Skipped, Target, patient_of, targets
from remodel.predictions.predictor import Predictor, predictor
from remodel.predictions.scores import prediction_table, scorecard, totals

__all__ = [
    "Evidence",
    "Predictor",
    "Skipped",
    "Target",
    "drug_class",
    "patient_of",
    "prediction_table",
    "predictor",
    "scorecard",
    "targets",
    "totals",
]
