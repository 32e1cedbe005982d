"""The part of a trajectory that a reduction counts holds its first and its last month."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm

REDUCTIONS = {
    "least": {"of": "bone_volume", "take": "minimum", "to_months": 6},
    "most": {"of": "bone_volume", "take": "maximum", "from_months": 3},
    "when": {"of": "bone_volume", "take": "time_of_minimum", "to_months": 6},
    "at_3": {"of": "bone_volume", "take": "value", "at_months": 3},
    "at_6": {"of": "bone_volume", "take": "value", "at_months": 6},
    "area": {"of": "bone_volume", "take": "area", "from_months": 3, "to_months": 6},
}


@pytest.fixture(scope="module")
def falling():
    """Return a sweep in which bone falls throughout."""
    return rm.sweep(
        {
            "model": "pivonka2008", "kind": "grid", "years": 1, "step_months": 3,
            "precision": "float64", "outputs": ["bone_volume"], "reductions": REDUCTIONS,
            "factors": {"P_PTH": {"values": [500.0, 2000.0]}},
        }
    )  # fmt: skip


def test_the_trajectories_fall(falling):
    assert np.all(np.diff(falling.bone_volume.values, axis=1) < -1e-3)


def test_the_last_month_counts(falling):
    assert falling.least.values.tolist() == falling.at_6.values.tolist()
    assert falling.when.values == pytest.approx(6 * 30.4375)


def test_the_first_month_counts(falling):
    assert falling.most.values.tolist() == falling.at_3.values.tolist()


def test_an_area_goes_from_the_first_to_the_last_month(falling):
    mean = (falling.at_3.values + falling.at_6.values) / 2
    assert falling.area.values == pytest.approx(mean * 3 * 30.4375, rel=1e-3)
