"""Results: names and failures."""

from __future__ import annotations

import json

import pytest

import remodel as rm
from remodel.errors import ModelError, SolverError
from remodel.models import load_model
from remodel.simulation import dataset as results
from remodel.simulation.trajectories import Trajectories
from remodel.solvers.status import Status


def test_default_outputs_are_endpoints_and_their_changes() -> None:
    model = load_model("reference")
    names = results.default_outputs(model)
    assert set(results.base_outputs(names)) == set(model.endpoints)
    assert "ctx_percent_change" in names
    assert "t_score_total_hip_percent_change" not in names


def test_base_outputs_are_named_once() -> None:
    assert results.base_outputs(["ctx_percent_change", "ctx", "p1np"]) == ("ctx", "p1np")


def test_a_far_off_output_is_told_the_endpoints() -> None:
    model = load_model("komarova2003")
    with pytest.raises(ModelError) as caught:
        results.checked_outputs(model, tuple(model.system().outputs), ["qqqqqq"])
    assert str(caught.value).startswith("model 'komarova2003' has no output 'qqqqqq'. ")


def _trajectories(*statuses: Status) -> Trajectories:
    made = Trajectories.blank(
        ("ctx",), simulations=len(statuses), times=1, sensitivities=0, parameters=0
    )
    made.status[:] = statuses
    return made


def test_no_failure_is_no_news() -> None:
    results.report_failures(_trajectories(Status.OK, Status.OK), strict=True)


def test_failures_are_counted_by_kind() -> None:
    mixed = _trajectories(Status.OK, Status.NOT_FINITE, Status.SINGULAR, Status.NOT_FINITE)
    with pytest.raises(SolverError) as caught:
        results.report_failures(mixed, strict=True)
    assert str(caught.value).startswith(
        "3 of 4 simulations failed (2 not_finite, 1 singular); the first is number 1. "
    )
    assert str(caught.value).endswith(Status.NOT_FINITE.sentence)
    with pytest.warns(results.SimulationWarning, match="^3 of 4"):
        results.report_failures(mixed, strict=False)


def test_several_patients_are_a_table_in_the_provenance():
    patients = [rm.Patient(age=age, t_score_lumbar_spine=-2.0) for age in (60.0, 70.0)]
    ds = rm.simulate(patient=patients, years=0.5, outputs=["ctx"])
    table = json.loads(ds.attrs["provenance"])["patient"]
    assert table["age"] == [60.0, 70.0]
    assert table["t_score_lumbar_spine"] == -2.0
    assert table["sex"] == "female"
