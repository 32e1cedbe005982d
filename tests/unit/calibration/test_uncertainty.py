"""Profiles, information and posterior, against the closed form of a linear-Gaussian problem."""

from __future__ import annotations

import json

import numpy as np
import pytest
import toy
from conftest import LINE_ERROR, LINE_MONTHS

from remodel.calibration import Information, Objective, Posterior, profile_likelihood
from remodel.calibration.search import descend

DESIGN = np.stack([np.ones(5), np.array(LINE_MONTHS) * 30.4375], axis=1)
COVARIANCE = LINE_ERROR**2 * np.linalg.inv(DESIGN.T @ DESIGN)
OBSERVED = np.array([100.0, 118.0, 131.0, 155.0, 196.0])
BEST = np.linalg.lstsq(DESIGN, OBSERVED, rcond=None)[0]


@pytest.fixture
def fitted(line_source):
    built = Objective.of(toy.problem(line_source, toy.LINE))
    end = descend(built, np.zeros(3), tolerance=1e-12)
    return built, Information.at(built, end.theta)


def test_the_fit_is_that_of_linear_regression(fitted):
    built, info = fitted
    found = built.coordinates.natural(info.theta)
    assert found["intercept"] == pytest.approx(BEST[0], rel=1e-6)
    assert found["slope"] == pytest.approx(BEST[1], rel=1e-6)


def test_profile_intervals_are_those_of_linear_regression(fitted):
    built, info = fitted
    for j, name in enumerate(("intercept", "slope")):
        found = profile_likelihood(built, info, name)
        half = 1.959964 * np.sqrt(COVARIANCE[j, j])
        assert found.verdict == "identified"
        assert found.optimum == pytest.approx(BEST[j], rel=1e-5)
        assert found.lower == pytest.approx(BEST[j] - half, abs=1e-3 * half)
        assert found.upper == pytest.approx(BEST[j] + half, abs=1e-3 * half)
        expected = ((np.array(found.values) - BEST[j]) ** 2) / COVARIANCE[j, j]
        np.testing.assert_allclose(found.rises, expected, atol=1e-3)


def test_a_parameter_without_effect_is_flat(fitted):
    built, info = fitted
    found = profile_likelihood(built, info, "unused")
    assert found.verdict == "flat"
    assert found.lower is None
    assert found.upper is None
    assert max(map(abs, found.rises)) < 1e-6


def test_a_parameter_known_from_one_side_only(tmp_path):
    rows = [
        ("control", "estradiol", 0, 100.0, 20.0, "pmol/L", "level", ""),
        ("control", "estradiol", 6, 50.0, 20.0, "percent", "bound_upper", ""),
    ]
    source = toy.tables(tmp_path, rows)
    built = Objective.of(toy.problem(source, toy.LINE))
    start = built.coordinates.inner({"intercept": 90.0, "slope": 0.1, "unused": 1.0})
    info = Information.at(built, descend(built, start).theta)
    found = profile_likelihood(built, info, "slope")
    assert found.verdict == "one-sided"
    assert found.lower is None
    assert found.upper is not None


def test_an_optimum_at_a_bound_is_called_so(tmp_path):
    rows = [("control", "estradiol", m, 900.0, 45.0, "pmol/L", "level", "") for m in (0, 0.5)]
    built = Objective.of(toy.problem(toy.tables(tmp_path, rows), toy.LINE))
    info = Information.at(built, descend(built, np.zeros(3)).theta)
    assert profile_likelihood(built, info, "intercept").verdict == "at bound"


def test_a_profile_goes_on_after_any_point(fitted, tmp_path):
    built, info = fitted
    store = tmp_path / "slope.jsonl"
    whole = profile_likelihood(built, info, "slope", store=store)
    lines = store.read_text().splitlines()
    store.write_text("\n".join(lines[:3]) + "\n" + lines[3][:25])
    resumed = profile_likelihood(built, info, "slope", store=store)
    assert store.read_text().splitlines()[:3] == lines[:3]
    assert len(store.read_text().splitlines()) == len(lines)
    np.testing.assert_allclose(resumed.values, whole.values, rtol=1e-9)
    np.testing.assert_allclose(resumed.rises, whole.rises, atol=1e-6)


def test_a_profile_killed_again_and_again_loses_only_the_broken_line(fitted, tmp_path):
    built, info = fitted
    store = tmp_path / "slope.jsonl"
    profile_likelihood(built, info, "slope", store=store)
    lines = store.read_text().splitlines()
    for cut in (lines[2][:25], lines[2], "{}", "5", ""):  # the second is whole, but for its end
        store.write_text("\n".join(lines[:2]) + "\n" + cut)
        profile_likelihood(built, info, "slope", store=store)
        assert len(store.read_text().splitlines()) == len(lines)
        kept = store.read_bytes()
        profile_likelihood(built, info, "slope", store=store)
        assert store.read_bytes() == kept


def test_lines_that_are_there_twice_do_not_change_a_profile(fitted, tmp_path):
    built, info = fitted
    store = tmp_path / "slope.jsonl"
    whole = profile_likelihood(built, info, "slope", store=store)
    kept = store.read_bytes()
    lines = store.read_text().splitlines()
    for order in ([0, 0], [1, 1], [2, 2], [0, 1], [len(lines) - 1] * 3):
        store.write_text("\n".join([*lines, *(lines[i] for i in order)]) + "\n")
        assert profile_likelihood(built, info, "slope", store=store) == whole
        assert store.read_bytes() == kept


@pytest.mark.parametrize(
    "line",
    [
        '{"side": 2, "theta": 0.0, "rise": 0.0, "coordinates": [0.0, 0.0, 0.0]}',
        '{"side": 1, "theta": 0.0, "rise": 0.0, "coordinates": [0.0, 0.0]}',
        '{"side": 1, "theta": NaN, "rise": 0.0, "coordinates": [0.0, 0.0, 0.0]}',
        '{"side": 1, "theta": 0.0, "rise": 0.0, "coordinates": "abc"}',
    ],
)
def test_a_line_that_is_no_point_is_passed_over_with_what_follows(fitted, tmp_path, line):
    built, info = fitted
    store = tmp_path / "slope.jsonl"
    whole = profile_likelihood(built, info, "slope", store=store)
    lines = store.read_text().splitlines()
    store.write_text("\n".join([*lines[:2], line, *lines[2:]]) + "\n")
    assert profile_likelihood(built, info, "slope", store=store) == whole
    store.write_text("\n".join(lines[1:]) + "\n")  # without its top
    again = profile_likelihood(built, info, "slope", store=store)
    np.testing.assert_allclose(again.rises, whole.rises, atol=1e-6)


def test_an_interval_has_no_end_where_the_simulations_failed(fitted, tmp_path):
    built, info = fitted
    store = tmp_path / "slope.jsonl"
    whole = profile_likelihood(built, info, "slope", store=store)
    points = [json.loads(line) for line in store.read_text().splitlines()]
    for point in points:
        if point["side"] > 0 and point["rise"] > whole.level:
            point["rise"] = float("inf")
    store.write_text("".join(json.dumps(point) + "\n" for point in points))
    found = profile_likelihood(built, info, "slope", store=store)
    assert found.upper is None
    assert found.lower == pytest.approx(whole.lower)
    assert found.verdict == "one-sided"


def test_information_gives_the_standard_errors_of_linear_regression(fitted):
    built, info = fitted
    slopes = built.coordinates.derivatives(info.theta)
    found = np.sqrt(np.diag(info.covariance)) * slopes
    np.testing.assert_allclose(found[:2], np.sqrt(np.diag(COVARIANCE)), rtol=1e-5)


def test_the_spectrum_tells_informed_directions_from_others(fitted):
    _, info = fitted
    assert info.informed == 2
    table = info.spectrum()
    assert "unused" in table["leading"].iloc[2].split(",")[0]
    assert table["information"].iloc[2] == pytest.approx(0.0, abs=1e-9)
    assert info.shrinkage[2] == pytest.approx(1.0)
    pairs = info.correlations(0.6)
    expected = COVARIANCE[0, 1] / np.sqrt(COVARIANCE[0, 0] * COVARIANCE[1, 1])
    assert pairs["correlation"].tolist() == [pytest.approx(expected, rel=1e-5)]


def test_the_posterior_of_a_linear_problem_is_its_normal_density(fitted):
    built, info = fitted
    found = Posterior.sample(built, info, draws=2000, seed=1)
    assert found.effective_draws > 1990  # all weights alike
    columns = found.values[:, :2]
    np.testing.assert_allclose(columns.mean(axis=0), BEST, atol=3e-2 * abs(BEST).max())
    np.testing.assert_allclose(columns.std(axis=0), np.sqrt(np.diag(COVARIANCE)), rtol=0.06)
    interval = found.interval()
    half = 1.96 * np.sqrt(COVARIANCE[1, 1])
    assert interval.loc["slope", "upper"] - BEST[1] == pytest.approx(half, rel=0.12)


def posterior(weights) -> Posterior:
    values = np.arange(len(weights), dtype=float)[:, None]
    return Posterior(("k",), values, np.array(weights) / np.sum(weights))


def test_draws_kept_all_differ_where_there_are_enough_effective_ones():
    some = posterior(np.random.default_rng(2).exponential(size=400))
    assert some.effective_draws > 100
    kept = some.resampled(100)[:, 0]
    assert len(np.unique(kept)) == 100
    equal = posterior(np.ones(100))
    assert sorted(equal.resampled(100)[:, 0]) == list(range(100))


def test_one_heavy_draw_is_kept_once_and_the_others_fill_up():
    heavy = posterior([30.0, *np.ones(200)])
    assert heavy.effective_draws > 40
    for seed in range(20):
        kept = heavy.resampled(20, seed)[:, 0]
        assert len(np.unique(kept)) == 20
        assert 0.0 in kept


def test_too_few_effective_draws_repeat_by_their_weight():
    few = posterior([3.0, 1.0])
    kept = few.resampled(100)[:, 0]
    assert [(kept == k).sum() for k in (0, 1)] == [75, 25]


def test_each_draw_is_kept_as_often_as_its_weight_says():
    some = posterior([1.0, 2.0, 3.0, 4.0, 2.0, 3.0, 1.0, 4.0])
    kept = np.concatenate([some.resampled(2, seed)[:, 0] for seed in range(4000)])
    shares = np.bincount(kept.astype(int)) / len(kept)
    np.testing.assert_allclose(shares, some.weights, atol=0.012)


def test_weights_correct_a_density_that_is_too_wide(fitted):
    built, info = fitted
    found = Posterior.sample(built, info, draws=4000, seed=1, spread=1.5)
    assert found.effective_draws < 3000
    drawn = found.resampled(4000)[:, 1]
    assert drawn.std() == pytest.approx(np.sqrt(COVARIANCE[1, 1]), rel=0.1)
