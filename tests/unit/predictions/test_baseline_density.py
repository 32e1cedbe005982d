"""Arms whose women had a T-score: thin bone moves by more percent, in predictions too."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.observations import Arm, Observation, Observations
from remodel.predictions import Evidence
from remodel.predictions.predictor import Predictor
from remodel.schedules import Schedule

DENOSUMAB = Schedule.parse("denosumab 60 mg every 6 mo for 2 y")
SCORES = (None, -1.0, -2.8)


@pytest.fixture(scope="module")
def built() -> Predictor:
    """One number of arms that differ in nothing but their T-score."""
    names = [f"t{score}" for score in SCORES]
    rows = tuple(
        Observation("s", name, "bmd_lumbar_spine", time_months=24.0, value=7.0) for name in names
    )
    arms = {
        ("s", name): Arm("s", name, DENOSUMAB, age=70.0, t_score_lumbar_spine=score)
        for name, score in zip(names, SCORES, strict=True)
    }
    return Predictor.of("reference", [Evidence("t", Observations(rows), arms)])


def test_predictions_are_those_of_patients_with_these_t_scores(built):
    assert built.arms == len(SCORES)
    expected = [
        float(
            rm.simulate(
                schedule=DENOSUMAB, patient=rm.Patient(70, t_score_lumbar_spine=score), years=2
            ).bmd_lumbar_spine_percent_change[0, -1]
        )
        for score in SCORES
    ]
    np.testing.assert_allclose(built.predict(), expected, rtol=1e-4)


def test_derivatives_and_draws_keep_the_t_score_of_each_arm(built):
    name, value = "remodeling_rate_lumbar_spine", 0.1
    step = 1e-3 * value
    around = built.predict_many({name: np.array([value - step, value, value + step])}, 3)
    levels, slopes = built.derivatives({name: value}, [name])
    np.testing.assert_allclose(around[1], levels, rtol=1e-6)
    np.testing.assert_allclose((around[2] - around[0]) / (2 * step), slopes[:, 0], rtol=1e-3)
    assert slopes[2, 0] > 1.1 * slopes[1, 0]
