"""Doses and interventions: what they hold, and what is refused."""

from __future__ import annotations

import math

import pytest

from remodel.errors import ScheduleError, UnitError
from remodel.schedules import Dose, Intervention
from remodel.schedules.events import doses_within
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR


def test_times_and_end_of_a_series() -> None:
    dose = Dose("denosumab", 60.0, "mg", 10.0, interval=30.0, count=3)
    assert dose.times == (10.0, 40.0, 70.0)
    assert dose.end == 100.0


def test_a_single_dose_ends_with_its_infusion() -> None:
    assert Dose("zoledronic_acid", 5.0, time=2.0, infusion=0.25).end == 2.25


def test_negative_time_is_prior_exposure() -> None:
    dose = Dose("anastrozole", 1.0, time=-DAYS_PER_YEAR, interval=1.0, count=1826)
    assert dose.times[0] == -DAYS_PER_YEAR


def test_a_name_is_made_canonical() -> None:
    assert Dose("Zoledronic-Acid", 5.0).drug == "zoledronic_acid"
    assert Dose("zoledronate", 5.0).drug == "zoledronic_acid"


def test_an_open_ended_regimen_has_no_last_dose() -> None:
    dose = Dose("denosumab", 60.0, interval=182.625, count=None)
    assert dose.end == math.inf
    with pytest.raises(ScheduleError, match="denosumab is given without an end; say until when"):
        _ = dose.times


def test_the_number_of_doses_is_counted_without_rounding_error() -> None:
    assert doses_within(5 * DAYS_PER_YEAR, 6 * DAYS_PER_MONTH) == 10
    assert doses_within(0.3, 0.1) == 3
    assert doses_within(0.1 + 0.2, 0.1) == 3
    assert doses_within(DAYS_PER_YEAR, 1.0) == 366
    assert doses_within(1.0, 30.0) == 1


def test_a_usual_duration_is_not_stored() -> None:
    assert Dose("a", 1.0, interval=2.0, count=5, duration=10.0) == Dose(
        "a", 1.0, interval=2.0, count=5
    )
    assert Dose("a", 1.0, interval=2.0, count=5, duration=9.0).end == 9.0


def test_stopped_keeps_what_is_strictly_before() -> None:
    dose = Dose("a", 1.0, time=1.0, interval=2.0, count=5)
    stopped = dose.stopped(5.0)
    assert stopped is not None
    assert stopped.times == (1.0, 3.0)
    assert stopped.end == 5.0
    assert dose.stopped(1.0) is None
    assert dose.stopped(11.0) == dose


def test_stopped_in_the_pause_after_the_last_dose_adds_no_dose() -> None:
    stopped = Dose("a", 1.0, interval=2.0, count=2, duration=20.0).stopped(11.0)
    assert stopped is not None
    assert (stopped.times, stopped.end) == ((0.0, 2.0), 11.0)


def test_missed_doses_leave_the_end_where_it_was() -> None:
    dose = Dose("a", 1.0, interval=10.0, count=6)
    parts = dose.without([2, 3, 6])
    assert [time for part in parts for time in part.times] == [0.0, 30.0, 40.0]
    assert parts[-1].end == dose.end


def test_missed_doses_of_an_open_ended_regimen() -> None:
    parts = Dose("a", 1.0, interval=10.0, count=None).without([2])
    assert [(part.time, part.count) for part in parts] == [(0.0, 1), (20.0, None)]


def test_all_doses_missed_is_nothing() -> None:
    assert Dose("a", 1.0, interval=10.0, count=2).without([1, 2]) == ()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"amount": -60.0}, "denosumab: amount -60 mg is negative; allowed: 0 or more."),
        ({"amount": math.nan}, "denosumab: amount 'nan' is not a finite number."),
        ({"amount": "much"}, "denosumab: amount 'much' is not a finite number."),
        ({"time": math.inf}, "denosumab: time 'inf' is not a finite number."),
        ({"infusion": -1.0}, "denosumab: infusion -1 d is negative; allowed: 0 or more."),
        ({"interval": 0.0}, "denosumab: interval 0 d is not positive."),
        ({"count": 2}, "denosumab: repeated doses need an interval."),
        ({"count": None}, "denosumab: repeated doses need an interval."),
        ({"steady_state": True}, "denosumab: repeated doses need an interval."),
        ({"count": 0}, "denosumab: '0' is not a number of doses; it is a whole number from 1."),
        ({"count": 1.5}, "denosumab: '1.5' is not a number of doses; it is a whole number from 1."),
        (
            {"count": 10**7, "interval": 1.0},
            "denosumab: 10000000 doses are more than the 1000000 a regimen can have.",
        ),
        ({"route": "iw"}, "denosumab: 'iw' is not a route. Known: iv, oral, patch, sc."),
        (
            {"count": 3, "interval": 10.0, "duration": 20.0},
            "denosumab: 3 doses, 10 d apart, do not fit into 20 d.",
        ),
        (
            {"count": None, "interval": 10.0, "duration": 20.0},
            "denosumab: a duration needs an interval and a number of doses.",
        ),
        ({"drug": "every"}, "'every' cannot be the name of a drug."),
        ({"drug": "2nd"}, "'2nd' cannot be the name of a drug."),
    ],
)
def test_a_wrong_dose_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ScheduleError) as error:
        Dose(**{"drug": "denosumab", "amount": 60.0, **fields})  # type: ignore[arg-type]
    assert str(error.value) == message


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(UnitError, match=r"'mgg' is not a unit of dose\. Did you mean 'mg'\?"):
        Dose("denosumab", 60.0, "mgg")


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([0], "a: there is no dose 0; the first dose is 1."),
        ([4], "a: there is no dose 4; the last dose is 3."),
    ],
)
def test_a_dose_that_is_not_there_cannot_be_missed(numbers: list[int], message: str) -> None:
    with pytest.raises(ScheduleError) as error:
        Dose("a", 1.0, interval=1.0, count=3).without(numbers)
    assert str(error.value) == message


def test_the_first_dose_of_a_steady_state_cannot_be_missed() -> None:
    with pytest.raises(ScheduleError, match="the first dose of a steady state cannot be missed"):
        Dose("a", 1.0, interval=1.0, count=3, steady_state=True).without([1])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "menopause needs either an age or a time."),
        ({"age": 1.0, "time": 1.0}, "menopause needs either an age or a time."),
        ({"age": -365.25}, "menopause: age -1 y is not positive."),
        ({"age": math.nan}, "menopause: age 'nan' is not a finite number."),
        ({"age": 1.0, "value": 2.0}, "menopause takes no value."),
        ({"age": 1.0, "duration": 2.0}, "menopause does not end; it has no duration."),
        (
            {"name": "bed_rest", "time": 0.0, "duration": 0.0},
            "bed_rest: duration 0 d is not positive.",
        ),
        ({"name": "calcium_intake", "time": 0.0}, "calcium_intake needs a value [mg]."),
        (
            {"name": "menopaus", "age": 1.0},
            "'menopaus' is not a known intervention. Did you mean 'menopause'?",
        ),
    ],
)
def test_a_wrong_intervention_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ScheduleError) as error:
        Intervention(**{"name": "menopause", **fields})  # type: ignore[arg-type]
    assert str(error.value) == message
