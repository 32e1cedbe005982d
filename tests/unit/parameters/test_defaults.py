"""Fitted values in the parameter files of a model."""

from __future__ import annotations

import pytest

from remodel.errors import ParameterError
from remodel.parameters import load_parameters
from remodel.parameters.defaults import write_values

TEXT = """# a remark
[rate]
value = 0.5 # per day
unit = "1/d"
lower = 0.0
upper = 1.0
meaning = "Rate"
source = "made up"

[drug.clearance]
value = 2.0
unit = "L/h"
lower = 1.0
upper = 5.0
meaning = "Clearance"
source = "made up, value = 2.0"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "one.toml").write_text(TEXT)
    return tmp_path


def test_only_the_values_change(folder):
    written = write_values(folder, {"rate": 0.123456, "drug_clearance": 3.00004})
    assert written == {"rate": 0.1235, "drug_clearance": 3.0}
    expected = TEXT.replace("value = 0.5", "value = 0.1235").replace(
        "\nvalue = 2.0", "\nvalue = 3.0"
    )
    assert (folder / "one.toml").read_text() == expected
    assert load_parameters(folder).natural() == written


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"rate": 2.0}, "rate = 2 1/d is outside its bounds 0 to 1"),
        ({"rat": 0.2}, "'rat' is not a parameter of .* Did you mean 'rate'"),
    ],
)
def test_nothing_is_written_if_a_value_is_not_allowed(folder, values, sentence):
    with pytest.raises(ParameterError, match=sentence):
        write_values(folder, {"drug_clearance": 3.0, **values})
    assert (folder / "one.toml").read_text() == TEXT
