"""The algebra of schedules: side by side, one after the other, later, stopped, missed."""

from __future__ import annotations

import math

import pytest

from remodel.errors import ScheduleError
from remodel.schedules import Dose, Intervention, Schedule
from remodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR

DENOSUMAB = Schedule.parse("denosumab 60 mg every 6 mo x 4")
ZOLEDRONATE = Schedule.parse("zoledronic acid 5 mg once")


def test_no_treatment_is_empty() -> None:
    empty = Schedule()
    assert (empty.drugs, empty.end, empty.single_doses(), str(empty)) == ((), 0.0, (), "none")


def test_order_of_events_does_not_matter() -> None:
    assert DENOSUMAB & ZOLEDRONATE == ZOLEDRONATE & DENOSUMAB
    assert (DENOSUMAB & ZOLEDRONATE).drugs == ("denosumab", "zoledronic_acid")


def test_only_schedules_can_stand_side_by_side() -> None:
    with pytest.raises(TypeError):
        DENOSUMAB & "none"  # type: ignore[operator]


def test_then_starts_when_the_next_dose_would_be_due() -> None:
    both = DENOSUMAB.then(ZOLEDRONATE)
    assert both.single_doses()[-1].time == 2 * DAYS_PER_YEAR
    assert both.single_doses()[-1].drug == "zoledronic_acid"


def test_then_starts_at_the_end_that_was_declared() -> None:
    yearly = Schedule.parse("zoledronic acid 5 mg yearly for 18 mo")
    assert yearly.then(DENOSUMAB).doses[-1].time == 18 * DAYS_PER_MONTH


def test_then_after_a_missed_last_dose_starts_at_the_same_time() -> None:
    missed = DENOSUMAB.without_doses("denosumab", [4])
    assert missed.then(ZOLEDRONATE).doses[-1].time == DENOSUMAB.then(ZOLEDRONATE).doses[-1].time


def test_then_after_an_intervention_starts_when_it_happens() -> None:
    surgery = Schedule(interventions=(Intervention("oophorectomy", time=100.0),))
    assert surgery.then(ZOLEDRONATE).doses[0].time == 100.0


def test_nothing_can_follow_a_regimen_without_an_end() -> None:
    with pytest.raises(ScheduleError, match="Nothing can follow denosumab, which is given without"):
        Schedule.parse("denosumab 60 mg every 6 mo").then(ZOLEDRONATE)


def test_nothing_can_follow_an_age() -> None:
    with pytest.raises(ScheduleError, match="Nothing can follow menopause at an age"):
        Schedule.parse("menopause at 50 y").then(ZOLEDRONATE)


def test_delayed_moves_doses_and_times_but_no_ages() -> None:
    schedule = Schedule.parse("zoledronic acid 5 mg once; menopause at 50 y; oophorectomy from 1 y")
    later = schedule.delayed(10.0)
    assert later.doses[0].time == 10.0
    assert [(event.time, event.age) for event in later.interventions] == [
        (DAYS_PER_YEAR + 10.0, None),
        (None, 50 * DAYS_PER_YEAR),
    ]


def test_stopped_holds_for_open_ended_regimens() -> None:
    stopped = Schedule.parse("denosumab 60 mg every 6 mo").stopped(DAYS_PER_YEAR)
    assert len(stopped.single_doses()) == 2
    assert stopped.end == DAYS_PER_YEAR


def test_stopped_at_no_number_is_refused() -> None:
    with pytest.raises(ScheduleError, match="a time that is not a number"):
        DENOSUMAB.stopped(math.nan)


def test_doses_of_a_drug_are_numbered_through_all_its_regimens() -> None:
    schedule = Schedule((Dose("a", 1.0, interval=10.0, count=3), Dose("a", 2.0, time=5.0)))
    kept = schedule.without_doses("a", [2, 4]).single_doses()
    assert [(dose.time, dose.amount) for dose in kept] == [(0.0, 1.0), (10.0, 1.0)]


def test_missed_doses_of_an_open_ended_regimen() -> None:
    missed = Schedule.parse("denosumab 60 mg every 6 mo").without_doses("denosumab", [2])
    assert [dose.time for dose in missed.single_doses(until=400.0)] == [0.0, DAYS_PER_YEAR]


@pytest.mark.parametrize(
    ("drug", "numbers", "message"),
    [
        ("denosumab", [5], "denosumab: there is no dose 5; the last dose is 4."),
        ("denosumab", [0], "denosumab: there is no dose 0; the first dose is 1."),
        (
            "denosumap",
            [1],
            "The schedule has no doses of 'denosumap'. Did you mean 'denosumab'?",
        ),
    ],
)
def test_doses_that_are_not_there_cannot_be_missed(
    drug: str, numbers: list[int], message: str
) -> None:
    with pytest.raises(ScheduleError) as error:
        DENOSUMAB.without_doses(drug, numbers)
    assert str(error.value) == message


def test_single_doses_of_an_open_ended_schedule_need_a_horizon() -> None:
    with pytest.raises(ScheduleError, match="say until when"):
        Schedule.parse("denosumab 60 mg every 6 mo").single_doses()


def test_only_the_first_single_dose_is_at_steady_state() -> None:
    singles = Schedule.parse("denosumab 60 mg every 6 mo x 3 at steady state").single_doses()
    assert [dose.steady_state for dose in singles] == [True, False, False]
    assert singles[0].interval == 6 * DAYS_PER_MONTH


def test_the_same_intervention_counts_once() -> None:
    menopause = Schedule.parse("menopause at 50 y")
    assert menopause & menopause == menopause


def test_menopause_happens_once() -> None:
    with pytest.raises(ScheduleError, match="menopause is given twice, at different times"):
        Schedule.parse("menopause at 50 y") & Schedule.parse("menopause at 51 y")
