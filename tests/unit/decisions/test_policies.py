"""Guidelines as policies: what they prevent, whom they treat, and what harm they do."""

import numpy as np
import pytest

import remodel as rm
from remodel.decisions.harms import expected_harms
from remodel.decisions.policies import NOBODY, _ratio, compare_policies
from remodel.errors import ConfigError
from remodel.monitoring.design import Design
from remodel.monitoring.follow import Course
from remodel.populations.sample import population
from remodel.rules import Condition, Rule
from remodel.schedules import Schedule
from remodel.units import DAYS_PER_MONTH

ON = "anastrozole 1 mg daily for 5 y"
DRUG = "denosumab 60 mg every 6 mo"
EVERYONE = f"""
title = "Everyone"
endpoints = ["bmd_femoral_neck"]
interval_months = 12
[[rule]]
name = "all"
when = "always"
action = "treat"
schedule = "{DRUG}"
"""
SITES = ("any_clinical", "major", "hip", "vertebral")


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """Return a small plan of two policies."""
    path = tmp_path_factory.mktemp("policies") / "everyone.toml"
    path.write_text(EVERYONE)
    return {
        "title": "Two policies",
        "population": "aromatase_inhibitor",
        "women": 25,
        "seed": 3,
        "schedule": ON,
        "adherence": "as_prescribed",
        "horizon_years": 2,
        "plan": [
            {"name": "everyone", "guideline": str(path)},
            {"name": "ASCO", "guideline": "asco2019"},
        ],
    }


@pytest.fixture(scope="module")
def found(plan, tmp_path_factory):
    """Return the comparison, and its folder."""
    folder = tmp_path_factory.mktemp("out") / "policies"
    return compare_policies(plan, folder, draws=8, threads=1), folder


@pytest.fixture(scope="module")
def values(found):
    """Return values by policy and quantity."""
    return found[0].policies.set_index(["policy", "quantity"])["value"]


def test_fractures_are_those_of_the_schedules(plan, values):
    people = population(25, "aromatase_inhibitor", seed=3).as_prescribed()
    for name, schedule in ((NOBODY, ON), ("everyone", f"{ON}; {DRUG}")):
        times = np.arange(0, 25, 3) * DAYS_PER_MONTH
        ds = rm.simulate(schedule=schedule, patient=people, times=times,
                         outputs=["bmd_total_hip", "ctx", "t_score_femoral_neck"])  # fmt: skip
        risk = rm.fracture_risk(ds)
        for site in SITES:
            chance = risk[f"fracture_probability_{site}"].to_numpy()[:, -1]
            mean = 10 * np.average(chance, weights=people.weights)
            assert values[name, f"fractures_{site}"] == pytest.approx(mean, rel=1e-3)


def test_prevented_fractures_and_numbers_needed_to_treat_follow_from_them(found, values):
    for policy in ("everyone", "ASCO"):
        for site in SITES:
            prevented = values[NOBODY, f"fractures_{site}"] - values[policy, f"fractures_{site}"]
            assert values[policy, f"prevented_{site}"] == pytest.approx(prevented)
            needed = 10 * values[policy, "treated"] / prevented
            assert values[policy, f"needed_to_treat_{site}"] == pytest.approx(needed)
    table = found[0].policies.dropna(subset=["low_90"])
    assert np.all(table["low_90"] <= table["high_90"])
    assert np.all(table["low_90"] < table["value"] + 1e-9)


def test_who_is_treated_without_need_and_who_is_missed(values):
    need = values[NOBODY, "in_need"]
    assert 0 < need < 100
    assert values[NOBODY, "missed"] == pytest.approx(need)
    assert values["everyone", "treated"] == pytest.approx(100)
    assert values["everyone", "treated_without_need"] == pytest.approx(100 - need)
    assert values["everyone", "missed"] == 0
    assert values["everyone", "scans"] == pytest.approx(3)
    treated_in_need = values["ASCO", "treated"] - values["ASCO", "treated_without_need"]
    assert treated_in_need + values["ASCO", "missed"] == pytest.approx(need)


def test_harms_are_those_of_what_is_given(found):
    table = found[0].harms.set_index(["policy", "harm"])
    for harm in expected_harms(Schedule.parse(DRUG), 2):
        row = table.loc[("everyone", harm.name)]
        assert row.tolist() == pytest.approx([harm.events, harm.low, harm.high])
    assert table.loc[("ASCO", "acute-phase reaction"), "events"] > 0


def test_women_who_do_not_take_it_are_not_harmed(plan):
    half = [
        {"pattern": "takes it", "share": 0.5},
        {"pattern": "stops", "share": 0.5, "drugs": ["denosumab"], "stop": "5 mo"},
    ]
    women = {"name": "half", "like": "aromatase_inhibitor", "adherence": half}
    plan = {**plan, "population": women, "plan": plan["plan"][:1], "women": 40}
    usual = compare_policies({**plan, "adherence": "population"}, draws=1)
    events = usual.harms.set_index("harm")["events"]
    assert 0.5 * 0.52 < events["osteonecrosis of the jaw"] < 0.9 * 2 * 0.52


def test_the_number_of_threads_changes_nothing(plan, found):
    again = compare_policies(plan, draws=8, threads=2)
    assert again.policies.equals(found[0].policies)
    assert again.harms.equals(found[0].harms)


def test_the_report_says_what_stands_for_frax_and_what_is_untested(plan, found):
    result, folder = found
    report = (folder / "report.md").read_text()
    assert "ASCO asks for FRAX" in report
    assert "everyone asks for FRAX" not in report
    assert "| everyone | 3.0 | 100.0 |" in report
    assert result.women == 25
    assert {path.name for path in folder.iterdir()} == {
        "policies.csv", "harms.csv", "report.md", "policies.json",
    }  # fmt: skip
    late = EVERYONE.replace("always", "months >= 24").replace("60 mg", "120 mg")
    path = folder.parent / "late.toml"
    path.write_text(late)
    plan = {**plan, "horizon_years": 3, "plan": [{"name": "late", "guideline": str(path)}]}
    (note,) = compare_policies(plan, draws=1).notes
    assert "late gives what no trial shipped here has tested" in note
    assert "begun 2 years after the inhibitor" in note
    assert "120 mg every 6 months" in note
    assert "(100 % of the women)" in note


def test_figures(found):
    names = []
    for name, figure, table in found[0].figures():
        names.append(name)
        assert list(table["policy"]) == ["everyone", "ASCO"]
        assert figure.axes
    assert names == ["fractures_by_treated", "needed_and_harmed"]


def test_bone_drugs_end_when_the_plan_says(plan):
    rule = Rule("all", Condition.of("always", ()), "treat", DRUG)
    course = Course().after(rule, 12, 18.0)
    assert course.schedule.single_doses()[-1].time == pytest.approx(12 * DAYS_PER_MONTH)
    assert course.is_treated(17)
    assert not course.is_treated(18)
    design = Design(plan=[], treatment_months=12)
    assert (design.last_month, Design(plan=[]).last_month) == (12, np.inf)
    stopped = compare_policies({**plan, "treatment_months": 12, "plan": plan["plan"][:1]}, draws=1)
    values = stopped.policies.set_index(["policy", "quantity"])["value"]
    assert values["everyone", "scans"] == pytest.approx(1)
    jaw = stopped.harms.set_index("harm").loc["osteonecrosis of the jaw", "events"]
    assert jaw == pytest.approx(0.52)


def test_the_error_of_a_ratio_is_that_of_leaving_one_out():
    rng = np.random.default_rng(2)
    treated = 100.0 * (rng.random(400) < 0.6)
    prevented = np.where(treated > 0, rng.gamma(2.0, 2.0, 400), 0.0)
    weights = np.full(400, 1 / 400)
    row = _ratio(treated, prevented, weights)
    left = [np.delete(treated, i).sum() / np.delete(prevented, i).sum() for i in range(400)]
    jackknife = np.sqrt(399 / 400 * np.sum((left - np.mean(left)) ** 2))
    assert row["standard_error"] == pytest.approx(jackknife, rel=0.02)
    assert _ratio(treated, -prevented, weights)["value"] == np.inf


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"plan": [{"name": "x", "visits": [{"months": 12, "endpoints": ["ctx"]}]}]}, "decides"),
        ({"plan": [{"name": NOBODY, "guideline": "asco2019"}]}, "no policy may be called"),
        ({"country": "Atlantis"}, "no published incidence"),
        ({"plan": [], "search": {"months": [12], "endpoints": ["ctx"]}}, "each is a policy"),
    ],
)
def test_plans_that_are_no_policies(plan, change, words):
    with pytest.raises(ConfigError, match=words):
        compare_policies({**plan, **change})


def test_draws_are_counted(plan):
    with pytest.raises(ConfigError, match="draws"):
        compare_policies(plan, draws=0)


def test_drugs_that_the_link_of_fracture_is_not_for_are_named(plan, tmp_path):
    path = tmp_path / "builders.toml"
    path.write_text(EVERYONE.replace(DRUG, "teriparatide 20 ug daily for 1 y"))
    policy = {"name": "builders", "guideline": str(path)}
    small = {**plan, "women": 12, "horizon_years": 1, "schedule": "", "plan": [policy]}
    notes = compare_policies(small, draws=1).notes
    assert any(note.startswith("Fractures under teriparatide are predicted") for note in notes)
