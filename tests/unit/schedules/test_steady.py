"""What endless dosing does in one interval, and what it leaves running, against written-out doses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remodel.errors import ScheduleError
from remodel.schedules import Dose, Infusion, Schedule, dosing_plan, steady_interval
from remodel.schedules.plan import MOST_EVENTS
from remodel.schedules.steady import carried_over

INTERVAL = 12.0


def steady(infusion: float, lead: float, time: float = 5.0) -> Dose:
    return Dose(
        "a", 24.0, time=time, interval=INTERVAL, infusion=infusion, steady_state=True, lead=lead
    )


def rate(doses: list[Dose] | tuple[Dose, ...], day: float) -> float:
    running = [d for d in doses if d.infusion and d.time <= day < d.time + d.infusion]
    return sum(dose.amount / dose.infusion for dose in running)


def long_run(dose: Dose) -> list[Dose]:
    """The doses of a long past, the last of them at ``dose.time``."""
    return [
        Dose("a", dose.amount, time=dose.time - number * INTERVAL, infusion=dose.infusion)
        for number in range(40)
    ]


@given(
    st.sampled_from([0.5, 4.0, 12.0, 13.0, 24.0, 29.5, 100.0]),
    st.sampled_from([0.0, 3.0, 11.5]),
    st.floats(0.01, 0.99),
)
def test_the_rate_of_an_interval_is_that_of_a_long_run(infusion, lead, share):
    dose = steady(infusion, lead)
    day = share * INTERVAL
    repeated = [*long_run(dose), *(Dose("a", 24.0, time=5.0 + k * INTERVAL, infusion=infusion)
                                   for k in range(1, 12))]  # fmt: skip
    later = dose.time - lead + 10 * INTERVAL + day
    close = pytest.approx(rate(repeated, later), rel=1e-9)
    edges = {(later - d.time) for d in repeated} | {later - d.time - infusion for d in repeated}
    if min(abs(edge) for edge in edges) > 1e-6:
        assert rate(steady_interval(dose), day) == close


@given(
    st.sampled_from([0.5, 4.0, 12.0, 13.0, 24.0, 29.5, 100.0]),
    st.sampled_from([0.0, 3.0, 11.5]),
    st.floats(0.01, 150.0),
)
def test_what_runs_on_is_what_a_long_run_has_begun_before(infusion, lead, after):
    dose = steady(infusion, lead)
    begin = dose.time - lead
    earlier = [d for d in long_run(dose) if d.time < begin]
    edges = {begin + after - d.time - infusion for d in earlier}
    if min(abs(edge) for edge in edges) > 1e-6:
        assert rate(carried_over(dose), begin + after) == pytest.approx(
            rate(earlier, begin + after)
        )
    assert all(d.time == begin for d in carried_over(dose))


def test_an_interval_gives_one_dose() -> None:
    for infusion in (0.0, 4.0, 12.0, 29.5):
        for lead in (0.0, 11.5):
            assert sum(d.amount for d in steady_interval(steady(infusion, lead))) == pytest.approx(
                24
            )
    (bolus,) = steady_interval(steady(0.0, 3.0))
    assert (bolus.time, bolus.steady_state, bolus.interval) == (3.0, False, None)


def test_the_plan_holds_infusions_that_were_begun_before() -> None:
    plan = dosing_plan(Schedule((steady(29.5, 0.0),)))
    lengths = sorted(part.infusion for part in plan if isinstance(part, Dose))
    assert lengths == [5.5, 17.5, 29.5]


def test_a_reset_ends_infusions() -> None:
    schedule = Schedule.parse("a 24 mg over 12 d once; reset from 3 d")
    (dose,) = dosing_plan(schedule)
    assert isinstance(dose, Dose)
    assert (dose.amount, dose.infusion) == (6.0, 3.0)


def test_a_dense_steady_state_begins_with_its_lead() -> None:
    (run,) = dosing_plan(Schedule.parse("a 1 mg daily x 30 from 1 d at steady state 6 h before"))
    assert isinstance(run, Infusion)
    assert (run.start, run.end, run.steady_state) == (0.75, 31.0, True)


def test_too_many_infusions_at_once_are_refused() -> None:
    dose = Dose("a", 1.0, interval=0.01, infusion=30.0, steady_state=True)
    with pytest.raises(ScheduleError, match="at steady state 3000 infusions run at once; at most"):
        carried_over(dose)


@pytest.mark.parametrize("lead", [-1.0, 12.0, 13.0])
def test_a_lead_is_shorter_than_the_interval(lead: float) -> None:
    with pytest.raises(ScheduleError, match="allowed: from 0 to below the interval"):
        steady(0.0, lead)


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        ("a 1 mg every 1 min x 999000 over 0.5 min", 999_000),
        ("a 5 mg every 10 min x 100000 over 5 min; b 1 mg every 30 d x 30", 100_030),
    ],
)
def test_more_doses_than_a_simulation_takes_are_refused_with_their_number(sentence, number):
    with pytest.raises(
        ScheduleError, match=f"{number} doses one by one, most of them a; .* {MOST_EVENTS}"
    ):
        dosing_plan(Schedule.parse(sentence))


def test_a_million_dense_doses_are_one_rate() -> None:
    schedule = Schedule.parse("a 1 mg every 1 min x 999000")
    assert len(dosing_plan(schedule)) == 1
    with pytest.raises(ScheduleError, match="999000 doses one by one"):
        dosing_plan(schedule, exact=True)
