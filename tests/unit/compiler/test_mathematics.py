"""Exponential and logarithm: accuracy, special values, the same bits in every lane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from remodel.compiler import mathematics
from remodel.compiler.ir import Writer, declarations
from remodel.compiler.kernels import workspace
from remodel.compiler.objects import host_lanes, load_library

LANES = sorted({1, 4, host_lanes()})
LONG = np.longdouble
has_long_double = pytest.mark.skipif(
    np.finfo(LONG).nmant < 63, reason="long double is no more exact than double here"
)


def _apply(operation: str, values: Sequence[float], lanes: int) -> Any:
    """Apply a one-argument operation to many values, ``lanes`` at a time."""

    w = Writer(lanes)
    w.store(getattr(mathematics, operation)(w, w.load(0)), 1)
    library, _ = load_library(declarations(lanes) + w.function("kernel"), ["kernel"])
    function, at = library.function("kernel"), np.asarray(values, dtype=float)
    padded = np.ones(-(-len(at) // lanes) * lanes)
    padded[: len(at)] = at
    found = np.empty_like(padded)
    ws = workspace(2, lanes)
    for k in range(0, len(padded), lanes):
        ws[0] = padded[k : k + lanes]
        function(ws.ctypes.data)
        found[k : k + lanes] = ws[1]
    return found[: len(at)]


def _units_in_last_place(found: Any, exact: Any) -> float:
    spacing = np.spacing(np.abs(exact.astype(float))).astype(LONG)
    return float(np.max(np.abs(found.astype(LONG) - exact) / spacing))


@has_long_double
@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize(("low", "high"), [(-708.0, 709.0), (-1.0, 1.0), (-1e-6, 1e-6)])
def test_exp_is_exact_to_two_units_in_the_last_place(low: float, high: float, lanes: int) -> None:
    x = np.random.default_rng(1).uniform(low, high, 4000)
    assert _units_in_last_place(_apply("exp", x, lanes), np.exp(x.astype(LONG))) <= 2.0


@has_long_double
@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize(
    ("low", "high"), [(-708.0, 709.0), (-1.0, 1.0), (-1e-3, 1e-3), (-1e-8, 1e-8)]
)
def test_log_is_exact_to_two_units_in_the_last_place(low: float, high: float, lanes: int) -> None:
    x = np.exp(np.random.default_rng(2).uniform(low, high, 4000))
    x = np.concatenate((x[x != 1.0], [np.finfo(float).tiny, np.finfo(float).max]))
    assert _units_in_last_place(_apply("log", x, lanes), np.log(x.astype(LONG))) <= 2.0


@pytest.mark.parametrize("lanes", LANES)
def test_special_values_of_log(lanes: int) -> None:
    at_zero, at_minus_zero, negative, below, infinite, nan = _apply(
        "log", [0.0, -0.0, -1.0, -np.inf, np.inf, np.nan], lanes
    )
    assert at_zero == at_minus_zero == -np.inf
    assert np.isnan([negative, below, nan]).all()
    assert infinite == np.inf
    assert _apply("log", [1.0], lanes)[0] == 0.0


@pytest.mark.parametrize("lanes", LANES)
def test_log_of_a_denormal_number_is_finite_and_low(lanes: int) -> None:
    found = _apply("log", [5e-324, 1e-310, 2e-308], lanes)
    assert np.all((found <= -708.0) & (found >= -745.0))


@pytest.mark.parametrize("lanes", LANES)
def test_special_values_of_exp(lanes: int) -> None:
    zero, minus_zero, nan, denormal = _apply("exp", [0.0, -0.0, np.nan, 5e-324], lanes)
    assert zero == minus_zero == denormal == 1.0
    assert np.isnan(nan)


@pytest.mark.parametrize("lanes", LANES)
def test_exp_beyond_its_range_is_very_small_or_very_large(lanes: int) -> None:
    low = _apply("exp", [-709.0, -1000.0, -np.inf], lanes)
    high = _apply("exp", [710.0, 1000.0, np.inf], lanes)
    assert np.all((low >= 0.0) & (low < 1e-307))
    assert np.all(high > 1e307)


def test_every_lane_computes_the_same_bits() -> None:
    lanes = host_lanes()
    x = np.random.default_rng(4).uniform(-5.0, 5.0, 40)
    for operation in ("exp", "log"):
        alone = _apply(operation, np.repeat(np.abs(x), lanes), lanes).reshape(-1, lanes)
        assert np.all(alone == alone[:, :1])
