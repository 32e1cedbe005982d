"""What treatment does to hazards."""

import numpy as np
import pytest

from remodel.fracture.background import load_background
from remodel.fracture.hazards import Exposure, Women, hazards_of, probabilities
from remodel.fracture.link import Link, load_link
from remodel.fracture.sites import FAMILIES, SITES

YEARS = np.linspace(0, 10, 21)


def women(n=3):
    scores = np.linspace(-3, 1, n)
    return Women(np.linspace(55, 75, n), scores, {"smoking": np.zeros(n)})


def exposure(hip, turnover, n=3):
    return Exposure(YEARS, np.full((n, 21), hip), np.full((n, 21), turnover))


def test_without_treatment_nothing_changes():
    unchanged = hazards_of(women(), exposure(0.0, 0.0))
    background = load_background()
    attained = women().age[:, None] + YEARS
    z = background.z_score(women().age, women().t_score)[:, None]
    assert unchanged["hip"] == pytest.approx(background.hazards(attained, z)["hip"])


@pytest.mark.parametrize("site", SITES)
def test_the_ratio_is_the_same_at_every_t_score_and_age(site):
    ratio = (
        hazards_of(women(), exposure(4.0, -0.8))[site] / hazards_of(women(), exposure(0, 0))[site]
    )
    assert ratio == pytest.approx(np.full((3, 21), ratio[0, 0]))
    assert ratio[0, 0] < 1


def test_denser_bone_and_less_turnover_protect():
    slopes = load_link().slopes
    assert all(slopes[name] < 0 for name in ("hip", "vertebral", "other"))
    assert slopes["turnover_vertebral"] >= 0
    assert slopes["turnover_other"] >= 0
    assert slopes["vertebral"] < slopes["other"]


def test_families_of_a_site_add_up():
    for site in SITES:
        shares = load_background().families(site)
        assert sum(shares.values()) == pytest.approx(1.0)
        assert set(shares) <= set(FAMILIES.values())
    assert load_background().families("hip") == {"hip": 1.0}


def test_plans_are_worked_on_together_as_alone(monkeypatch):
    rng = np.random.default_rng(1)
    hip, turnover = rng.normal(2, 1, (5, 3, 21)), rng.normal(-0.3, 0.2, (5, 3, 21))
    together = probabilities(women(), Exposure(YEARS, hip, turnover))
    monkeypatch.setattr("remodel.fracture.hazards._CELLS", 100)
    in_pieces = probabilities(women(), Exposure(YEARS, hip, turnover))
    for site in SITES:
        alone = [
            probabilities(women(), Exposure(YEARS, h, t))[site]
            for h, t in zip(hip, turnover, strict=True)
        ]
        assert np.array_equal(together[site], alone)
        assert np.array_equal(together[site], in_pieces[site])


def test_a_trial_differs_where_there_is_an_effect():
    shift = {"hip": 0.2, "other": 0.2, "vertebral": 0.2}
    treated = hazards_of(women(), exposure(2.0, -0.5), shift=shift)["any_clinical"]
    assert treated == pytest.approx(
        np.exp(0.2) * hazards_of(women(), exposure(2.0, -0.5))["any_clinical"]
    )
    untreated = hazards_of(women(), exposure(0.0, 0.0), shift=shift)["hip"]
    assert untreated == pytest.approx(hazards_of(women(), exposure(0.0, 0.0))["hip"])


def test_draws_of_the_link_keep_its_signs_and_center():
    link = load_link()
    rng = np.random.default_rng(2)
    drawn = [link.draw(rng)[0].slopes for _ in range(300)]
    for name, value in link.slopes.items():
        values = np.array([slopes[name] for slopes in drawn])
        assert np.all(values * (1 if name.startswith("turnover") else -1) >= 0), name
        if abs(value) > 0.01:
            assert np.median(values) == pytest.approx(value, rel=0.3), name


def test_exposure_counts_from_the_start_and_against_the_twin():
    hip, twin = np.array([[0.9, 0.945, 0.9]]), np.array([[0.8, 0.8, 0.72]])
    ctx = np.array([[0.5, 0.25, 0.5]])
    found = Exposure.of(np.arange(3.0), hip, ctx, twin, np.full((1, 3), 0.5))
    assert found.hip == pytest.approx(np.array([[0.0, 5.0, 100 / 0.9 - 100]]))
    assert found.turnover == pytest.approx(np.array([[0.0, -0.5, 0.0]]))


def test_a_link_of_zeros_is_no_effect():
    flat = Link(dict.fromkeys(load_link().slopes, 0.0), {}, np.zeros((5, 5)))
    for ratio in flat.ratios(np.array([5.0]), np.array([-1.0])).values():
        assert ratio == pytest.approx(1.0)
