"""Small designs that the tests of sweeps share."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest


def grid(**changes: Any) -> dict[str, Any]:
    """Return a grid over two parameters of a small model."""
    return {
        "model": "pivonka2008",
        "kind": "grid",
        "years": 1,
        "step_months": 3,
        "outputs": ["osteoclasts", "bone_volume_percent_change"],
        "reductions": {"least_bone": {"of": "bone_volume", "take": "minimum"}},
        "factors": {
            "P_PTH": {"values": [0.0, 100.0, 500.0, 1000.0, 2000.0]},
            "k_form": {"lower": 1.2, "upper": 2.0, "count": 6},
        },
        **changes,
    }


def sample(kind: str = "latin_hypercube", samples: int = 40, **changes: Any) -> dict[str, Any]:
    """Return a sample of two parameters of a small model."""
    drawn = {
        "kind": kind,
        "samples": samples,
        "seed": 7,
        "factors": {
            "P_PTH": {"lower": 1.0, "upper": 2000.0, "scale": "log"},
            "k_form": {"lower": 1.2, "upper": 2.0},
        },
    }
    return grid(**{**drawn, **changes})


def treatment(**changes: Any) -> dict[str, Any]:
    """Return a grid over dose and interval of a drug, and the age of the patient."""
    return {
        "kind": "grid",
        "schedule": "denosumab {dose} mg every {interval} mo for 2 y",
        "years": 3,
        "outputs": ["ctx_percent_change"],
        "factors": {
            "dose": {"values": [0.0, 30.0, 60.0]},
            "interval": {"values": [3.0, 6.0]},
            "age": {"values": [60.0, 70.0]},
        },
        **changes,
    }


@pytest.fixture
def designs() -> SimpleNamespace:
    return SimpleNamespace(grid=grid, sample=sample, treatment=treatment)
