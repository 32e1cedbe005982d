"""Writing equations down: what a decorator makes of a function."""

from __future__ import annotations

import types

import pytest

from remodel.equations import (
    collect,
    endpoint,
    factor,
    flow,
    gain,
    initial,
    loss,
    product,
    quantity,
    rate,
    starts_at,
    state,
    term,
    total,
)
from remodel.errors import ModelError


def test_name_arguments_and_words_come_from_the_function() -> None:
    @quantity
    def bone_resorption(osteoclasts, capacity):
        """Resorption follows the number of
        osteoclasts.

        Derived from Parfitt 1984,
        table 2.
        """
        return osteoclasts * capacity

    assert bone_resorption.name == "bone_resorption"
    assert bone_resorption.kind == "quantity"
    assert bone_resorption.arguments == ("osteoclasts", "capacity")
    assert bone_resorption.meaning == "Resorption follows the number of osteoclasts."
    assert bone_resorption.reference == "Derived from Parfitt 1984, table 2."
    assert not bone_resorption.is_endpoint
    assert bone_resorption(2.0, 3.0) == 6.0


def test_endpoint_has_unit_and_long_name() -> None:
    @endpoint(unit="ng/mL", meaning="Serum CTX")
    def ctx(resorption):
        return resorption

    assert ctx.is_endpoint
    assert (ctx.unit, ctx.long_name, ctx.kind) == ("ng/mL", "Serum CTX", "quantity")


def test_flows_have_a_source_and_a_target() -> None:
    def moved(x):
        return x

    assert _ends(flow(source="a", target="b")(moved)) == ("flow", "a", "b")
    assert _ends(gain("b")(moved)) == ("flow", "", "b")
    assert _ends(rate("b")(moved)) == ("flow", "", "b")
    assert _ends(loss("a")(moved)) == ("flow", "a", "")


def _ends(equation):
    return equation.kind, equation.source, equation.target


def test_contributions_and_initial_values_have_a_target() -> None:
    def one():
        return 1

    made = [decorate("x")(one) for decorate in (factor, term, initial)]
    assert [(e.kind, e.target) for e in made] == [("factor", "x"), ("term", "x"), ("initial", "x")]
    started = starts_at("x", "x_0")
    assert (started.kind, started.target, started.arguments) == ("initial", "x", ("x_0",))
    assert started(5.0) == 5.0


def test_an_underscore_at_the_end_of_a_name_is_for_python_only() -> None:
    @quantity
    def lambda_(x):
        return x

    assert lambda_.name == "lambda"


def test_shared_quantities_are_products_or_sums() -> None:
    assert product("activity", "Activity").combine == "product"
    level = total("level", "Level", "pmol/L")
    assert (level.combine, level.unit) == ("sum", "pmol/L")


@pytest.mark.parametrize(
    ("function", "argument"),
    [(lambda x=1: x, "x"), (lambda *values: 0, "values"), (lambda **named: 0, "named")],
)
def test_arguments_are_plain_names(function, argument: str) -> None:
    function.__name__ = "growth"
    with pytest.raises(ModelError) as caught:
        quantity(function)
    assert str(caught.value) == (
        f"equation growth: argument '{argument}' must be a plain name of a quantity, state or "
        "parameter (no default, no *)."
    )


def test_collect_returns_each_part_once_in_the_order_written() -> None:
    first, second = types.ModuleType("first"), types.ModuleType("second")
    cells, activity = state("cells", "-", "Cells"), product("activity", "Activity")
    first.cells, first.number, first.activity = cells, 5, activity
    second.imported, second.flow = cells, loss("cells")(lambda cells: cells)
    assert collect(first, second) == (cells, activity, second.flow)
