"""Published contrasts and risks, and the fit of the link."""

import numpy as np
import pytest

from remodel.fracture.arms import Exposed, published_arms
from remodel.fracture.fit import fit_link, log_ratio, write_link
from remodel.fracture.hazards import Exposure, Women, hazards_of
from remodel.fracture.link import SLOPES, Link, link_of
from remodel.fracture.published import Contrast, published_contrasts, published_risks

TRUE = {
    "hip": -0.09, "vertebral": -0.16, "other": -0.05, "turnover_vertebral": 0.3, "turnover_other": 0.1,
}  # fmt: skip


def test_every_contrast_and_risk_has_its_arms():
    keys = {arm.key for arm in published_arms()}
    for contrast in published_contrasts():
        assert {(contrast.study, contrast.arm), (contrast.study, contrast.comparator)} <= keys
    assert {(risk.study, risk.arm) for risk in published_risks()} <= keys


def test_a_cohort_lies_on_one_side_of_the_fit():
    sides = {}
    for contrast in published_contrasts():
        if contrast.side in ("calibration", "validation"):
            sides.setdefault(contrast.cohort, set()).add(contrast.side)
    assert all(len(side) == 1 for side in sides.values())
    counts = [side for sides_ in sides.values() for side in sides_]
    assert counts.count("calibration") >= 8
    assert counts.count("validation") >= 10


def test_published_values_lie_inside_their_intervals():
    for contrast in published_contrasts():
        assert 0 < contrast.low < contrast.value < contrast.high
        assert 0 <= contrast.start < contrast.months
        assert contrast.provenance in ("read", "recalled", "derived")
    for risk in published_risks():
        assert 0 < risk.interval[0] < risk.percent < risk.interval[1] < 100


def synthetic(rng, n, spread=0.0):
    """Return arms with random exposures, and contrasts as a known link would give them."""
    years = np.linspace(0, 3, 37)
    hip = np.repeat(rng.uniform(-5, 7, (n, 1)), 37, axis=1) * np.minimum(years, 1)
    turnover = np.repeat(rng.uniform(-0.8, 1.0, (n, 1)), 37, axis=1) * np.minimum(3 * years, 1)
    hip, turnover = np.vstack([hip, 0 * hip[:1]]), np.vstack([turnover, 0 * turnover[:1]])
    women = Women(np.full(n + 1, 70.0), np.full(n + 1, -2.0), {})
    keys = [("trial", f"arm{i}") for i in range(n)] + [("trial", "none")]
    exposed = Exposed(tuple(keys), women, Exposure(years, hip, turnover), ())
    link = Link(TRUE, {}, np.zeros((5, 5)))
    hazards = hazards_of(women, exposed.exposure, link=link)
    outcomes = ("hip", "vertebral_morphometric", "nonvertebral", "any_clinical")
    contrasts = []
    for i in range(n):
        for outcome in outcomes:
            bare = Contrast("trial", "c", "calibration", f"arm{i}", "none", outcome, 0.0, 36.0,
                            "hazard_ratio", 1.0, 0.9, 1.1, "read", "none", "")  # fmt: skip
            center = log_ratio(bare, exposed, hazards) + rng.normal(0, np.hypot(0.05, spread))
            value, half = np.exp(center), np.exp(1.96 * 0.05)
            contrasts.append(
                Contrast("trial", "c", "calibration", f"arm{i}", "none", outcome, 0.0, 36.0,
                         "hazard_ratio", value, value / half, value * half, "read", "none", "")
            )  # fmt: skip
    return exposed, contrasts


def test_the_fit_finds_the_link_behind_made_up_trials():
    exposed, contrasts = synthetic(np.random.default_rng(1), 12)
    fit = fit_link(exposed, contrasts)
    errors = np.sqrt(np.diag(fit.link.covariance))
    for name, error in zip(SLOPES, errors, strict=True):
        assert fit.link.slopes[name] == pytest.approx(TRUE[name], abs=4 * error), name
    assert max(errors[:3]) < 0.02
    assert all(0.3 < fit.chi2[group] / fit.df[group] < 2 for group in fit.chi2)


def test_the_fit_finds_a_spread_between_trials():
    exposed, contrasts = synthetic(np.random.default_rng(2), 12, spread=0.25)
    fit = fit_link(exposed, contrasts)
    assert 0.12 < fit.link.spreads["spread_other"] < 0.4
    assert sum(fit.chi2.values()) / sum(fit.df.values()) > 4


def test_a_written_link_is_read_again(tmp_path):
    import tomllib

    exposed, contrasts = synthetic(np.random.default_rng(3), 5)
    fit = fit_link(exposed, contrasts)
    write_link(str(tmp_path / "link.toml"), fit)
    again = link_of(tomllib.loads((tmp_path / "link.toml").read_text()))
    assert again.slopes == pytest.approx(fit.link.slopes, abs=1e-5)
    assert again.covariance == pytest.approx(fit.link.covariance, rel=1e-3)
