"""Stiff problems of the literature as models of one's own, against their published end values.

Equations and end values: Mazzia F, Magherini C (2008) Test Set for Initial Value Problem Solvers,
release 2.4; E5: Hairer E, Wanner G (1996) Solving Ordinary Differential Equations II, section IV.10.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import remodel as rm
from remodel.simulation.packing import scales
from remodel.solvers.problem import ADD, PUT, Event, problem
from remodel.solvers.solve import solve
from remodel.solvers.status import Status
from remodel.verification.stiff import PROBLEMS, Stiff, at_end

# largest relative error at rtol 1e-6, 1e-8, 1e-10
ERRORS = {
    "robertson": (1.6e-5, 3.6e-6, 1.2e-7),
    "hires": (1.1e-6, 3.6e-10, 2.1e-12),
    "orego": (7.8e-8, 5.9e-10, 4.6e-12),
    "vdpol": (1.3e-7, 1.8e-9, 1.9e-11),
    "pollu": (1.2e-7, 2.2e-9, 3.8e-11),
}


@pytest.mark.parametrize("rtol", [1e-6, 1e-8, 1e-10])
@pytest.mark.parametrize("name", PROBLEMS)
def test_a_stiff_model_reaches_its_published_end(name: str, rtol: float) -> None:
    solution = at_end(name, rtol=rtol)
    assert solution.status.tolist() == [Status.OK]
    allowed = ERRORS[name][(1e-6, 1e-8, 1e-10).index(rtol)]
    expected = np.array(PROBLEMS[name].expected)
    assert np.abs(solution.outputs[:, 0, 0] / expected - 1.0).max() <= 1.02 * allowed


def test_a_stiff_model_is_simulated_as_any_other() -> None:
    hires = PROBLEMS["hires"]
    ds = rm.simulate(hires.model(), times=[0.0, hires.end], outputs=hires.names)
    found = [float(ds[name][0, -1]) for name in hires.names]
    assert found == pytest.approx(hires.expected, rel=1e-6)


# what rounding takes


def _e5(y1, y2, y3, y4):
    a, b, c, d = 7.89e-10 * y1, 1.1e7 * y1 * y3, 1.13e9 * y2 * y3, 1.13e3 * y4
    return -a - b, a - c, a - b - c + d, b - d


E5 = Stiff(_e5, (1.76e-3, 0.0, 0.0, 0.0), 1e13, (), (1.0,) * 4)
E5_TIMES = np.array([1e1, 1e3, 1e5, 1e7, 1e9, 1e11, 1e13])


def _solve_e5(atol: float, rtol: float, **options: Any) -> Any:
    system = E5.model().system()
    scale = np.full(4, atol / (1e-3 * rtol))
    task = problem(parameters=[[]], start=[0.0], times=[E5_TIMES], scale=scale)
    return solve(system, task, outputs=E5.names, rtol=rtol, **options)


@pytest.mark.parametrize("method", ["rodas5p", "rodas4", "lsoda", "radau"])
@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8])
def test_a_solution_lost_to_rounding_is_flagged(rtol: float, method: str) -> None:
    solution = _solve_e5(1.7e-24, rtol, method=method)
    assert solution.status.tolist() == [Status.ROUND_OFF]
    assert np.isnan(solution.final).all()
    assert 1e3 < solution.stopped[0] < 1e13
    values = solution.outputs[:, 0]
    reached = solution.stopped[0] >= E5_TIMES
    assert np.isnan(values[:, ~reached]).all()
    _, y2, y3, y4 = values[:, reached]
    assert np.abs(y2 - y3 - y4).max() <= 1000 * rtol * y2.max(), "what is returned is right"


def test_the_same_problem_above_rounding_is_solved() -> None:
    loose, tight = (_solve_e5(1e-18, rtol) for rtol in (1e-6, 1e-8))
    assert [*loose.status, *tight.status] == [Status.OK, Status.OK]
    end = (slice(None), 0, -1)
    assert loose.outputs[end] == pytest.approx(tight.outputs[end], abs=1e-17)


@pytest.mark.parametrize(
    ("stiff", "weights"),
    [
        (PROBLEMS["robertson"], [[1, 1, 1]]),
        (PROBLEMS["hires"], [[0, 0, 0, 0, 0, 0, 1, 1]]),
        (PROBLEMS["orego"], []),
        (E5, [[0, 1, -1, -1]]),
    ],
)
def test_conserved_sums_are_found(stiff: Stiff, weights: list[list[int]]) -> None:
    found = stiff.model().system().conserved_sums
    assert found.shape == (len(weights), len(stiff.start))
    for row, expected in zip(found, weights, strict=True):
        assert row * np.sign(row[np.argmax(np.abs(row))]) == pytest.approx(
            np.array(expected) * np.sign(expected[np.argmax(np.abs(expected))])
        )


@pytest.mark.parametrize("method", ["rodas5p", "lsoda"])
def test_a_dose_into_a_conserved_sum_is_no_loss(method: str) -> None:
    model = PROBLEMS["robertson"].model()
    system = model.system()
    events = [Event(5.0, ADD, 0, 2.5), Event(9.0, PUT, 2, 0.5), Event(12.0, ADD, 2, 7.0)]
    task = problem(
        parameters=[[]], start=[0.0], times=[[4.0, 8.0, 11.0, 20.0]], events=[events],
        scale=scales(system, model),
    )  # fmt: skip
    solution = solve(system, task, outputs=["y1", "y2", "y3"], method=method)
    assert solution.status.tolist() == [Status.OK]
    totals = solution.outputs[:, 0].sum(axis=0)
    assert totals[:2] == pytest.approx([1.0, 3.5], rel=1e-6)
    assert totals[3] - totals[2] == pytest.approx(7.0, rel=1e-6)
