"""The batch engine: results, events, every way a simulation can end, threads and interruption."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from remodel.equations import log, maximum, sqrt
from remodel.equations.system import System
from remodel.solvers import engine as batch
from remodel.solvers.engine import available_threads, integrate_batch
from remodel.solvers.problem import ADD, BREAK, SET, Event, Problem, problem
from remodel.solvers.status import Status

TIMES = np.linspace(0.0, 2.0, 9)


def one(
    parameters: Sequence[float] = (),
    initial: Sequence[float] | None = None,
    events: Sequence[Event] = (),
    times: Any = TIMES,
    start: float = 0.0,
) -> Problem:
    states = 1 if initial is None else len(initial)
    return problem(
        parameters=[list(parameters)],
        start=[start],
        times=[times],
        scale=[1.0] * states,
        events=[list(events)],
        initial=None if initial is None else [list(initial)],
    )


@pytest.mark.parametrize("method", ["rodas5p", "rodas4"])
@pytest.mark.parametrize("rtol", [1e-3, 1e-6, 1e-9])
def test_decay_is_exponential(method: str, rtol: float, decay: System) -> None:
    solution = integrate_batch(decay, one([3.0], [2.0]), method=method, rtol=rtol)
    exact = 2.0 * np.exp(-3.0 * TIMES)
    assert solution.status.tolist() == [Status.OK]
    assert solution.outputs[0, 0] == pytest.approx(exact, rel=20 * rtol)
    assert solution.outputs[0, 0, 0] == 2.0
    assert solution.final[0, 0] == solution.outputs[0, 0, -1]
    assert solution.stopped[0] == 2.0


def test_a_smaller_tolerance_gives_a_smaller_error(decay: System) -> None:
    errors, steps = [], []
    for rtol in (1e-3, 1e-5, 1e-7, 1e-9):
        solution = integrate_batch(decay, one([3.0], [2.0]), rtol=rtol)
        errors.append(np.max(np.abs(solution.outputs[0, 0] / (2 * np.exp(-3 * TIMES)) - 1)))
        steps.append(solution.counters[0, 0])
    assert sorted(errors, reverse=True) == errors
    assert sorted(steps) == steps


def test_counters_add_up(oscillator: System) -> None:
    solution = integrate_batch(oscillator, one((), [5.0, -4.0]), rtol=1e-8)
    accepted, rejected, factorizations = solution.counters[0]
    assert accepted > 10
    assert rejected > 0
    assert factorizations == accepted + rejected


def test_outputs_are_states_by_default_and_any_quantity_by_name(oscillator: System) -> None:
    task = one((), [1.0, 0.5])
    by_default = integrate_batch(oscillator, task)
    named = integrate_batch(oscillator, task, outputs=["y", "x"])
    assert by_default.outputs.shape == (2, 1, len(TIMES))
    assert named.outputs[::-1].tolist() == by_default.outputs.tolist()
    (rate,) = integrate_batch(oscillator, task, outputs=["d_x"]).outputs
    x, y = by_default.outputs[:, 0]
    expected = y * np.exp(-x * x / 4) - x / 2 + TIMES / (1 + TIMES**2)
    assert rate[0] == pytest.approx(expected, rel=1e-12)


def test_an_output_between_steps_is_as_exact_as_the_steps(oscillator: System) -> None:
    dense = np.linspace(0, 10, 401)
    many = integrate_batch(oscillator, one((), [1.0, 0.5], times=dense), rtol=1e-6)
    tight = integrate_batch(oscillator, one((), [1.0, 0.5], times=dense), rtol=1e-12)
    few = integrate_batch(oscillator, one((), [1.0, 0.5], times=dense[::400]), rtol=1e-6)
    assert np.max(np.abs(many.outputs - tight.outputs)) < 2e-5
    assert many.counters.tolist() == few.counters.tolist(), "outputs cost no steps"
    assert many.final.tolist() == few.final.tolist()


# events


def test_doses_add_to_a_state_after_the_output_at_their_time(decay: System) -> None:
    events = [Event(0.5, ADD, 0, 3.0), Event(1.5, ADD, 0, -0.1)]
    solution = integrate_batch(decay, one([1.0], [1.0], events), rtol=1e-9)
    exact = np.exp(-TIMES)
    exact = exact + np.where(TIMES > 0.5, 3.0 * np.exp(-(TIMES - 0.5)), 0.0)
    exact = exact + np.where(TIMES > 1.5, -0.1 * np.exp(-(TIMES - 1.5)), 0.0)
    assert solution.outputs[0, 0] == pytest.approx(exact, rel=1e-8)


def test_an_event_at_the_start_comes_after_the_first_output(decay: System) -> None:
    solution = integrate_batch(decay, one([1.0], [1.0], [Event(0.0, ADD, 0, 1.0)]), rtol=1e-9)
    assert solution.outputs[0, 0, 0] == 1.0
    assert solution.outputs[0, 0, 1:] == pytest.approx(2 * np.exp(-TIMES[1:]), rel=1e-8)


def test_an_event_at_the_end_changes_nothing(decay: System) -> None:
    plain = integrate_batch(decay, one([1.0], [1.0]))
    solution = integrate_batch(decay, one([1.0], [1.0], [Event(2.0, ADD, 0, 1.0)]))
    assert solution.outputs.tolist() == plain.outputs.tolist()
    assert solution.final.tolist() == plain.final.tolist()


def test_a_parameter_can_be_set(decay: System) -> None:
    solution = integrate_batch(decay, one([1.0], [1.0], [Event(1.0, SET, 0, 0.0)]), rtol=1e-9)
    exact = np.exp(-np.minimum(TIMES, 1.0))
    assert solution.outputs[0, 0] == pytest.approx(exact, rel=1e-8)


def test_events_at_one_time_all_happen_in_the_order_given(decay: System) -> None:
    events = [Event(1.0, SET, 0, 5.0), Event(1.0, ADD, 0, 1.0), Event(1.0, SET, 0, 0.0)]
    solution = integrate_batch(decay, one([1.0], [1.0], events), rtol=1e-9)
    assert solution.outputs[0, 0, -1] == pytest.approx(math.exp(-1) + 1, rel=1e-8)


def test_many_events_close_together(decay: System) -> None:
    when = [1.0 + k * 1e-9 for k in range(20)] + [1.0 + k * 1e-14 for k in range(20)]
    events = [Event(t, ADD, 0, 0.05) for t in when]
    solution = integrate_batch(decay, one([1.0], [0.0], events), rtol=1e-8)
    assert solution.status.tolist() == [Status.OK]
    assert solution.outputs[0, 0, -1] == pytest.approx(2.0 * math.exp(-1), rel=1e-6)


def test_events_before_the_start_and_after_the_end_are_left_out(decay: System) -> None:
    events = [Event(-1.0, ADD, 0, 5.0), Event(3.0, ADD, 0, 5.0)]
    with_events = integrate_batch(decay, one([1.0], [1.0], events))
    assert (
        with_events.outputs.tolist() == integrate_batch(decay, one([1.0], [1.0])).outputs.tolist()
    )


def test_a_break_makes_the_solver_restart_and_nothing_else(make_system) -> None:
    kinked = make_system({"x": lambda x, time: maximum(time - 1.0, 0 * x)})
    rough = integrate_batch(kinked, one((), [1.0]), rtol=1e-8)
    told = integrate_batch(kinked, one((), [1.0], [Event(1.0, BREAK)]), rtol=1e-8)
    exact = 1.0 + np.maximum(TIMES - 1.0, 0.0) ** 2 / 2
    assert told.outputs[0, 0] == pytest.approx(exact, rel=1e-12)
    assert told.counters[0, 1] < rough.counters[0, 1]
    assert told.counters[0, 2] < rough.counters[0, 2]


def test_a_simulation_may_start_where_it_ends(decay: System) -> None:
    solution = integrate_batch(decay, one([1.0], [1.5], times=[3.0], start=3.0))
    assert solution.status.tolist() == [Status.OK]
    assert solution.outputs[0, 0].tolist() == [1.5]
    assert solution.counters.tolist() == [[0, 0, 0]]


def test_simulations_may_have_their_own_times(decay: System) -> None:
    task = problem(
        parameters=[[1.0]],
        parameter_row=[0, 0],
        start=[0.0, 1.0],
        times=[[1.0, 2.0, 3.0], [1.5]],
        scale=[1.0],
        initial=[[1.0], [1.0]],
    )
    solution = integrate_batch(decay, task, rtol=1e-9)
    assert solution.outputs[0, 0] == pytest.approx(np.exp([-1.0, -2.0, -3.0]), rel=1e-8)
    assert solution.outputs[0, 1, 0] == pytest.approx(math.exp(-0.5), rel=1e-8)
    assert np.isnan(solution.outputs[0, 1, 1:]).all()


# how simulations end


def _grow(x: Any) -> Any:
    return x * x


def _root(x: Any) -> Any:
    return 1.0 + sqrt(x)


def _fall(x: Any) -> Any:
    return -1.0 + 0 * x


def _log(x: Any) -> Any:
    return log(x)


ENDINGS: dict[str, tuple[Any, float, dict[str, Any], Status]] = {
    "all well": (_fall, 3.0, {}, Status.OK),
    "too many steps": (_grow, 0.4, {"max_steps": 3, "rtol": 1e-10}, Status.TOO_MANY_STEPS),
    "blow-up": (_grow, 1.0, {}, Status.STEP_TOO_SMALL),
    "log of a vanishing state": (_log, 0.5, {}, Status.STEP_TOO_SMALL),
    "start not finite": (_grow, math.inf, {}, Status.NOT_FINITE),
    "start no number": (_grow, math.nan, {}, Status.NOT_FINITE),
    "slope not finite": (_log, 0.0, {}, Status.NOT_FINITE),
    "below zero": (_fall, 0.5, {}, Status.OUT_OF_DOMAIN),
    "matrix not finite": (_root, 0.0, {}, Status.STEP_TOO_SMALL),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_every_ending_has_its_status_and_no_false_numbers(name: str, make_system) -> None:
    slope, start, options, expected = ENDINGS[name]
    solution = integrate_batch(make_system({"x": slope}), one((), [start]), **options)
    assert Status(int(solution.status[0])) is expected
    values, stopped = solution.outputs[0, 0], float(solution.stopped[0])
    reached = stopped >= TIMES
    assert np.isnan(values[~reached]).all()
    assert np.isfinite(values[1:][reached[1:]]).all()
    accepted, rejected, factorizations = solution.counters[0]
    assert factorizations == accepted + rejected + (expected is Status.OUT_OF_DOMAIN)
    if expected is not Status.OK:
        assert stopped < TIMES[-1]
        assert np.isnan(solution.final).all()
        assert solution.failed.tolist() == [0]


def test_a_matrix_that_is_never_finite_is_singular(make_system) -> None:
    system = make_system({"x": _root, "y": lambda y: 0 * y})
    solution = integrate_batch(system, one((), [0.0, 1.0]))
    assert solution.status.tolist() == [Status.SINGULAR]
    assert solution.stopped.tolist() == [0.0]
    assert np.isnan(solution.outputs[:, 0, 1:]).all()


@pytest.mark.parametrize(
    ("event", "after"),
    [
        (Event(0.6, ADD, 0, math.nan), "a state that is no number"),
        (Event(0.6, ADD, 0, math.inf), "an infinite state"),
        (Event(0.6, SET, 0, math.nan), "a parameter that is no number"),
        (Event(0.6, SET, 0, math.inf), "an infinite parameter"),
    ],
)
def test_an_event_that_spoils_a_simulation_stops_it_there(
    event: Event, after: str, decay: System
) -> None:
    solution = integrate_batch(decay, one([1.0], [1.0], [event]))
    assert solution.status.tolist() == [Status.NOT_FINITE], after
    assert solution.stopped.tolist() == [0.6]
    assert np.isfinite(solution.outputs[0, 0, TIMES <= 0.6]).all()
    assert np.isnan(solution.outputs[0, 0, TIMES > 0.6]).all()


@pytest.mark.parametrize("parameter", [math.nan, math.inf, -math.inf, 1e300])
def test_a_spoilt_parameter_stops_a_simulation_at_the_start(
    parameter: float, decay: System
) -> None:
    solution = integrate_batch(decay, one([parameter], [1.0]))
    assert solution.status.tolist() == [Status.NOT_FINITE]
    assert solution.stopped.tolist() == [0.0]
    assert solution.outputs[0, 0, 0] == 1.0
    assert np.isnan(solution.outputs[0, 0, 1:]).all()


def test_a_signed_state_may_be_negative(make_system) -> None:
    system = make_system({"x": _fall}, signed=True)
    solution = integrate_batch(system, one((), [0.5]))
    assert solution.status.tolist() == [Status.OK]
    assert solution.outputs[0, 0] == pytest.approx(0.5 - TIMES, abs=1e-9)


def test_the_check_of_the_domain_can_be_left_out(make_system) -> None:
    solution = integrate_batch(make_system({"x": _fall}), one((), [0.5]), check_domain=False)
    assert solution.status.tolist() == [Status.OK]
    assert solution.final[0, 0] == pytest.approx(-1.5)


def test_a_large_dose_that_vanishes_fast_stays_in_its_domain(make_system) -> None:
    # errors relative to the dose must not count as negative amounts
    system = make_system({"gut": lambda gut, k: -k * gut}, ("k",))
    for rtol in (1e-2, 1e-4, 1e-6):
        for rate in (1.0, 30.0, 1e3):
            for dose in (1.0, 1e3, 1e6):
                task = one([rate], [0.0], [Event(0.3, ADD, 0, dose)])
                solution = integrate_batch(system, task, rtol=rtol)
                assert solution.status.tolist() == [Status.OK], (rtol, rate, dose)
                assert np.min(solution.outputs) >= -100 * rtol * dose


# batches


def _many(n: int) -> Problem:
    random = np.random.default_rng(n)
    return problem(
        parameters=random.uniform(0.1, 5.0, (n, 1)),
        start=np.zeros(n),
        times=[TIMES] * n,
        scale=[1.0],
        initial=random.uniform(0.5, 2.0, (n, 1)),
        events=[[Event(float(t), ADD, 0, 1.0)] for t in random.uniform(0, 2, n)],
    )


def test_an_empty_batch_is_nothing(decay: System) -> None:
    empty = problem(
        parameters=np.zeros((0, 1)), start=[], times=[], scale=[1.0], initial=np.zeros((0, 1))
    )
    solution = integrate_batch(decay, empty)
    assert solution.outputs.shape == (1, 0, 0)
    assert solution.status.tolist() == []


@pytest.mark.parametrize("n", [1, 7, 65, 700])
def test_progress_counts_every_simulation_once(n: int, decay: System) -> None:
    for threads in (1, 3):
        seen: list[int] = []
        integrate_batch(decay, _many(n), threads=threads, progress=seen.append)
        assert sum(seen) == n


def test_blocks_cover_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    for n in (1, 7, 64, 1000, 5000):
        for threads in (1, 2, 16):
            blocks = batch._blocks(n, threads, 8)
            assert [i for a, b in blocks for i in range(a, b)] == list(range(n))
            assert all(b - a <= 256 for a, b in blocks)


class Stopped(BaseException):
    """Stands for a keyboard interrupt, which is no Exception either."""


@pytest.mark.parametrize("kind", [KeyboardInterrupt, Stopped, ValueError])
@pytest.mark.parametrize("threads", [1, 2])
def test_an_interruption_ends_the_batch_and_leaves_no_thread(
    kind: type[BaseException], threads: int, decay: System
) -> None:
    seen: list[int] = []

    def progress(done: int) -> None:
        seen.append(done)
        if len(seen) == 2:
            raise kind

    before = threading.active_count()
    with pytest.raises(kind):
        integrate_batch(decay, _many(5000), threads=threads, progress=progress)
    assert sum(seen) < 5000
    assert threading.active_count() == before
    # and the engine goes on working
    assert integrate_batch(decay, _many(10), threads=threads).failed.tolist() == []


def test_a_failure_tells_the_other_threads_to_stop() -> None:
    cancel = np.zeros(1, dtype=np.int64)
    told: list[bool] = []
    begun = threading.Event()

    def work(block: tuple[int, int]) -> int:
        if block[0] == 0:
            begun.wait(10.0)
            raise ValueError
        begun.set()
        deadline = time.monotonic() + 10.0
        while not cancel[0] and time.monotonic() < deadline:
            time.sleep(0.001)
        told.append(bool(cancel[0]))
        return 1

    with pytest.raises(ValueError):
        batch._over_threads(work, [(0, 1), (1, 2)], 2, cancel, None)
    assert told == [True]


def test_a_batch_told_to_stop_begins_no_further_simulation(
    decay: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(run: Any, blocks: Any, threads: Any, cancel: Any, progress: Any) -> None:
        cancel[0] = 1
        for block in blocks:
            run(block)

    monkeypatch.setattr(batch, "_over_threads", stopped)
    assert np.all(integrate_batch(decay, _many(100)).counters == 0)


def test_there_is_at_least_one_thread() -> None:
    assert available_threads() >= 1
