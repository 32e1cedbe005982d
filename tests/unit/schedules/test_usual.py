"""Doses far from those in use are told, those in use and those of trials are not."""

from __future__ import annotations

import pytest

from remodel.schedules import Dose, Schedule
from remodel.schedules.usual import unusual_doses
from remodel.units import dose_in_mg


def told(schedule: str | Schedule) -> tuple[str, ...]:
    read = Schedule.parse(schedule) if isinstance(schedule, str) else schedule
    return unusual_doses(read, lambda dose: dose_in_mg(dose.amount, dose.unit, dose.drug))


@pytest.mark.parametrize(
    "schedule",
    [
        "none",
        "denosumab 60 mg every 6 mo for 5 y",
        "denosumab 60 mg once",
        "denosumab 0 mg daily",
        "zoledronic acid 4 mg every 6 mo x 6; anastrozole 1 mg daily for 5 y",
        "zoledronic acid 5 mg yearly",
        "alendronate 5 mg daily for 2 y then alendronate 10 mg daily for 3 y",
        "alendronate 70 mg weekly",
        "ibandronate 3 mg iv every 3 mo for 2 y; ibandronate 150 mg oral monthly from 2 y",
        "teriparatide 20 ug daily for 2 y",
        "denosumab 60 mg every 6 mo x 4 then denosumab 60 mg every 6 mo from 3 mo",
        "denosumab 60 mg every 6 mo x 10 except dose 3",
        "denosumab 30 mg once; denosumab 30 mg once",
        "denosumab 12 mg every 6 mo; goserelin 18 mg monthly",
        "substance 1e6 mg every 1 min",
    ],
)
def test_what_is_in_use_is_not_told(schedule: str) -> None:
    assert told(schedule) == ()


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        ("anastrozole 1 mg every 24 d x 1826", "anastrozole 1 mg every 24 d is far from the usual 1 mg daily (oral); check the units of dose and time."),
        ("denosumab 60 mg every 6 d x 10", "denosumab 60 mg every 6 d is far from the usual 60 mg every 6 mo (sc);"),
        ("denosumab 6e6 mg once", "denosumab 6000000 mg is far from the usual 60 mg"),
        ("denosumab 60 ug every 6 mo", "denosumab 60 ug every 6 mo is far from the usual 60 mg"),
        ("teriparatide 20 mg daily", "teriparatide 20 mg every 1 d is far from the usual 0.02 mg"),
        ("zoledronic acid 4 mg weekly", "zoledronic_acid 4 mg every 1 wk is far from the usual 5 mg yearly (iv) or 4 mg every 6 mo (iv)"),
        ("ibandronate 150 mg iv monthly", "ibandronate 150 mg every 1 mo is far from the usual 3 mg every 3 mo (iv);"),
        ("estradiol 1 mg patch daily", "estradiol 1 mg every 1 d is far from the usual 0.05 mg daily (patch);"),
        ("denosumab 60 mg every 6 mo x 9; denosumab 60 mg every 6 mo x 4 from 3 mo", "denosumab: two courses overlap; their doses add up."),
        ("anastrozole 1 mg daily; anastrozole 1 mg daily for 5 y from 3 y", "anastrozole: two courses overlap; their doses add up."),
    ],
)  # fmt: skip
def test_what_is_not_in_use_is_told_with_the_usual(schedule: str, sentence: str) -> None:
    (answer,) = told(schedule)
    assert answer.startswith(sentence)


def test_doses_written_out_one_by_one_have_an_interval() -> None:
    singles = Schedule(tuple(Dose("denosumab", 60.0, time=6.0 * k) for k in range(5)))
    assert len(told(singles)) == 1
    months = Schedule(tuple(Dose("denosumab", 60.0, time=182.6 * k) for k in range(5)))
    assert told(months) == ()
