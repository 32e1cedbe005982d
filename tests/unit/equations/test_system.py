"""Traced models: their derivatives, their sparsity and their fingerprint."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from remodel.equations import Group, exp, gain, loss, quantity, starts_at, state
from remodel.equations.system import System, trace
from remodel.errors import ModelError
from remodel.models import Model, load_model
from remodel.symbolic.expression import evaluate_arrays

MODELS = ("reference", "jorg2022")
TINY = 1e-200
AGES = (30.0, 49.3, 55.1, 67.9)


def _system(name: str) -> tuple[Model, System]:
    model = load_model(name)
    return model, model.system(list(model.drugs))


def _point(model: Model, system: System, seed: int) -> dict[str, Any]:
    """Return states and parameters near their defaults, drugs present, at one of several ages."""
    random = np.random.default_rng(seed)
    values: dict[str, Any] = {}
    for name in system.parameter_names:
        p = model.all_parameters[name]
        moved = np.clip(p.value * np.exp(random.normal(0, 0.1)), p.lower, p.upper)
        values[name] = float(moved if p.status != "input" else p.value) * p.factor
    rows = np.array([[values[name] for name in system.parameter_names]])
    baseline = system.baseline(rows, np.zeros(1))[0]
    for name, at_start in zip(system.state_names, baseline, strict=True):
        values[name] = float((at_start or 5.0) * np.exp(random.normal(0, 0.2)))
    values["time"] = AGES[seed % len(AGES)] * 365.25
    return values


def _complex_step(roots: Any, values: dict[str, Any], moved: str) -> Any:
    at = {**values, moved: values[moved] + TINY * 1j}
    return np.array([np.imag(value) / TINY for value in evaluate_arrays(roots, at)])


def _dense(entries: Any, values: dict[str, Any], shape: tuple[int, int]) -> Any:
    found = np.zeros(shape)
    numbers = evaluate_arrays(entries.values(), values)
    for (i, j), number in zip(entries, numbers, strict=True):
        found[i, j] = number
    return found


def _agree(found: Any, expected: Any, rel: float) -> None:
    """Compare derivatives, each within ``rel`` of the largest of its row."""
    scale = np.max(np.abs(expected), axis=-1, keepdims=True)
    assert np.all(np.abs(found - expected) <= rel * scale + 1e-300)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", MODELS)
def test_jacobian_is_that_of_complex_steps(name: str, seed: int) -> None:
    model, system = _system(name)
    values, n = _point(model, system, seed), len(system.states)
    expected = np.stack(
        [_complex_step(system.rates, values, s) for s in system.state_names], axis=1
    )
    found = _dense(system.jacobian, values, (n, n))
    _agree(found, expected, 1e-12)
    assert np.all(found[expected == 0.0] == 0.0)
    absent = np.ones((n, n), dtype=bool)
    absent[tuple(np.transpose(list(system.jacobian)))] = False
    assert np.all(expected[absent] == 0.0), "the sparsity leaves out an entry"


@pytest.mark.parametrize("name", MODELS)
def test_jacobian_is_that_of_central_differences(name: str) -> None:
    model, system = _system(name)
    values, n = _point(model, system, 2), len(system.states)
    found = _dense(system.jacobian, values, (n, n))
    for j, state_name in enumerate(system.state_names):
        step = 1e-5 * values[state_name]
        above = evaluate_arrays(system.rates, {**values, state_name: values[state_name] + step})
        below = evaluate_arrays(system.rates, {**values, state_name: values[state_name] - step})
        difference = (np.array(above) - np.array(below)) / (2 * step)
        scale = np.maximum(np.abs(difference), np.abs(above) / abs(values[state_name]))
        assert np.all(np.abs(found[:, j] - difference) <= 1e-6 * scale + 1e-12), state_name


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", MODELS)
def test_time_derivative_is_that_of_a_complex_step(name: str, seed: int) -> None:
    model, system = _system(name)
    values = _point(model, system, seed)
    expected = _complex_step(system.rates, values, "time")
    found = np.zeros(len(system.states))
    for i, e in system.time_derivative.items():
        (found[i],) = evaluate_arrays([e], values)
    _agree(found, expected, 1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_parameter_derivatives_are_those_of_complex_steps(name: str) -> None:
    model, system = _system(name)
    values, names = _point(model, system, 3), system.parameter_names
    entries = system.parameter_derivatives(names)
    found = _dense(entries, values, (len(system.states), len(names)))
    for j, parameter in enumerate(names):
        expected = _complex_step(system.rates, values, parameter)
        assert found[:, j] == pytest.approx(expected, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("name", MODELS)
def test_derivatives_of_the_baseline_are_those_of_complex_steps(name: str) -> None:
    model, system = _system(name)
    values, names = _point(model, system, 1), system.parameter_names
    rows = np.array([[values[n] for n in names]])
    found = system.baseline_tangents(rows, np.array([values["time"]]), names)[0]
    for j, parameter in enumerate(names):
        expected = _complex_step(system.initial, values, parameter)
        assert found[j] == pytest.approx(expected, rel=1e-10, abs=1e-14)


@pytest.mark.parametrize("name", MODELS)
def test_traced_rates_are_those_of_the_equations_in_plain_floats(name: str) -> None:
    model, system = _system(name)
    for seed in range(4):
        values = _point(model, system, seed)
        plain = {p: model.all_parameters[p].value * model.all_parameters[p].factor
                 for p in model.all_parameters}  # fmt: skip
        evaluation = model.assembly(list(model.drugs)).evaluate({**plain, **values})
        found = evaluate_arrays(system.rates, values)
        for rate, (state_name, terms) in zip(found, evaluation.terms.items(), strict=True):
            size = sum(abs(value) for value in terms.values())
            assert abs(rate - sum(terms.values())) <= 1e-12 * size, state_name
        outputs = evaluate_arrays([system.outputs[n] for n in evaluation.quantities], values)
        for value, (quantity_name, expected) in zip(
            outputs, evaluation.quantities.items(), strict=True
        ):
            assert value == pytest.approx(expected, rel=1e-8, abs=1e-12), quantity_name


@pytest.mark.parametrize("name", MODELS)
def test_nodes_of_parameters_alone_do_not_move_with_states_or_time(name: str) -> None:
    _, system = _system(name)
    for node in system.graph.nodes:
        below = all(a.is_static for a in node.arguments)
        moving = node is system.time or node in system.states
        assert node.is_static == (below and not moving)


def test_baseline_of_many_rows_is_that_of_each() -> None:
    model, system = _system("reference")
    points = [_point(model, system, seed) for seed in range(5)]
    rows = np.array([[values[n] for n in system.parameter_names] for values in points])
    times = np.array([values["time"] for values in points])
    together = system.baseline(rows, times)
    for i in range(5):
        assert system.baseline(rows[i : i + 1], times[i : i + 1])[0].tolist() == (
            together[i].tolist()
        )


def test_baseline_of_a_parameter_that_is_no_number_is_none_either() -> None:
    model, system = _system("reference")
    row = model.all_parameters.internal(system.parameter_names)
    row[system.parameter_names.index("osteoclast_half_arrest")] = np.nan
    found = dict(zip(system.state_names, system.baseline(row[None], np.zeros(1))[0], strict=True))
    assert np.isnan(found["arrested_osteoclasts"])
    assert found["osteoclasts"] == 1.0


depot = state("depot", "mg", "Depot")


@loss("depot")
def elimination(depot, elimination_rate):
    return elimination_rate * depot


def _traced(*parts: Any, parameters: tuple[str, ...] = ("elimination_rate", "dose", "unused")):
    return trace([Group("", (depot, *parts))], parameters)


def test_parameters_no_equation_uses_are_left_out() -> None:
    assert _traced(elimination).parameter_names == ("elimination_rate",)


def test_order_of_vectors_is_that_of_the_declarations() -> None:
    other = state("another", "mg", "Another")
    system = trace([Group("", (depot, other, elimination))], ("elimination_rate",))
    assert system.state_names == ("depot", "another")
    assert system.state("another") == other


def test_constants_are_written_into_the_equations() -> None:
    system = trace(
        [Group("", (depot, elimination))], ("elimination_rate",), {"elimination_rate": 2.0}
    )
    assert system.parameter_names == ()
    assert evaluate_arrays(system.rates, {"depot": 3.0}) == [-6.0]


def test_fingerprint_is_that_of_the_equations() -> None:
    @loss("depot")
    def slower_elimination(depot, elimination_rate):
        return elimination_rate * depot / 2

    first = _traced(elimination, starts_at("depot", "dose"))
    assert first.fingerprint == _traced(elimination, starts_at("depot", "dose")).fingerprint
    others = [
        _traced(elimination),
        _traced(slower_elimination, starts_at("depot", "dose")),
        _traced(elimination, starts_at("depot", "elimination_rate")),
    ]
    assert len({first.fingerprint, *(other.fingerprint for other in others)}) == 4


def test_fingerprint_is_independent_of_parameter_values() -> None:
    model = load_model("reference")
    moved = model.parameters.replace({"ctx_floor": 0.2, "osteoclast_turnover_rate": 0.1})
    other = Model(**{**_fields(model), "parameters": moved})
    assert other.system(["denosumab"]).fingerprint == model.system(["denosumab"]).fingerprint
    assert model.system().fingerprint != model.system(["denosumab"]).fingerprint


def _fields(model: Model) -> dict[str, Any]:
    return {name: getattr(model, name) for name in model.__dataclass_fields__}


def test_unknown_parameter_is_told_with_the_nearest_one() -> None:
    with pytest.raises(ModelError) as caught:
        _traced(elimination).parameter_derivatives(["eliminaton_rate"])
    assert str(caught.value) == (
        "'eliminaton_rate' is not a parameter of this model. Did you mean 'elimination_rate'?"
    )


def test_time_enters_rates_and_outputs() -> None:
    @gain("depot")
    def input_rate(time):
        return exp(-time)

    @quantity
    def clock(time):
        return 2 * time

    system = _traced(input_rate, clock)
    assert evaluate_arrays([system.outputs["clock"]], {"time": 4.0}) == [8.0]
    assert list(system.time_derivative) == [0]
