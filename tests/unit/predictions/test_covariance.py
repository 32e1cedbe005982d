"""Covariance of published numbers: closed forms of small trials, contrasts, validity."""

from __future__ import annotations

import numpy as np
import pytest

from remodel.models import load_model
from remodel.observations import Arm, Observation, Observations
from remodel.observations.shipped import cohort_of
from remodel.predictions import Evidence, find_targets
from remodel.predictions.covariance import PHASES, SITES, SLOPE, blocks_of, variances
from remodel.predictions.spreads import DENSITY, DEVIATIONS, Spreads, treatment_group
from remodel.predictions.spreads_file import load_spreads, shipped_spreads, write_spreads
from remodel.schedules import Schedule

MODEL = load_model("reference")
SHARES = {"trial": 0.8, "site": 0.6, "arm": 0.5, "visit": 0.3}
SPREADS = Spreads(
    size={"bmd_total_hip": 1.0, "bmd_lumbar_spine": 2.0, "ctx": 0.1},
    share={(kind, name): v for kind in ("density", "marker") for name, v in SHARES.items()},
    factor={(DENSITY, "denosumab"): 2.0},
    growth=0.5,
    visit_months=6.0,
)


def number(arm, endpoint, months, value, *, se=0.5, study="mine", **more):
    error = {"error_low": value - se, "error_high": value + se, "error_kind": "se"}
    return Observation(study, arm, endpoint, months, value, **{**error, **more})


def blocks(*rows):
    schedules = {"treated": "denosumab 60 mg every 6 mo x 4", "control": "none"}
    arms = {
        (row.study_id, name): Arm(row.study_id, name, Schedule.parse(text), 65.0, 50.0)
        for row in rows
        for name, text in schedules.items()
    }
    targets, skipped = find_targets(MODEL, Evidence("mine", Observations(rows), arms))
    assert not skipped
    return blocks_of(MODEL, targets, np.array([row.value for row in rows]))


def test_changes_of_two_arms_share_what_is_common_to_the_trial():
    (block,) = blocks(
        number("control", "bmd_total_hip", 24, 1.0), number("treated", "bmd_total_hip", 24, 5.0)
    )
    common, own = 0.8**2 + 0.6**2, 0.5**2 + 0.3**2
    expected = [[0.25 + common + own, common], [common, 0.25 + common + 4.0 * own]]
    np.testing.assert_allclose(block.covariance(SPREADS), expected)


def test_visits_of_one_arm_go_together():
    (block,) = blocks(
        number("control", "bmd_total_hip", 12, 1.0), number("control", "bmd_total_hip", 24, 1.5)
    )
    growth = 0.5**0.5  # one year instead of two
    lasting = growth * (0.8**2 + 0.6**2 + 0.5**2)
    women = (0.5 + SLOPE**2 * 2.0) / np.sqrt((1.0 + SLOPE**2) * (1.0 + 4.0 * SLOPE**2))
    expected = 0.25 * women + lasting + 0.3**2 * np.exp(-12.0 / 6.0)
    assert block.covariance(SPREADS)[0, 1] == pytest.approx(expected)


def test_sites_of_one_arm_share_the_deviation_of_the_trial():
    (block,) = blocks(
        number("control", "bmd_total_hip", 24, 1.0), number("control", "bmd_lumbar_spine", 24, 1.0)
    )
    expected = 0.25 * SITES + 2.0 * (0.8**2 + SITES * (0.5**2 + 0.3**2))
    assert block.covariance(SPREADS)[0, 1] == pytest.approx(expected)


def test_a_difference_cancels_what_is_common_to_the_trial():
    """Its covariance is that of two arms, whatever the spread of trials and of their sites."""
    row = number("treated", "bmd_total_hip", 24, 4.0, kind="difference", comparator="control")
    alike = number("control", "bmd_total_hip", 24, 1.0)
    wide = Spreads(
        SPREADS.size,
        {**SPREADS.share, (DENSITY, "trial"): 50.0, (DENSITY, "site"): 50.0},
        SPREADS.factor,
        0.5,
        6.0,
    )
    (block,) = blocks(row, alike)
    own = 0.5**2 + 0.3**2
    for spreads in (SPREADS, wide):
        covariance = block.covariance(spreads)
        assert covariance[0, 0] == pytest.approx(0.25 + 4.0 * own + own)
        # the control arm is in both: its deviation, and half of the variance of its women
        assert covariance[0, 1] == pytest.approx(-own - 0.25 / np.sqrt(2.0))
    assert block.covariance(wide)[1, 1] > 5000.0


def test_a_yearly_rate_has_the_deviation_of_its_change_over_the_years():
    (change,) = blocks(number("control", "bmd_total_hip", 48, -2.0))
    (rate,) = blocks(
        number(
            "control",
            "bmd_total_hip",
            48,
            -0.5,
            se=0.125,
            kind="rate_per_year",
            unit="percent_per_year",
        )
    )
    np.testing.assert_allclose(16.0 * rate.covariance(SPREADS), change.covariance(SPREADS))


def test_a_marker_deviates_less_where_it_is_low():
    deviations = []
    for value in (-75.0, 0.1):
        (block,) = blocks(number("treated", "ctx", 3, value, se=1e-3))
        deviations.append(np.sqrt(block.covariance(SPREADS)[0, 0]))
    assert 0.3 < deviations[0] / deviations[1] < 0.9


def test_bounds_stand_alone_and_cohorts_are_independent():
    split = blocks(
        number("control", "bmd_total_hip", 24, 1.0),
        number("control", "bmd_total_hip", 12, 1.0, kind="bound_upper"),
        number("control", "bmd_total_hip", 24, 1.0, study="other"),
        number("control", "bmd_total_hip", 24, 1.0, study="flex"),
        number("control", "bmd_total_hip", 36, 1.0, study="fit_i"),
    )
    assert [list(block.rows) for block in split] == [[0], [1], [2], [3, 4]]
    assert [block.cohort for block in split] == ["mine", "mine", "other", "fit"]


def test_a_new_trial_has_the_variance_of_its_own_number():
    """The closed form for one change is the diagonal of the covariance, less its error."""
    for endpoint, months in (("bmd_total_hip", 6), ("bmd_lumbar_spine", 20)):
        found = blocks(number("treated", endpoint, months, 3.0))
        variance = SPREADS.variance(endpoint, "denosumab", months)
        assert variances(found, SPREADS, 1)[0] == pytest.approx(variance + 0.25)
    (marker,) = blocks(number("treated", "ctx", 6, 0.0, se=4.0))
    fraction = SPREADS.variance("ctx", "denosumab", 6)
    assert variances((marker,), SPREADS, 1)[0] == pytest.approx(1e4 * fraction + 16.0)


def test_no_spread_leaves_the_standard_errors():
    found = blocks(
        number("control", "bmd_total_hip", 24, 1.0), number("treated", "bmd_total_hip", 24, 5.0)
    )
    np.testing.assert_allclose(found[0].covariance(Spreads.none()), 0.25 * np.eye(2))


def test_covariances_of_all_shipped_trials_are_positive_definite():
    evidence = Evidence.read(use="all")
    targets, _ = find_targets(MODEL, evidence)
    targets = [t for t in targets if not t.is_baseline]
    found = blocks_of(MODEL, targets, np.full(len(targets), np.nan))
    assert sorted(np.concatenate([block.rows for block in found])) == list(range(len(targets)))
    for block in found:
        assert np.linalg.eigvalsh(block.covariance(shipped_spreads())).min() > 0.0


def test_two_treatments_of_one_arm_go_together_in_part():
    (block,) = blocks(
        number("treated", "bmd_total_hip", 24, 5.0), number("treated", "bmd_total_hip", 60, 1.0)
    )
    assert list(block.points.group) == ["denosumab", "after denosumab"]
    assert block.correlations["arm"][0, 1] == PHASES


@pytest.mark.parametrize(
    ("drug_class", "group"),
    [
        ("untreated", "untreated"),
        ("aromatase inhibitor", "aromatase inhibitor"),
        ("after aromatase inhibitor", "aromatase inhibitor"),
        ("aromatase inhibitor + bisphosphonate", "aromatase inhibitor + bisphosphonate"),
        ("aromatase inhibitor + GnRH analogue", "ovarian suppression"),
        ("GnRH analogue + SERM", "ovarian suppression"),
        ("after denosumab", "after denosumab"),
        ("bisphosphonate after denosumab", "after denosumab"),
        ("denosumab after bisphosphonate", "denosumab"),
        ("denosumab + teriparatide", "teriparatide"),
        ("after romosozumab then denosumab", "after denosumab"),
        ("after bisphosphonate", "bisphosphonate"),
        ("SERM or untreated", "SERM"),
        ("glucocorticoid", "other"),
    ],
)
def test_classes_are_pooled(drug_class, group):
    assert treatment_group(drug_class) == group


def test_studies_on_the_same_women_are_one_cohort():
    assert cohort_of("flex") == cohort_of("black2006") == cohort_of("fit_i") == "fit"
    assert cohort_of("leder2014") == "data"
    assert cohort_of("bone2011") == "defend"
    assert cohort_of("somebody2020") == "somebody2020"


def test_spreads_come_back_from_their_file(tmp_path):
    write_spreads(SPREADS, tmp_path / "spreads.toml")
    assert load_spreads(tmp_path / "spreads.toml") == SPREADS
    write_spreads(Spreads.none(), tmp_path / "none.toml")
    assert load_spreads(tmp_path / "none.toml") == Spreads.none()


def test_shipped_spreads_are_of_a_fit():
    spreads = shipped_spreads()
    assert spreads.about
    for name in DEVIATIONS:
        assert 0.05 < spreads.deviation(name, "bmd_lumbar_spine", "bisphosphonate") < 3.0
