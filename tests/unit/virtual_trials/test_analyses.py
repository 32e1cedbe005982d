"""Analyses of many replicates at once against libraries, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from remodel.virtual_trials.analyses import Data, ancova, responders, t_test
from remodel.virtual_trials.mixed_model import mixed_model

RNG = np.random.default_rng(3)


def _data(n_replicates=5, n=60):
    arm = RNG.integers(0, 3, (n_replicates, n))
    baseline = RNG.normal(0.9, 0.1, arm.shape)
    stratum = RNG.integers(0, 2, arm.shape)
    change = 2.0 * (arm == 0) + 8 * baseline + stratum + RNG.normal(0, 3, arm.shape)
    change[RNG.random(arm.shape) < 0.15] = np.nan
    return Data(change, arm == 0, arm == 1, baseline, stratum)


def test_t_test_is_that_of_scipy():
    data = _data()
    result = t_test(data)
    for i in range(len(result.p)):
        first, second = (data.change[i][side[i]] for side in (data.is_first, data.is_second))
        wanted = stats.ttest_ind(first, second, nan_policy="omit")
        assert result.p[i] == pytest.approx(wanted.pvalue, rel=1e-9)
        assert result.effect[i] == pytest.approx(np.nanmean(first) - np.nanmean(second))


def test_ancova_is_that_of_least_squares():
    data = _data()
    result = ancova(data)
    for i in range(len(result.p)):
        rows = np.isfinite(data.change[i]) & (data.is_first[i] | data.is_second[i])
        x = np.column_stack(
            [
                np.ones(rows.sum()),
                data.is_first[i][rows],
                data.baseline[i][rows],
                data.stratum[i][rows],
            ]
        ).astype(float)
        slopes, left, *_ = np.linalg.lstsq(x, data.change[i][rows], rcond=None)
        freedom = rows.sum() - 4
        error = np.sqrt(left[0] / freedom * np.linalg.inv(x.T @ x)[1, 1])
        assert result.effect[i] == pytest.approx(slopes[1], rel=1e-6)
        assert result.p[i] == pytest.approx(
            2 * stats.t.sf(abs(slopes[1] / error), freedom), rel=1e-6
        )


def test_responders_are_compared_by_the_pooled_z_test():
    data = _data()
    result = responders(data, 8.0)
    for i in range(len(result.p)):
        sides = [data.change[i][side[i]] for side in (data.is_first, data.is_second)]
        sides = [side[np.isfinite(side)] for side in sides]
        table = [[(s >= 8).sum(), (s < 8).sum()] for s in sides]
        wanted = stats.chi2_contingency(table, correction=False).pvalue
        assert result.p[i] == pytest.approx(wanted, rel=1e-9)


def test_an_arm_without_readings_has_no_result():
    data = _data()
    change = np.where(data.is_first, np.nan, data.change)
    empty = Data(change, data.is_first, data.is_second, data.baseline, data.stratum)
    for result in (t_test(empty), ancova(empty), responders(empty, 0.0)):
        assert np.isnan(result.p).all()


def test_the_mixed_model_finds_the_effect_at_each_visit():
    pytest.importorskip("statsmodels")
    n, months = 300, np.array([12.0, 24.0])
    is_first = np.arange(n) % 2 == 0
    baseline = RNG.normal(0.9, 0.1, n)
    change = RNG.normal(0, 2, (n, 1)) + RNG.normal(0, 1, (n, 2))
    change += is_first[:, None] * np.array([2.0, 3.0])
    change[::7, 1] = np.nan
    effect, sd, p = mixed_model(change, is_first, baseline, months, "compound_symmetry")
    assert effect == pytest.approx([2.0, 3.0], abs=1.0)
    assert sd == pytest.approx(np.sqrt(5.0), rel=0.12)
    assert (p < 1e-6).all()
    slope, _, _ = mixed_model(change, is_first, baseline, months, "random_slope")
    assert slope == pytest.approx(effect, abs=0.3)
