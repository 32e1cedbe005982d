"""Reading problems: wrong input is one sentence, before anything is simulated."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from remodel.decisions.load import load_problem
from remodel.decisions.quantities import quantity_names, read_quantity
from remodel.errors import RemodelError
from remodel.fracture import SITES

RULE = {"name": "low", "when": "t_score < {limit}", "action": "treat",
        "schedule": "zoledronic acid 5 mg once"}  # fmt: skip
RULED = {
    "schedule": "anastrozole 1 mg daily for 5 y",
    "variable": {"limit": {"lower": -3.0, "upper": -1.0, "step": 0.5}},
    "endpoints": ["bmd_total_hip"],
    "rule": [RULE],
}


def problem(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "population": "postmenopausal",
        "horizon_years": 5,
        "schedule": "zoledronic acid 5 mg every {interval} mo x 3",
        "variable": {"interval": {"lower": 6.0, "upper": 24.0, "step": 6.0}},
        "objective": [{"quantity": "fracture_probability_hip", "direction": "minimize"}],
    }
    return {key: value for key, value in (content | changes).items() if value is not None}


def objective(**changes: Any) -> list[dict[str, Any]]:
    return [{"quantity": "fracture_probability_hip", "direction": "minimize"} | changes]


def test_a_problem_is_read() -> None:
    task = load_problem(
        problem(
            objective=objective(at="24 mo", of="quantile 0.9", unit="percent"),
            constraint=[{"quantity": "infusions", "at_most": 3.0}],
        )
    )
    assert task.objectives[0].day == 730.5
    assert task.objectives[0].statistic.level == 0.9
    assert task.constraints[0].limit == "at most 3"
    assert task.constraints[0].miss(5.0) == 2.0
    assert "quantile 0.9 of the probability of hip fracture in 2 y" in task.objectives[0].words


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"variable": {"interval": {"lower": 9.0, "upper": 6.0}}}, "6 is not above lower = 9"),
        ({"objective": objective(quantity="fracture_probability_hipp")},
         "Did you mean 'fracture_probability_hip'"),
        ({"objective": objective(quantity="lowest_doses")}, "no quantity"),
        ({"objective": objective(direction="up")}, "'up' is not a direction"),
        ({"objective": objective(of="quantile 2")}, "between 0 and 1"),
        ({"objective": objective(at="6 y")}, "at most horizon_years = 5 y"),
        ({"objective": objective(unit="per 1000")}, "is in percent, not in per 1000"),
        ({"objective": objective(quantity="scans")}, "of which there are none"),
        ({"objective": objective(quantity="needed_to_treat_hip", of="median")}, "only its mean"),
        ({"objective": objective() * 2}, "are called 'fracture_probability_hip'"),
        ({"objective": objective(quantity="missed")}, "need: this key is missing"),
        ({"objective": objective(name="interval")}, "call the variable something else"),
        ({"constraint": [{"quantity": "doses"}]}, "at_least: this key is missing"),
        ({"constraint": [{"quantity": "doses", "at_least": 3.0, "at_most": 1.0}]},
         "1 is below at_least = 3"),
        ({"schedule": "zoledronic acid 5 mg every {intervall} mo"}, "Did you mean 'interval'"),
        ({"schedule": "zoledronic acid 5 mg once"}, "'interval' is neither in the schedule nor"),
        ({"schedule": "zoledronic acid 5 mg evry {interval} mo"}, "schedule"),
        ({"schedule": "unobtainium 5 mg every {interval} mo"}, "the model has no 'unobtainium'"),
        ({"schedule": None, "variable": None}, "a plan has a schedule, rules or both"),
        ({"population": None}, "either a population or a woman"),
        ({"schedule": "zoledronic acid 5 mg every 6 mo x {interval}",
          "variable": {"interval": {"lower": 0.0, "upper": 3.0, "step": 0.5}}},
         "[variable.interval] step: 'interval' is a number of doses"),
        ({"schedule": "zoledronic acid 5 mg every {interval} mo from -1 y"}, "begins at day 0"),
        ({"against": "menopause at 50 y"}, "belongs to the women"),
        ({"country": "Atlantis"}, "Atlantis"),
        ({"uncertainty": {"robust": "below -1"}}, "robust"),
        ({"uncertainty": {"robust": "quantile 0.9", "draws": 1}}, "give 2 or more"),
        ({"population": None, "woman": "her.toml", "uncertainty": {"robust": "quantile 0.9"}},
         "her draws are rows"),
        ({"search": {"method": "tpee"}}, "Did you mean 'tpe'"),
        (RULED | {"rule": [RULE | {"when": "ctx < {limit}"}]}, "which no visit takes"),
        (RULED | {"endpoints": []}, "say what visits read"),
        (RULED | {"horizon_years": 2.5}, "whole years"),
        (RULED | {"interval_months": 7.5}, "must be whole months"),
        (RULED | {"population": None, "woman": "her.toml"}, "rules are for a population"),
        (RULED | {"policy": "hadji2017"}, "either a policy or rules"),
        (RULED | {"objective": objective(quantity="scans", at="1 y")}, "until the horizon"),
        ({"schedule": None, "variable": None, "policy": "hadji2018"}, "Did you mean 'hadji2017'"),
    ],
)  # fmt: skip
def test_wrong_input_is_one_sentence(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RemodelError) as caught:
        load_problem(problem(**changes))
    assert message in str(caught.value)


def test_a_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "problem.toml"
    path.write_text(
        'population = "postmenopausal"\nschedule = "denosumab 60 mg every 6 mo x {n}"\n'
        "[variable.n]\nlower = 3\nupper = 1\n"
        '[[objective]]\nquantity = "doses"\ndirection = "minimize"\n'
    )
    with pytest.raises(RemodelError, match=r"problem.toml, line 5, \[variable.n\] upper"):
        load_problem(path)


def test_every_quantity_has_words_and_a_unit() -> None:
    names = quantity_names()
    assert {f"fractures_{site}" for site in SITES} <= names.keys()
    assert "harm_osteonecrosis_of_the_jaw" in names
    for name in [*names, "lowest_bmd_total_hip_percent_change"]:
        quantity = read_quantity(name)
        assert quantity.words.strip() == quantity.words
        assert quantity.unit


def test_a_fault_of_a_rule_is_said_once_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "problem.toml"
    text = """population = "postmenopausal"
horizon_years = 3
endpoints = ["bmd_total_hip"]
interval_months = 12
[[rule]]
name = "low"
when = "WHEN"
action = "treat"
schedule = "denosumab 60 mg every 6 mo"
[[objective]]
quantity = "doses"
direction = "minimize"
"""
    for when, message in (
        ("t_scor < -2", r"line 7, \[rule\] when: "),
        (
            "ctx > 1",
            r"problem.toml, rule: policy 'rules', rule 'low': 'ctx' needs a reading of ctx",
        ),
    ):
        path.write_text(text.replace("WHEN", when), encoding="utf-8")
        with pytest.raises(RemodelError) as caught:
            load_problem(path)
        assert len(re.findall(r"problem\.toml", str(caught.value))) == 1
        assert re.search(message, str(caught.value))
