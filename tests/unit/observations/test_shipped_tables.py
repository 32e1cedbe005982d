"""Integrity of the tables that come with the package."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from importlib.resources import files

import pytest

import remodel as rm
from remodel.observations import (
    check_pairs,
    endpoints,
    idle_arms,
    load_observations,
    load_regimens,
    load_trial,
    standard_error,
    trial_names,
)
from remodel.observations.error_models import spreads

NEVER_CALIBRATED = {
    "abcsg18_gnant2015",
    "arbi_markopoulos2010",
    "sabre_vanpoznak2010",
    "gonnelli2007",
    "decide",
    "arch",
    "mcclung2004_ibn",
    "lufkin1998",
    "effect_us",
    "daps",
    "devogelaer1996",
}
DRUGS = {
    "anastrozole", "letrozole", "exemestane", "zoledronic_acid", "alendronate", "risedronate",
    "ibandronate", "denosumab", "raloxifene", "tamoxifen", "estradiol", "teriparatide",
    "romosozumab", "calcium_vitamin_d", "triptorelin",
}  # fmt: skip
OBSERVATIONS = load_observations()
ARMS = load_regimens()
USED = OBSERVATIONS.where(use=("calibration", "validation"))
BY_COHORT = [row for row in USED if not row.reason]  # the others are held out by themselves


def test_every_arm_has_a_regimen_and_every_regimen_a_use() -> None:
    check_pairs(OBSERVATIONS, ARMS)
    assert idle_arms(OBSERVATIONS, ARMS) == ()
    assert set(OBSERVATIONS.studies) == set(trial_names())


def test_no_row_is_there_twice() -> None:
    keys = Counter(
        (
            r.study_id,
            r.arm,
            r.endpoint,
            r.time_months,
            r.kind,
            r.relative_to,
            r.comparator,
        )
        for r in USED
    )
    assert [key for key, count in keys.items() if count > 1] == []
    everything = Counter(tuple(sorted(vars_of(row).items())) for row in OBSERVATIONS)
    assert [row for row, count in everything.items() if count > 1] == []


def vars_of(row) -> dict[str, str]:
    return {name: str(getattr(row, name)) for name in row.__dataclass_fields__}


@pytest.mark.parametrize("name", trial_names())
def test_every_study_can_be_found_in_the_literature(name: str) -> None:
    study = load_trial(name)

    assert study.citation
    assert study.population
    assert study.arms
    assert study.doi or study.pmid or study.identifier_note
    assert all(re.fullmatch(r"10\.\d{4,9}/\S+", doi) for doi in study.doi)
    assert all(pmid.isdigit() for pmid in study.pmid)


def test_held_out_studies_are_never_calibrated() -> None:
    assert set(OBSERVATIONS.studies) >= NEVER_CALIBRATED
    assert not set(OBSERVATIONS.where(use="calibration").studies) & NEVER_CALIBRATED


def test_patients_are_on_one_side_of_the_split() -> None:
    sides: dict[str, set[str]] = {}
    for row in BY_COHORT:
        sides.setdefault(load_trial(row.study_id).cohort, set()).add(row.use)
    assert [cohort for cohort, uses in sides.items() if len(uses) > 1] == []


def test_a_share_of_each_family_is_held_out() -> None:
    cohorts: dict[str, dict[str, set[str]]] = {}
    for row in BY_COHORT:
        study = load_trial(row.study_id)
        cohorts.setdefault(study.family, {}).setdefault(row.use, set()).add(study.cohort)
    for family, uses in cohorts.items():
        held_out = len(uses.get("validation", ()))
        total = held_out + len(uses.get("calibration", ()))
        assert 0.15 <= held_out / total <= 0.5, family


def test_unused_rows_say_why_and_calibrated_rows_do_not() -> None:
    for row in OBSERVATIONS:
        assert row.reason or row.use != "not_used", row
        assert not row.reason or row.use != "calibration", row


def test_what_an_arm_took_is_known_unless_the_row_says_otherwise() -> None:
    model = rm.load_model("reference")
    for row in OBSERVATIONS:
        schedule = ARMS[row.study_id, row.arm].schedule
        missing = set(schedule.drugs) - set(model.drugs)
        assert bool(missing) == ("is not in the reference model" in row.reason), row
        assert "the package" not in row.reason, row
        assert {event.name for event in schedule.interventions} <= set(model.interventions)


@pytest.mark.parametrize(
    ("study", "arm", "given"),
    [
        ("charatcharoenwitthaya2007", "saline", {"estradiol"}),
        ("charatcharoenwitthaya2007", "anakinra", {"estradiol", "anakinra"}),
        ("charatcharoenwitthaya2007", "etanercept", {"estradiol", "etanercept"}),
        ("soft_est_bellet2016", "triptorelin_exemestane", {"triptorelin", "exemestane"}),
        ("exercise_ai_australia2013", "exercise", {"anastrozole", "exercise"}),
        ("exercise_ai_australia2013", "control", {"anastrozole"}),
        ("wintersstone2011", "resistance_impact", {"exercise"}),
    ],
)
def test_arms_take_what_they_are_named_for(study: str, arm: str, given: set[str]) -> None:
    schedule = ARMS[study, arm].schedule
    assert {*schedule.drugs, *(i.name for i in schedule.interventions)} == given


def test_rows_that_are_held_out_by_themselves_are_of_calibrated_cohorts() -> None:
    alone = [row for row in USED if row.reason]
    calibrated = {load_trial(row.study_id).cohort for row in USED.where(use="calibration")}
    assert {load_trial(row.study_id).cohort for row in alone} <= calibrated
    studies = {"phase2_223", "data", "data_switch", "defend", "horizon_e2"}
    assert {row.study_id for row in alone} == studies


def test_women_who_changed_drugs_are_simulated_from_the_first_drug_on() -> None:
    for row in OBSERVATIONS.where(study="data_switch"):
        doses = sorted(ARMS[row.study_id, row.arm].schedule.doses, key=lambda dose: dose.time)
        assert doses[0].time == 0
        assert max(dose.end for dose in doses) == pytest.approx(row.time)


def test_used_rows_can_be_compared_with_a_model() -> None:
    for row in USED:
        assert endpoints()[row.endpoint].modeled, row
        assert row.kind != "ratio", row
        assert standard_error(row) > 0, row
        assert row.n is None or row.n >= 2, row
        if row.error_low is not None and row.error_high is not None:
            assert row.error_low <= row.value <= row.error_high, row
        assert set(ARMS[row.study_id, row.arm].schedule.drugs) <= DRUGS, row


def test_arms_are_plausible_women() -> None:
    for arm in ARMS.values():
        assert arm.age is not None, arm
        assert 20 <= arm.age <= 90, arm
        assert (arm.menopause_age is None) == (arm.menopause == "none"), arm
        assert arm.menopause_age is None or 25 <= arm.menopause_age <= 55, arm
        assert arm.sex == "female", arm


def test_t_scores_are_uncertain_unless_they_were_read() -> None:
    """A fit takes those that are marked as latent; those that are not were read in the paper."""
    scores = ("t_score_lumbar_spine", "t_score_total_hip", "t_score_femoral_neck")
    known = {
        arm.study_id
        for arm in ARMS.values()
        if any(getattr(arm, name) is not None for name in scores)
        and "t_score" not in (*arm.assumed, *arm.recalled)
    }
    assert known == {"daps"}


def test_mixtures_are_of_women_who_did_different_things() -> None:
    mixtures = [arm for arm in ARMS.values() if arm.pool]
    assert {"zfast", "zofast", "nzofast_takahashi2012", "ibis2"} <= {a.study_id for a in mixtures}
    for arm in mixtures:
        members = [ARMS[arm.study_id, name] for name, _ in arm.pool]
        assert len({(str(m.schedule), m.t_score_lumbar_spine) for m in members}) == len(members)


def test_error_model_covers_the_modeled_endpoints_with_sources() -> None:
    assert set(spreads()) == {name for name, end in endpoints().items() if end.modeled}
    text = files("remodel.observations").joinpath("tables", "error_model.toml").read_text("utf-8")
    table = tomllib.loads(text)
    for row in (*table["spread"].values(), *table["assumptions"].values()):
        assert row["source"]


@pytest.mark.parametrize(
    ("study", "arm", "endpoint", "months", "value"),
    [
        ("atac_eastell2008", "anastrozole", "bmd_lumbar_spine", 60, -6.08),
        ("atac_eastell2008", "anastrozole", "bmd_total_hip", 60, -7.24),
        ("atac_eastell2011", "off_anastrozole", "bmd_lumbar_spine", 84, 4.02),
        ("zofast", "zol_immediate", "bmd_lumbar_spine", 60, 4.3),
        ("zofast", "zol_delayed", "bmd_lumbar_spine", 60, -5.4),
        ("halt_bc_ellis2008", "ai_denosumab", "bmd_lumbar_spine", 24, 6.2),
        ("halt_bc_ellis2008", "ai_placebo", "bmd_total_hip", 24, -1.0),
        ("aribon_lester", "osteopenic_placebo", "ctx", 12, 34.9),
        ("freedom", "denosumab", "bmd_total_hip", 36, 6.4),
        ("horizon_e1", "z6", "bmd_femoral_neck", 36, 1.04),
        ("horizon_e2", "z9", "bmd_total_hip", 36, 0.78),
        ("zolarmab", "zoledronate_at_6mo", "bmd_lumbar_spine", 12, -4.8),
        ("swan_greendale2012", "untreated", "bmd_lumbar_spine", 120, -10.6),
        ("swan_greendale2012", "untreated", "bmd_lumbar_spine", 84, -7.38),
        ("dixon2008", "letrozole", "estradiol", 3, -94.1),
        ("ultra_ettinger2004", "estradiol_patch", "bmd_lumbar_spine", 24, 2.6),
    ],
)
def test_headline_values(study: str, arm: str, endpoint: str, months: float, value: float) -> None:
    rows = USED.where(study=study, arm=arm, endpoint=endpoint)
    assert [row.value for row in rows if row.time_months == months and row.kind != "level"] == [
        value
    ]
