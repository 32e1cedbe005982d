"""Hazards and probabilities of untreated women."""

import numpy as np
import pytest

from remodel.errors import ConfigError
from remodel.fracture import SITES, load_background, ten_year_probability
from remodel.fracture.background import RISK_FACTORS, line
from remodel.fracture.gradients import compared_table, fitted
from remodel.fracture.probability import cumulative_probability


def test_the_uk_table_is_met_everywhere():
    table = compared_table()
    assert len(table) == 30
    assert table["hip_within"].all()
    assert table["major_within"].all()


def test_gradients_that_are_shipped_are_the_fitted_ones():
    background = load_background()
    for shipped, found in zip(
        (background.hip, background.other_major), fitted(background), strict=True
    ):
        assert found.log_rates == pytest.approx(shipped.log_rates, abs=0.02)
        assert found.log_gradients == pytest.approx(shipped.log_gradients, abs=0.02)


def test_the_gradient_of_the_hip_falls_with_age_and_that_of_other_sites_rises():
    background = load_background()
    assert np.all(np.diff(background.hip.log_gradients) < 0)
    assert np.all(np.diff(background.other_major.log_gradients) > 0)
    at_65 = np.exp(np.interp(65, background.hip.ages, background.hip.log_gradients))
    assert 2.31 < at_65 < 3.59  # Johnell 2005


@pytest.mark.parametrize("site", SITES)
def test_risk_rises_with_age_low_density_and_every_risk_factor(site):
    base = ten_year_probability(60, -1.0, site)
    assert 0 < base < 100
    assert ten_year_probability(70, -1.0, site) > base
    assert ten_year_probability(60, -2.0, site) > base
    for name in RISK_FACTORS:
        assert ten_year_probability(60, -1.0, site, **{name: 1}) > base, name


def test_sites_contain_each_other():
    risk = {site: ten_year_probability(70, -2.0, site) for site in SITES}
    assert risk["hip"] < risk["major"] < risk["any_clinical"]
    assert risk["vertebral"] < risk["vertebral_morphometric"]
    assert risk["nonvertebral"] < risk["any_clinical"]


def test_a_share_lies_between_no_and_yes_and_unknown_is_the_share_of_women():
    background = load_background()
    no, half, yes = (
        background.risk_ratios({"smoking": np.array(v)})["hip"] for v in (0.0, 0.5, 1.0)
    )
    assert half == pytest.approx((no + yes) / 2)
    share = background.content["risk"]["smoking"]["share"]
    unknown = background.risk_ratios({"smoking": np.array(np.nan)})["hip"]
    assert unknown == pytest.approx(1 + share * (yes - 1))


def test_vertebral_fractures_are_counted_once_among_prior_ones():
    background = load_background()
    one = np.array(1.0)
    both = background.risk_ratios({"prior_fracture": one, "prior_vertebral_fracture": one})
    spine = background.risk_ratios({"prior_vertebral_fracture": one})
    assert both["hip"] == pytest.approx(spine["hip"])
    assert spine["vertebral"] == pytest.approx(4.4)


def test_thin_women_break_hips_and_heavy_ones_other_bones():
    background = load_background()
    ratio = lambda family, bmi: float(background.bmi_ratio(family, np.array(bmi)))  # noqa: E731
    assert ratio("hip", 18.0) > ratio("hip", 25.0) == 1.0 == ratio("other", 25.0)
    assert ratio("other", 35.0) == pytest.approx(1.16, abs=0.01)
    assert ratio("hip", np.nan) == 1.0


def test_a_country_scales_the_hip_alone():
    for site, differs in (("hip", True), ("vertebral", False), ("nonvertebral", True)):
        uk, sweden = (ten_year_probability(70, -2.0, site, country=c) for c in ("UK", "sweden"))
        assert (sweden > uk) is np.bool_(differs), site


def test_a_spread_of_density_raises_the_mean_hazard():
    hip = load_background().hip
    age, z = np.array(70.0), np.array(-0.5)
    scores = z + 0.8 * np.random.default_rng(1).standard_normal(200_000)
    mean = hip.hazard(age, scores).mean()
    assert hip.hazard(age, z, 0.8) == pytest.approx(mean, rel=0.02)
    assert hip.hazard(age, z, 0.8) > hip.hazard(age, z)


def test_women_in_general_have_the_published_rate_of_the_spine():
    background = load_background()
    table = background.content["vertebral_morphometric"]
    ratio = background.content["risk"]["prior_vertebral_fracture"]["vertebral"]
    age, prevalence = np.array(table["ages"]), np.array(table["prevalence"])
    without = background.morphometric.hazard(age, np.zeros(6), 1.0)
    mean = without * (1 + prevalence * (ratio - 1))
    assert mean == pytest.approx(table["level"] * np.array(table["values"]), rel=1e-9)


def test_lines_go_on_beyond_their_ends():
    ages, values = np.array([50.0, 60.0, 70.0]), np.array([0.0, 1.0, 3.0])
    assert line(np.array([45.0, 55.0, 75.0]), ages, values) == pytest.approx([-0.5, 0.5, 4.0])


def test_constant_hazards_have_their_closed_form():
    years = np.linspace(0, 10, 11)
    fracture, death = np.full(11, 0.03), np.full(11, 0.05)
    expected = 0.03 / 0.08 * (1 - np.exp(-0.08 * years))
    assert cumulative_probability(fracture, death, years) == pytest.approx(expected, abs=1e-14)
    alone = cumulative_probability(fracture, 0 * death, years)
    assert alone == pytest.approx(1 - np.exp(-0.03 * years), abs=1e-14)
    assert np.all(cumulative_probability(0 * fracture, 0 * death, years) == 0)


def test_draws_spread_about_the_background():
    rng = np.random.default_rng(3)
    drawn = [
        float(ten_year_probability(70, -2.0, "hip", background=load_background().draw(rng)))
        for _ in range(200)
    ]
    mean = float(ten_year_probability(70, -2.0, "hip"))
    assert np.percentile(drawn, 5) < 0.8 * mean
    assert np.percentile(drawn, 95) > 1.25 * mean
    assert np.median(drawn) == pytest.approx(mean, rel=0.1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"site": "hips"}, "Did you mean 'hip'"),
        ({"country": "Swedn"}, "Did you mean 'Sweden'"),
        ({"smokin": 1}, "Did you mean 'smoking'"),
        ({"smoking": 2}, "from 0"),
        ({"age": 20}, "from 30 to 100 y"),
        ({"t_score": -9}, "from -6 to 6"),
        ({"bmi": 5}, "from 10 to 80"),
    ],
)
def test_wrong_women_are_one_sentence(arguments, words):
    known = {"age": 60, "t_score": -1.0, **arguments}
    with pytest.raises(ConfigError, match=words):
        ten_year_probability(known.pop("age"), known.pop("t_score"), **known)
