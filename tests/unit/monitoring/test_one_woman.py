"""A monitoring plan for one woman, made of the draws of her posterior from her last reading on."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import remodel as rm
from remodel.cli.main import main
from remodel.errors import ConfigError
from remodel.monitoring.design import Design
from remodel.monitoring.information import Information
from remodel.monitoring.load import Plan
from remodel.monitoring.one_woman import woman_cohort
from remodel.monitoring.record import Record
from remodel.schedules import Schedule

DRUG = "anastrozole 1 mg daily"
HIP, SPINE = "bmd_total_hip", "bmd_lumbar_spine"
WOMAN = {
    "taken": DRUG,
    "population": "aromatase_inhibitor",
    "draws": 128,
    "patient": {"age": 62.0, "menopause_age": 50.0, "smoking": True},
    "reading": [
        {"endpoint": HIP, "months": 0.0, "value": 0.80},
        {"endpoint": "ctx", "months": 3.0, "value": 0.6, "fasting": False},
        {"endpoint": HIP, "months": 12.0, "value": 0.78},
    ],
    "doubt": [{"name": "not taken", "probability": 0.1, "taken": 0.0}],
}
PLAN = {
    "woman": WOMAN,
    "schedule": f"{DRUG} for 3 y",
    "horizon_years": 3,
    "reading": {"repeats": 2},
    "search": {"months": [12.0, 24.0], "endpoints": [HIP, SPINE], "visits": 0},
}


@functools.cache
def fitted():
    return rm.fit_patient(WOMAN)


@functools.cache
def cohort():
    design = Design(horizon_years=3)
    return woman_cohort(fitted(), Schedule.parse(f"{DRUG} for 3 y"), (HIP, SPINE, "ctx"), design)


def test_her_course_is_that_of_her_fit():
    course = fitted().predict(f"{DRUG} for 3 y", 3.0, endpoints=(HIP, SPINE, "ctx"))
    for name in (HIP, SPINE, "ctx"):
        later = course[name].sel(months=[12.0, 24.0, 48.0], method="nearest").to_numpy()
        levels = cohort().levels[name][:, [0, 12, 36]]
        assert levels.mean(axis=0) == pytest.approx(later.mean(axis=0), rel=0.005)
        assert levels.std(axis=0) == pytest.approx(later.std(axis=0), rel=0.1)


def test_changes_count_from_her_last_reading():
    women = cohort()
    before, last = women.earlier(HIP)
    assert (before.months, last.months) == (-12.0, 0.0)
    assert np.all(last.read == 0.78)
    assert last.true == pytest.approx(women.levels[HIP][:, 0])
    (ctx,) = women.earlier("ctx")
    assert ctx.months == -9.0
    assert ctx.read[0] == pytest.approx(0.6 / 0.8)  # food lowers CTX by a fifth
    assert women.earlier(SPINE) == []
    values = Record.of(women).values(0, np.zeros(len(women), dtype=bool))
    assert values[f"{HIP}_percent_change"] == pytest.approx(-2.5)
    assert values[f"{HIP}_change_per_year"] == pytest.approx(-2.5)
    assert values["smoking"][0] == 1
    assert values["prior_fracture"][0] == 0
    assert values["age"][0] == 63


def test_what_was_read_does_not_vary_and_what_was_not_is_read_now():
    information = Information.of(cohort(), [12])
    assert np.ptp(information.read(HIP, 0)) == 0
    assert np.ptp(information.read(SPINE, 0)) > 0
    hip, spine = information.rows(Plan("both", {0: (HIP, SPINE), 12: (HIP, SPINE)}, None))
    # the error of her last scan is known in part, that of a scan not yet taken is not
    assert hip["sd_reading"] < spine["sd_reading"]
    assert 0 < hip["variance_reduction"] < 1


def test_a_drug_raises_her_hip_and_leaves_her_wander():
    women, draw = cohort(), fitted().posterior.draw
    chosen = np.flatnonzero(draw == np.bincount(draw).argmax())
    same = women.under(Schedule(), chosen)[HIP]
    assert same == pytest.approx(women.levels[HIP][chosen], rel=1e-6)
    treated = women.under(Schedule.parse("denosumab 60 mg every 6 mo"), chosen)[HIP]
    gain = treated[:, -1] / same[:, -1]
    assert np.all(gain > 1.01)
    assert np.ptp(gain) < 1e-6  # of one simulated draw, which wanders in many ways
    assert np.ptp(same[:, -1]) > 0.01


def test_a_plan_for_her_from_a_file_a_table_and_a_fit(tmp_path, capsys):
    (tmp_path / "woman.toml").write_text(
        f"taken = '{DRUG}'\npopulation = 'aromatase_inhibitor'\ndraws = 64\n[patient]\nage = 62\n"
        "menopause_age = 50\nt_score_total_hip = -2.2\n"
    )
    (tmp_path / "plan.toml").write_text(
        f"woman = 'woman.toml'\nschedule = '{DRUG} for 2 y'\nhorizon_years = 2\nrule = 'asco2019'\n"
        "[reading]\nrepeats = 1\n[[plan]]\nname = 'UK'\nguideline = 'uk2008'\n"
    )
    assert main(["monitor", str(tmp_path / "plan.toml"), "--out", str(tmp_path / "out")]) == 0
    text = capsys.readouterr().out
    assert "1 reading to month 0" in text
    table, fit = rm.monitor(PLAN), rm.monitor({**PLAN, "woman": ""}, women=fitted())
    assert table.visits.equals(fit.visits)
    assert len(table.notes) >= 1
    uk = rm.monitor(tmp_path / "plan.toml").plans
    assert uk["treated"].item() > 0.9  # below -2.0 by her own scan


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"population": "postmenopausal"}, "this plan is for one woman"),
        ({"schedule": f"{DRUG} from -3 mo"}, "starts 3 months before now"),
        ({"woman": {**WOMAN, "now": 3.0}}, "lies before the last reading"),
        ({"woman": "nobody.toml"}, "nobody.toml"),
    ],
)
def test_wrong_plans_get_one_sentence(changes, words):
    with pytest.raises(ConfigError) as caught:
        rm.monitor({**PLAN, **changes})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_plan_names_one_woman_or_is_given_women():
    with pytest.raises(ConfigError, match="the plan names its woman"):
        rm.monitor(PLAN, women=fitted())


def test_what_was_read_of_her_is_not_read_again_at_month_0():
    visits = [{"months": 12.0, "endpoints": [HIP]}]
    plans = [{"name": "hip", "visits": visits},
             {"name": "both", "visits": [{"months": 12.0, "endpoints": [HIP, SPINE]}]}]  # fmt: skip
    plan = {key: PLAN[key] for key in PLAN if key not in ("woman", "search")}
    result = rm.monitor({**plan, "plan": plans}, women=fitted())
    assert result.plans["scans"].tolist() == [1, 2]  # the spine was never read


def test_her_machine_keeps_its_offset():
    women = cohort()
    errors = women.errors(women.people.woman, [12, 24])[HIP]
    offset = women.offsets[HIP][women.people.woman]
    assert np.corrcoef(errors[:, 0], errors[:, 1])[0, 1] == pytest.approx(
        np.var(offset) / np.var(errors), abs=0.1
    )
    assert np.corrcoef(errors.mean(axis=1), offset)[0, 1] > 0.3
