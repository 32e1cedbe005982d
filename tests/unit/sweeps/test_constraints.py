from __future__ import annotations

import numpy as np
import pytest

from remodel.errors import ConfigError
from remodel.sweeps.constraints import Constraint

ROWS = {
    "start": np.array([0.0, 12.0, 24.0]),
    "duration": np.array([60.0, 48.0, 48.0]),
    "drug": np.array(["denosumab", "alendronate", "denosumab"], dtype=object),
}


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("start + duration <= 60", [True, True, False]),
        ("12 <= start < 24", [False, True, False]),
        ("drug == 'denosumab' and start > 0", [False, False, True]),
        ("not drug == 'denosumab' or duration ** 2 > 3000", [True, True, False]),
        ("-start * 2 / duration >= -0.5", [True, True, False]),
        ("9 ** 9 ** 9 ** 9 > start", [True, True, True]),
    ],
)
def test_a_condition_is_met_by_the_rows_it_says(text, met):
    constraint = Constraint(text)
    constraint.check(ROWS)
    assert constraint.met(ROWS).tolist() == met


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("start + ", "is not a condition"),
        ("start + duration", "compares nothing"),
        ("strat <= 5", "no factor is called 'strat'. Did you mean 'start'?"),
        ("__import__('os').system('true') == 0", "no factor is called '__import__'"),
        ("(lambda: 0)() == 0", "is not allowed in a condition"),
        ("start.size < 3", "is not allowed in a condition"),
        ("(" * 3000, "has at most 500 characters; one of these has 3,000"),
        ("start is 1", "only <, <=, >, >=, == and != compare"),
    ],
)
def test_what_is_no_condition_is_refused(text, says):
    with pytest.raises(ConfigError) as error:
        Constraint(text).check(ROWS)
    assert says in str(error.value)


def test_words_and_numbers_cannot_be_compared_by_size():
    with pytest.raises(ConfigError, match="words and numbers cannot be mixed"):
        Constraint("drug < 5").met(ROWS)


def test_a_condition_as_long_as_allowed_is_met_however_it_is_nested():
    constraint = Constraint("-" * 490 + "start < 5")
    assert constraint.met(ROWS).tolist() == [True, False, False]
