"""Weights, tails, and the exact part of the posterior against closed forms."""

import numpy as np
import pytest

from remodel.errors import ConfigError
from remodel.files import parse_toml
from remodel.individuals.courses import Courses, Draws, drawn
from remodel.individuals.covariance import Observed, Points
from remodel.individuals.posterior import course_of, fitted, readings_at, truth_at
from remodel.individuals.prior import Prior
from remodel.individuals.readings import Reading
from remodel.individuals.weights import Tails, effective_size, pareto_k, resampled
from remodel.measurement.instruments import load_instruments
from remodel.models import load_model
from remodel.populations.load import load_definition, preset_text

NORMAL = {
    "scan": {"freedom": float("inf"), "correlation": 0.0, "source": "normal, for a closed form"}
}


def prior_without_tails(bmi=None) -> Prior:
    content = parse_toml(preset_text("postmenopausal"), "preset", ConfigError)
    content["wander"]["freedom"] = float("inf")
    return Prior.of(
        load_definition(content), load_model("reference"), bmi=bmi, knows_menopause=True
    )


def flat_courses(n: int) -> Courses:
    """Nothing changes but what wanders."""
    names = ("bmd_lumbar_spine", "bmd_total_hip", "ctx")
    return Courses(
        np.array([0.0, 600.0]), {name: np.zeros((n, 2)) for name in names}, np.ones(n, dtype=bool)
    )


def posterior_of(readings, prior, tools, size=4096):
    draws = drawn(prior, 256, [1.0], 1)
    observed = Observed.of(readings, tools)
    courses = flat_courses(len(draws))
    posterior = fitted(
        prior, draws, courses, observed, tools, age=65.0, size=size, tails=8, seed=(1,)
    )
    return posterior, courses


def test_effective_size_counts_draws_of_equal_weight():
    assert effective_size(np.zeros(100)) == pytest.approx(100)
    assert effective_size(np.array([0.0, 0.0, -800.0, -np.inf])) == pytest.approx(2)


@pytest.mark.parametrize("shape", [0.2, 0.5, 1.0])
def test_pareto_k_finds_the_tail_of_weights(shape):
    share = (np.arange(200_000) + 0.5) / 200_000
    assert pareto_k(-shape * np.log(share)) == pytest.approx(shape, abs=0.1)


def test_equal_weights_have_no_tail():
    assert pareto_k(np.zeros(1000)) == -np.inf


def test_resampling_keeps_shares_to_one_draw():
    shares = np.array([0.5, 0.3, 0.2, 0.0])
    with np.errstate(divide="ignore"):
        chosen = resampled(np.log(shares), 1000, 0.37)
    assert np.all(np.abs(np.bincount(chosen, minlength=4) - 1000 * shares) <= 1)


def test_tails_have_unit_variance_and_weights_for_leaning():
    tails = Tails.drawn(2**14, 1, prior_without_tails(), load_instruments(), 3)
    weights = np.exp(tails.log_weights)
    assert weights.mean() == pytest.approx(1, abs=0.01)
    assert np.mean(weights * tails.scans[:, 0] ** 2) == pytest.approx(1, abs=0.03)
    assert np.all(tails.wander == 1)


def test_density_now_is_the_closed_form_of_a_normal_posterior():
    prior, tools = prior_without_tails(), load_instruments(NORMAL)
    readings = [
        Reading("bmd_total_hip", m, v) for m, v in ((0.0, 0.80), (24.0, 0.78), (48.0, 0.75))
    ]
    posterior, courses = posterior_of(readings, prior, tools)
    points = Points(("bmd_total_hip",), np.array([72.0]))
    course = course_of(courses.rows(posterior.draw), points, prior.peers(65.0))
    her = truth_at(posterior, points, course)[:, 0]

    months = np.array([0.0, 24.0, 48.0, 72.0])
    wander = prior.wander
    growth = wander.growth

    def at(years):
        return wander.sd[1] ** 2 * np.exp(growth * -10.0) * np.expm1(growth * years) / growth

    whole = 0.16**2 + at(np.minimum.outer(months, months) / 12)
    read = whole[:3, :3] + 0.01**2 + 0.018**2 * np.eye(3)
    left = np.log([0.80, 0.78, 0.75]) - np.log(prior.peers(65.0)[1])
    gain = np.linalg.solve(read, whole[:3, 3])
    assert her.mean() == pytest.approx(np.log(prior.peers(65.0)[1]) + gain @ left, abs=0.0015)
    assert her.std() == pytest.approx(np.sqrt(whole[3, 3] - gain @ whole[:3, 3]), rel=0.05)


def test_a_reading_varies_more_than_the_truth_by_its_error():
    prior, tools = prior_without_tails(), load_instruments(NORMAL)
    posterior, courses = posterior_of([Reading("ctx", 0.0, 0.5)], prior, tools)
    points = Points(("ctx",), np.array([12.0]))
    truth = truth_at(
        posterior, points, course_of(courses.rows(posterior.draw), points, prior.peers(65.0))
    )
    read = readings_at(posterior, points, truth, tools)
    spread = tools.samples["ctx"].spread
    assert read.var() == pytest.approx(truth.var() + spread**2, rel=0.1)


def test_one_scan_against_four_others_counts_for_little():
    tools, prior = load_instruments(), prior_without_tails()
    steady = [Reading("bmd_total_hip", m, 0.80) for m in (0.0, 12.0, 24.0, 36.0)]
    wrong = [*steady, Reading("bmd_total_hip", 30.0, 1.00)]
    points = Points(("bmd_total_hip",), np.array([36.0]))
    means = []
    for readings in (steady, wrong):
        draws = drawn(prior, 64, [1.0], 1)
        courses = flat_courses(len(draws))
        posterior = fitted(
            prior,
            draws,
            courses,
            Observed.of(readings, tools),
            tools,
            age=65.0,
            size=2048,
            tails=512,
            seed=(1,),
        )
        course = course_of(courses.rows(posterior.draw), points, prior.peers(65.0))
        means.append(float(np.exp(truth_at(posterior, points, course)).mean()))
    assert means[1] == pytest.approx(means[0], abs=0.01)
    size = posterior.error.mean(axis=0) / np.sqrt(np.diag(posterior.observed.noise))
    assert np.argmax(np.abs(size)) == 4
    assert size[4] > 5


def test_food_and_hour_are_taken_out_of_a_marker():
    tools = load_instruments()
    usual, other = (
        Observed.of([Reading("ctx", 0.0, 0.5, fasting=f, hour=h)], tools).log[0]
        for f, h in ((True, 8.0), (False, 14.0))
    )
    assert other > usual + 0.2  # what she had fasting and early must have been higher


def test_scans_of_one_machine_share_its_offset():
    tools, prior = load_instruments(NORMAL), prior_without_tails()
    same = [Reading("bmd_total_hip", 0.0, 0.8, "a"), Reading("bmd_total_hip", 0.1, 0.84, "a")]
    other = [same[0], Reading("bmd_total_hip", 0.1, 0.84, "b")]
    offsets = [posterior_of(readings, prior, tools)[0].offsets for readings in (same, other)]
    assert offsets[0].shape[1] == 1
    assert offsets[1][:, 1].mean() > offsets[1][:, 0].mean() + 0.005


def test_bmi_informs_of_density_and_estrogen():
    thin, heavy = (prior_without_tails(bmi) for bmi in (20.0, 36.0))
    scores = np.array([[0.0] * len(thin.nonlinear), [1.0] * len(thin.nonlinear)])
    assert np.all(heavy.linear_given(scores)[0][:, :3] > thin.linear_given(scores)[0][:, :3])
    low, high = heavy.log_weight_of_bmi(scores)
    assert high > low
    low, high = thin.log_weight_of_bmi(scores)
    assert high < low


def test_rows_of_draws_stay_together():
    draws = Draws(
        np.arange(6.0).reshape(3, 2),
        np.zeros(3),
        np.array([0, 1, 2]),
        np.ones((3, 3)),
        np.arange(3),
    )
    chosen = draws.rows(np.array([2, 0]))
    assert chosen.scores[:, 0].tolist() == [4.0, 0.0]
    assert chosen.pattern.tolist() == [2, 0]
    assert chosen.number.tolist() == [2, 0]
