"""Newton's method finds known equilibria and says when there is none."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.equations import Group, gain, loss, state
from remodel.equations.system import System, trace
from remodel.errors import SolverError
from remodel.solvers.steady_state import steady_state


def logistic() -> System:
    """A population that grows to a carrying capacity: equilibria 0 and the capacity."""
    size = state("size", "-", "Population")

    @gain("size")
    def growth(rate, size):
        return rate * size

    @loss("size")
    def crowding(rate, size, capacity):
        return rate * size * size / capacity

    return trace([Group("", (size, growth, crowding))], ["rate", "capacity"])


def test_logistic_growth_ends_at_its_capacity() -> None:
    found = steady_state(logistic(), np.array([0.3, 7.0]), np.array([5.0]))
    assert found.state[0] == pytest.approx(7.0, rel=1e-12)
    assert found.eigenvalues[0].real == pytest.approx(-0.3, rel=1e-9)
    assert found.is_stable
    assert "stable" in found.report()


def test_the_empty_equilibrium_is_reported_as_unstable() -> None:
    found = steady_state(logistic(), np.array([0.3, 7.0]), np.array([0.0]))
    assert found.state[0] == 0.0
    assert not found.is_stable
    assert "unstable" in found.report()


def test_growth_without_limit_is_refused() -> None:
    size = state("size", "-", "Population")

    @gain("size")
    def source(rate):
        return rate

    system = trace([Group("", (size, source))], ["rate"])
    with pytest.raises(SolverError, match="no steady state found"):
        steady_state(system, np.array([1.0]), np.array([1.0]))


@pytest.mark.parametrize("name", ["lemaire2004", "reference"])
def test_a_disturbed_model_is_led_back_to_its_baseline(name: str) -> None:
    model = rm.load_model(name)
    system = model.system()
    parameters = model.all_parameters.internal(system.parameter_names)
    time = 25 * 365.25 if model.follows_age else 0.0
    baseline = system.baseline(parameters[None], np.array([time]))[0]
    found = steady_state(system, parameters, 1.2 * baseline, time=time)
    assert found.residual <= 1e-12
    assert found.is_stable
    # parameter files give four to six digits, which is how far the published start is from rest
    np.testing.assert_allclose(found.state, baseline, rtol=1e-3, atol=1e-8)
