"""What of a schedule is counted."""

from __future__ import annotations

import pytest

from remodel.decisions.given import amount_given
from remodel.decisions.plans import filled, schedule_of
from remodel.errors import ConfigError, ScheduleError
from remodel.schedules import Schedule

YEAR = 365.25
BOTH = "anastrozole 1 mg daily for 5 y; zoledronic acid 4 mg every 6 mo x 4 from 1 y"


@pytest.mark.parametrize(
    ("name", "schedule", "years", "number"),
    [
        ("infusions", BOTH, 10, 4),
        ("infusions", BOTH, 2, 2),  # at 12 and 18 months, not yet at 24
        ("doses", BOTH, 10, 4),
        ("doses_anastrozole", BOTH, 1, 366),
        ("injections", BOTH, 10, 0),
        ("injections", "denosumab 60 mg every 6 mo x 3", 10, 3),
        ("treated", BOTH, 0.5, 0),
        ("treated", BOTH, 2, 100),
        ("years_on_treatment", BOTH, 10, 2),
        ("years_on_treatment", BOTH, 2.5, 1.5),
        ("years_on_anastrozole", BOTH, 10, 5),
        ("years_on_treatment", "denosumab 60 mg every 6 mo x 2; alendronate 70 mg weekly for 3 y",
         10, 3),
        ("years_on_treatment", "denosumab 60 mg every 6 mo x 2 from -1 y", 10, 0),
        ("doses_denosumab", "denosumab 60 mg every 6 mo x 4 from -1 y", 10, 2),
        ("years_on_zoledronic_acid", "zoledronic acid 5 mg once", 10, 1),
    ],
)  # fmt: skip
def test_amounts(name: str, schedule: str, years: float, number: float) -> None:
    amount = amount_given(name, Schedule.parse(schedule), years * YEAR)
    assert amount == pytest.approx(number, abs=0.003)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("anastrozole 1 mg daily for 5 y; zoledronic acid 4 mg every 6 mo x 0 from 3 mo",
         "anastrozole 1 mg daily for 5 y"),
        ("denosumab 60 mg every 6 mo for 0 y then zoledronic acid 5 mg once",
         "zoledronic acid 5 mg once"),
        ("denosumab 0 mg every 6 mo x 3", "none"),
        ("zoledronic acid 4 mg every 6 mo x 1", "zoledronic acid 4 mg every 12 mo x 1"),
        ("", "none"),
        ("zoledronic acid 4 mg every 6 mo x 10", "zoledronic acid 4 mg every 6 mo x 10"),
    ],
)  # fmt: skip
def test_what_is_given_no_times_is_left_out(text: str, same: str) -> None:
    assert schedule_of(text) == schedule_of(same)


def test_a_clause_of_ten_is_no_clause_of_none() -> None:
    assert schedule_of("zoledronic acid 4 mg every 6 mo x 10").doses[0].count == 10


def test_choices_may_have_variables() -> None:
    texts = {"drug": "denosumab 60 mg every 6 mo x {n}", "n": "3"}
    assert filled("{drug}", texts) == "denosumab 60 mg every 6 mo x 3"
    with pytest.raises(ConfigError, match="in a circle"):
        filled("{a}", {"a": "{b}", "b": "{a}"})


def test_nonsense_is_still_refused() -> None:
    with pytest.raises(ScheduleError):
        schedule_of("zoledronic acid 4 mg every")
