from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from remodel.errors import ConfigError
from remodel.sweeps.reductions import Reduction
from remodel.units import DAYS_PER_MONTH

TIMES = np.arange(5) * 3 * DAYS_PER_MONTH
VALUES = np.array([[0.0, 2.0, 4.0, -1.0, -1.0], [1.0, 1.0, 1.0, 1.0, np.nan]])


def reduced(take: str, **more: float) -> np.ndarray:
    return Reduction("x", "ctx", take, **more).reduce(VALUES, TIMES)


def test_each_reduction_of_a_known_trajectory():
    assert reduced("value", at_months=6)[0] == 4.0
    assert reduced("minimum")[0] == -1.0
    assert reduced("maximum", from_months=9, to_months=12)[0] == -1.0
    quarter = 3 * DAYS_PER_MONTH
    assert reduced("area")[0] == pytest.approx(quarter * (1 + 3 + 1.5 - 1))
    assert reduced("mean")[0] == pytest.approx((1 + 3 + 1.5 - 1) / 4)
    assert reduced("time_of_maximum")[0] == TIMES[2]
    assert reduced("time_of_minimum")[0] == TIMES[3]


def test_time_below_follows_straight_lines_between_the_times():
    quarter = 3 * DAYS_PER_MONTH
    assert reduced("time_below", below=1.0)[0] == pytest.approx(quarter * (0.5 + 2 / 5 + 1))
    assert reduced("time_above", above=1.0)[0] == pytest.approx(quarter * (0.5 + 1 + 3 / 5))


def test_a_value_that_is_missing_makes_the_result_missing():
    for take, more in (
        ("minimum", {}), ("maximum", {}), ("mean", {}), ("area", {}), ("time_of_maximum", {}),
        ("time_below", {"below": 2.0}), ("value", {"at_months": 12}),
    ):  # fmt: skip
        assert np.isnan(reduced(take, **more)[1]), take
    assert reduced("minimum", to_months=9)[1] == 1.0  # before the failure everything is known


def test_names_and_units_say_what_was_done():
    below = Reduction("x", "t_score", "time_below", below=-2.5, to_months=60)
    assert below.long_name("T-score") == "time below -2.5: T-score, from 0 months to 60 months"
    assert below.unit("1") == "d"
    assert Reduction("x", "ctx", "area").unit("percent") == "percent d"
    assert Reduction("x", "ctx", "maximum").long_name("CTX") == "maximum of CTX"


@given(
    values=arrays(np.float64, (4, 5), elements=st.floats(-100, 100)),
    threshold=st.floats(-100, 100),
)
def test_time_below_and_above_share_the_whole_time(values, threshold):
    below = Reduction("x", "ctx", "time_below", below=threshold).reduce(values, TIMES)
    above = Reduction("x", "ctx", "time_above", above=threshold).reduce(values, TIMES)
    on_it = (values[:, :-1] == threshold) & (values[:, 1:] == threshold)
    rest = (on_it * np.diff(TIMES)).sum(axis=1)
    np.testing.assert_allclose(below + above + rest, TIMES[-1], rtol=1e-9)
    assert np.all(below >= 0)


@given(arrays(np.float64, (6, 5), elements=st.floats(-1e3, 1e3)))
def test_a_result_does_not_depend_on_its_neighbors(values):
    for take in ("minimum", "mean", "area", "time_of_minimum"):
        reduction = Reduction("x", "ctx", take)
        alone = [reduction.reduce(values[i : i + 1], TIMES)[0] for i in range(6)]
        assert reduction.reduce(values, TIMES).tolist() == alone


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"take": "minimun"}, "'minimun' cannot be taken. Did you mean 'minimum'?"),
        ({"take": "value"}, "take = 'value' needs at_months"),
        ({"take": "time_below"}, "take = 'time_below' needs below"),
        ({"take": "maximum", "below": 3.0}, "has no use for below"),
        (
            {"take": "mean", "from_months": 12.0, "to_months": 6.0},
            "from 12 to 6 months holds nothing",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(fields, says):
    with pytest.raises(ConfigError) as error:
        Reduction("x", "ctx", **fields)
    assert says in str(error.value)
