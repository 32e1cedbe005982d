"""Straight-line code: every operation in every lane, what is known, what is hoisted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from remodel.compiler.evaluation import evaluated, hoistable
from remodel.compiler.ir import Writer, declarations
from remodel.compiler.kernels import workspace
from remodel.compiler.objects import host_lanes, load_library
from remodel.equations import exp, log, sqrt, where
from remodel.symbolic.expression import Graph, evaluate

LANES = sorted({1, 4, host_lanes()})


def _kernel(lanes: int, write: Callable[[Writer], None], name: str = "kernel") -> str:
    writer = Writer(lanes)
    write(writer)
    return declarations(lanes) + writer.function(name)


FORMULAS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "add": lambda x, y, z: x + y + 1.5,
    "subtract": lambda x, y, z: x - y - z,
    "multiply": lambda x, y, z: x * y * -z,
    "divide": lambda x, y, z: x / y / (z + 3.0),
    "negate": lambda x, y, z: -(x * y),
    "exp": lambda x, y, z: exp(-x) * exp(y / 3),
    "log": lambda x, y, z: log(x * y + 0.1),
    "sqrt": lambda x, y, z: sqrt(x) + sqrt(y * z),
    "less": lambda x, y, z: where(x < y, z, -z),
    "greater": lambda x, y, z: where(x > y, where(z < x, x, y), z),
    "whole power": lambda x, y, z: x**3 + y**-4,
    "power": lambda x, y, z: x**1.7 + y**z,
    "constant": lambda x, y, z: x * 0.1 + 1e-300,
}


@pytest.mark.parametrize("lanes", LANES)
def test_every_operation_has_the_value_of_plain_python_in_every_lane(lanes: int) -> None:
    graph = Graph()
    symbols = [graph.symbol(name) for name in ("x", "y", "z")]
    roots = [formula(*symbols) for formula in FORMULAS.values()]
    slots = {symbol.index: k for k, symbol in enumerate(symbols)}

    def write(w: Writer) -> None:
        for k, value in enumerate(evaluated(w, roots, slots)):
            w.store(value, 3 + k)

    library, _ = load_library(_kernel(lanes, write), ["kernel"])
    function = library.function("kernel")
    ws = workspace(3 + len(roots), lanes)
    random = np.random.default_rng(3)
    for _ in range(50):
        ws[:3] = random.uniform(0.05, 4.0, (3, lanes))
        function(ws.ctypes.data)
        for lane in range(lanes):
            values = dict(zip(("x", "y", "z"), ws[:3, lane].tolist(), strict=True))
            assert ws[3:, lane] == pytest.approx(evaluate(roots, values), rel=1e-13), values


def test_maximum_keeps_not_a_number_of_its_first_argument() -> None:
    def write(w: Writer) -> None:
        w.store(w.maximum(w.load(0), w.load(1)), 2)

    library, _ = load_library(_kernel(4, write), ["kernel"])
    ws = workspace(3, 4)
    ws[0], ws[1] = [1.0, 3.0, np.nan, -np.inf], [2.0, -3.0, 1.0, -1.0]
    library.function("kernel")(ws.ctypes.data)
    assert ws[2].tolist()[:2] == [2.0, 3.0]
    assert np.isnan(ws[2, 2])
    assert ws[2, 3] == -1.0


def test_known_registers_are_used_instead_of_slots() -> None:
    graph = Graph()
    x, y = graph.symbol("x"), graph.symbol("y")

    def write(w: Writer) -> None:
        (value,) = evaluated(w, [x * y], {y.index: 0}, {x.index: w.constant(3.0)})
        w.store(value, 1)

    library, _ = load_library(_kernel(1, write), ["kernel"])
    ws = workspace(2, 1)
    ws[0] = 5.0
    library.function("kernel")(ws.ctypes.data)
    assert ws[1, 0] == 15.0


def test_hoisted_nodes_are_those_that_moving_ones_use() -> None:
    graph = Graph(static=["p", "q"])
    p, q, x = (graph.symbol(name) for name in ("p", "q", "x"))
    below = p * q
    roots = [exp(below) * x, p + x]
    assert hoistable(roots) == [exp(below)]
