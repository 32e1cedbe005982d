"""The table of methods: names and aliases, tolerances, what each can do."""

from __future__ import annotations

import pytest

from remodel.compiler.tableaus import TABLEAUS
from remodel.equations.system import System
from remodel.errors import ConfigError
from remodel.solvers.methods import DEFAULT, METHODS, REFERENCES, checked_rtol, method_of
from remodel.solvers.problem import problem
from remodel.solvers.solve import solve


def test_the_default_is_compiled_and_known_by_its_alias() -> None:
    assert DEFAULT.name == "rodas5p"
    assert method_of("batch") is DEFAULT
    assert method_of("rodas4") is METHODS["rodas4"]


def test_compiled_methods_are_those_with_coefficients() -> None:
    assert {m.name for m in METHODS.values() if m.is_compiled} == set(TABLEAUS)


def test_an_unknown_method_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"'radu' is not a method. Did you mean 'radau'\?"):
        method_of("radu")


@pytest.mark.parametrize(
    ("method", "expected"), [("rodas5p", 1e-6), ("batch", 1e-6), ("lsoda", 1e-7)]
)
def test_every_method_has_a_default_tolerance(method: str, expected: float) -> None:
    assert checked_rtol(None, method) == expected
    assert checked_rtol(1e-9, method) == 1e-9


@pytest.mark.parametrize("rtol", [0.0, 0.2, 1e-13, float("nan"), True, "1e-6"])
def test_a_tolerance_outside_its_bounds_is_refused(rtol: float) -> None:
    with pytest.raises(ConfigError, match="must be between 1e-12 and"):
        checked_rtol(rtol, "rodas5p")


@pytest.mark.parametrize("method", [*METHODS, "batch"])
def test_a_batch_is_integrated_by_name(method: str, decay: System) -> None:
    task = problem(parameters=[[3.0]], start=[0.0], times=[[1.0]], scale=[1.0], initial=[[1.0]])
    solution = solve(decay, task, method=method)
    assert solution.outputs[0, 0, 0] == pytest.approx(0.04978706836786394, rel=1e-4)
    assert (
        solution.counters[0, 0] == solve(decay, task, method=method_of(method).name).counters[0, 0]
    )


@pytest.mark.parametrize("method", REFERENCES)
def test_sensitivities_of_a_reference_method_are_refused(method: str, decay: System) -> None:
    task = problem(parameters=[[3.0]], start=[0.0], times=[[1.0]], scale=[1.0], initial=[[1.0]])
    with pytest.raises(ConfigError, match=f"method '{method}' has no sensitivities"):
        solve(decay, task, method=method, wrt=["k"])
