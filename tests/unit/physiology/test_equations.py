"""Every equation of the reference model: dimensions, constants kept out of code, ports neutral."""

from __future__ import annotations

import ast
from importlib import resources

import pytest

from remodel.equations.dimensions import check_dimensions
from remodel.models.reference import MODEL
from remodel.units import in_days


def units_and_values() -> tuple[dict[str, str], dict[str, float]]:
    parameters = MODEL.all_parameters
    units = {n: in_days(p.unit)[1] if p.factor != 1.0 else p.unit for n, p in parameters.items()}
    return units, {n: p.value * p.factor for n, p in parameters.items()}


def test_dimensions_hold_with_every_drug() -> None:
    assembly = MODEL.assembly(MODEL.drugs)
    units, values = units_and_values()
    values.update(dict.fromkeys(assembly.states, 0.7), time=70 * 365.25)
    found = check_dimensions(assembly, units, values)
    assert set(assembly.equations) <= set(found)


@pytest.mark.parametrize("package", ["physiology", "drugs"])
def test_numbers_live_in_the_parameter_tables(package: str) -> None:
    for file in resources.files(f"remodel.{package}").iterdir():
        if not file.name.endswith(".py"):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        # the size of a state says how finely it is followed, and nothing of biology
        sizes = [
            w.value for w in ast.walk(tree) if isinstance(w, ast.keyword) if w.arg == "typical"
        ]
        for node in ast.walk(tree):
            if (
                node not in sizes
                and isinstance(node, ast.Constant)
                and isinstance(node.value, int | float)
            ):
                assert node.value in (0, 1, 2), f"{file.name}:{node.lineno} has {node.value}"


def test_every_shared_quantity_is_neutral_without_drugs() -> None:
    assembly = MODEL.assembly()
    _, values = units_and_values()
    states = assembly.evaluate_initial({**values, "time": 60 * 365.25})
    quantities = MODEL.evaluate(states, time=60 * 365.25).quantities
    for name, port in assembly.ports.items():
        assert quantities[name] == (1.0 if port.combine == "product" else 0.0), name


def test_every_parameter_is_used_or_read_by_the_package() -> None:
    assembly = MODEL.assembly(MODEL.drugs)
    used = {a for name in assembly.equations for a in assembly.arguments_of(name)}
    elsewhere = {n for n in MODEL.parameters if n.endswith("_molar_mass")} | {MODEL.history_start}
    assert set(MODEL.parameters) - used - elsewhere == set()


def test_estimated_parameters_are_few_and_have_priors() -> None:
    estimated = MODEL.parameters.select(status="estimated")
    assert 20 <= len(estimated) <= 41  # and six of teriparatide, apart
    assert all(p.prior.kind in ("normal", "lognormal") for p in estimated.values())
    assert all(p.source and p.meaning for p in MODEL.parameters.values())
