"""Designs of trials: one of assumed changes, one of simulated women."""

from __future__ import annotations

import pytest


@pytest.fixture
def assumed():
    """Return a function that makes a design whose changes are assumed."""

    def design(mean=2.0, sd=4.5, sizes=107, replicates=600, **more):
        arms = [
            {"name": "drug", "assumed_mean": mean, "assumed_sd": sd},
            {"name": "placebo", "assumed_mean": 0.0, "assumed_sd": sd},
        ]
        endpoint = {"name": "bmd_total_hip", "months": 24, "analysis": ["t_test", "ancova"]}
        return {
            "arm": arms,
            "visits": {"months": [0, 24]},
            "endpoint": [endpoint],
            "power": {"sizes": sizes, "replicates": replicates},
            "seed": 1,
            **more,
        }

    return design


DESIGN = {
    "population": "aromatase_inhibitor",
    "women": 60,
    "prior": "anastrozole 1 mg daily for 5 y",
    "arm": [
        {"name": "denosumab", "schedule": "denosumab 60 mg every 6 mo for 5 y"},
        {"name": "risedronate", "schedule": "risedronate 35 mg weekly for 5 y"},
    ],
    "entry": {"t_score_lumbar_spine": [-3.0, 0.5]},
    "visits": {"months": [0, 6, 12], "window_months": 0.5, "missed": 0.05},
    "dropout": {"per_year": 0.1},
    "endpoint": [{"name": "bmd_lumbar_spine", "months": [6, 12], "analysis": ["ancova"]}],
    "power": {"sizes": [6, 12], "replicates": 45},
    "seed": 5,
}


@pytest.fixture
def simulated():
    """Return a function that makes a design of simulated women, with other keys."""

    def design(**changes):
        return {**DESIGN, **changes}

    return design


@pytest.fixture(scope="session")
def pool():
    """Return the pool of ``DESIGN``."""
    from remodel.virtual_trials.load import load_design
    from remodel.virtual_trials.pool import simulated_pool

    return simulated_pool(load_design(DESIGN))
