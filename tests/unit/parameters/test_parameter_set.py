"""A set of parameters: a mapping that is never changed, with values for people and equations."""

from __future__ import annotations

import pytest

from remodel.errors import ParameterError
from remodel.models import load_model
from remodel.parameters import Parameter, ParameterSet, load_parameters


def _parameter(name: str, value: float, **more) -> Parameter:
    return Parameter(name, value, more.pop("unit", "-"), 0.0, 100.0, name, "x", **more)


SET = ParameterSet(
    [
        _parameter("half_life", 2.0, unit="y", factor=365.25, status="estimated"),
        _parameter("drug_clearance", 3.0),
        _parameter("drug_volume", 4.0, status="estimated"),
    ],
    "small",
    "A small set.",
)


def test_it_is_a_mapping_in_the_order_of_the_file() -> None:
    assert list(SET) == ["half_life", "drug_clearance", "drug_volume"]
    assert len(SET) == 3
    assert "drug_volume" in SET
    assert "volume" not in SET
    assert SET["drug_volume"].value == 4.0
    assert repr(SET) == "ParameterSet('small', 3 parameters)"


def test_values_for_people_and_for_equations() -> None:
    assert SET.natural() == {"half_life": 2.0, "drug_clearance": 3.0, "drug_volume": 4.0}
    assert SET.internal().tolist() == [730.5, 3.0, 4.0]
    assert SET.internal(["drug_volume", "half_life"]).tolist() == [4.0, 730.5]


def test_replacing_makes_a_new_set() -> None:
    changed = SET.replace({"half_life": 1, "drug_volume": 5.0})
    assert changed.natural() == {"half_life": 1.0, "drug_clearance": 3.0, "drug_volume": 5.0}
    assert (changed.name, changed.about) == (SET.name, SET.about)
    assert SET["half_life"].value == 2.0
    assert SET.replace({}) == SET
    assert changed != SET


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"half_live": 1.0},
            "'half_live' is not a parameter of 'small'. Did you mean 'half_life'?",
        ),
        ({"half_life": -1.0}, "half_life = -1 y is outside its bounds 0 to 100 y."),
        (
            {"zzz": 1.0},
            "'zzz' is not a parameter of 'small'. Known: drug_clearance, drug_volume, half_life.",
        ),
    ],
)
def test_wrong_replacements_are_refused(values, sentence: str) -> None:
    with pytest.raises(ParameterError) as caught:
        SET.replace(values)
    assert str(caught.value) == sentence


def test_selecting() -> None:
    assert list(SET.select(status="estimated")) == ["half_life", "drug_volume"]
    assert list(SET.select(prefix="drug_")) == ["drug_clearance", "drug_volume"]
    assert list(SET.select(status="estimated", prefix="drug_")) == ["drug_volume"]


def test_fingerprint_follows_names_values_and_units() -> None:
    same = ParameterSet(SET.values(), "other name")
    assert same.fingerprint() == SET.fingerprint()
    others = [
        SET.replace({"half_life": 2.0000001}),
        SET.select(prefix="drug_"),
        ParameterSet([_parameter("half_life", 2.0, unit="d"), *list(SET.values())[1:]]),
    ]
    assert len({SET.fingerprint(), *(other.fingerprint() for other in others)}) == 4


def test_table_has_one_row_a_parameter() -> None:
    pytest.importorskip("pandas")
    table = load_parameters("reference").to_frame()
    assert table.index.name == "name"
    assert table.loc["ctx_floor", "unit"] == "-"
    assert len(table) == len(load_parameters("reference"))
    assert (table["source"].str.len() > 0).all()


def test_a_set_of_a_model_holds_the_rates_of_dosing_too() -> None:
    model = load_model("reference")
    assert model.all_parameters["denosumab_sc_rate"].status == "input"
    assert model.all_parameters["denosumab_sc_rate"].value == 0.0
    assert set(model.parameters) < set(model.all_parameters)
