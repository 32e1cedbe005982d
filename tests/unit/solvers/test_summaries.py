"""Extremes, areas and times below a threshold, from the solution itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from remodel.equations import exp, quantity
from remodel.equations.system import System
from remodel.errors import SolverError
from remodel.solvers.engine import integrate_batch
from remodel.solvers.problem import ADD, SET, Event, Problem, problem
from remodel.solvers.solve import solve
from remodel.solvers.summary import Summary, Take

END = 20.0
COARSE, FINE = [0.0, END], np.linspace(0.0, END, 401)


@pytest.fixture(scope="session")
def swing(make_system) -> System:
    """Return x'' = -x, with a quantity that follows x nonlinearly."""

    def peaked(x: Any) -> Any:
        """Steep."""
        return exp(3.0 * x)

    rates = {"x": lambda x, y: y, "y": lambda x, y: -x}
    return make_system(rates, signed=True, more=(quantity(peaked),))


def task(n: int = 1, times: Any = COARSE, phases: Any = 0.0) -> Problem:
    """Return x = cos(t + phase)."""
    at = np.broadcast_to(phases, n)
    return problem(
        parameters=[[]],
        parameter_row=[0] * n,
        start=[0.0] * n,
        times=[times] * n,
        scale=[1.0, 1.0],
        initial=np.stack([np.cos(at), -np.sin(at)], axis=1),
    )


def taken(
    system: System, take: Take, start: float, end: float, output: str = "x", **options: Any
) -> tuple[float, float]:
    threshold = options.pop("threshold", None)
    summary = Summary(output, take, np.array([start]), np.array([end]), threshold)
    rtol = options.pop("rtol", 1e-9)
    solution = solve(
        system, task(), outputs=["x", "peaked"], summaries=[summary], rtol=rtol, **options
    )
    value, time = solution.summaries[0, 0]
    return float(value), float(time)


METHODS = pytest.mark.parametrize("method", ["rodas5p", "rodas4", "lsoda"])


@METHODS
@pytest.mark.parametrize(
    ("take", "start", "end", "value", "time"),
    [
        (Take.MINIMUM, 0.0, END, -1.0, None),
        (Take.MINIMUM, 0.1, 5.0, -1.0, math.pi),
        (Take.MAXIMUM, 2.0, 9.0, 1.0, 2 * math.pi),
        (Take.MAXIMUM, 0.5, 3.0, math.cos(0.5), 0.5),
        (Take.MAXIMUM, 3.3, 5.1, math.cos(5.1), 5.1),
        (Take.MINIMUM, 7.0, 8.0, math.cos(8.0), 8.0),
        (Take.MAXIMUM, 4.0, 4.0, math.cos(4.0), 4.0),
    ],
)
def test_extremes_are_those_of_the_solution(
    take: Take, start: float, end: float, value: float, time: float | None, method: str,
    swing: System,
) -> None:  # fmt: skip
    found, when = taken(swing, take, start, end, method=method)
    assert found == pytest.approx(value, abs=2e-7)
    assert time is None or when == pytest.approx(time, abs=1e-3)


@METHODS
@pytest.mark.parametrize(("start", "end"), [(0.0, END), (0.0, 1.7), (3.123, 11.9), (2.0, 2.0)])
def test_areas_are_integrals(start: float, end: float, method: str, swing: System) -> None:
    found, _ = taken(swing, Take.AREA, start, end, method=method)
    assert found == pytest.approx(math.sin(end) - math.sin(start), abs=2e-7)


@METHODS
@pytest.mark.parametrize(
    ("threshold", "expected"),
    [(0.0, math.pi), (0.5, 2 * math.pi * 2 / 3), (2.0, 2 * math.pi), (-2.0, 0.0)],
)
def test_time_below_a_threshold(
    threshold: float, expected: float, method: str, swing: System
) -> None:
    found, _ = taken(
        swing, Take.TIME_BELOW, 1.0, 1.0 + 2 * math.pi, threshold=np.array([threshold]),
        method=method,
    )  # fmt: skip
    assert found == pytest.approx(expected, abs=1e-6)


@METHODS
def test_a_steep_output_is_taken_from_its_own_values(method: str, swing: System) -> None:
    found, when = taken(swing, Take.MAXIMUM, 1.0, 9.0, "peaked", method=method)
    assert found == pytest.approx(math.exp(3.0), rel=1e-6)
    assert when == pytest.approx(2 * math.pi, abs=1e-3)
    area, _ = taken(swing, Take.AREA, 0.0, 2 * math.pi, "peaked", method=method)
    assert area == pytest.approx(2 * math.pi * 4.880792585865024, rel=1e-6)  # Bessel I0(3)


@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8])
def test_summaries_are_as_accurate_as_the_tolerance(rtol: float, swing: System) -> None:
    for take, exact in ((Take.MAXIMUM, 1.0), (Take.MINIMUM, -1.0)):
        assert taken(swing, take, 0.5, END, rtol=rtol)[0] == pytest.approx(exact, abs=20 * rtol)
    area, _ = taken(swing, Take.AREA, 0.0, END, rtol=rtol)
    assert area == pytest.approx(math.sin(END), abs=40 * rtol)


@METHODS
def test_both_sides_of_a_dose_count(method: str, decay: System) -> None:
    events = [Event(0.0, ADD, 0, 1.0), Event(1.0, ADD, 0, 5.0)]
    at = problem(
        parameters=[[1.0]], start=[0.0], times=[[3.0]], scale=[1.0], initial=[[0.25]],
        events=[events],
    )  # fmt: skip
    whole = (np.array([0.0]), np.array([3.0]))
    before = (np.array([0.5]), np.array([1.0]))
    summaries = [
        Summary("x", Take.MAXIMUM, *whole),
        Summary("x", Take.MINIMUM, *whole),
        Summary("x", Take.AREA, *whole),
        Summary("x", Take.MAXIMUM, *before),
    ]
    solution = solve(decay, at, summaries=summaries, method=method, rtol=1e-9)
    peak = 1.25 * math.exp(-1) + 5.0
    (highest, when), (lowest, start), (area, _), (inside, _) = solution.summaries[:, 0]
    assert (highest, when) == (pytest.approx(peak, rel=1e-7), 1.0)
    assert (lowest, start) == (0.25, 0.0), "the state before the first dose counts"
    expected = 1.25 * (1 - math.exp(-1)) + peak * (1 - math.exp(-2))
    assert area == pytest.approx(expected, rel=1e-7)
    assert inside == pytest.approx(1.25 * math.exp(-0.5), rel=1e-7), "the dose comes after 1.0"


def test_output_times_do_not_matter(swing: System) -> None:
    summaries = [Summary("x", take, np.array([0.3]), np.array([17.0])) for take in list(Take)[:3]]
    few, many = (
        integrate_batch(swing, task(times=times), summaries=summaries) for times in (COARSE, FINE)
    )
    np.testing.assert_array_equal(few.summaries, many.summaries)


def test_a_solution_has_the_same_bits_with_and_without_summaries(swing: System) -> None:
    summary = Summary("x", Take.MAXIMUM, np.array([0.0]), np.array([END]))
    alone = integrate_batch(swing, task(times=FINE))
    both = integrate_batch(swing, task(times=FINE), summaries=[summary])
    for name in ("outputs", "final", "counters"):
        assert getattr(alone, name).tolist() == getattr(both, name).tolist()
    assert alone.summaries.shape == (0, 1, 2)


def test_summaries_do_not_depend_on_neighbors_or_threads(swing: System) -> None:
    phases, random = np.linspace(0.0, 6.0, 37), np.random.default_rng(3)
    start, end = random.uniform(0.0, 8.0, 37), random.uniform(9.0, 20.0, 37)
    batch = [
        Summary("x", Take.MAXIMUM, start, end),
        Summary("x", Take.AREA, start, end),
        Summary("x", Take.TIME_BELOW, np.zeros(37), end, np.full(37, 0.1)),
    ]
    together = [
        integrate_batch(swing, task(37, phases=phases), summaries=batch, threads=threads).summaries
        for threads in (1, 3)
    ]
    np.testing.assert_array_equal(*together)
    for i in (0, 11, 36):
        alone = [
            Summary(s.output, s.take, s.start[[i]], s.end[[i]],
                    None if s.threshold is None else s.threshold[[i]])
            for s in batch
        ]  # fmt: skip
        found = integrate_batch(swing, task(phases=phases[i]), summaries=alone).summaries
        np.testing.assert_array_equal(found[:, 0], together[0][:, i])


@METHODS
def test_an_interval_that_a_failed_simulation_did_not_reach_is_missing(
    method: str, decay: System
) -> None:
    at = problem(
        parameters=[[1.0]], start=[0.0], times=[[3.0]], scale=[1.0], initial=[[1.0]],
        events=[[Event(2.0, SET, 0, math.nan)]],
    )  # fmt: skip
    early, late = ((np.array([0.0]), np.array([end])) for end in (1.5, 2.5))
    summaries = [Summary("x", take, *at) for at in (early, late) for take in list(Take)[:3]]
    found = solve(decay, at, summaries=summaries, method=method).summaries[:, 0, 0]
    assert found[:3] == pytest.approx([math.exp(-1.5), 1.0, 1 - math.exp(-1.5)], rel=1e-5)
    assert np.isnan(found[3:]).all()


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        (Summary("z", Take.AREA, np.array([0.0]), np.array([1.0])), "needs 'z' among the outputs"),
        (Summary("x", Take.AREA, np.array([-1.0]), np.array([1.0])), "from -1 to 1 d, is not"),
        (Summary("x", Take.AREA, np.array([0.0]), np.array([21.0])), "not within 0 to 20 d"),
        (Summary("x", Take.AREA, np.array([3.0]), np.array([2.0])), "from 3 to 2 d"),
        (Summary("x", Take.AREA, np.array([0.0]), np.array([math.nan])), "to nan d"),
        (Summary("x", Take.TIME_BELOW, np.array([0.0]), np.array([1.0])), "needs a threshold"),
    ],
)
def test_a_summary_that_makes_no_sense_is_refused(
    summary: Summary, words: str, swing: System
) -> None:
    for method in ("rodas5p", "lsoda"):
        with pytest.raises(SolverError, match=words):
            solve(swing, task(), summaries=[summary], method=method)
