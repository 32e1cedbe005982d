"""Collections of observations, and the meaning of their kinds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remodel.errors import ObservationError
from remodel.observations import (
    Observation,
    Observations,
    load_observations,
    load_trial,
    predicted_value,
    residual,
)

LEVEL = st.floats(0.1, 10.0)


def observation(**fields) -> Observation:
    usual = {
        "study_id": "s",
        "arm": "a",
        "endpoint": "ctx",
        "time_months": 24.0,
        "value": 10.0,
    }
    return Observation(**{**usual, **fields})


def test_where_filters_by_every_condition() -> None:
    rows = load_observations()

    chosen = rows.where(study="atac_eastell2008", endpoint="bmd_total_hip", arm="anastrozole")

    assert [row.value for row in chosen] == [-7.24]
    both = rows.where(study=["atac_eastell2006", "atac_eastell2008"])
    assert both.studies == ("atac_eastell2006", "atac_eastell2008")
    assert len(rows.where(use="calibration")) < len(rows)


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"endpoint": "bmd_lumber_spine"}, "Did you mean 'bmd_lumbar_spine'"),
        ({"use": "calibrate"}, "Did you mean 'calibration'"),
        ({"kind": "changes"}, "Did you mean 'change'"),
    ],
)
def test_where_refuses_words_that_select_nothing(condition: dict[str, str], sentence: str) -> None:
    with pytest.raises(ObservationError, match=sentence):
        load_observations().where(**condition)


def test_frame_has_a_row_an_observation_and_carries_extra_columns() -> None:
    rows = Observations((observation(extra={"flag": "x"}), observation(value=2.0)))

    frame = rows.to_frame()

    assert list(frame["value"]) == [10.0, 2.0]
    assert frame["flag"][0] == "x"
    assert "value" in Observations().to_frame().columns


def test_reference_is_a_month_or_baseline() -> None:
    assert observation().reference_months == 0.0
    later = observation(relative_to="month_60", time_months=84.0)
    assert (later.reference_months, later.reference_time) == (60.0, 1826.25)


def test_study_gives_its_arms_and_names_the_nearest() -> None:
    study = load_trial("halt_bc_ellis2008")

    assert study.arm("ai_denosumab").schedule.drugs == ("anastrozole", "denosumab")
    assert study.observations.studies == ("halt_bc_ellis2008",)
    with pytest.raises(ObservationError, match="Did you mean 'ai_placebo'"):
        study.arm("ai_placeb")
    with pytest.raises(ObservationError, match="Did you mean 'atac_eastell2008'"):
        load_trial("atac_estell2008")


@given(level=LEVEL, reference=LEVEL)
def test_change_is_in_percent_of_the_reference(level: float, reference: float) -> None:
    change = predicted_value(observation(), level, reference)

    assert reference * (1.0 + change / 100.0) == pytest.approx(level)


@given(level=LEVEL, reference=LEVEL)
def test_same_course_in_both_arms_is_no_difference(level: float, reference: float) -> None:
    for kind in ("difference", "relative_difference"):
        row = observation(kind=kind, comparator="placebo")
        assert predicted_value(row, level, reference, level, reference) == pytest.approx(
            0, abs=1e-9
        )


def test_kinds_of_one_pair_of_courses() -> None:
    levels = (0.6, 1.2, 1.1, 1.0)  # halved in the arm, up by a tenth in the comparator

    def value(**fields) -> float:
        return predicted_value(observation(**fields), *levels)

    assert value(kind="change") == pytest.approx(-50.0)
    assert value(kind="difference", comparator="placebo") == pytest.approx(-60.0)
    assert value(kind="relative_difference", comparator="p") == pytest.approx(100 * (0.5 / 1.1 - 1))
    assert value(kind="bound_upper", comparator="p") == pytest.approx(100 * (0.5 / 1.1 - 1))
    assert value(kind="rate_per_year") == pytest.approx(-25.0)
    assert value(kind="rate_per_year", relative_to="month_12") == pytest.approx(-50.0)
    assert value(kind="level") == 0.6


def test_difference_without_the_comparator_is_refused() -> None:
    with pytest.raises(ObservationError, match="needs the arm 'placebo' as well"):
        predicted_value(observation(kind="difference", comparator="placebo"), 1.0, 1.0)


def test_bounds_count_only_when_broken() -> None:
    upper, lower = observation(kind="bound_upper"), observation(kind="bound_lower")

    assert (residual(upper, 8.0), residual(upper, 13.0)) == (0.0, 3.0)
    assert (residual(lower, 8.0), residual(lower, 13.0)) == (-2.0, 0.0)
    assert residual(observation(), 8.0) == -2.0


def test_observations_print_short():
    rows = load_trial("atac_eastell2008").observations
    assert repr(rows) == f"<Observations: {len(rows)}, of atac_eastell2008>"
    assert repr(Observations()) == "<Observations: 0, of no study>"
