"""What the trials tested, and what of a schedule they did not."""

import pytest

from remodel.decisions.atlas import load_atlas, untested
from remodel.decisions.courses import Dosing, courses
from remodel.observations import load_regimens
from remodel.schedules import Schedule

ON = "anastrozole 1 mg daily for 5 y; "


def sentences(sentence, years=None):
    return untested(Schedule.parse(sentence), years)


def test_every_arm_of_a_trial_is_tested():
    arms = [arm for arm in load_regimens().values() if not arm.pool]
    assert len(arms) > 200
    assert [arm.name for arm in arms if untested(arm.schedule)] == []


@pytest.mark.parametrize(
    ("schedule", "years"),
    [
        (f"{ON}zoledronic acid 4 mg every 6 mo for 5 y", 5),
        (f"{ON}denosumab 60 mg every 6 mo x 10", 5),
        ("zoledronic acid 5 mg once; zoledronic acid 5 mg once from 1 y", 2),
        ("denosumab 60 mg every 6 mo for 2 y then zoledronic acid 5 mg once", 4),
        ("none", 10),
    ],
)
def test_what_trials_gave_is_tested(schedule, years):
    assert sentences(schedule, years) == ()


@pytest.mark.parametrize(
    ("schedule", "years", "words"),
    [
        (f"{ON}zoledronic acid 4 mg every 18 mo x 3", None, "every 18 months with an aromatase"),
        (f"{ON}zoledronic acid 4 mg once", None, "it was given without an inhibitor"),
        (f"{ON}zoledronic acid 4 mg once", 7, "The 6 years after the end of zoledronic acid"),
        (f"{ON}denosumab 60 mg every 6 mo x 4 from 40 mo", None, "begun 40 months after the inhib"),
        (f"{ON}denosumab 60 mg every 6 mo for 4 y from 3 y", None, "18 months after the inhibitor"),
        ("alendronate 70 mg weekly for 15 y", None, "for 15 years: the longest course in a trial"),
        ("alendronate 70 mg weekly", None, "Alendronate without an end"),
        ("denosumab 60 mg every 6 mo for 10 y then zoledronic acid 5 mg once", None, "after 10 y"),
        (
            "denosumab 60 mg every 6 mo x 4; zoledronic acid 5 mg once from 3 y",
            None,
            "18 months af",
        ),
        (
            f"{ON}denosumab 60 mg every 6 mo x 4 then zoledronic acid 4 mg once",
            None,
            "after denosumab with an aromatase inhibitor",
        ),
        ("romosozumab 210 mg monthly for 1 y then risedronate 35 mg weekly for 1 y", None, "after"),
        ("teriparatide 20 ug daily for 1 y; alendronate 70 mg weekly for 1 y", None, "together"),
        ("odanacatib 50 mg weekly for 1 y", None, "Odanacatib: no trial shipped here gave it"),
    ],
)
def test_what_no_trial_gave_is_named(schedule, years, words):
    assert any(words in sentence for sentence in sentences(schedule, years))


def test_doses_of_the_same_rate_test_each_other():
    assert Dosing(10, 1 / 30.4375).is_like(Dosing(70, 7 / 30.4375))
    assert not Dosing(60, 6).is_like(Dosing(60, 9))
    assert not Dosing(4, float("inf")).is_like(Dosing(4, 6))


def test_courses_know_what_was_before_and_beside():
    switched = courses(Schedule.parse("denosumab 60 mg every 6 mo x 4; alendronate 70 mg weekly"
                                      " for 1 y from 2 y; denosumab 60 mg once from 3 y"))  # fmt: skip
    assert [c.drug for c in switched] == ["denosumab", "alendronate", "denosumab"]
    first, second, third = switched
    assert (first.before, first.months) == (None, pytest.approx(24))
    assert (second.before.drug, second.delay) == ("denosumab", pytest.approx(6))
    assert third.before.drug == "alendronate"
    together = courses(Schedule.parse("denosumab 60 mg every 6 mo x 4; zoledronic acid 5 mg once"
                                      " from 9 mo"))  # fmt: skip
    assert [c.beside for c in together] == [{"zoledronic_acid"}, {"denosumab"}]


def test_the_atlas_knows_how_long_women_were_followed():
    stopped = [t for t in load_atlas() if (t.study, t.arm) == ("bone2011", "denosumab")]
    assert stopped[0].followed == pytest.approx(24, abs=1)
