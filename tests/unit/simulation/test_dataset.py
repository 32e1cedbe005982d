"""Results: percent change, names and failures."""

from __future__ import annotations

import numpy as np
import pytest

from remodel.errors import ModelError, SolverError
from remodel.models import load_model
from remodel.simulation import dataset as results
from remodel.solvers.problem import Solution
from remodel.solvers.status import Status


def test_percent_change() -> None:
    values = np.array([[2.0, 3.0, np.nan], [0.0, 1.0, 2.0]])
    found = results.percent_change(values, np.array([2.0, 0.0]))
    assert found[0, :2].tolist() == [0.0, 50.0]
    assert np.isnan(found[0, 2])
    assert np.isnan(found[1]).all()


def test_slope_of_percent_change_is_that_of_differences() -> None:
    random = np.random.default_rng(1)
    values, baseline = random.uniform(1, 2, (3, 5)), random.uniform(1, 2, 3)
    slope, at_baseline = random.normal(size=(2, 3, 5)), random.normal(size=(2, 3))
    found = results.percent_change_slope(values, baseline, slope, at_baseline)
    e = 1e-6
    for p in range(2):
        above = results.percent_change(values + e * slope[p], baseline + e * at_baseline[p])
        below = results.percent_change(values - e * slope[p], baseline - e * at_baseline[p])
        assert found[p] == pytest.approx((above - below) / (2 * e), rel=1e-7, abs=1e-6)


def test_default_outputs_are_endpoints_and_their_changes() -> None:
    model = load_model("reference")
    names = results.default_outputs(model)
    assert set(results.base_outputs(names)) == set(model.endpoints)
    assert "ctx_percent_change" in names
    assert "t_score_total_hip_percent_change" not in names


def test_base_outputs_are_named_once() -> None:
    assert results.base_outputs(["ctx_percent_change", "ctx", "p1np"]) == ("ctx", "p1np")


def test_a_far_off_output_is_told_the_endpoints() -> None:
    model = load_model("komarova2003")
    with pytest.raises(ModelError) as caught:
        results.checked_outputs(model, tuple(model.system().outputs), ["qqqqqq"])
    assert str(caught.value).startswith("model 'komarova2003' has no output 'qqqqqq'. ")


def _solution(*statuses: Status) -> Solution:
    n = len(statuses)
    return Solution(
        outputs=np.zeros((1, n, 1)),
        final=np.zeros((n, 1)),
        status=np.array(statuses, dtype=np.int64),
        stopped=np.zeros(n),
        counters=np.zeros((n, 3), dtype=np.int64),
    )


def test_no_failure_is_no_news() -> None:
    results.report_failures(_solution(Status.OK, Status.OK), strict=True)


def test_failures_are_counted_by_kind() -> None:
    mixed = _solution(Status.OK, Status.NOT_FINITE, Status.SINGULAR, Status.NOT_FINITE)
    with pytest.raises(SolverError) as caught:
        results.report_failures(mixed, strict=True)
    assert str(caught.value).startswith(
        "3 of 4 simulations failed (2 not_finite, 1 singular); the first is number 1. "
    )
    assert str(caught.value).endswith(Status.NOT_FINITE.sentence)
    with pytest.warns(results.SimulationWarning, match="^3 of 4"):
        results.report_failures(mixed, strict=False)
