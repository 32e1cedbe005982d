"""Stiff problems of the literature as models of one's own, with their published end values.

Equations and end values: Mazzia F, Magherini C (2008) Test Set for Initial Value Problem Solvers,
release 2.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from remodel.equations import Equation, quantity, starts_at, state
from remodel.models import Model
from remodel.parameters import ParameterSet
from remodel.simulation.packing import scales
from remodel.solvers.problem import Solution, problem
from remodel.solvers.solve import solve

Rates = Callable[..., Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Stiff:
    """A problem: rates of all states at once, start, end, and the published state at the end.

    Attributes
    ----------
    rates : callable
        Of all states at once.
    start, expected, typical : sequence of float
        States at time 0, those published at ``end``, and the size at which each matters.
    end : float
    """

    rates: Rates
    start: Sequence[float]
    end: float
    expected: Sequence[float]
    typical: Sequence[float]

    @property
    def names(self) -> list[str]:
        """Names of the states."""
        return [f"y{i + 1}" for i in range(len(self.start))]

    def model(self) -> Model:
        """Return the problem as a model."""
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


def _robertson(y1: Any, y2: Any, y3: Any) -> Sequence[Any]:
    a, b, c = 0.04 * y1, 3e7 * y2 * y2, 1e4 * y2 * y3
    return -a + c, a - b - c, b


def _hires(y1: Any, y2: Any, y3: Any, y4: Any, y5: Any, y6: Any, y7: Any, y8: Any) -> Sequence[Any]:
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


def _orego(y1: Any, y2: Any, y3: Any) -> Sequence[Any]:
    return (
        77.27 * (y2 + y1 * (1.0 - 8.375e-6 * y1 - y2)),
        (y3 - (1.0 + y1) * y2) / 77.27,
        0.161 * (y1 - y3),
    )


def _vdpol(y1: Any, y2: Any) -> Sequence[Any]:
    return y2, ((1.0 - y1 * y1) * y2 - y1) / 1e-6


_POLLU = (
    0.35, 26.6, 1.23e4, 8.6e-4, 8.2e-4, 1.5e4, 1.3e-4, 2.4e4, 1.65e4, 9e3, 0.022, 1.2e4, 1.88,
    1.63e4, 4.8e6, 3.5e-4, 0.0175, 1e8, 4.44e11, 1.24e3, 2.1, 5.78, 0.0474, 1.78e3, 3.12,
)  # fmt: skip


def _pollu(*y: Any) -> Sequence[Any]:
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


def at_end(name: str, **options: Any) -> Solution:
    """Return the solution of a problem at its end.

    Parameters
    ----------
    name : str
        One of ``PROBLEMS``.
    **options
        Of ``remodel.solvers.solve.solve``.
    """
    chosen = PROBLEMS[name]
    model = chosen.model()
    system = model.system()
    task = problem(parameters=[[]], start=[0.0], times=[[chosen.end]], scale=scales(system, model))
    return solve(system, task, outputs=chosen.names, **options)


def largest_error(name: str, rtol: float) -> float:
    """Return the largest relative error of the states at the end of a problem."""
    states = at_end(name, rtol=rtol).outputs[:, 0, 0]
    return float(np.abs(states / np.array(PROBLEMS[name].expected) - 1.0).max())
