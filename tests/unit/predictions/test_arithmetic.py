"""Predictions of all targets at once are those of ``predicted_value`` one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from remodel.observations import load_observations, load_regimens, predicted_value
from remodel.predictions.arithmetic import Terms
from remodel.predictions.evidence import Target

ROWS = [row for row in load_observations() if row.use != "not_used" and row.kind != "ratio"]
TARGETS = [
    Target(
        "shipped", row, ((load_regimens()[row.study_id, row.arm], 1.0),), "any",
        ((load_regimens()[row.study_id, row.comparator], 1.0),) if row.comparator else (),
    )
    for row in ROWS
]  # fmt: skip
PLACES = np.arange(4 * len(ROWS)).reshape(4, len(ROWS))
RANDOM = np.random.default_rng(1)
LEVELS = RANDOM.uniform(0.5, 1.5, 4 * len(ROWS))


def test_every_kind_is_there():
    kinds = {(row.kind, bool(row.comparator)) for row in ROWS}
    assert {"change", "difference", "relative_difference", "rate_per_year", "level"} <= {
        kind for kind, _ in kinds
    }
    assert ("bound_upper", True) in kinds
    assert ("bound_lower", False) in kinds


def test_the_arithmetic_is_that_of_the_tables():
    found = Terms.of(TARGETS, PLACES).values(LEVELS)
    for row, (level, reference, other, start), value in zip(ROWS, PLACES.T, found, strict=True):
        if row.kind != "level" and row.time == row.reference_time:
            continue  # a change over no time, as a rate it is not defined
        expected = predicted_value(
            row, LEVELS[level], LEVELS[reference], LEVELS[other], LEVELS[start]
        )
        assert value == pytest.approx(expected, rel=1e-12), row


def test_many_vectors_at_once():
    levels = RANDOM.uniform(0.5, 1.5, (3, 4 * len(ROWS)))
    some = Terms.of(TARGETS, PLACES)
    np.testing.assert_array_equal(some.values(levels)[2], some.values(levels[2]))


def test_slopes_are_derivatives():
    some = Terms.of(TARGETS, PLACES)
    slopes = RANDOM.uniform(-1, 1, (2, 4 * len(ROWS)))
    found = some.derivatives(LEVELS, slopes)
    for j in range(2):
        ahead, behind = (some.values(LEVELS + s * 1e-6 * slopes[j]) for s in (1, -1))
        np.testing.assert_allclose(found[j], (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-5)


def test_a_failed_simulation_is_not_a_number_and_stays_one():
    levels = LEVELS.copy()
    levels[PLACES[0, 0]] = math.nan
    found = Terms.of(TARGETS, PLACES).values(levels)
    assert math.isnan(found[0])
    assert (
        np.isfinite(found[1:]).sum()
        == len(found) - 1 - np.isnan(Terms.of(TARGETS, PLACES).values(LEVELS)).sum()
    )
