"""Small problems on few women."""

from __future__ import annotations

from typing import Any

import pytest

import remodel as rm


@pytest.fixture(scope="session")
def women() -> rm.Population:
    return rm.population(24, "aromatase_inhibitor", seed=1)


@pytest.fixture(scope="session")
def content() -> dict[str, Any]:
    """A grid of 12 combinations, of which nine plans are different."""
    return {
        "title": "When to protect",
        "population": "aromatase_inhibitor",
        "women": 24,
        "horizon_years": 3,
        "schedule": "anastrozole 1 mg daily for 3 y; zoledronic acid 4 mg every 6 mo x {number} "
        "from {start} mo",
        "against": "anastrozole 1 mg daily for 3 y",
        "variable": {
            "number": {"lower": 0.0, "upper": 3.0, "step": 1.0},
            "start": {"lower": 0.0, "upper": 12.0, "step": 6.0},
        },
        "objective": [
            {"quantity": "fracture_probability_major", "direction": "minimize"},
            {"quantity": "infusions", "direction": "minimize"},
        ],
        "uncertainty": {"draws": 4},
    }


@pytest.fixture(scope="session")
def best(content: dict[str, Any]) -> rm.Best:
    return rm.optimize(content)
