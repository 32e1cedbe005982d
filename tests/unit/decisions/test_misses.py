"""Where the model is known to miss, and which schedules lean on it."""

import pytest

from remodel.decisions import optimize
from remodel.decisions.misses import known_misses, load_misses
from remodel.decisions.report import report
from remodel.models import load_model
from remodel.schedules import Schedule


def misses(sentence, years):
    return known_misses([Schedule.parse(sentence)], years)


@pytest.mark.parametrize(
    ("schedule", "years", "words"),
    [
        ("denosumab 60 mg every 6 mo for 2 y then zoledronic acid 5 mg once", 5, ["ZOLARMAB"]),
        (
            "denosumab 60 mg every 6 mo for 5 y then zoledronic acid 5 mg once",
            9,
            ["ZOLARMAB", "Zanchetta"],
        ),
        ("denosumab 60 mg every 6 mo for 10 y", 12, ["Zanchetta"]),
        ("denosumab 60 mg every 6 mo for 10 y", 10, []),
        ("denosumab 60 mg every 6 mo", 10, []),
        ("denosumab 60 mg every 6 mo for 2 y", 5, []),
        ("zoledronic acid 5 mg once; denosumab 60 mg every 6 mo x 2 from 1 y", 3, []),
        ("alendronate 70 mg weekly for 5 y then zoledronic acid 5 mg once", 7, []),
        (
            "denosumab 60 mg every 6 mo x 2; romosozumab 210 mg every 1 mo x 12 from 1 y",
            3,
            ["Romo"],
        ),
    ],
)
def test_a_schedule_leans_on_misses(schedule, years, words):
    found = misses(schedule, years)
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))


def test_each_miss_is_said_once_for_many_schedules():
    exits = ["nothing", "zoledronic acid 5 mg once", "zoledronic acid 5 mg yearly x 2"]
    before = "denosumab 60 mg every 6 mo for 5 y"
    schedules = [Schedule.parse(before)] + [Schedule.parse(f"{before} then {e}") for e in exits[1:]]
    assert len(known_misses(schedules, 10)) == 2


def test_misses_name_drugs_of_the_model():
    drugs = load_model("reference").drugs
    for miss in load_misses():
        assert miss.drug in drugs
        assert miss.after in ("", *drugs)
        assert miss.text.endswith(".")


def test_a_search_says_what_its_plans_lean_on():
    best = optimize(
        {
            "population": "osteoporosis",
            "women": 6,
            "horizon_years": 3,
            "schedule": "denosumab 60 mg every 6 mo for 1 y then {exit}",
            "variable": {"exit": {"choices": ["none", "zoledronic acid 5 mg once"]}},
            "objective": [{"quantity": "bmd_total_hip", "direction": "minimize"}],
            "uncertainty": {"draws": 2},
        }
    )
    assert len(best.misses) == 1
    assert best.chosen.schedule.drugs == ("denosumab",)
    assert f"- {best.misses[0]}" in report(best)
