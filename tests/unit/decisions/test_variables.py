"""Decision variables: values, texts, grids, and what is refused."""

from __future__ import annotations

import pytest

from remodel.decisions.design import VariableTable
from remodel.decisions.variables import Variable, grid, grid_size, number_text, read_variables
from remodel.errors import ConfigError
from remodel.files import Table

START = Variable("start", 0.0, 24.0, 12.0)
DRUG = Variable("drug", 0.0, 1.0, 1.0, ("zoledronic acid 5 mg once", "none"), ("yes", "no"))
SHARE = Variable("share", 1.0, 3.0, None)


def read(**content: object) -> Variable:
    table = Table(None, "", {"variable": {"x": content}})
    return read_variables(table, {"x": VariableTable(**content)})[0]


def test_a_grid_has_every_value_once_and_both_ends() -> None:
    assert START.size == 3
    assert [START.nth(i) for i in range(3)] == [0.0, 12.0, 24.0]
    assert [START.at(share) for share in (0.0, 0.34, 0.99, 1.0)] == [0.0, 12.0, 24.0, 24.0]


def test_a_continuous_variable_has_any_value_between() -> None:
    assert SHARE.size is None
    assert SHARE.at(0.25) == 1.5
    assert SHARE.at(-1.0) == 1.0


def test_choices_stand_for_their_texts() -> None:
    assert DRUG.nth(0) == "yes"
    assert DRUG.text("yes") == "zoledronic acid 5 mg once"


def test_all_combinations() -> None:
    assert grid_size((START, DRUG)) == 6
    assert grid_size((START, SHARE)) is None
    assert grid((DRUG, START))[3] == {"drug": "no", "start": 0.0}


@pytest.mark.parametrize(
    ("value", "text"), [(3.0, "3"), (7.5, "7.5"), (1e-7, "0.0000001"), (0.1 + 0.2, "0.3")]
)
def test_numbers_are_written_as_schedules_write_them(value: float, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"lower": 3.0, "upper": 1.0}, "1 is not above lower = 3"),
        ({"lower": 3.0}, "upper: this key is missing"),
        ({"lower": 0.0, "upper": 20.0, "step": 6.0}, "the nearest are 18 and 24"),
        ({"choices": ("a", "b"), "lower": 0.0}, "either choices, or lower"),
        ({"choices": ("a", "a")}, "all different"),
        ({"choices": ("a", "b"), "names": ("A",)}, "1 names for 2 choices"),
    ],
)
def test_contradictory_bounds_are_refused(content: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(**content)
