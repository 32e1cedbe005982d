"""Published rates of harms, and what a schedule exposes a woman to."""

import math

import numpy as np
import pytest

from remodel.decisions.harms import expected_harms, exposures, harms_of, load_rates
from remodel.errors import ConfigError
from remodel.schedules import Schedule

JAW, FEMUR = "osteonecrosis of the jaw", "atypical femoral fracture"
CALCIUM, FEVER = "hypocalcemia", "acute-phase reaction"


def harms(sentence, years):
    return {harm.name: harm for harm in expected_harms(Schedule.parse(sentence), years)}


def test_every_rate_has_a_source_and_an_interval_around_its_value():
    for rate in load_rates():
        assert rate.source
        assert rate.provenance in ("read", "recalled")
        assert rate.low <= rate.value <= rate.high
        assert rate.first < rate.last
        assert rate.least < rate.most


def test_untreated_women_have_none():
    assert all(harm.events == harm.high == 0 for harm in expected_harms(Schedule(), 5))


def test_woman_years_and_doses_are_counted():
    found = harms("denosumab 60 mg every 6 mo for 5 y", 5)
    assert found[JAW].events == pytest.approx(5 * 0.52)
    assert found[CALCIUM].events == pytest.approx(2.3 + 4 * 0.70)
    fever = harms("zoledronic acid 4 mg every 6 mo x 4", 5)[FEVER]
    assert fever.events == pytest.approx(307 + 45 + 2 * 17)


def test_only_what_happens_before_the_horizon_counts():
    assert harms("denosumab 60 mg every 6 mo for 5 y", 2)[JAW].events == pytest.approx(2 * 0.52)
    assert harms("zoledronic acid 4 mg every 6 mo x 4", 1)[FEVER].events == pytest.approx(352)


def test_what_begins_at_the_horizon_does_no_harm():
    assert all(h.events == 0 for h in harms("alendronate 70 mg weekly from 5 y", 5).values())


def test_the_jaw_suffers_by_the_intensity_of_dosing():
    yearly, twice, monthly = (
        harms(f"zoledronic acid 4 mg every {months} mo for 3 y", 3)[JAW].events
        for months in (12, 6, 1)
    )
    assert yearly == pytest.approx(3 * 0.09)
    assert twice == pytest.approx(3 * 0.66)
    assert monthly == pytest.approx(3 * 3.3)


def test_the_femur_suffers_by_years_of_use_and_less_once_it_is_over():
    on_drug = harms("alendronate 70 mg weekly for 6 y", 6)[FEMUR].events
    assert on_drug == pytest.approx(3 * 0.09 + 2 * 0.47 + 1 * 1.1)
    after = harms("alendronate 70 mg weekly for 6 y", 7)[FEMUR].events - on_drug
    assert after == pytest.approx(1.1 * (1 - 0.3) / -math.log(0.3))


def test_years_before_day_0_count_as_use_and_not_as_events():
    later = harms("alendronate 70 mg weekly for 6 y from -5 y", 1)[FEMUR].events
    assert later == pytest.approx(1.1)
    third = harms("zoledronic acid 5 mg every 12 mo x 3 from -24 mo", 1)[FEVER].events
    assert third == pytest.approx(17)


def test_bisphosphonates_share_their_years_and_a_pause_is_no_use():
    after = harms("alendronate 70 mg weekly for 3 y then zoledronic acid 5 mg once", 4)[FEMUR]
    assert after.events == pytest.approx(3 * 0.09 + 0.47)
    paused = "alendronate 70 mg weekly for 1 y; alendronate 70 mg weekly for 1 y from 3 y"
    assert harms(paused, 4)[JAW].events == pytest.approx(2 * 0.16)


def test_overlapping_courses_are_one_time_on_the_drug():
    both = "denosumab 60 mg every 6 mo for 2 y; denosumab 60 mg every 6 mo for 2 y from 1 y"
    assert harms(both, 3)[JAW].events == pytest.approx(3 * 0.52)


def test_errors_of_different_rates_are_independent_and_of_one_rate_shared():
    schedule = Schedule.parse("denosumab 60 mg every 6 mo for 2 y")
    one = exposures(schedule, 2)
    (calcium,) = (h for h in harms_of(one) if h.name == CALCIUM)
    assert calcium.high - calcium.events == pytest.approx(math.hypot(10 - 2.3, 1.6 - 0.7))
    half = harms_of(np.mean([one, np.zeros_like(one)], axis=0))
    assert [h.high for h in half] == pytest.approx([h.high / 2 for h in harms_of(one)])


def test_a_horizon_that_is_none():
    with pytest.raises(ConfigError, match="must be above 0 y"):
        expected_harms(Schedule(), 0)
