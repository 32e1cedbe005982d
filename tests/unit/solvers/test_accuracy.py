"""Results are as accurate as asked for, events happen on time, and steps are not tried in vain."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.solvers.engine import integrate_batch
from remodel.solvers.problem import SET, Event, problem

SCHEDULES = [
    "none",
    "denosumab 60 mg every 6 mo x 4",
    "teriparatide 20 ug daily for 2 y",
    "zoledronic acid 5 mg every 1 y x 3",
    "triptorelin 3.75 mg every 28 d x 13",
    "estradiol 0.05 mg patch daily for 1 y",
]
OUTPUTS = ["ctx", "p1np", "bmd_lumbar_spine", "estradiol", "calcium", "pth"]


@pytest.fixture(scope="module")
def exact():
    return rm.simulate(schedule=SCHEDULES, years=5, outputs=OUTPUTS, rtol=1e-10)


@pytest.mark.parametrize("rtol", [1e-3, 1e-4, 1e-5])
def test_errors_of_a_whole_course_stay_within_the_tolerance(rtol, exact):
    # errors of many steps add up, so each step may take a share of the tolerance only
    course = rm.simulate(schedule=SCHEDULES, years=5, outputs=OUTPUTS, rtol=rtol)
    for name in OUTPUTS:
        error = np.abs(course[name].values / exact[name].values - 1)
        assert error.max() < 0.9 * rtol, name


def test_a_trace_of_a_state_is_followed_where_its_scale_is_larger(decay):
    # absolute tolerance is a thousandth of rtol times the scale, so three more digits are right
    times = np.linspace(0.0, 7.0, 8)
    task = problem(parameters=[[1.0]], start=[0.0], times=[times], scale=[1.0], initial=[[1.0]])
    values = integrate_batch(decay, task, rtol=1e-3).outputs[0, 0]
    assert values == pytest.approx(np.exp(-times), rel=2e-3)


def test_an_event_does_not_happen_before_its_time(make_system):
    # a rate on for 40 s; if both ends happened together nothing would have been given
    system = make_system({"x": lambda x, dose: dose + 0 * x}, ("dose",))
    length = 40.0 / 86400.0
    events = [Event(1.0, SET, 0, 1.0 / length), Event(1.0 + length, SET, 0, 0.0)]
    times = [0.0, 1.0, 1.0 + 0.25 * length, 1.0 + length, 2.0]
    task = problem(
        parameters=[[0.0]],
        start=[0.0],
        times=[times],
        scale=[1.0],
        events=[events],
        initial=[[0.0]],
    )
    values = integrate_batch(system, task).outputs[0, 0]
    assert values == pytest.approx([0.0, 0.0, 0.25, 1.0, 1.0], abs=1e-9)


def test_an_infusion_of_seconds_gives_the_whole_dose():
    common = {"years": 1, "outputs": ["ctx"], "rtol": 1e-8}
    bolus = rm.simulate(schedule="zoledronic acid 5 mg once", **common)
    short = rm.simulate(schedule="zoledronic acid 5 mg once over 0.5 min", **common)
    assert short.ctx.values[0, 1:] == pytest.approx(bolus.ctx.values[0, 1:], rel=1e-4)
    assert bolus.ctx.values[0, -1] < 0.7 * bolus.ctx.values[0, 0]


def test_a_step_does_not_grow_right_after_one_was_rejected(make_system):
    # the van der Pol oscillator, stopped after one attempt, after two, and so on
    system = make_system(
        {"x": lambda x, y: y + 0 * x, "y": lambda x, y: (1 - x * x) * y - x}, signed=True
    )
    task = problem(
        parameters=[[]], start=[0.0], times=[[0.0, 20.0]], scale=[1.0, 1.0], initial=[[2.0, 0.0]]
    )
    reached, rejected = [0.0], [0]
    for attempts in range(1, 60):
        solution = integrate_batch(system, task, rtol=1e-4, max_steps=attempts)
        reached.append(float(solution.stopped[0]))
        rejected.append(int(solution.counters[0, 1]))
    lengths, was_rejected = np.diff(reached), np.diff(rejected) == 1
    after_rejection = [
        i
        for i in range(1, len(lengths) - 1)
        if was_rejected[i - 1] and not was_rejected[i] and not was_rejected[i + 1]
    ]
    assert len(after_rejection) >= 5
    for i in after_rejection:
        assert lengths[i + 1] <= lengths[i] * (1 + 1e-9)
