"""Units: lengths of time, doses in mg, and the registry."""

from __future__ import annotations

import math

import numpy as np
import pytest

from remodel.errors import ConfigError, UnitError
from remodel.units import (
    days,
    dose_in_mg,
    in_days,
    parse,
    read_time,
    registry,
    time_factor,
)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (60, "min", 1 / 24), (24, "h", 1.0), (1, "d", 1.0), (2, "wk", 14.0), (1, "mo", 30.4375),
        (12, "months", 365.25), (1, "y", 365.25), (-1, "yr", -365.25), (1, " Year ", 365.25),
    ],
)  # fmt: skip
def test_lengths_of_time_in_days(value: float, unit: str, expected: float) -> None:
    assert days(value, unit) == pytest.approx(expected, rel=1e-15)


def test_what_is_no_time_is_told() -> None:
    with pytest.raises(UnitError) as caught:
        days(1, "mg")
    assert str(caught.value) == "'mg' is not a unit of time; use h, d, wk, mo or y."


@pytest.mark.parametrize(
    ("amount", "unit", "expected"),
    [
        (60, "mg", 60.0), (0.06, "g", 60.0), (20, "ug", 0.02), (20, "µg", 0.02), (20, "μg", 0.02),
        (20, "mcg", 0.02), (5, "ng", 5e-6), (60, "MG", 60.0), (60, " mg ", 60.0),
        (1, "mmol", 293.4), (1, "umol", 0.2934), (1, "µmol", 0.2934), (1e3, "nmol", 0.2934),
        (1e6, "pmol", 0.2934), (1e-3, "mol", 293.4), (400, "IU", 0.01), (0.4, "kIU", 0.01),
    ],
)  # fmt: skip
def test_doses_in_mg(amount: float, unit: str, expected: float) -> None:
    found = dose_in_mg(amount, unit, "anastrozole", molar_mass=293.4, iu_per_mg=40_000.0)
    assert found == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    ("unit", "sentence"),
    [
        ("nmol", "denosumab: a dose in nmol needs a molar mass, which this drug has not; use mg."),
        ("IU", "denosumab: a dose in IU cannot be converted to mass for this drug; give it in mg, "
         "µg or mol."),
        ("spoons", "denosumab: 'spoons' is not a unit of dose; use g, mg, µg, ng, mmol, µmol, nmol "
         "or IU."),
    ],
)  # fmt: skip
def test_doses_that_cannot_be_converted_are_told(unit: str, sentence: str) -> None:
    with pytest.raises(UnitError) as caught:
        dose_in_mg(1.0, unit, "denosumab")
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("1/y", (1 / 365.25, "1 / d")), ("mg/h", (24.0, "mg / d")), ("y", (365.25, "d")),
        ("pmol/L", (1.0, "pmol / l")), ("-", (1.0, "")), ("pmol/h^2", (576.0, "pmol / d ** 2")),
        ("1/mo", (1 / 30.4375, "1 / d")), ("wk", (7.0, "d")),
    ],
)  # fmt: skip
def test_every_time_becomes_days(unit: str, expected: tuple[float, str]) -> None:
    factor, written = in_days(unit)
    assert factor == pytest.approx(expected[0], rel=1e-14)
    assert written.replace("²", " ** 2") in (expected[1], expected[1].replace("l", "L"), "-")


@pytest.mark.parametrize(
    "unit",
    ["1/d", "mg/L", "y", "1/(mg*y)", "L/h/kg", "mg*y/L", "pmol/h^2", "g/cm^2", "1/min", "mo", "-"],
)
def test_the_fast_factor_is_that_of_the_registry(unit: str) -> None:
    assert time_factor(unit) == pytest.approx(in_days(unit)[0], rel=1e-14)


def test_unknown_units_are_told() -> None:
    for convert in (parse, in_days, time_factor):
        with pytest.raises(UnitError, match=r"^'blorp/d' is not a unit this package knows"):
            convert("blorp/d")


def test_the_registry_knows_the_words_of_the_field() -> None:
    one = registry().Quantity
    assert one(1, "month").to("day").magnitude == pytest.approx(30.4375)
    assert one(1, "y").to("day").magnitude == pytest.approx(365.25)
    assert one(1, "nmol BCE").dimensionality != one(1, "nmol").dimensionality
    assert parse("%") == parse("-") == parse("1") == registry().dimensionless
    assert parse("µg/L") == parse("ug/L")


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("12mo", "d", 365.25), ("2.5y", "d", 913.125), ("90 d", "y", 90.0), ("0d", "d", 0.0),
        ("-1y", "d", -365.25), (" 18 Months ", "y", 547.875), (".5 wk", "d", 3.5),
        ("1e2 h", "y", 100 / 24), (90, "d", 90.0), (2, "y", 730.5), (np.float64(1.5), "mo", 45.65625),
        (np.int64(3), "d", 3.0),
    ],
)  # fmt: skip
def test_times_are_numbers_in_their_unit_or_texts_with_one(value, unit, expected) -> None:
    assert read_time(value, unit) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    "value", ["", "12", "mo", "1.2.3y", "3 parsecs", "--1y", "1 mg", math.nan, math.inf, True, None]
)
def test_what_is_not_a_time_is_refused(value) -> None:
    with pytest.raises(ConfigError) as caught:
        read_time(value, "y", "years")
    what = "a time with its unit" if isinstance(value, str) else "a number [y] or a time"
    assert str(caught.value) == (
        f"years = {value!r}: expected {what}, such as '12 mo', '2.5 y' or '90 d'."
    )
