from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remodel.errors import ConfigError
from remodel.sweeps.factors import Factor


def test_a_grid_holds_both_ends_exactly_and_lies_evenly_on_its_scale():
    linear = Factor("dose", "schedule", "mg", lower=0.1, upper=0.7, count=7).levels()
    log = Factor("dose", "schedule", "mg", lower=1.0, upper=1000.0, scale="log", count=4).levels()
    assert linear[0] == 0.1
    assert linear[-1] == 0.7
    np.testing.assert_allclose(np.diff(linear), 0.1)
    np.testing.assert_allclose(log, [1, 10, 100, 1000])
    assert log[0] == 1.0
    assert log[-1] == 1000.0


def test_a_list_keeps_its_order_and_is_drawn_evenly():
    factor = Factor("drug", "schedule", values=("denosumab", "alendronate"))
    assert factor.is_text
    assert factor.levels().tolist() == ["denosumab", "alendronate"]
    assert factor.at(np.array([0.0, 0.49, 0.5, 1.0])).tolist() == [
        "denosumab", "denosumab", "alendronate", "alendronate",
    ]  # fmt: skip


@given(
    lower=st.floats(1e-6, 1e3),
    ratio=st.floats(1.001, 1e6),
    share=st.floats(0, 1),
    scale=st.sampled_from(["linear", "log"]),
)
def test_no_value_lies_outside_the_range(lower, ratio, share, scale):
    factor = Factor("x", "parameter", lower=lower, upper=lower * ratio, scale=scale)
    value = factor.at(np.array([share]))[0]
    assert lower <= value <= lower * ratio


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"lower": 5.0, "upper": 5.0}, "from 5 to 5 mg is empty; upper must be above lower"),
        ({"lower": 0.0, "upper": 5.0, "scale": "log"}, "a log scale cannot reach from 0 to 5 mg"),
        ({"lower": -1.0, "upper": 5.0, "scale": "log"}, "lower must be above 0"),
        ({"lower": 1.0, "upper": 5.0, "scale": "cubic"}, "linear or log, not 'cubic'"),
        ({"values": (1.0, 2.0, 1.0)}, "^1 is given twice"),
        ({"values": (1.0, "two")}, "all numbers or all words"),
    ],
)
def test_what_makes_no_range_is_refused_in_one_sentence(fields, says):
    with pytest.raises(ConfigError, match=says):
        Factor("dose", "schedule", "mg", **fields)
