"""Rules on readings: conditions, policies, guidelines, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remodel.errors import ConfigError
from remodel.rules import Condition, guideline_names, load_policy
from remodel.rules.names import FLAGS, READING_OF

POLICY = """
title = "Treat osteopenia that gets worse"
endpoints = ["bmd_lumbar_spine", "bmd_total_hip"]
interval_months = 12
risk_factors = ["age > 65", "smoking"]

[[rule]]
name = "low"
when = "t_score < -2.0 or (t_score < -1.5 and risk_factors >= 2)"
action = "treat"
schedule = "zoledronic acid 4 mg every 6 mo"
next_months = 24

[[rule]]
name = "normal"
when = "t_score >= -1.0"
action = "watch"
next_months = 0
"""


def women(**columns):
    return {name: np.asarray(values, dtype=float) for name, values in columns.items()}


def holds(text, **columns):
    values = women(**columns)
    size = len(next(iter(values.values())))
    return Condition.of(text, READING_OF, FLAGS).holds(values, size).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("t_score < -2", [False, True, False, False]),
        ("-2 <= t_score < -1", [False, False, True, False]),
        ("t_score < -1 and smoking", [False, True, False, False]),
        ("t_score < -2 or age > 69", [True, True, False, True]),
        ("(t_score < -2 or t_score > -0.5) and smoking", [False, True, False, False]),
        ("smoking", [False, True, False, True]),
        ("always", [True, True, True, True]),
    ],
)
def test_conditions(text, expected):
    columns = {"t_score": [0, -3, -1.5, np.nan], "age": [70, 60, 60, 80], "smoking": [0, 1, 0, 1]}
    assert holds(text, **columns) == expected


@given(st.floats(-5, 3), st.floats(-5, 3))
def test_a_threshold_is_a_threshold(score, limit):
    assert holds(f"t_score < {limit!r}", t_score=[score]) == [score < limit]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("t_scor < -2", "no reading or trait is called 't_scor'. Did you mean 't_score'"),
        ("t_score", "'t_score' is a number; compare it with one"),
        ("t_score <", "is not a condition: write comparisons"),
        ("t_score < 3 < (age > 2)", "compares a comparison"),
        ("__import__('os').getcwd()", "is not a condition"),
        ("age ** 9 > 2", "is not a condition"),
        ("age > 'x'", "is not a condition"),
        ("1", "a number alone is not a condition"),
        ("", "a condition has 1 to 1000 characters"),
        ("(" * 400 + "age > 1" + ")" * 400, "is not a condition"),
    ],
)
def test_other_texts_are_refused(text, sentence):
    with pytest.raises(ConfigError) as refused:
        Condition.of(text, READING_OF, FLAGS)
    assert sentence in str(refused.value)


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(POLICY)
    return load_policy(path)


def test_the_first_rule_that_holds_decides(policy):
    readings = women(
        t_score_lumbar_spine=[-2.1, -0.9, -1.6, -1.6, np.nan],
        t_score_total_hip=[-1.0, -0.2, -1.0, np.nan, np.nan],
        age=[60, 60, 70, 70, 70],
        smoking=[0, 0, 0, 1, 1],
    )
    decisions = policy.decide(readings, 5)
    assert decisions.rule.tolist() == [0, 1, -1, 0, -1]
    assert decisions.next_months.tolist() == [24, np.inf, 12, 24, 12]


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('"bmd_lumbar_spine", "bmd_total_hip"', '"ctx"', "needs a reading of bmd, which no visit"),
        ('"bmd_lumbar_spine"', '"bmd_spine"', "'bmd_spine' is not an endpoint. Did you mean"),
        ('action = "treat"', 'action = "heal"', "'heal' is not an action"),
        ('schedule = "zoledronic acid 4 mg every 6 mo"', "", "a rule that treats says with what"),
        (
            "zoledronic acid 4 mg",
            "zoledronic 4",
            "line 11, [rule] schedule: zoledronic: dose without a unit",
        ),
        ("interval_months = 12", "interval_months = -1", "interval_months: expected a number abo"),
        ("next_months = 24", "months = 24", "months"),
        ("t_score >= -1.0", "ctx > 1", "rule 'normal': 'ctx' needs a reading of ctx"),
    ],
)
def test_faults_are_named(tmp_path, before, after, sentence):
    path = tmp_path / "own.toml"
    assert before in POLICY
    path.write_text(POLICY.replace(before, after, 1))
    with pytest.raises(ConfigError) as refused:
        load_policy(path)
    assert sentence in str(refused.value)


def test_a_rule_that_uses_a_reading_nobody_takes(policy):
    with pytest.raises(ConfigError, match="needs a reading of bmd, which no visit takes"):
        policy.check_readings(["ctx", "p1np"])


def test_guidelines():
    assert guideline_names() == ("asco2019", "australia2019", "esmo2020", "hadji2017", "uk2008")
    with pytest.raises(ConfigError, match=r"'hadji2018' is not a guideline\. Did you mean"):
        load_policy("hadji2018")
    healthy = {name: np.zeros(1) for name in READING_OF} | women(age=[60], bmi=[25])
    osteoporotic = healthy | women(t_score_lumbar_spine=[-2.7], t_score_total_hip=[-2.6])
    for name in guideline_names():
        policy = load_policy(name)
        assert all(rule.provenance in ("read", "recalled") for rule in policy.rules)
        assert policy.decide(healthy, 1).rule[0] in (-1, len(policy.rules) - 1)
        rule = policy.rules[policy.decide(osteoporotic, 1).rule[0]]
        assert rule.action == "treat"
        assert rule.schedule


@pytest.mark.parametrize(
    ("name", "columns", "treats"),
    [
        ("hadji2017", {"t_score": -1.6}, False),
        ("hadji2017", {"t_score": -1.6, "smoking": 1}, True),
        ("hadji2017", {"t_score": -0.5, "bmd_change_per_year": -5.0}, True),
        ("esmo2020", {"t_score": -1.6}, False),
        ("esmo2020", {"t_score": -1.6, "age": 66}, True),
        ("asco2019", {"t_score": -2.4, "ten_year_probability_hip": 2.9}, False),
        ("asco2019", {"t_score": -1.0, "ten_year_probability_major": 20.0}, True),
        ("uk2008", {"t_score": -1.5, "bmd_change_per_year": -4.1}, True),
        ("uk2008", {"t_score": -0.9, "bmd_change_per_year": -4.1}, False),
        ("australia2019", {"t_score": -1.9}, False),
        ("australia2019", {"t_score": -2.1}, True),
    ],
)
def test_thresholds_of_guidelines(name, columns, treats):
    values = {n: np.zeros(1) for n in READING_OF} | women(age=[60], bmi=[25])
    for column, value in columns.items():
        sites = ("lumbar_spine", "total_hip", "femoral_neck")
        forms = {
            "t_score": [f"t_score_{site}" for site in sites],
            "bmd_change_per_year": [f"bmd_{site}_change_per_year" for site in sites],
        }.get(column, [column])
        values |= {form: np.array([float(value)]) for form in forms}
    policy = load_policy(name)
    position = policy.decide(values, 1).rule[0]
    assert (position >= 0 and policy.rules[position].action == "treat") == treats
