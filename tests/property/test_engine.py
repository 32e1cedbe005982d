"""Laws of the batch engine: what a simulation gives never depends on what runs beside it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remodel.solvers import engine as engine
from remodel.solvers.engine import integrate_batch
from remodel.solvers.problem import ADD, SET, Event, Solution
from remodel.solvers.status import Status

RTOL = 1e-5


def run(batch: Any, task: Any = None, **options: Any) -> Solution:
    return integrate_batch(
        batch.system, batch.task() if task is None else task, **{"rtol": RTOL, **options}
    )


def same_bits(found: Solution, expected: Solution, some: Any = slice(None)) -> bool:
    """Whether two solutions agree in every bit; ``some`` are the positions in the second."""
    return all(
        np.array_equal(a.view(np.int64), b.view(np.int64))
        for a, b in (
            (found.outputs, np.ascontiguousarray(expected.outputs[:, some])),
            (found.final, np.ascontiguousarray(expected.final[some])),
            (found.status, np.ascontiguousarray(expected.status[some])),
            (found.stopped, np.ascontiguousarray(expected.stopped[some])),
            (found.counters, np.ascontiguousarray(expected.counters[some])),
        )
    )


@pytest.fixture(scope="session")
def alone(batch: Any) -> Solution:
    """Return the batch on one thread: what everything is compared with."""
    return run(batch, threads=1)


def test_all_simulations_of_the_batch_are_well(batch: Any, alone: Solution) -> None:
    assert alone.failed.tolist() == []
    assert np.isfinite(alone.outputs).all()
    assert len({row.tobytes() for row in alone.final}) == len(alone.final)


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_the_number_of_threads_changes_no_bit(batch: Any, alone: Solution, threads: int) -> None:
    assert same_bits(run(batch, threads=threads), alone)


@pytest.mark.parametrize("size", [1, 5, 16, 1000])
def test_the_size_of_blocks_changes_no_bit(
    batch: Any, alone: Solution, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    n = len(batch.rows)
    cut = [(i, min(i + size, n)) for i in range(0, n, size)]
    monkeypatch.setattr(engine, "_blocks", lambda *_: cut)
    assert same_bits(run(batch, threads=2), alone)


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), size=st.integers(1, 60))
def test_the_order_and_the_company_change_no_bit(
    batch: Any, alone: Solution, seed: int, size: int
) -> None:
    some = np.random.default_rng(seed).permutation(len(batch.rows))[:size]
    assert same_bits(run(batch, batch.task(some)), alone, some)


def test_a_simulation_by_itself_has_the_same_bits(batch: Any, alone: Solution) -> None:
    for i in (0, 17, 59):
        assert same_bits(run(batch, batch.task([i])), alone, [i])


def test_twins_have_the_same_bits(batch: Any, alone: Solution) -> None:
    twins = np.repeat([3, 41], 11)
    assert same_bits(run(batch, batch.task(twins)), alone, twins)


def test_shared_parameters_are_as_good_as_repeated_ones(batch: Any, alone: Solution) -> None:
    twins = np.repeat(np.arange(20), 3)
    shared = batch.task(twins, shared=True)
    assert len(shared.parameters) == 20
    assert same_bits(run(batch, shared), alone, twins)


def test_running_again_changes_no_bit_and_no_argument(batch: Any, alone: Solution) -> None:
    task = batch.task()
    before = task.parameters.copy()
    assert same_bits(run(batch, task), alone)
    assert same_bits(run(batch, task), alone)
    assert np.array_equal(task.parameters, before)


def test_fewer_outputs_have_the_same_bits(batch: Any, alone: Solution) -> None:
    names = batch.system.state_names
    chosen = [names[4], names[1]]
    found = run(batch, outputs=chosen)
    assert np.array_equal(found.outputs, alone.outputs[[4, 1]])
    assert np.array_equal(found.counters, alone.counters)


def test_an_explicit_baseline_has_the_same_bits(batch: Any, alone: Solution) -> None:
    baseline = batch.system.baseline(batch.rows, batch.start)
    assert same_bits(run(batch, batch.task(initial=baseline)), alone)


def test_sensitivities_change_no_bit_of_the_solution(batch: Any, alone: Solution) -> None:
    wrt = [n for n in batch.system.parameter_names if n.endswith(("turnover_rate", "omega_B"))][:2]
    assert wrt
    one = run(batch, wrt=wrt, threads=1)
    assert same_bits(one, alone)
    some = np.random.default_rng(1).permutation(len(batch.rows))[:23]
    other = run(batch, batch.task(some), wrt=wrt, threads=3)
    assert np.array_equal(other.sensitivities, one.sensitivities[:, :, some])


# one bad simulation among good ones


def _spoil_parameter(batch: Any, i: int, value: float) -> Any:
    rows = batch.rows.copy()
    rows[i, :] = np.where(rows[i] == 0.0, rows[i], value)
    return type(batch)(batch.system, rows, batch.start, batch.events, batch.scale, batch.times)


def _spoil_events(batch: Any, i: int, event: Event) -> Any:
    events = list(batch.events)
    events[i] = [*events[i], event]
    return type(batch)(batch.system, batch.rows, batch.start, events, batch.scale, batch.times)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, -1.0, 1e300, 1e-300, 1e20])
def test_a_bad_parameter_vector_leaves_its_neighbors_alone(
    batch: Any, alone: Solution, value: float
) -> None:
    bad = 13
    good = [i for i in range(len(batch.rows)) if i != bad]
    found = run(_spoil_parameter(batch, bad, value), max_steps=3000)
    kept = Solution(
        outputs=np.ascontiguousarray(found.outputs[:, good]),
        final=found.final[good],
        status=found.status[good],
        stopped=found.stopped[good],
        counters=found.counters[good],
    )
    assert same_bits(kept, alone, good)
    _is_honest(found, bad, batch)


@pytest.mark.parametrize("kind", [ADD, SET])
@pytest.mark.parametrize("value", [math.nan, math.inf, -1e9, 1e12])
def test_a_bad_event_leaves_its_neighbors_alone(
    batch: Any, alone: Solution, kind: int, value: float
) -> None:
    bad = 29
    good = [i for i in range(len(batch.rows)) if i != bad]
    event = Event(float(batch.start[bad]) + 700.0, kind, 2, value)
    found = run(_spoil_events(batch, bad, event), max_steps=3000)
    assert np.array_equal(found.outputs[:, good], alone.outputs[:, good])
    assert np.array_equal(found.counters[good], alone.counters[good])
    _is_honest(found, bad, batch)
    before = batch.times <= 700.0
    expected = alone.outputs[:, bad, before]
    assert found.outputs[:, bad, before] == pytest.approx(expected, rel=50 * RTOL, abs=1e-6)


@pytest.mark.parametrize("value", [math.nan, math.inf, -5.0])
def test_a_bad_initial_state_leaves_its_neighbors_alone(
    batch: Any, alone: Solution, value: float
) -> None:
    bad = 7
    initial = batch.system.baseline(batch.rows, batch.start)
    initial[bad, 0] = value
    found = run(batch, batch.task(initial=initial), max_steps=3000)
    good = [i for i in range(len(batch.rows)) if i != bad]
    assert np.array_equal(found.outputs[:, good], alone.outputs[:, good])
    _is_honest(found, bad, batch)


def _is_honest(found: Solution, i: int, batch: Any) -> None:
    """A failed simulation has a status, numbers up to where it stopped, and no number after."""
    status = Status(int(found.status[i]))
    reached = float(found.stopped[i]) - float(batch.start[i])
    if status is Status.OK:
        assert np.isfinite(found.outputs[:, i]).all()
        return
    after = batch.times > reached + 1e-9
    assert np.isnan(found.outputs[:, i, after]).all()
    assert np.isnan(found.final[i]).all()
    assert reached <= batch.times[-1]


def test_counters_add_up(batch: Any, alone: Solution) -> None:
    accepted, rejected, factorizations = alone.counters.T
    assert np.all(accepted + rejected == factorizations)
    assert np.all(accepted > 0)


def test_the_step_limit_ends_every_simulation_at_that_step(batch: Any) -> None:
    found = run(batch, max_steps=7, threads=1)  # a block long enough to fill lanes again
    assert np.all(found.counters[:, 2] <= 7)
    stopped = found.status == Status.TOO_MANY_STEPS
    assert stopped.sum() > len(batch.rows) / 2
    assert np.all(found.counters[stopped, 2] == 7)
    for i in range(len(batch.rows)):
        _is_honest(found, i, batch)


def hostile(batch: Any, n: int, seed: int) -> Any:
    """Return parameter vectors nobody should ask for, each hostile in its own way."""
    random = np.random.default_rng(seed)
    rows = batch.rows[random.integers(len(batch.rows), size=n)].copy()
    values = [math.nan, math.inf, -math.inf, 0.0, -1.0, 1e300, -1e300, 1e-300, 1e15, 5e-324]
    for row in rows:
        where = random.choice(len(row), size=random.integers(1, 6), replace=False)
        kind = random.integers(3)
        if kind == 0:
            row[where] = random.choice(values, size=len(where))
        elif kind == 1:
            row[where] *= 10.0 ** random.uniform(-12, 12, len(where))
        else:
            row[:] = row * 10.0 ** random.uniform(-3, 3, len(row))
    return rows


def _mixed(batch: Any, count: int, seed: int) -> tuple[Any, Any]:
    """Return a batch in which hostile simulations stand between good ones, and who is good."""
    random = np.random.default_rng(seed)
    n = len(batch.rows)
    rows = np.concatenate((batch.rows, hostile(batch, count, seed)))
    other = random.integers(n, size=count)
    events = [*batch.events, *(batch.events[i] for i in other)]
    start = np.concatenate((batch.start, batch.start[other]))
    order = random.permutation(n + count)
    mixed = type(batch)(
        batch.system,
        rows[order],
        start[order],
        [events[i] for i in order],
        batch.scale,
        batch.times,
    )
    return mixed, np.argsort(order)[:n]


def _survives(batch: Any, alone: Solution, count: int, seed: int) -> Solution:
    mixed, good = _mixed(batch, count, seed)
    found = run(mixed, max_steps=1000, threads=2)
    assert np.array_equal(found.outputs[:, good], alone.outputs)
    assert np.array_equal(found.counters[good], alone.counters)
    for i in range(len(mixed.rows)):
        _is_honest(found, i, mixed)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_hostile_parameters_never_spoil_a_neighbor(batch: Any, alone: Solution, seed: int) -> None:
    found = _survives(batch, alone, 60, seed)
    assert len(found.failed) > 10


@pytest.mark.slow
def test_a_thousand_hostile_vectors_never_spoil_a_neighbor(batch: Any, alone: Solution) -> None:
    found = _survives(batch, alone, 1000, 99)
    assert len(set(found.status.tolist())) >= 4, "they end in many ways"
