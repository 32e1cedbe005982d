"""Trajectories: percent change, derivatives, and the place of each simulation."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.models import load_model
from remodel.simulation.batch import Batch
from remodel.simulation.inputs import Inputs
from remodel.simulation.trajectories import Trajectories
from remodel.simulation.treatment import simulate_batch
from remodel.solvers.problem import Solution
from remodel.solvers.status import Status

TIMES = np.array([0.0, 180.0])


def _of(values: np.ndarray, baseline: np.ndarray, slopes=None, at_baseline=None) -> Trajectories:
    n, times = values.shape
    parameters = 0 if slopes is None else len(slopes)
    made = Trajectories.blank(
        ("x",), simulations=n, times=times, sensitivities=parameters, parameters=0
    )
    made.values[0], made.baseline[0] = values, baseline
    if slopes is not None:
        made.derivatives[0], made.baseline_derivatives[0] = slopes, at_baseline
    return made


def test_percent_change_counts_from_day_0() -> None:
    values = np.array([[2.0, 3.0, np.nan], [0.0, 1.0, 2.0]])
    change = _of(values, np.array([2.0, 0.0])).variable("x_percent_change")
    assert change[0, :2].tolist() == [0.0, 50.0]
    assert np.isnan(change[0, 2])
    assert np.isnan(change[1]).all()


def test_derivative_of_percent_change_is_that_of_differences() -> None:
    random = np.random.default_rng(1)
    values, baseline = random.uniform(1, 2, (3, 5)), random.uniform(1, 2, 3)
    slopes, at_baseline = random.normal(size=(2, 3, 5)), random.normal(size=(2, 3))
    derivative = _of(values, baseline, slopes, at_baseline).derivative("x_percent_change")
    e = 1e-6
    for p in range(2):
        above, below = (
            _of(values + h * slopes[p], baseline + h * at_baseline[p]).variable("x_percent_change")
            for h in (e, -e)
        )
        assert derivative[p] == pytest.approx((above - below) / (2 * e), rel=1e-7, abs=1e-6)


def _simulated(**inputs) -> tuple[Batch, Trajectories]:
    model = load_model("reference")
    batch = Batch.build(
        model, Inputs.read(model, **inputs), TIMES, ("ctx", "bmd_total_hip", "t_score_total_hip")
    )
    return batch, simulate_batch(batch)


def test_some_of_a_batch_are_put_where_they_belong() -> None:
    batch, whole = _simulated(
        schedule=["none", "denosumab 60 mg once", "none", "letrozole 2.5 mg daily"],
        parameters={"ctx_floor": [0.1, 0.2, 0.3, 0.4]},
    )
    joined = Trajectories.blank(
        batch.outputs,
        simulations=4,
        times=2,
        sensitivities=0,
        parameters=whole.parameters.shape[1],
    )
    for chosen in (np.array([3, 0]), np.array([2, 1])):
        joined.put(chosen, simulate_batch(batch, chosen))
    for field in ("values", "baseline", "start", "stopped", "status", "counters", "parameters"):
        np.testing.assert_array_equal(getattr(joined, field), getattr(whole, field))


def test_parameters_are_those_a_simulation_ended_up_with() -> None:
    women = [rm.Patient(age=70), rm.Patient(age=70, t_score_total_hip=-3.0)]
    batch, trajectories = _simulated(
        patient=women, schedule="anastrozole 1 mg daily for 3 y from -1 y"
    )
    names = list(batch.model.all_parameters)
    young = trajectories.parameters[:, names.index(batch.model.density["total_hip"].young)]
    plain, scored = young
    assert plain == batch.model.all_parameters["bmd_total_hip_young"].value
    assert trajectories.values[2, 1, 0] == pytest.approx(-3.0, abs=1e-9)
    usual = {n: p.value for n, p in batch.model.all_parameters.items()}
    assert 0.3 * plain < scored < 0.9 * plain
    score = usual["bmd_total_hip_reference"] - 3.0 * usual["bmd_total_hip_reference_sd"]
    assert trajectories.values[1, 1, 0] == pytest.approx(score)
    rate = trajectories.parameters[:, names.index("anastrozole_oral_rate")]
    assert rate.tolist() == [1.0, 1.0]  # switched on by the past


def test_a_failure_before_day_0_is_a_failure() -> None:
    made = Trajectories.blank(("x",), simulations=2, times=1, sensitivities=0, parameters=0)
    made.put_failures(
        Solution(
            outputs=np.zeros((0, 2, 0)),
            final=np.zeros((2, 0)),
            status=np.array([Status.OK, Status.NOT_FINITE], dtype=np.int64),
            stopped=np.array([5.0, 7.0]),
            counters=np.zeros((2, 3), dtype=np.int64),
        )
    )
    assert made.failed.tolist() == [1]
    assert made.stopped.tolist() == [0.0, 7.0]
