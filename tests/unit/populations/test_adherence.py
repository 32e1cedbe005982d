"""What women take of what is prescribed."""

import pytest

from remodel.errors import ConfigError
from remodel.populations.adherence import Pattern
from remodel.schedules import Schedule

MONTH = 30.4375


def taken(sentence, until=1830, **edit):
    schedule = Schedule.parse(sentence)
    return Pattern("x", 1.0, **edit).edited(schedule).single_doses(until)


def test_stopping_leaves_no_dose_from_then_on():
    doses = taken("denosumab 60 mg every 6 mo for 5 y", stop=13 * MONTH)
    assert [round(d.time / MONTH) for d in doses] == [0, 6, 12]


def test_a_gap_is_followed_by_the_doses_that_were_due():
    doses = taken("denosumab 60 mg every 6 mo for 3 y", gap=(11 * MONTH, 19 * MONTH))
    assert [round(d.time / MONTH) for d in doses] == [0, 6, 24, 30]


def test_late_injections_have_longer_intervals_within_their_time():
    doses = taken("denosumab 60 mg every 6 mo for 3 y", late=MONTH)
    assert [round(d.time / MONTH) for d in doses] == [0, 7, 14, 21, 28, 35]


def test_missed_tablets_are_a_smaller_dose_and_injections_stay():
    schedule = Schedule.parse("anastrozole 1 mg daily for 1 y; denosumab 60 mg every 6 mo for 1 y")
    edited = Pattern("x", 1.0, taken=0.6).edited(schedule)
    amounts = {dose.drug: dose.amount for dose in edited.doses}
    assert amounts == {"anastrozole": pytest.approx(0.6), "denosumab": 60.0}
    nothing = Pattern("x", 1.0, taken=0.0).edited(schedule)
    assert nothing.drugs == ("denosumab",)


def test_other_drugs_and_the_past_stay():
    schedule = Schedule.parse("alendronate 70 mg weekly from -1 y for 3 y; anastrozole 1 mg daily")
    pattern = Pattern("x", 1.0, drugs=("anastrozole",), stop=0.0)
    assert pattern.edited(schedule).drugs == ("alendronate",)
    (alendronate,) = (dose for dose in schedule.doses if dose.drug == "alendronate")
    assert pattern.edited(schedule).doses == (alendronate,)
    stopped = Pattern("x", 1.0, taken=0.5).edited(schedule)
    before = [d for d in stopped.doses if d.drug == "alendronate" and d.time < 0]
    after = [d for d in stopped.doses if d.drug == "alendronate" and d.time >= 0]
    assert [d.amount for d in before] == [70.0]
    assert [d.amount for d in after] == [35.0]
    assert max(d.time for d in schedule.doses if d.drug == "alendronate") < 0
    whole = schedule.single_doses(720.0)
    assert len(stopped.single_doses(720.0)) == len(whole)


def test_perfect_adherence_returns_the_schedule_itself():
    schedule = Schedule.parse("anastrozole 1 mg daily")
    assert Pattern("x", 1.0).edited(schedule) is schedule


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ({"share": 1.5}, "share = 1.5"),
        ({"taken": -0.1}, "taken = -0.1"),
        ({"late": -1.0}, "late = -1"),
        ({"stop": -1.0}, "stop = -1"),
        ({"gap": (3.0, 2.0)}, "gap from 3 to 2"),
    ],
)
def test_impossible_edits_are_refused(edit, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Pattern(**{"name": "x", "share": 1.0, **edit})
