"""How trials counted fractures: shipped ratios, what informs them, and what they do."""

import dataclasses

import numpy as np
import pytest

from remodel.fracture import counting, load_link
from remodel.fracture.arms import Exposed, published_arms, simulate_arms
from remodel.fracture.counting import counted_risks, estimated_ratios, shipped_ratio
from remodel.fracture.hazards import Exposure, Women, hazards_of
from remodel.fracture.published import COUNTINGS, published_risks


@pytest.fixture(scope="module")
def controls():
    """Arms without an inhibitor on the side of calibration."""
    risks = [r for r in published_risks() if r.side == "calibration" and r.role != "inhibitor"]
    keys = {(r.study, r.arm) for r in risks}
    arms = [arm for arm in published_arms() if arm.key in keys]
    return simulate_arms(arms, {r.months for r in risks})


def test_shipped_ratios_are_those_of_control_arms_of_the_calibration(controls):
    estimated = estimated_ratios(controls, load_link())
    assert set(estimated) == set(COUNTINGS)
    for name in ("height", "grade", "every_site", "adverse_event"):
        assert estimated[name].value == pytest.approx(shipped_ratio(name).value, rel=0.01), name
    for name in ("grade", "every_site", "adverse_event"):
        assert estimated[name].sd == pytest.approx(shipped_ratio(name).sd, abs=0.01), name
        assert estimated[name].n == shipped_ratio(name).n
    # what needs no ratio comes out near 1: no correction for who takes part in trials
    assert 0.85 < estimated["confirmed"].value < 1.15


def without_effect():
    """Return every published arm as if no drug had done anything."""
    keys = tuple(arm.key for arm in published_arms())
    years = np.linspace(0.0, 12.0, 145)
    women = Women(np.full(len(keys), 70.0), np.full(len(keys), -2.0), {})
    none = np.zeros((len(keys), len(years)))
    return Exposed(keys, women, Exposure(years, none, none), ())


def test_kept_trials_and_inhibitors_inform_no_ratio(monkeypatch):
    exposed = without_effect()
    before = estimated_ratios(exposed, load_link())
    changed = [
        dataclasses.replace(r, percent=2 * r.percent)
        if r.side != "calibration" or r.role == "inhibitor"
        else r
        for r in published_risks()
    ]
    monkeypatch.setattr(counting, "published_risks", lambda: changed)
    assert estimated_ratios(exposed, load_link()) == before


def test_more_fractures_counted_are_more_women_with_a_fracture():
    exposed = without_effect()
    hazards = hazards_of(exposed.women, exposed.exposure)
    ones = dict.fromkeys(COUNTINGS, 1.0)
    plain = counted_risks(exposed, hazards, ones)
    doubled = counted_risks(exposed, hazards, ones | {"grade": 2.0})
    is_graded = np.array([r.counting == "grade" for r in published_risks()])
    ratio = np.log1p(-doubled / 100) / np.log1p(-plain / 100)
    assert ratio[is_graded] == pytest.approx(2.0, rel=0.03)  # death competes a little
    assert np.all(ratio[~is_graded] == 1.0)


def test_radiographs_and_clinical_fractures_are_counted_in_their_own_ways():
    for risk in published_risks():
        is_on_radiographs = risk.counting in ("height", "grade")
        assert is_on_radiographs == (risk.outcome == "vertebral_morphometric"), risk
