"""The SciPy path: the same problems, the same conventions, other solvers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from remodel.equations import log, maximum
from remodel.equations.system import System
from remodel.solvers.engine import integrate_batch
from remodel.solvers.methods import REFERENCES
from remodel.solvers.problem import ADD, BREAK, SET, Event, Problem, problem
from remodel.solvers.scipy_reference import integrate_scipy
from remodel.solvers.status import Status

TIMES = np.linspace(0.0, 2.0, 9)
EVENTS = [
    Event(0.0, ADD, 0, 0.5),
    Event(0.5, ADD, 0, 3.0),
    Event(0.8, BREAK),
    Event(1.0, SET, 0, 0.2),
    Event(1.0, ADD, 0, -0.1),
    Event(2.0, ADD, 0, 7.0),
]


def one(parameter: float, initial: float, events=(), times=TIMES, start: float = 0.0) -> Problem:
    return problem(
        parameters=[[parameter]],
        start=[start],
        times=[times],
        scale=[1.0],
        events=[list(events)],
        initial=[[initial]],
    )


@pytest.mark.parametrize("method", REFERENCES)
def test_events_and_outputs_follow_the_conventions_of_the_batch(method: str, decay: System) -> None:
    task = one(1.0, 1.0, EVENTS)
    found = integrate_scipy(decay, task, method=method, rtol=1e-9)
    expected = integrate_batch(decay, task, rtol=1e-11)
    assert found.status.tolist() == [Status.OK]
    assert found.outputs == pytest.approx(expected.outputs, rel=1e-6)
    assert found.final == pytest.approx(expected.final, rel=1e-6)
    assert found.stopped.tolist() == [2.0]
    assert found.outputs[0, 0, 0] == 1.0
    assert found.outputs[0, 0, -1] == found.final[0, 0]


@pytest.mark.parametrize("method", REFERENCES)
def test_each_simulation_of_a_batch_is_on_its_own(method: str, decay: System) -> None:
    task = problem(
        parameters=[[1.0], [2.0]],
        start=[0.0, 1.0],
        times=[[1.0, 2.0], [1.0, 1.5, 3.0]],
        scale=[1.0],
        events=[[Event(0.5, SET, 0, 0.0)], []],
        initial=[[1.0], [1.0]],
    )
    found = integrate_scipy(decay, task, method=method, rtol=1e-9)
    assert found.outputs[0, 0, :2] == pytest.approx([math.exp(-0.5)] * 2, rel=1e-6)
    assert np.isnan(found.outputs[0, 0, 2])
    assert found.outputs[0, 1] == pytest.approx(np.exp([0.0, -1.0, -4.0]), rel=1e-6)


def test_progress_counts_simulations(decay: System) -> None:
    seen: list[int] = []
    integrate_scipy(decay, one(1.0, 1.0), progress=seen.append)
    assert seen == [1]


@pytest.mark.parametrize("method", REFERENCES)
@pytest.mark.parametrize("parameter", [math.nan, math.inf])
def test_a_spoilt_parameter_stops_a_simulation(
    parameter: float, method: str, decay: System
) -> None:
    found = integrate_scipy(decay, one(parameter, 1.0), method=method)
    assert found.status.tolist() == [Status.NOT_FINITE]
    assert found.stopped.tolist() == [0.0]
    assert np.isnan(found.outputs[0, 0, 1:]).all()
    assert np.isnan(found.final).all()


def test_a_spoilt_event_stops_a_simulation_there(decay: System) -> None:
    found = integrate_scipy(decay, one(1.0, 1.0, [Event(0.6, ADD, 0, math.nan)]))
    assert found.status.tolist() == [Status.NOT_FINITE]
    assert found.stopped.tolist() == [0.6]
    assert np.isfinite(found.outputs[0, 0, TIMES <= 0.6]).all()
    assert np.isnan(found.outputs[0, 0, TIMES > 0.6]).all()


@pytest.mark.parametrize("method", ["bdf", "radau"])
def test_a_solver_that_gives_up_is_told(method: str, make_system) -> None:
    system = make_system({"x": lambda x, k: k * x * x}, ("k",))
    with np.errstate(all="ignore"):
        found = integrate_scipy(system, one(1.0, 1.0), method=method)
    assert found.status[0] in (Status.SOLVER_FAILED, Status.NOT_FINITE, Status.TOO_MANY_STEPS)
    assert found.stopped[0] < 1.01
    assert np.isnan(found.outputs[0, 0, TIMES > 1.01]).all()
    assert np.isnan(found.final).all()


def test_a_system_without_parameters(make_system) -> None:
    system = make_system({"x": lambda x: -x})
    task = problem(parameters=[[]], start=[0.0], times=[[1.0]], scale=[1.0], initial=[[1.0]])
    found = integrate_scipy(system, task, rtol=1e-9)
    assert found.outputs[0, 0, 0] == pytest.approx(math.exp(-1), rel=1e-7)


def test_steps_are_counted(decay: System) -> None:
    loose = integrate_scipy(decay, one(1.0, 1.0), method="bdf", rtol=1e-4)
    tight = integrate_scipy(decay, one(1.0, 1.0), method="bdf", rtol=1e-9)
    assert 0 < loose.counters[0, 0] < tight.counters[0, 0]


def test_a_kink_is_integrated_exactly_between_breaks(make_system) -> None:
    system = make_system({"x": lambda x, time, k: k * maximum(time - 1.0, 0 * x)}, ("k",))
    found = integrate_scipy(system, one(1.0, 0.0, [Event(1.0, BREAK)]), method="radau")
    exact = np.maximum(TIMES - 1.0, 0.0) ** 2 / 2
    assert found.outputs[0, 0] == pytest.approx(exact, abs=1e-10)


def test_a_slope_that_is_not_finite_stops_a_simulation(make_system) -> None:
    system = make_system({"x": lambda x, k: k * log(x)}, ("k",))
    assert integrate_scipy(system, one(1.0, 0.0)).status.tolist() == [Status.NOT_FINITE]
