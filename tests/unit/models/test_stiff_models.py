"""Stiff problems of the literature as models of one's own, against their published end values.

Equations and end values: Mazzia F, Magherini C (2008) Test Set for Initial Value Problem Solvers,
release 2.4; E5: Hairer E, Wanner G (1996) Solving Ordinary Differential Equations II, section IV.10.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import remodel as rm
from remodel.equations import Equation, quantity, starts_at, state
from remodel.models import Model
from remodel.parameters import ParameterSet
from remodel.simulation.packing import scales
from remodel.solvers.problem import ADD, PUT, Event, problem
from remodel.solvers.solve import solve
from remodel.solvers.status import Status

Rates = Callable[..., Sequence[Any]]


@dataclass(frozen=True)
class Stiff:
    """A problem: rates of all states at once, start, end, and the published state at the end."""

    rates: Rates
    start: Sequence[float]
    end: float
    expected: Sequence[float]
    typical: Sequence[float]

    @property
    def names(self) -> list[str]:
        return [f"y{i + 1}" for i in range(len(self.start))]

    def model(self) -> Model:
        parts: list[Any] = []
        for i, (name, start) in enumerate(zip(self.names, self.start, strict=True)):
            parts.append(state(name, "-", name, typical=self.typical[i], signed=True))
            parts.append(
                Equation(f"d_{name}", "flow", lambda *y, i=i: self.rates(*y)[i],
                         tuple(self.names), target=name)
            )  # fmt: skip
            parts += [_constant(f"{name}_start", start), starts_at(name, f"{name}_start")]
        return Model("stiff", "stiff", "test set", tuple(parts), ParameterSet([], "none"))


def _constant(name: str, value: float) -> Equation:
    def start() -> float:
        """Start."""
        return value

    start.__name__ = name
    return quantity(start)


def _robertson(y1, y2, y3):
    a, b, c = 0.04 * y1, 3e7 * y2 * y2, 1e4 * y2 * y3
    return -a + c, a - b - c, b


def _hires(y1, y2, y3, y4, y5, y6, y7, y8):
    back = 280.0 * y6 * y8 - 1.81 * y7
    return (
        -1.71 * y1 + 0.43 * y2 + 8.32 * y3 + 0.0007,
        1.71 * y1 - 8.75 * y2,
        -10.03 * y3 + 0.43 * y4 + 0.035 * y5,
        8.32 * y2 + 1.71 * y3 - 1.12 * y4,
        -1.745 * y5 + 0.43 * y6 + 0.43 * y7,
        -280.0 * y6 * y8 + 0.69 * y4 + 1.71 * y5 - 0.43 * y6 + 0.69 * y7,
        back,
        -back,
    )


def _orego(y1, y2, y3):
    return (
        77.27 * (y2 + y1 * (1.0 - 8.375e-6 * y1 - y2)),
        (y3 - (1.0 + y1) * y2) / 77.27,
        0.161 * (y1 - y3),
    )


def _vdpol(y1, y2):
    return y2, ((1.0 - y1 * y1) * y2 - y1) / 1e-6


_POLLU = (
    0.35, 26.6, 1.23e4, 8.6e-4, 8.2e-4, 1.5e4, 1.3e-4, 2.4e4, 1.65e4, 9e3, 0.022, 1.2e4, 1.88, 1.63e4,
    4.8e6, 3.5e-4, 0.0175, 1e8, 4.44e11, 1.24e3, 2.1, 5.78, 0.0474, 1.78e3, 3.12,
)  # fmt: skip


def _pollu(*y):
    (y1, y2, y3, y4, y5, y6, y7, _, y9, y10, y11, _, y13, y14, _, y16, y17, _, y19, y20) = y
    products = (
        y1, y2 * y4, y5 * y2, y7, y7, y7 * y6, y9, y9 * y6, y11 * y2, y11 * y1, y13, y10 * y2, y14,
        y1 * y6, y3, y4, y4, y16, y16, y17 * y6, y19, y19, y1 * y4, y19 * y1, y20,
    )  # fmt: skip
    r = (0.0, *(k * product for k, product in zip(_POLLU, products, strict=True)))
    return (
        -r[1] - r[10] - r[14] - r[23] - r[24] + r[2] + r[3] + r[9] + r[11] + r[12] + r[22] + r[25],
        -r[2] - r[3] - r[9] - r[12] + r[1] + r[21],
        -r[15] + r[1] + r[17] + r[19] + r[22],
        -r[2] - r[16] - r[17] - r[23] + r[15],
        -r[3] + 2.0 * r[4] + r[6] + r[7] + r[13] + r[20],
        -r[6] - r[8] - r[14] - r[20] + r[3] + 2.0 * r[18],
        -r[4] - r[5] - r[6] + r[13],
        r[4] + r[5] + r[6] + r[7],
        -r[7] - r[8],
        -r[12] + r[7] + r[9],
        -r[9] - r[10] + r[8] + r[11],
        r[9],
        -r[11] + r[10],
        -r[13] + r[12],
        r[14],
        -r[18] - r[19] + r[16],
        -r[20],
        r[20],
        -r[21] - r[22] - r[24] + r[23] + r[25],
        -r[25] + r[24],
    )


PROBLEMS = {
    "robertson": Stiff(
        _robertson, (1.0, 0.0, 0.0), 1e11,
        (0.2083340149701255e-7, 0.8333360770334713e-13, 0.9999999791665050),
        (1e-8, 1e-14, 1.0),
    ),
    "hires": Stiff(
        _hires, (1.0, 0, 0, 0, 0, 0, 0, 0.0057), 321.8122,
        (0.7371312573325668e-3, 0.1442485726316185e-3, 0.5888729740967575e-4,
         0.1175651343283149e-2, 0.2386356198831331e-2, 0.6238968252742796e-2,
         0.2849998395185769e-2, 0.2850001604814231e-2),
        (1e-3,) * 8,
    ),
    "orego": Stiff(
        _orego, (1.0, 2.0, 3.0), 360.0,
        (0.1000814870318523e1, 0.1228178521549917e4, 0.1320554942846706e3), (1.0,) * 3,
    ),
    "vdpol": Stiff(
        _vdpol, (2.0, 0.0), 2.0, (0.1706167732170483e1, -0.8928097010247975), (1e-3,) * 2,
    ),
    "pollu": Stiff(
        _pollu,
        (0, 0.2, 0, 0.04, 0, 0, 0.1, 0.3, 0.01, 0, 0, 0, 0, 0, 0, 0, 0.007, 0, 0, 0), 60.0,
        (0.5646255480022769e-1, 0.1342484130422339, 0.4139734331099427e-8, 0.5523140207484359e-2,
         0.2018977262302196e-6, 0.1464541863493966e-6, 0.7784249118997964e-1, 0.3245075353396018,
         0.7494013383880406e-2, 0.1622293157301561e-7, 0.1135863833257075e-7,
         0.2230505975721359e-2, 0.2087162882798630e-3, 0.1396921016840158e-4,
         0.8964884856898295e-2, 0.4352846369330103e-17, 0.6899219696263405e-2,
         0.1007803037365946e-3, 0.1772146513969984e-5, 0.5682943292316392e-4),
        (1e-3,) * 15 + (1e-17,) + (1e-3,) * 4,
    ),
}  # fmt: skip
# largest relative error at rtol 1e-6, 1e-8, 1e-10
ERRORS = {
    "robertson": (1.6e-5, 3.6e-6, 1.2e-7),
    "hires": (1.1e-6, 3.6e-10, 2.1e-12),
    "orego": (7.8e-8, 5.9e-10, 4.6e-12),
    "vdpol": (1.3e-7, 1.8e-9, 1.9e-11),
    "pollu": (1.2e-7, 2.2e-9, 3.8e-11),
}


def _at_end(name: str, **options: Any) -> Any:
    chosen = PROBLEMS[name]
    model = chosen.model()
    system = model.system()
    task = problem(parameters=[[]], start=[0.0], times=[[chosen.end]], scale=scales(system, model))
    return solve(system, task, outputs=chosen.names, **options)


@pytest.mark.parametrize("rtol", [1e-6, 1e-8, 1e-10])
@pytest.mark.parametrize("name", PROBLEMS)
def test_a_stiff_model_reaches_its_published_end(name: str, rtol: float) -> None:
    solution = _at_end(name, rtol=rtol)
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
