"""Corners of equations, where a slope jumps at a known time, are no place for a step to cross."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import remodel as rm
from remodel.equations import loss, maximum, starts_at, state
from remodel.models import Model
from remodel.parameters import Parameter, ParameterSet

bone = state("bone", "-", "Bone")


@loss("bone")
def aging(time, onset, rate):
    """Loss that grows from an onset on."""
    return rate * maximum(time - onset, 0 * time)


PARAMETERS = ParameterSet(
    [
        Parameter("onset", 100.0, "d", 0.0, 1e4, "onset", "made up"),
        Parameter("rate", 1e-6, "1/d^2", 0.0, 1.0, "rate", "made up"),
        Parameter("bone_0", 1.0, "-", 0.0, 10.0, "bone at the start", "made up"),
    ],
    "corner",
)
MODEL = Model(
    name="corner",
    title="Loss from an onset on.",
    citation="made up",
    parts=(bone, aging, starts_at("bone", "bone_0")),
    parameters=PARAMETERS,
    kinks=("onset",),
)
TIMES = [0.0, 90.0, 150.0, 400.0, 700.0]


def error(model: Model, onset: float) -> float:
    found = rm.simulate(
        model, parameters={"onset": onset}, times=TIMES, outputs=["bone"], rtol=1e-5
    )
    exact = 1.0 - 0.5e-6 * np.maximum(np.array(TIMES) - onset, 0.0) ** 2
    return float(np.max(np.abs(found.bone.values[0] - exact)))


@pytest.mark.parametrize("onset", [100.0, 333.3])
def test_a_corner_that_the_model_names_costs_no_accuracy(onset):
    # a parabola is exact for every step that does not cross the corner
    assert error(MODEL, onset) < 1e-13
    assert error(replace(MODEL, kinks=()), onset) > 1e-6, "the test sees corners that are crossed"


def test_each_simulation_of_a_batch_has_its_own_corner():
    onsets = np.array([50.0, 200.0, 650.0])
    found = rm.simulate(
        MODEL, parameters={"onset": onsets}, times=TIMES, outputs=["bone"], rtol=1e-5
    )
    exact = 1.0 - 0.5e-6 * np.maximum(np.array(TIMES) - onsets[:, None], 0.0) ** 2
    assert found.bone.values == pytest.approx(exact, abs=1e-13)
