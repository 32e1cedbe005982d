"""Wrong designs are refused in one sentence, before anything is simulated."""

from __future__ import annotations

import pytest

import remodel as rm
from remodel.errors import RemodelError
from remodel.virtual_trials.load import load_design

_ARM = {"name": "a", "schedule": "none"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dropout": {"per_year": 1.2}}, r"\[dropout\] per_year: expected a share from 0 to below 1, got 1.2"),
        ({"endpoint": [{"name": "bmd_lumbar_spine", "months": 36}]}, "month 36 is outside the trial, whose visits are at months 0, 6, 12"),
        ({"endpoint": [{"name": "bmd_spine", "months": 12}]}, "'bmd_spine' is not measured"),
        ({"endpoint": [{"name": "ctx", "months": 12, "analysis": "t_tset"}]}, "Did you mean 't_test'"),
        ({"endpoint": [{"name": "ctx", "months": 12, "comparison": "denosumab vs placebo"}]}, "no arm is called 'placebo'"),
        ({"endpoint": [{"name": "ctx", "months": 12, "comparison": "denosumab"}]}, "name two arms"),
        ({"endpoint": []}, "at least one"),
        ({"arm": [_ARM]}, "at least two"),
        ({"arm": [_ARM, _ARM]}, "same name"),
        ({"arm": [_ARM, {"name": "b", "schedule": "denosumap 60 mg once"}]}, "denosumab"),
        ({"arm": [_ARM, {"name": "b", "published": "halt"}]}, "expected STUDY/ARM"),
        ({"arm": [_ARM, {"name": "b", "assumed_mean": 1.0}]}, "assumed_mean and assumed_sd together"),
        ({"visits": {"months": [0, 12, 6]}}, "rising months"),
        ({"visits": {"months": [0]}}, "a visit after month 0"),
        ({"visits": {"months": [0, 6, 12], "window_months": 7}}, "before day 0"),
        ({"entry": {"t_score_lumbar_spine": [1.0, -1.0]}}, "no reading is from 1 to -1"),
        ({"stratum": [{"name": "age", "cuts": []}]}, "expected rising numbers"),
        ({"power": {"sizes": [0]}}, "whole number"),
        ({"power": {"sizes": []}}, r"\[power\] sizes: expected at least one number of women"),
        ({"assurance": {}, "endpoint": [{"name": "ctx", "months": 12, "analysis": "mixed_model"}]}, "assurance: needs an endpoint with one of the analyses t_test"),
        ({"power": {"alpha": 2.0}}, "between 0 and 1"),
        ({"powr": {}}, "unknown key. Did you mean 'power'"),
    ],
)  # fmt: skip
def test_a_wrong_design_is_one_sentence(simulated, changes, words):
    with pytest.raises(RemodelError, match=words):
        load_design(simulated(**changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"entry": {"t_score_lumbar_spine": [-12, -9]}}, r"0 % of 60 women meet the criteria"),
        ({"entry": {"t_score_spine": [-3, 0]}}, "these women have no 't_score_spine'"),
        ({"population": "postmenopausl"}, "postmenopausal"),
        ({"run_in": {"months": 1, "least_taken": 1.0}, "population": {
            "like": "postmenopausal", "adherence": [{"pattern": "p", "share": 1.0, "taken": 0.5}]}},
         "no pattern of adherence"),
    ],
)  # fmt: skip
def test_women_who_cannot_be_are_one_sentence(simulated, changes, words):
    with pytest.raises(RemodelError, match=words):
        rm.virtual_trial(simulated(**changes))


def test_the_schedule_of_an_arm_is_the_published_one(simulated):
    arms = [
        {"name": name, "published": f"halt_bc_ellis2008/ai_{name}"}
        for name in ("denosumab", "placebo")
    ]
    design = load_design(simulated(arm=arms, prior="none"))
    assert "denosumab" in str(design.schedule(design.arm[0]))
    assert design.schedule(design.arm[1]).drugs == ("anastrozole",)
    from remodel.virtual_trials.published import published_changes

    table = published_changes(design)
    assert {"mean", "sd", "difference"} >= set(table["quantity"])
    assert "denosumab vs placebo" in set(table["arm"])


def test_a_run_in_is_given_before_day_0(simulated):
    design = load_design(
        simulated(run_in={"months": 3, "schedule": "risedronate 35 mg weekly"}, prior="none")
    )
    first = min(design.schedule(design.arm[0]).doses, key=lambda dose: dose.time)
    assert first.drug == "risedronate"
    assert first.time == pytest.approx(-3 * 30.4375)
