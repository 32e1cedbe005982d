"""One parameter: its bounds and what it refuses."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from remodel.errors import ParameterError
from remodel.parameters import Parameter, Prior


def parameter(**changes) -> Parameter:
    fields = {
        "name": "osteoclast_turnover_rate",
        "value": 0.07,
        "unit": "1/d",
        "lower": 0.03,
        "upper": 0.15,
        "meaning": "Turnover of active osteoclasts",
        "source": "Manolagas 2000",
    }
    return Parameter(**{**fields, **changes})


@pytest.mark.parametrize("value", [0.03, 0.07, 0.15])
def test_values_within_the_bounds_are_allowed(value: float) -> None:
    assert parameter(value=value).value == value
    parameter().check(value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"value": 0.2},
            "osteoclast_turnover_rate = 0.2 1/d is outside its bounds 0.03 to 0.15 1/d.",
        ),
        (
            {"value": 0.02},
            "osteoclast_turnover_rate = 0.02 1/d is outside its bounds 0.03 to 0.15 1/d.",
        ),
        (
            {"value": math.nan},
            "osteoclast_turnover_rate = nan 1/d: must be a finite number.",
        ),
        (
            {"value": math.inf, "upper": math.inf},
            "osteoclast_turnover_rate = inf 1/d: must be a finite number.",
        ),
        (
            {"value": 7, "unit": "-"},
            "osteoclast_turnover_rate = 7 is outside its bounds 0.03 to 0.15.",
        ),
        (
            {"lower": 0.3},
            "osteoclast_turnover_rate: lower bound 0.3 exceeds upper bound 0.15.",
        ),
        (
            {"lower": math.nan},
            "osteoclast_turnover_rate: lower bound nan exceeds upper bound 0.15.",
        ),
    ],
)
def test_wrong_parameters_are_refused(changes, sentence: str) -> None:
    with pytest.raises(ParameterError) as caught:
        parameter(**changes)
    assert str(caught.value) == sentence


def test_an_open_upper_bound_is_allowed() -> None:
    assert parameter(upper=math.inf).upper == math.inf


def test_numbers_become_plain_floats() -> None:
    made = parameter(value=np.float64(0.1), upper=1)
    assert type(made.value) is type(made.upper) is float


def test_a_parameter_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        parameter().value = 0.1


def test_everything_is_uniform_unless_said_otherwise() -> None:
    assert parameter().prior == Prior("uniform")
    assert parameter().status == "fixed"
