"""One woman: plans on the draws of her posterior."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import remodel as rm
from remodel.errors import ConfigError

WOMAN: dict[str, Any] = {
    "taken": "anastrozole 1 mg daily",
    "now": 12,
    "draws": 64,
    "seed": 3,
    "patient": {"age": 68, "menopause_age": 50, "bmi": 24.0, "t_score_total_hip": -1.8,
                "prior_fracture": True},
}  # fmt: skip
PROBLEM: dict[str, Any] = {
    "woman": WOMAN,
    "horizon_years": 3,
    "schedule": "anastrozole 1 mg daily for 3 y; {drug}",
    "variable": {
        "drug": {"choices": ["none", "denosumab 60 mg every 6 mo x 6"], "names": ["no", "yes"]}
    },
    "objective": [{"quantity": "fracture_probability_major", "direction": "minimize"}],
    "constraint": [
        {"quantity": "t_score_total_hip", "of": "median", "at_least": -4.0},
        {"quantity": "injections", "at_most": 6.0},
    ],
    "uncertainty": {"draws": 4},
}


@pytest.fixture(scope="module")
def fit() -> rm.PatientFit:
    return rm.fit_patient(WOMAN)


@pytest.fixture(scope="module")
def hers() -> rm.Best:
    return rm.optimize(PROBLEM)


def test_she_is_protected_by_a_drug(hers: rm.Best) -> None:
    assert hers.chosen.settings == {"drug": "yes"}
    table = hers.table.set_index("drug")
    assert table["fracture_probability_major"]["yes"] < table["fracture_probability_major"]["no"]
    assert table["injections"].to_dict() == {"no": 0.0, "yes": 6.0}
    low, high = hers.bands[0]
    answer = table["fracture_probability_major"]["yes"]
    error = table["fracture_probability_major_standard_error"]["yes"]
    assert low < answer < high
    effective = hers.people.fit.effective_size
    draws = 2048.0 / min(2048.0, effective)
    assert hers.people.inflation == pytest.approx(np.sqrt(draws))
    spread = (high - low) / 3.29  # of numbers that are about normal
    assert error == pytest.approx(spread / np.sqrt(min(2048.0, effective)), rel=0.35)
    assert high - low > 10 * error  # what is unknown of her is more than the number of draws


def test_her_numbers_are_those_of_her_forecast(hers: rm.Best, fit: rm.PatientFit) -> None:
    plan = "anastrozole 1 mg daily for 3 y; denosumab 60 mg every 6 mo x 6"
    course = fit.predict(plan, 3.0, endpoints=("bmd_total_hip",), step_months=12.0)
    score = float(np.median(course["t_score_total_hip"][:, -1]))
    answer = hers.table.set_index("drug")["t_score_total_hip"]["yes"]
    assert answer == pytest.approx(score, abs=0.01)


def test_a_fit_stands_for_her_file(hers: rm.Best, fit: rm.PatientFit) -> None:
    other = rm.optimize({**PROBLEM, "woman": "", "population": "postmenopausal"}, women=fit)
    pd.testing.assert_frame_equal(hers.table, other.table, rtol=1e-12)


def test_a_fracture_she_has_had_counts(hers: rm.Best) -> None:
    without = {**WOMAN, "patient": WOMAN["patient"] | {"prior_fracture": False}}
    other = rm.optimize({**PROBLEM, "woman": without})
    name = "fracture_probability_major"
    assert (other.table[name] < 0.9 * hers.table[name]).all()


def test_rules_are_for_a_population(fit: rm.PatientFit) -> None:
    ruled = {key: value for key, value in PROBLEM.items() if key != "variable"}
    ruled |= {"woman": "", "population": "postmenopausal", "policy": "hadji2017",
              "schedule": "anastrozole 1 mg daily for 3 y"}  # fmt: skip
    with pytest.raises(ConfigError, match="rules are for a population"):
        rm.optimize(ruled, women=fit)
