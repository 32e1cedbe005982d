"""Batches in arrays: what is built from lists."""

from __future__ import annotations

import numpy as np
import pytest

from remodel.solvers.problem import ADD, BREAK, SET, Event, problem
from remodel.solvers.status import Status

EVENTS = [
    [Event(5.0, SET, 1, 0.5), Event(2.0, ADD, 0, 60.0), Event(-1.0, ADD, 0, 1.0)],
    [],
    [Event(0.0), Event(0.0, ADD, 1, 2.0)],
]
BATCH = problem(
    parameters=[[1, 2], [3, 4], [5, 6]],
    start=[0.0, 1.0, 0.0],
    times=[[0, 10], [1.0, 2.0, 3.0], [4.0]],
    scale=[1.0, 2.0],
    events=EVENTS,
)


def test_sizes() -> None:
    assert BATCH.size == 3
    assert BATCH.longest == 3


def test_events_are_sorted_and_those_before_the_start_dropped() -> None:
    assert BATCH.events_of(0) == [Event(2.0, ADD, 0, 60.0), Event(5.0, SET, 1, 0.5)]
    assert BATCH.events_of(1) == []
    assert BATCH.events_of(2) == EVENTS[2]
    assert BATCH.event_kind.tolist() == [ADD, SET, BREAK, ADD]


def test_times_are_those_of_each_simulation() -> None:
    assert [BATCH.times_of(i).tolist() for i in range(3)] == [[0, 10], [1, 2, 3], [4]]


def test_every_simulation_has_its_own_row_and_the_baseline_by_default() -> None:
    assert BATCH.parameter_row.tolist() == [0, 1, 2]
    assert BATCH.initial_row.tolist() == [-1, -1, -1]
    assert BATCH.initial.shape == (0, 2)


def test_rows_can_be_shared() -> None:
    shared = problem(
        parameters=[1.0, 2.0],
        parameter_row=[0, 0],
        start=[0, 0],
        times=[[1], [1]],
        scale=[1.0],
        initial=[5.0],
        initial_row=[0, 0],
    )
    assert shared.parameters.tolist() == [[1.0, 2.0]]
    assert shared.initial.tolist() == [[5.0]]
    assert shared.start.dtype == shared.times.dtype == np.float64
    assert shared.parameter_row.dtype == np.int64


@pytest.mark.parametrize("status", Status)
def test_every_status_says_what_happened(status: Status) -> None:
    assert status.sentence.endswith(".")
    assert len({s.sentence for s in Status}) == len(Status)
