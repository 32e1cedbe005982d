"""Profiles and information, against the closed form of a linear-Gaussian problem."""

from __future__ import annotations

import json

import numpy as np
import pytest
import toy
from conftest import BEST, COVARIANCE

from remodel.calibration import Information, Objective, profile_likelihood
from remodel.calibration.search import descend


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
    pairs = info.correlations(0.2)
    expected = COVARIANCE[0, 1] / np.sqrt(COVARIANCE[0, 0] * COVARIANCE[1, 1])
    assert pairs["correlation"].tolist() == [pytest.approx(expected, rel=1e-5)]
