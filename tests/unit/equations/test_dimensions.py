"""Dimensions: proven for every model, and any wrong unit of the reference model is found."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from remodel.equations import (
    Assembly,
    Group,
    endpoint,
    exp,
    gain,
    initial,
    loss,
    quantity,
    starts_at,
    state,
    term,
    total,
)
from remodel.equations.dimensions import check_dimensions
from remodel.errors import UnitError
from remodel.models import Model, load_model, model_names
from remodel.units import DAYS_PER_YEAR, in_days

AGES = (70.0, 50.0, 40.0)  # every straight line of the reference ages is on at one of them
OTHER_UNIT = {
    "d": "h", "mg": "g", "g": "kg", "ug": "mg", "ng": "ug", "pmol": "nmol", "nmol": "mmol",
    "mmol": "mol", "mol": "mmol", "L": "mL", "l": "mL", "mL": "L", "cm": "mm",
}  # fmt: skip


def _units_and_values(model: Model) -> tuple[dict[str, str], dict[str, float]]:
    """Return units and values inside the package, away from zero and from the baseline."""
    parameters, drugs = model.all_parameters, list(model.drugs)
    units = {n: in_days(p.unit)[1] if p.factor != 1.0 else p.unit for n, p in parameters.items()}
    values = {n: p.value * p.factor or 0.7 for n, p in parameters.items()}
    system = model.system(drugs)
    rows = np.array([[values[n] for n in system.parameter_names]])
    baseline = system.baseline(rows, np.zeros(1))[0]
    at_start = zip(system.state_names, baseline, strict=True)
    values.update({name: 1.3 * float(value or 1.0) for name, value in at_start})
    values["time"] = AGES[0] * DAYS_PER_YEAR
    return units, values


@pytest.mark.parametrize("name", model_names())
def test_every_equation_of_a_model_has_its_dimension(name: str) -> None:
    model = load_model(name)
    units, values = _units_and_values(model)
    found = check_dimensions(model.assembly(list(model.drugs)), units, values)
    for endpoint_name in model.endpoints:
        assert endpoint_name in found


def _used(assembly: Assembly) -> set[str]:
    names = (*assembly.equations, *(f"initial {state}" for state in assembly.initials))
    return {argument for name in names for argument in assembly.arguments_of(name)}


def _passes(assembly: Assembly, units: dict[str, str], values: dict[str, float]) -> bool:
    for age in AGES:
        try:
            check_dimensions(assembly, units, {**values, "time": age * DAYS_PER_YEAR})
        except UnitError:
            return False
    return True


def _wrong_units(unit: str) -> list[str]:
    """Return units that are wrong by a factor in each of their words, and by a dimension."""
    words = sorted(set(re.findall(r"[A-Za-z]+", unit)))
    factors = [re.sub(rf"\b{word}\b", OTHER_UNIT.get(word, "candela"), unit) for word in words]
    return [*factors, "candela" if unit == "-" else f"candela * {unit}"]


def _unnoticed(*, every: bool) -> list[tuple[str, str]]:
    """Return parameters of the reference model and wrong units of theirs that pass the check."""
    model = load_model("reference")
    units, values = _units_and_values(model)
    whole = model.assembly(list(model.drugs))
    left, found = set(units), []
    for drugs in ([], *([drug] for drug in model.drugs), list(model.drugs)):
        assembly = model.assembly(drugs)
        here = _used(assembly) & left
        left -= here
        for name in sorted(here):
            wrong = _wrong_units(units[name])
            found += [
                (name, unit)
                for unit in (wrong if every else wrong[:1])
                # some parameters of the body matter under a drug only
                if _passes(assembly, {**units, name: unit}, values)
                and _passes(whole, {**units, name: unit}, values)
            ]
    return found


def test_parameters_outside_the_equations_are_known() -> None:
    model = load_model("reference")
    unseen = set(model.all_parameters) - _used(model.assembly(list(model.drugs)))
    # doses are converted, and history begins, outside the equations
    conversions = {n for n in unseen if n.endswith(("_molar_mass", "_units_per_mg"))}
    assert unseen - conversions == {"history_start_age"}
    assert len(conversions) > len(model.drugs) / 2


def test_a_wrong_unit_of_any_parameter_is_found() -> None:
    assert _unnoticed(every=False) == []


@pytest.mark.slow
def test_a_wrong_factor_of_any_word_of_a_unit_is_found() -> None:
    assert _unnoticed(every=True) == []


depot = state("depot", "mg", "Depot")


@loss("depot")
def elimination(depot, elimination_rate):
    return elimination_rate * depot


UNITS = {"elimination_rate": "1/d", "volume": "L", "dose": "mg"}
VALUES = {"elimination_rate": 0.3, "volume": 3.0, "dose": 2.0, "depot": 5.0}


def _check(*parts: Any, units: dict[str, str] = UNITS) -> dict[str, str]:
    assembly = Assembly([Group("", (depot, elimination, *parts))], tuple(UNITS))
    return check_dimensions(assembly, units, VALUES)


def test_units_of_quantities_are_found() -> None:
    @quantity
    def concentration(depot, volume):
        return depot / volume

    @quantity
    def number():
        return 3.0

    found = _check(concentration, number)
    assert found["concentration"] in ("mg / L", "mg / l")
    assert found["number"] == "-"


def _wrong() -> dict[str, Any]:
    @quantity
    def sum_of_unlikes(depot, volume):
        return depot + volume

    @quantity
    def exponential(depot):
        return exp(depot)

    @gain("depot")
    def dose_without_time(dose):
        return dose

    @endpoint(unit="ug", meaning="Depot")
    def depot_in_other_unit(depot):
        return depot

    @endpoint(unit="mg/L", meaning="Depot")
    def depot_as_concentration(depot):
        return depot

    @initial("depot")
    def depot_baseline(volume):
        return volume

    @endpoint(unit="-", meaning="Ratio")
    def ratio(depot):
        return depot

    @quantity
    def power(depot, volume):
        return depot**volume

    return {e.name: e for e in (
        sum_of_unlikes, exponential, dose_without_time, depot_in_other_unit,
        depot_as_concentration, depot_baseline, ratio, power,
    )}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("sum_of_unlikes", "equation sum_of_unlikes: Cannot convert from 'milligram'"),
        ("exponential", "equation exponential: Cannot convert from 'milligram'"),
        ("dose_without_time", "equation dose_without_time: expected (mg) / d, found mg"),
        ("depot_in_other_unit", "equation depot_in_other_unit: its unit mg differs from the "
         "declared ug by a factor of 1000."),
        ("depot_as_concentration", "equation depot_as_concentration: expected mg/L, found mg"),
        ("depot_baseline", "equation baseline of depot: expected mg, found"),
        ("ratio", "equation ratio: expected -, found mg"),
        ("power", "equation power: "),
    ],
)  # fmt: skip
def test_wrong_equations_are_named(name: str, sentence: str) -> None:
    with pytest.raises(UnitError) as caught:
        _check(_wrong()[name])
    assert str(caught.value).startswith(sentence)


def test_a_rate_in_hours_is_found_by_its_factor() -> None:
    with pytest.raises(UnitError) as caught:
        _check(units={**UNITS, "elimination_rate": "1/h"})
    assert str(caught.value) == (
        "equation elimination: its unit mg / h differs from the declared (mg) / d "
        "by a factor of 24."
    )


def test_a_baseline_from_a_parameter_is_checked() -> None:
    _check(starts_at("depot", "dose"))
    with pytest.raises(UnitError, match="equation baseline of depot: expected mg"):
        _check(starts_at("depot", "volume"))


def test_unlike_contributions_to_a_sum_are_found() -> None:
    load = total("load", "Load", "mg")

    @term("load")
    def first(depot):
        return depot

    @term("load")
    def second(volume):
        return volume

    with pytest.raises(UnitError, match="equation load: Cannot convert"):
        _check(load, first, second)


def test_a_baseline_that_adds_apples_to_pears_is_named() -> None:
    bone = state("bone", "-", "Bone")

    @initial("bone")
    def start(amount: Any, length: Any) -> Any:
        return (amount + length) / amount

    assembly = Assembly([Group("", (bone, start))], ("amount", "length"))
    units, values = {"amount": "mg", "length": "d"}, {"amount": 1.0, "length": 2.0}
    with pytest.raises(UnitError, match=r"^baseline: Cannot convert from"):
        check_dimensions(assembly, units, {**values, "bone": 1.0, "time": 0.0})
