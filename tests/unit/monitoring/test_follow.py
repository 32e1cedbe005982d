"""Women followed by a policy: who is treated when, and what comes of it."""

from __future__ import annotations

import numpy as np
import pytest

from remodel.monitoring.follow import Course, followed, months_of_need, outcome
from remodel.monitoring.load import Plan
from remodel.monitoring.record import Seen
from remodel.rules import Condition, Policy, Rule
from remodel.rules.names import FLAGS, READING_OF
from remodel.units import DAYS_PER_MONTH

HIP = "bmd_total_hip"
DRUG = "denosumab 60 mg every 6 mo"


def _policy(when, *, action="treat", months=None, interval=12.0):
    condition = Condition.of(when, READING_OF, FLAGS)
    rule = Rule("rule", condition, action, DRUG if action == "treat" else "", months)
    return Policy("policy", "", (rule,), (HIP,), interval)


def _plan(policy):
    visits = dict.fromkeys(range(0, 61, int(policy.interval_months)), policy.endpoints)
    return Plan("guideline", visits, policy, is_guideline=True)


@pytest.fixture
def cohort(make_cohort, monkeypatch):
    """Return women of whom half lose 4 % a year; a drug keeps them where they are."""
    women = make_cohort(np.repeat([0.0, -4.0], 20), n=40, precision=0.0)

    def under(self, schedule, chosen):
        month = int(schedule.doses[0].time / DAYS_PER_MONTH + 1e-9)
        return {
            name: np.where(np.arange(61) > month, v[chosen][:, [month]], v[chosen])
            for name, v in self.levels.items()
        }

    monkeypatch.setattr(type(women), "under", under)
    return women


def test_who_loses_is_treated_at_the_first_visit_that_reads_it(cohort):
    policy = _policy(f"{HIP}_percent_change <= -7")
    state = followed(cohort, _plan(policy))
    assert np.all(np.isinf(state.began[:20]))
    assert np.all(state.began[20:] == 24)
    lost = 100 * (state.levels[HIP][:, -1] / state.levels[HIP][:, 0] - 1)
    assert lost[20:] == pytest.approx(-8.0)
    assert np.all(state.scans == 6)
    assert np.all(state.samples == 0)


def test_the_outcome_counts_scans_need_and_misses(cohort):
    need = Condition.of("bmd_percent_change <= -10", READING_OF, FLAGS)
    months = months_of_need(cohort, need)
    assert np.all(np.isinf(months[:20]))
    assert np.all(months[20:] == 36)
    row = outcome(cohort, _plan(_policy(f"{HIP}_percent_change <= -7")), months)
    assert (row["treated"], row["in_need"]) == (pytest.approx(0.5), pytest.approx(0.5))
    assert row["missed"] == row["treated_without_need"] == pytest.approx(0.0)
    assert row["months_to_detection"] == pytest.approx(24.0)
    assert row["change_at_horizon"] == pytest.approx(-4.0)
    everyone = outcome(cohort, _plan(_policy("always")), months)
    assert everyone["treated_without_need"] == pytest.approx(0.5)
    assert everyone["months_to_detection"] == pytest.approx(0.0)
    nobody = outcome(cohort, _plan(_policy(f"{HIP}_percent_change <= -50")), months)
    assert nobody["missed"] == pytest.approx(0.5)
    assert np.isnan(nobody["months_to_detection"])


def test_a_rule_sets_the_next_visit(cohort):
    never = followed(cohort, _plan(_policy("always", action="watch", months=0.0)))
    assert np.all(never.scans == 1)
    seldom = followed(cohort, _plan(_policy("always", action="watch", months=36.0)))
    assert np.all(seldom.scans == 2)


def test_fixed_visits_read_what_they_list(cohort):
    plan = Plan("visits", {0: (HIP, "bmd_lumbar_spine"), 24: (HIP,)}, None)
    state = followed(cohort, plan)
    assert np.all(state.scans == 2)
    assert np.all(np.isinf(state.began))


def test_a_drug_is_begun_once_and_ended():
    rule = _policy("always").rules[0]
    begun = Course().after(rule, 12)
    assert begun.is_treated(12)
    assert begun.after(rule, 24) is begun
    assert begun.schedule.doses[0].time == pytest.approx(12 * DAYS_PER_MONTH)
    ended = begun.after(_policy("always", action="stop").rules[0], 24)
    assert not ended.is_treated(24)
    assert ended.schedule.end <= 24 * DAYS_PER_MONTH


def test_the_yearly_change_is_from_the_scan_before():
    everyone = np.array([True, True])
    seen = Seen.nothing(2).then(0, np.array([1.0, 1.0]), everyone)
    assert np.all(np.isnan(seen.change_per_year(0)))
    seen = seen.then(24, np.array([0.9, 1.1]), np.array([True, False]))
    assert seen.change_per_year(24) == pytest.approx([-5.0, np.nan], nan_ok=True)
    assert seen.percent_change == pytest.approx([-10.0, 0.0])
    assert np.all(np.isnan(seen.change_per_year(36)))
