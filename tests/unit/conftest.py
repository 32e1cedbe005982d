"""Small systems for the solvers, with known solutions or known ways to fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from remodel.equations import Group, exp, rate, state
from remodel.equations.equation import Equation
from remodel.equations.system import System, trace

Trace = Callable[..., System]


@pytest.fixture(scope="session")
def make_system() -> Trace:
    """Return a function that traces a system from rates written as plain functions.

    ``make_system({"x": f}, parameters=("k",))`` has one state x whose derivative is f; the
    arguments of f are names of states, parameters and time.
    """

    def make(
        rates: Mapping[str, Callable[..., Any]],
        parameters: Sequence[str] = (),
        *,
        signed: bool = False,
        more: Sequence[Equation] = (),
    ) -> System:
        parts: list[Any] = []
        for name, function in rates.items():
            equation = rate(name)(function)
            parts.append(state(name, "-", name, signed=signed))
            parts.append(Equation(f"d_{name}", "flow", equation.function, equation.arguments,
                                  target=name))  # fmt: skip
        return trace([Group("", (*parts, *more))], tuple(parameters))

    return make


@pytest.fixture(scope="session")
def decay(make_system: Trace) -> System:
    """Return x' = -k x."""
    return make_system({"x": lambda x, k: -k * x}, ("k",))


@pytest.fixture(scope="session")
def oscillator(make_system: Trace) -> System:
    """Return a nonlinear system driven in time, with two states that may be negative."""
    return make_system(
        {
            "x": lambda x, y, time: y * exp(-x * x / 4) - x / 2 + time / (1 + time * time),
            "y": lambda x, y, time: -x * (1 + y * y / 5) + exp(-time),
        },
        signed=True,
    )


class Heard:
    """A progress that remembers every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def start(self, total: int) -> None:
        self.calls.append(("start", total))

    def advance(self, n: int, failed: int = 0) -> None:
        self.calls.append(("advance", n, failed))

    def say(self, text: str) -> None:
        self.calls.append(("say", text))


@pytest.fixture
def heard() -> Heard:
    """Return a progress that remembers what it heard."""
    return Heard()
