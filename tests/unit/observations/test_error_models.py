"""Standard errors: from the published spread, or from a stated assumption."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remodel.errors import ObservationError
from remodel.observations import (
    Observation,
    predicted_value,
    reported_standard_error,
    standard_error,
)
from remodel.observations.error_models import assumption, spreads


def spine(**fields) -> Observation:
    usual = {
        "study_id": "s",
        "arm": "a",
        "endpoint": "bmd_lumbar_spine",
        "time_months": 12.0,
        "value": 5.0,
        "n": 100.0,
    }
    return Observation(**{**usual, **fields})


def test_a_yearly_rate_over_no_time_is_refused() -> None:
    row = spine(kind="rate_per_year", unit="percent_per_year", time_months=0.0)
    for calculate in (standard_error, lambda row: predicted_value(row, 1.0, 1.0)):
        with pytest.raises(ObservationError, match="counts from month 0; it needs a later month"):
            calculate(row)


@pytest.mark.parametrize(
    ("error_kind", "half_width", "expected"),
    [
        ("95ci", 1.959964, 1.0),
        ("se", 1.0, 1.0),
        ("sd", 10.0, 1.0),
        ("iqr", 6.744898, 1.0),
    ],
)
def test_published_interval_gives_the_standard_error(
    error_kind: str, half_width: float, expected: float
) -> None:
    row = spine(error_low=5 - half_width, error_high=5 + half_width, error_kind=error_kind)

    assert reported_standard_error(row) == pytest.approx(expected, rel=1e-6)
    assert standard_error(row) == pytest.approx(expected, rel=1e-6)


def test_range_counts_less_in_a_large_sample() -> None:
    # The expected range of 100 normal values is 5.0 standard deviations (Wan 2014).
    row = spine(error_low=-20.0, error_high=30.0, error_kind="range")

    assert reported_standard_error(row) == pytest.approx(1.0, rel=0.01)


def test_interval_without_width_is_no_interval() -> None:
    row = spine(error_low=5.0, error_high=5.0, error_kind="95ci")

    assert reported_standard_error(row) is None
    assert standard_error(row) == standard_error(spine())


@given(n=st.floats(2, 400), more=st.floats(1, 100))
def test_more_patients_never_raise_the_error(n: float, more: float) -> None:
    assert standard_error(spine(n=n + more)) <= standard_error(spine(n=n))


def test_assumed_error_follows_the_stated_rules() -> None:
    spread = spreads()["bmd_lumbar_spine"]
    expected = math.hypot(spread.sd, spread.sd_per_year * 1.0) / 10.0

    plain = standard_error(spine())

    assert plain == pytest.approx(expected)
    assert standard_error(spine(comparator="p", kind="difference")) == pytest.approx(
        plain * math.sqrt(2)
    )
    assert standard_error(spine(provenance="recalled")) == pytest.approx(
        plain * assumption("recalled_inflation")
    )
    assert standard_error(spine(statistic="median")) > plain
    assert standard_error(spine(time_months=60.0)) > plain
    assert standard_error(spine(n=None)) == standard_error(spine(n=assumption("n_when_missing")))


def test_error_of_a_large_trial_has_a_floor() -> None:
    assert standard_error(spine(n=1e6)) == spreads()["bmd_lumbar_spine"].floor


def test_marker_error_is_a_fraction_of_what_is_left() -> None:
    risen = spine(endpoint="ctx", value=100.0)
    fallen = spine(endpoint="ctx", value=-80.0)

    assert standard_error(risen) == pytest.approx(10 * standard_error(fallen))


def test_rate_over_a_longer_time_is_surer() -> None:
    short = spine(kind="rate_per_year", unit="percent_per_year", value=-1.0)
    long = spine(kind="rate_per_year", unit="percent_per_year", value=-1.0, time_months=48.0)

    assert standard_error(short) == pytest.approx(standard_error(spine()))
    assert standard_error(long) < standard_error(short)


def test_level_of_a_hormone() -> None:
    row = spine(endpoint="estradiol", kind="level", unit="pmol/L", value=20.0)

    assert standard_error(row) == pytest.approx(20.0 * spreads()["estradiol"].sd / 10.0)


@pytest.mark.parametrize("fields", [{"endpoint": "osteocalcin"}, {"kind": "ratio"}])
def test_no_error_model_is_said(fields: dict[str, str]) -> None:
    with pytest.raises(ObservationError, match="no error model"):
        standard_error(spine(**fields))
