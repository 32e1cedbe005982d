"""Laws of schedules: round trips, shifts, and that only what is given matters."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remodel.errors import RemodelError
from remodel.schedules import ROUTES, Dose, Infusion, Intervention, Schedule, dosing_plan

NAMES = ("anastrozole", "denosumab", "zoledronic_acid", "x10", "vitamin_d")
LENGTHS = st.one_of(
    st.sampled_from([1.0, 7.0, 30.4375, 182.625, 365.25, 0.5]),
    st.floats(0.4, 1000.0),
)
TIMES = st.one_of(st.just(0.0), st.floats(-1000.0, 4000.0), LENGTHS)


@st.composite
def regimens(draw: st.DrawFn, *, is_open: bool = True) -> Dose:
    interval = draw(st.none() | LENGTHS)
    count: int | None = 1
    duration = None
    if interval is not None:
        count = draw(st.integers(1, 30) | (st.none() if is_open else st.just(1)))
        if count is not None and draw(st.booleans()):
            duration = (count - draw(st.floats(-2.0, 0.9))) * interval
    return Dose(
        draw(st.sampled_from(NAMES)),
        draw(st.one_of(st.sampled_from([0.0, 1.0, 60.0]), st.floats(0.0, 1e9))),
        draw(st.sampled_from(["mg", "µg", "IU", "nmol", "MG"])),
        draw(TIMES),
        interval=interval,
        count=count,
        infusion=draw(st.one_of(st.just(0.0), st.just(0.25 / 24), st.floats(1e-6, 2.0))),
        route=draw(st.none() | st.sampled_from(ROUTES)),
        steady_state=interval is not None and draw(st.booleans()),
        duration=duration,
    )


INTERVENTIONS = st.one_of(
    st.builds(Intervention, st.just("menopause"), age=st.floats(1.0, 40000.0)),
    st.builds(Intervention, st.just("oophorectomy"), time=st.floats(-1e4, 1e4)),
)


def schedules(*, is_open: bool = True) -> st.SearchStrategy[Schedule]:
    doses = st.lists(regimens(is_open=is_open), max_size=4).map(tuple)
    events = st.lists(INTERVENTIONS, max_size=2, unique_by=lambda event: event.name).map(tuple)
    return st.builds(Schedule, doses, events if is_open else st.just(()))


CLOSED = schedules(is_open=False)


def total(plan: tuple[Dose | Infusion, ...]) -> float:
    return math.fsum(
        part.amount_per_day * (part.end - part.start) if isinstance(part, Infusion) else part.amount
        for part in plan
    )


@given(schedules())
def test_a_schedule_is_read_back_from_its_sentence(schedule: Schedule) -> None:
    assert Schedule.parse(str(schedule)) == schedule


@given(regimens(), st.floats(0.0, 0.999))
def test_a_steady_state_before_its_dose_is_read_back(dose: Dose, share: float) -> None:
    if dose.interval is not None:
        lagged = replace(dose, steady_state=True, lead=share * dose.interval)
        assert Schedule.parse(str(Schedule((lagged,)))) == Schedule((lagged,))


@given(CLOSED)
def test_the_doses_are_read_back_from_the_table(schedule: Schedule) -> None:
    without_steady_state = tuple(replace(dose, steady_state=False) for dose in schedule.doses)
    plain = Schedule(without_steady_state)
    assert Schedule.from_table(plain.to_table()).single_doses() == plain.single_doses()


@given(CLOSED)
def test_only_the_written_out_doses_matter_for_the_plan(schedule: Schedule) -> None:
    assert dosing_plan(Schedule(schedule.single_doses())) == dosing_plan(schedule)


@given(CLOSED, CLOSED)
def test_the_order_side_by_side_does_not_matter(first: Schedule, second: Schedule) -> None:
    assert first & second == second & first
    assert dosing_plan(first & second) == dosing_plan(second & first)


@given(CLOSED)
def test_the_plan_gives_as_much_as_the_doses(schedule: Schedule) -> None:
    given_amount = math.fsum(dose.amount for dose in schedule.single_doses())
    assert total(dosing_plan(schedule)) == pytest.approx(given_amount, rel=1e-9)


@given(CLOSED, st.floats(-1000.0, 1000.0))
def test_delayed_shifts_every_dose(schedule: Schedule, days: float) -> None:
    later = [dose.time for dose in schedule.delayed(days).single_doses()]
    shifted = [dose.time + days for dose in schedule.single_doses()]
    assert later == pytest.approx(sorted(shifted), rel=1e-12, abs=1e-9)


@given(schedules(), st.floats(-100.0, 500.0))
def test_stopped_leaves_exactly_the_doses_before(schedule: Schedule, day: float) -> None:
    stopped = schedule.stopped(day)
    assert all(dose.time < day for dose in stopped.single_doses())
    earlier = schedule.single_doses(until=600.0)
    assert stopped.single_doses() == tuple(dose for dose in earlier if dose.time < day - 1e-9)


@given(CLOSED, CLOSED)
def test_then_is_a_delay_to_the_end(first: Schedule, second: Schedule) -> None:
    assert first.then(second) == first & second.delayed(first.end)
    assert Schedule.parse(f"{Schedule()} then {Schedule()}") == Schedule()


@given(regimens(is_open=False), regimens())
def test_the_word_then_is_the_method_then(first: Dose, second: Dose) -> None:
    one, other = Schedule((first,)), Schedule((second,))
    assert Schedule.parse(f"{one} then {other}") == one.then(other)


@given(st.data())
def test_missed_doses_are_gone_and_nothing_else(data: st.DataObject) -> None:
    dose = replace(data.draw(regimens(is_open=False)), steady_state=False)
    schedule = Schedule((dose,))
    times = [single.time for single in schedule.single_doses()]
    missed = data.draw(st.sets(st.integers(1, len(times))))
    kept = [single.time for single in schedule.without_doses(dose.drug, missed).single_doses()]
    expected = [time for number, time in enumerate(times, 1) if number not in missed]
    assert kept == pytest.approx(expected, rel=1e-12, abs=1e-9)


@given(CLOSED)
def test_doses_of_nothing_are_no_treatment(schedule: Schedule) -> None:
    nothing = Schedule(tuple(replace(dose, amount=0.0) for dose in schedule.doses))
    assert dosing_plan(nothing) == ()


WORDS = st.sampled_from([
    "denosumab", "zoledronic", "acid", "60", "0", "-5", "1e400", "2.5", "mg", "µg", "IU", "once",
    "daily", "twice", "weekly", "every", "6", "mo", "y", "min", "for", "x", "x3", "from", "over",
    "except", "dose", "at", "steady", "state", "then", "and", "none", "nothing", ";", ",",
    "menopause", "oophorectomy", "iv", "nan", "%", "é", "q6mo", "q", "qd", "bid", "per", "a", "day",
    "/", "+", "until", "stop", "after", "doses", "followed", "by", "mouth", "6-monthly", ".",
    "Prolia", "estrone", "reset", "before", "starting", "annually", "tablet", "to", "x" + "9" * 400,
])  # fmt: skip


@given(st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=40))
def test_any_text_is_a_schedule_or_a_clear_error(sentence: str) -> None:
    message = ""
    try:
        schedule = Schedule.parse(sentence)
    except RemodelError as error:
        message = str(error)
    if message:
        assert len(message.split("\n")) in {1, 3}
    else:
        assert Schedule.parse(str(schedule)) == schedule
