"""Compiled models: in every lane what the equations give in plain Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from remodel.compiler import kernels
from remodel.compiler import workspace as slots
from remodel.compiler.kernels import evaluator_of, stepper_of, workspace
from remodel.compiler.objects import host_lanes
from remodel.equations.system import System
from remodel.models import load_model
from remodel.solvers.scipy_reference import observe, scalar
from remodel.symbolic.expression import evaluate_arrays

LANES = sorted({1, 4, host_lanes()})
CASES = {
    "reference": ("anastrozole", "zoledronic_acid", "denosumab"),
    "jorg2022": ("denosumab", "alendronate"),
}


def _system(name: str) -> System:
    return load_model(name).system(CASES[name])


def _points(name: str, count: int) -> dict[str, Any]:
    """Return states, parameters and time of so many random points."""
    model, system = load_model(name), _system(name)
    random = np.random.default_rng(7)
    names = system.parameter_names
    rows = np.tile(model.all_parameters.internal(names), (count, 1))
    known = [model.all_parameters[n] for n in names]
    moved = rows * np.exp(random.normal(0, 0.05, rows.shape))
    bounds = np.array([(p.lower * p.factor, p.upper * p.factor) for p in known]).T
    rows = np.where([p.status == "input" for p in known], rows, np.clip(moved, *bounds))
    start = system.baseline(rows, np.zeros(count))
    start = np.where(start == 0.0, 5.0, start) * np.exp(random.normal(0, 0.2, start.shape))
    values = dict(zip(names, rows.T, strict=True))
    values.update(zip(system.state_names, start.T, strict=True))
    values["time"] = random.uniform(30, 80, count) * 365.25
    return values


def _filled(system: System, lanes: int, values: dict[str, Any], method: str = "rodas5p") -> Any:
    step = stepper_of(system, method, lanes)
    at = step.layout
    ws = workspace(at.size + 200, lanes)
    ws[:] = 1.0
    for first in (at.state, at.stage_state):
        ws[first : first + at.states] = [values[n] for n in system.state_names]
    ws[at.parameter : at.parameter + at.parameters] = [values[n] for n in system.parameter_names]
    ws[slots.TIME] = ws[at.stage_time] = ws[slots.OUTPUT_TIME] = values["time"]
    step.library.function("derive")(ws.ctypes.data)
    return step, ws


def _rows(expressions: Any, values: dict[str, Any], lanes: int) -> Any:
    return np.array([np.broadcast_to(v, lanes) for v in evaluate_arrays(expressions, values)])


def _agree(found: Any, expected: Any, size: Any, rel: float = 1e-12) -> None:
    assert np.all(np.abs(found - expected) <= rel * size + 1e-300)


def _sizes(name: str, values: dict[str, Any], lanes: int) -> Any:
    """Return for each state the sum of the absolute terms of its rate."""
    model = load_model(name)
    plain = {n: p.value * p.factor for n, p in model.all_parameters.items()}
    terms = model.assembly(CASES[name]).evaluate({**plain, **values}).terms
    return np.array([
        sum((np.abs(np.broadcast_to(v, lanes)) for v in of_state.values()), np.zeros(lanes))
        for of_state in terms.values()
    ])  # fmt: skip


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("name", CASES)
def test_rates_and_derivatives_are_those_of_the_equations(name: str, lanes: int) -> None:
    system, values = _system(name), _points(name, lanes)
    step, ws = _filled(system, lanes, values)
    at, n = step.layout, len(system.states)
    rates = _rows(system.rates, values, lanes)
    sizes = _sizes(name, values, lanes)
    step.library.function("slope")(ws.ctypes.data)
    _agree(ws[at.slope : at.slope + n], rates, sizes)
    ws[at.slope : at.slope + n] = np.nan
    step.library.function("linearize")(ws.ctypes.data)
    _agree(ws[at.slope : at.slope + n], rates, sizes)
    for ij, expression in system.jacobian.items():
        expected = _rows([expression], values, lanes)[0]
        found = ws[at.jacobian_slot[ij]]
        _agree(found, expected, np.abs(expected) + sizes[ij[0]] / values[system.state_names[ij[1]]])
    in_time = np.zeros((n, lanes))
    for i, expression in system.time_derivative.items():
        in_time[i] = _rows([expression], values, lanes)[0]
    _agree(ws[at.time_slope : at.time_slope + n], in_time, np.abs(in_time), 1e-10)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("name", CASES)
def test_outputs_are_those_of_the_equations(name: str, lanes: int) -> None:
    system, values = _system(name), _points(name, lanes)
    names = tuple(load_model(name).endpoints)
    step, ws = _filled(system, lanes, values)
    evaluator = evaluator_of(system, "rodas5p", names, lanes)
    ws[slots.POSITION] = 0.0
    evaluator.library.function("observe")(ws.ctypes.data)
    assert evaluator.outputs == len(names)
    found = ws[step.layout.size : step.layout.size + len(names)]
    expected = _rows([system.outputs[n] for n in names], values, lanes)
    assert found == pytest.approx(expected, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_every_lane_gives_the_bits_of_a_lane_among_others(name: str) -> None:
    lanes, system = host_lanes(), _system(name)
    values = _points(name, lanes)
    step, ws = _filled(system, lanes, values)
    step.library.function("advance")(ws.ctypes.data)
    for w in range(lanes):
        one = {n: np.full(lanes, v[w]) for n, v in values.items()}
        _, alone = _filled(system, lanes, one)
        step.library.function("advance")(alone.ctypes.data)
        new = slice(step.layout.new_state, step.layout.new_state + step.layout.states)
        assert np.array_equal(alone[new, 0], ws[new, w], equal_nan=True)
        assert np.array_equal(alone[slots.ERROR, 0], ws[slots.ERROR, w], equal_nan=True)


def test_a_lane_that_is_no_number_stays_alone() -> None:
    lanes, system = 4, _system("reference")
    values = _points("reference", lanes)
    step, ws = _filled(system, lanes, values)
    step.library.function("advance")(ws.ctypes.data)
    spoilt = {n: np.array(v) for n, v in values.items()}
    spoilt["osteoclasts"][2] = np.nan
    _, other = _filled(system, lanes, spoilt)
    step.library.function("advance")(other.ctypes.data)
    new = slice(step.layout.new_state, step.layout.new_state + step.layout.states)
    kept = [0, 1, 3]
    assert np.array_equal(other[new][:, kept], ws[new][:, kept], equal_nan=True)
    assert np.isnan(other[slots.ERROR, 2])


def test_commit_takes_the_new_state_in_accepted_lanes_only() -> None:
    lanes, system = 4, _system("reference")
    step, ws = _filled(system, lanes, _points("reference", lanes))
    at = step.layout
    step.library.function("advance")(ws.ctypes.data)
    state, new = (slice(k, k + at.states) for k in (at.state, at.new_state))
    before, after = ws[state].copy(), ws[new].copy()
    ws[slots.ACCEPTED] = [1.0, 0.0, 1.0, 0.0]
    step.library.function("commit")(ws.ctypes.data)
    assert np.array_equal(ws[state][:, [0, 2]], after[:, [0, 2]], equal_nan=True)
    assert np.all(ws[state][:, [1, 3]] == before[:, [1, 3]])


def test_functions_for_scipy_are_those_of_the_equations() -> None:
    system, values = _system("reference"), _points("reference", 1)
    functions, n = scalar(system), len(system.states)
    functions.update(np.array([values[p][0] for p in system.parameter_names]))
    t, y = float(values["time"][0]), np.array([values[s][0] for s in system.state_names])
    sizes = _sizes("reference", values, 1)[:, 0]
    _agree(functions.rhs(t, y), _rows(system.rates, values, 1)[:, 0], sizes)
    jacobian = functions.jacobian(t, y)
    assert jacobian.shape == (n, n)
    for (i, j), expression in system.jacobian.items():
        expected = _rows([expression], values, 1)[0, 0]
        assert jacobian[i, j] == pytest.approx(expected, rel=1e-10, abs=1e-12 * sizes[i] / y[j])
    assert np.count_nonzero(jacobian) <= len(system.jacobian)


def test_observing_states_takes_parameters_of_each_time() -> None:
    system, count = _system("reference"), 11
    values = _points("reference", count)
    names = ("ctx", "bmd_total_hip", "estradiol")
    rows = np.array([values[p] for p in system.parameter_names])
    y = np.array([values[s] for s in system.state_names])
    found = observe(system, names, rows, values["time"], y)
    expected = _rows([system.outputs[n] for n in names], values, count)
    assert found == pytest.approx(expected, rel=1e-10)
    shared = observe(system, names, rows[:, 0], values["time"], y)
    assert shared[:, 0].tolist() == found[:, 0].tolist()
    assert shared[:, 1].tolist() != found[:, 1].tolist()


def test_workspace_starts_at_a_cache_line() -> None:
    for size in (1, 5, 64):
        ws = workspace(size, 4)
        assert ws.shape == (size, 4)
        assert ws.ctypes.data % 64 == 0


def test_a_stepper_is_compiled_once(
    decay: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMODEL_CACHE_DIR", str(tmp_path))
    uncached = kernels.stepper_of.__wrapped__
    assert uncached(decay, "rodas4").compiled
    assert not uncached(decay, "rodas4").compiled
    assert uncached(decay, "rodas5p").compiled
