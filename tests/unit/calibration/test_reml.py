"""Spreads by restricted maximum likelihood: simulated trials, gradients, fixed effects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from remodel.calibration.reml import Hyperparameters, Marginal
from remodel.predictions.covariance import Block, Points, _correlations
from remodel.predictions.spreads import DENSITY, Spreads

TRUTH = Spreads(
    size={"bmd_total_hip": 1.0},
    share={
        (DENSITY, "trial"): 1.2,
        (DENSITY, "site"): 0.1,
        (DENSITY, "arm"): 0.8,
        (DENSITY, "visit"): 0.5,
    },
    factor={(DENSITY, "untreated"): 1.0, (DENSITY, "denosumab"): 0.5},
    growth=0.4,
    visit_months=9.0,
)
MONTHS = (6.0, 12.0, 24.0, 36.0)
ERROR = 0.2


def trial(number: int) -> Block:
    """One trial of two arms with four visits each."""
    arms = np.repeat(["treated", "control"], len(MONTHS))
    n = len(arms)
    months = np.tile(MONTHS, 2)
    points = Points(
        arm=arms,
        study=np.full(n, "study"),
        endpoint=np.full(n, "bmd_total_hip"),
        family=np.full(n, DENSITY),
        group=np.where(arms == "treated", "denosumab", "untreated"),
        months=months,
        reference=np.zeros(n),
        is_level=np.zeros(n, dtype=bool),
    )
    rows = np.arange(n) + n * number
    gaps = np.abs(np.subtract.outer(months, months))
    errors = ERROR**2 * np.eye(n)
    return Block(f"trial {number}", rows, points, np.eye(n), errors, _correlations(points), gaps)


def simulated(trials: int, seed: int) -> Marginal:
    random = np.random.default_rng(seed)
    blocks = [trial(number) for number in range(trials)]
    jacobian = random.standard_normal((8 * trials, 3))
    truth = np.array([1.5, -0.7, 30.0])
    residuals = jacobian @ truth
    for block in blocks:
        root = np.linalg.cholesky(block.covariance(TRUTH))
        residuals[block.rows] += root @ random.standard_normal(len(block.rows))
    # two parameters with a prior and one without, which lies far away
    precision = np.array([1.0, 1.0, 0.0])
    return Marginal.of(blocks, residuals, jacobian, np.zeros(3), precision)


def test_gradients_are_those_of_the_likelihood():
    likelihood = simulated(5, 1)
    vector = likelihood.hyperparameters.center + 0.3 * np.sin(np.arange(9.0))
    _, gradient = likelihood.value_and_gradient(vector)
    for j in range(len(vector)):
        step = np.zeros(len(vector))
        step[j] = 1e-5
        ahead, behind = (likelihood.value_and_gradient(vector + s * step)[0] for s in (1, -1))
        assert gradient[j] == pytest.approx((ahead - behind) / 2e-5, rel=1e-5, abs=1e-6)


def test_known_spreads_are_found():
    likelihood = simulated(250, 2)
    h = likelihood.hyperparameters
    spreads = h.spreads(likelihood.maximize(h.center))
    for group in ("untreated", "denosumab"):
        common = np.hypot(
            *(spreads.deviation(n, "bmd_total_hip", group) for n in ("trial", "site"))
        )
        assert common == pytest.approx(np.hypot(1.2, 0.1), rel=0.1)
        for name in ("arm", "visit"):
            truth = TRUTH.deviation(name, "bmd_total_hip", group)
            assert spreads.deviation(name, "bmd_total_hip", group) == pytest.approx(truth, rel=0.15)
    assert spreads.growth == pytest.approx(0.4, abs=0.08)
    assert spreads.visit_months == pytest.approx(9.0, rel=0.35)


def test_estimated_parameters_do_not_shrink_the_spreads():
    """With one parameter a trial and no prior, maximum likelihood would give half the variance."""
    trials, random = 300, np.random.default_rng(5)
    sd = 0.9
    spreads = Spreads(
        size={"bmd_total_hip": 1.0},
        growth=0.0,
        visit_months=1e-3,
        share={
            (DENSITY, name): v
            for name, v in (("trial", 1e-3), ("site", 1e-3), ("arm", 1e-3), ("visit", sd))
        },
    )
    blocks, jacobian = [], np.zeros((2 * trials, trials))
    for number in range(trials):
        whole = trial(number)
        points = replace(
            whole.points,
            **{name: getattr(whole.points, name)[:2] for name in Points.__dataclass_fields__},
        )
        rows = np.array([2 * number, 2 * number + 1])
        jacobian[rows, number] = 1.0
        blocks.append(
            replace(
                whole,
                rows=rows,
                points=points,
                maps=np.eye(2),
                fixed=1e-6 * np.eye(2),
                correlations=_correlations(points),
                gaps=whole.gaps[:2, :2],
            )
        )
    residuals = sd * random.standard_normal(2 * trials)
    likelihood = Marginal.of(blocks, residuals, jacobian, np.zeros(trials), np.zeros(trials))
    h = likelihood.hyperparameters
    vector = h.vector(spreads)
    places = [h.names.index(("share", DENSITY, "visit"))]
    steps = np.linspace(-0.6, 0.3, 19)
    values = []
    for step in steps:
        moved = vector.copy()
        moved[places] += step
        off = (moved - h.center) / h.sd
        values.append(likelihood.value_and_gradient(moved)[0] - 0.5 * off @ off)
    assert abs(steps[int(np.argmin(values))]) <= 0.1  # maximum likelihood: log(0.5) / 2 = -0.35


def test_a_class_with_few_numbers_is_drawn_to_the_others():
    likelihood = simulated(40, 3)
    h = likelihood.hyperparameters
    assert h.spreads(h.center).factor == {(DENSITY, "denosumab"): 1.0, (DENSITY, "untreated"): 1.0}
    few = likelihood
    for number in range(2, 40):
        few = few.without(f"trial {number}")
    factors = [
        h.spreads(m.maximize(h.center)).factor[DENSITY, "denosumab"] for m in (likelihood, few)
    ]
    assert abs(np.log(factors[1])) < abs(np.log(factors[0]))
    assert factors[0] < 0.8


def test_vectors_and_spreads_are_two_forms_of_one_thing():
    h = Hyperparameters.of([trial(0)])
    vector = h.vector(TRUTH)
    assert h.spreads(vector).deviation("arm", "bmd_total_hip", "denosumab") == pytest.approx(0.4)
    np.testing.assert_allclose(h.vector(h.spreads(vector)), vector)
    np.testing.assert_allclose(h.vector(Spreads()), h.center)
