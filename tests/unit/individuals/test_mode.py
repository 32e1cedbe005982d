"""The most likely values of one woman, against her posterior and against differences."""

import numpy as np
import pytest

import remodel as rm
from remodel.errors import ConfigError
from remodel.individuals import mode as of_mode
from remodel.individuals.courses import drawn
from remodel.individuals.focus import focused
from remodel.individuals.prior import Prior
from remodel.models import load_model
from remodel.populations.load import load_definition

WOMAN = {
    "taken": "anastrozole 1 mg daily",
    "population": "aromatase_inhibitor",
    "patient": {"age": 62, "menopause_age": 50, "bmi": 30.0},
    "reading": [
        {"endpoint": name, "months": months, "value": value, "unit": unit}
        for name, months, value, unit in (
            ("bmd_total_hip", 0, 0.82, "g/cm2"),
            ("ctx", 0, 0.45, "ng/mL"),
            ("ctx", 3, 0.9, "ng/mL"),
            ("bmd_total_hip", 24, 0.77, "g/cm2"),
        )
    ],
    "draws": 1024,
}


@pytest.mark.slow
def test_the_mode_lies_in_the_posterior_and_its_slopes_are_exact(monkeypatch):
    fit = rm.fit_patient(WOMAN)
    courses = []
    kept = of_mode._linearized

    def noted(course, scores):
        courses.append(course)
        return kept(course, scores)

    monkeypatch.setattr(of_mode, "_linearized", noted)
    mode = fit.most_likely()
    assert mode.names == fit.prior.nonlinear
    assert 1 <= mode.steps <= 10
    draws = fit.draws.scores[fit.posterior.draw][fit.pattern == 0]
    assert np.abs((draws.mean(axis=0) - mode.scores) / draws.std(axis=0)).max() < 0.5
    assert np.sqrt(np.diag(mode.covariance)) == pytest.approx(draws.std(axis=0), rel=0.35)

    slopes = kept(courses[0], mode.scores)[1]
    assert np.all(slopes[:, mode.names.index("response")] == 0)  # no drug that builds bone
    for i in range(len(mode.scores)):
        step = 0.01 * np.eye(len(mode.scores))[i]
        high, low = (kept(courses[0], mode.scores + sign * step)[0] for sign in (1, -1))
        assert slopes[:, i] == pytest.approx((high - low) / 0.02, abs=2e-3)
    precision, pull = of_mode._prior_terms(fit.prior)
    least = of_mode._value(
        courses[0], mode.scores, kept(courses[0], mode.scores)[0], precision, pull
    )
    for i in range(len(mode.scores)):
        for sign in (-0.1, 0.1):
            near = mode.scores + sign * np.eye(len(mode.scores))[i]
            value = of_mode._value(courses[0], near, kept(courses[0], near)[0], precision, pull)
            assert value > least
    with pytest.raises(ConfigError, match="pattern = 9"):
        fit.most_likely(9)


def test_focused_draws_keep_the_prior_of_what_all_women_share():
    prior = Prior.of(
        load_definition("postmenopausal"), load_model("reference"), bmi=None, knows_menopause=True
    )
    draws = drawn(prior, 2048, [1.0], 1)
    weights = -0.5 * (draws.scores[:, 0] - 1.0) ** 2 / 0.2 - 0.002 * (draws.number % 100)
    one = focused(prior, draws, weights, np.ones(1), 8192, 3)
    shares = np.exp(one.log_weights)
    assert shares.mean() == pytest.approx(1, abs=0.05)
    mean = (shares @ one.scores) / shares.sum()
    assert mean == pytest.approx(np.zeros(len(mean)), abs=0.15)
    from remodel.individuals.courses import shared_draws

    count = shared_draws(prior.model)
    number = (shares @ (one.number % count)) / shares.sum()
    assert number == pytest.approx((count - 1) / 2, rel=0.06)
