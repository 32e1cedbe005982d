"""The dosing plan: which doses are joined to a constant rate, and which are kept."""

from __future__ import annotations

import pytest

from remodel.errors import ScheduleError
from remodel.schedules import Dose, Infusion, Schedule, dosing_plan
from remodel.schedules import plan as plan_module
from remodel.units import DAYS_PER_YEAR


def test_daily_doses_become_a_constant_rate() -> None:
    plan = dosing_plan(Schedule.parse("anastrozole 1 mg oral daily x 10 from 5 d"))
    assert plan == (Infusion("anastrozole", "oral", "mg", 1.0, 5.0, 15.0),)


def test_weekly_doses_become_a_constant_rate() -> None:
    (rate,) = dosing_plan(Schedule.parse("alendronate 70 mg weekly for 1 y"))
    assert isinstance(rate, Infusion)
    assert rate.amount_per_day == pytest.approx(10.0)
    assert rate.amount_per_day * (rate.end - rate.start) == pytest.approx(53 * 70.0)


@pytest.mark.parametrize("written", ["a 1 mg daily x 3", "a 1 mg once; a 1 mg daily x 2 from 1 d"])
def test_three_dense_doses_are_enough_for_a_run(written: str) -> None:
    assert dosing_plan(Schedule.parse(written)) == (Infusion("a", None, "mg", 1.0, 0.0, 3.0),)


@pytest.mark.parametrize(
    "sentence",
    [
        "denosumab 60 mg every 6 mo x 10",
        "alendronate 70 mg every 8 d x 10",
        "anastrozole 1 mg daily x 2",
        "zoledronic acid 1 mg daily x 10 over 15 min",
    ],
)
def test_other_doses_are_kept(sentence: str) -> None:
    schedule = Schedule.parse(sentence)
    assert dosing_plan(schedule) == schedule.single_doses()


def test_exact_keeps_every_dose() -> None:
    schedule = Schedule.parse("anastrozole 1 mg daily x 10; denosumab 0 mg once")
    assert dosing_plan(schedule, exact=True) == schedule.single_doses()


def test_the_dense_interval_can_be_chosen() -> None:
    monthly = Schedule.parse("ibandronate 150 mg monthly x 12")
    assert len(dosing_plan(monthly, dense_interval=31.0)) == 1
    assert len(dosing_plan(Schedule.parse("a 1 mg daily x 12"), dense_interval=0.0)) == 12


def test_a_negative_dense_interval_is_refused() -> None:
    with pytest.raises(ScheduleError, match="dense_interval -1 d is not a spacing of doses"):
        dosing_plan(Schedule(), -1)


def test_a_missed_dose_splits_the_rate() -> None:
    plan = dosing_plan(Schedule.parse("anastrozole 1 mg daily x 10 except dose 5"))
    assert [(part.start, part.end) for part in plan if isinstance(part, Infusion)] == [
        (0.0, 4.0),
        (5.0, 10.0),
    ]


def test_doses_of_different_size_are_not_joined() -> None:
    plan = dosing_plan(Schedule.parse("a 1 mg daily x 10 then a 2 mg daily x 10"))
    assert plan == (
        Infusion("a", None, "mg", 1.0, 0.0, 10.0),
        Infusion("a", None, "mg", 2.0, 10.0, 20.0),
    )


def test_further_doses_and_written_out_doses_give_the_same_plan() -> None:
    series = Schedule.parse("anastrozole 1 mg daily for 10 y; denosumab 60 mg every 6 mo for 10 y")
    written_out = Schedule(
        tuple(Dose(d.drug, d.amount, d.unit, d.time) for d in series.single_doses())
    )
    assert dosing_plan(written_out) == dosing_plan(series)


def test_a_series_in_two_halves_gives_the_same_plan() -> None:
    halves = Schedule.parse("a 1 mg daily x 30 then a 1 mg daily x 40")
    assert dosing_plan(halves) == dosing_plan(Schedule.parse("a 1 mg daily x 70"))


def test_a_dose_of_nothing_is_no_treatment() -> None:
    assert dosing_plan(Schedule.parse("denosumab 0 mg every 6 mo for 5 y")) == ()


def test_an_open_ended_schedule_needs_a_horizon() -> None:
    schedule = Schedule.parse("anastrozole 1 mg daily")
    (rate,) = dosing_plan(schedule, until=DAYS_PER_YEAR)
    assert isinstance(rate, Infusion)
    assert (rate.start, rate.end) == (0.0, 366.0)
    with pytest.raises(ScheduleError, match="say until when"):
        dosing_plan(schedule)


def test_a_steady_state_of_dense_doses_is_a_rate_at_steady_state() -> None:
    plan = dosing_plan(Schedule.parse("anastrozole 1 mg daily x 10 at steady state"))
    assert plan == (Infusion("anastrozole", None, "mg", 1.0, 0.0, 10.0, steady_state=True),)


def test_a_steady_state_of_another_interval_is_not_joined() -> None:
    first = Dose("a", 1.0, interval=2.0, steady_state=True)
    rest = Dose("a", 1.0, time=1.0, interval=1.0, count=5)
    plan = dosing_plan(Schedule((first, rest)))
    assert plan == (first, Infusion("a", None, "mg", 1.0, 1.0, 6.0))


def test_a_steady_state_begins_a_new_rate() -> None:
    before = Dose("a", 1.0, interval=1.0, count=5)
    after = Dose("a", 1.0, time=5.0, interval=1.0, count=5, steady_state=True)
    plan = dosing_plan(Schedule((before, after)))
    assert [part.steady_state for part in plan] == [False, True]


def test_each_dose_of_ten_years_is_looked_at_a_few_times_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    comparisons = 0
    equal = plan_module._equal

    def counted(gap: float, other: float) -> bool:
        nonlocal comparisons
        comparisons += 1
        return equal(gap, other)

    monkeypatch.setattr(plan_module, "_equal", counted)
    assert len(dosing_plan(Schedule.parse("anastrozole 1 mg daily for 10 y"))) == 1
    assert comparisons <= 3653
