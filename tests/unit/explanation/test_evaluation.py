"""Explanations simulate each patient once, and read the parameters she ended up with."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.errors import ConfigError
from remodel.explanation import evaluation
from remodel.explanation.differences import explain_difference
from remodel.explanation.explain import explain
from remodel.simulation import treatment
from remodel.simulation.inputs import Inputs
from remodel.solvers import engine

SCORED = rm.Patient(age=66, t_score_lumbar_spine=-2.6, t_score_total_hip=-1.9)
INHIBITOR = "letrozole 2.5 mg daily for 3 y from -1 y"


@pytest.fixture
def simulations(monkeypatch) -> list[int]:
    """Sizes of all batches that are simulated."""
    sizes: list[int] = []
    whole = treatment.simulate_batch

    def counted(batch, chosen=None, progress=None):
        sizes.append(batch.size if chosen is None else len(chosen))
        return whole(batch, chosen, progress)

    monkeypatch.setattr(evaluation, "simulate_batch", counted)
    integrated = engine.integrate_batch

    def problem(system, problem, **options):
        sizes.append(problem.size)
        return integrated(system, problem, **options)

    monkeypatch.setattr(engine, "integrate_batch", problem)
    return sizes


@pytest.mark.parametrize("patient", [None, rm.Patient(age=66), SCORED])
def test_one_simulation_for_an_explanation(patient, simulations) -> None:
    explain("bmd_total_hip", schedule=INHIBITOR, patient=patient, at="12 mo")
    assert simulations == [1, 1, 1, 1]  # the batch: history, run in, treatment


@pytest.mark.parametrize("patient", [None, rm.Patient(age=66), SCORED])
def test_two_simulations_for_a_difference(patient, simulations) -> None:
    explain_difference("bmd_total_hip", schedule=INHIBITOR, patient=patient, at="12 mo")
    assert simulations == [1, 1, 1, 1, 1, 1, 1]  # two batches; only one has a run in


def test_times_may_be_texts() -> None:
    assert explain("osteoclasts", at="12 mo").value == explain("osteoclasts", at=365.25).value
    with pytest.raises(ConfigError, match="at = 'soon': expected a time with its unit"):
        explain("ctx", at="soon")


def test_one_patient_is_explained_at_a_time() -> None:
    with pytest.raises(ConfigError, match="one simulation is explained at a time, not 2"):
        explain("ctx", parameters={"ctx_floor": [0.1, 0.2]})


def test_parameters_are_those_that_the_schedule_has_set_by_then() -> None:
    model = rm.load_model("reference")
    inputs = Inputs.read(
        model,
        "letrozole 2.5 mg daily for 1 y from 30 d; oophorectomy at 46 y",
        rm.Patient(age=45, menopause=None),
    )
    times = np.array([0.0, 30.0, 31.0, 365.25, 366.25, 396.0, 397.0])
    values, _ = evaluation.simulated(model, inputs, ["ctx"], times)
    assert values["letrozole_oral_rate"].tolist() == [0.0, 0.0, 2.5, 2.5, 2.5, 2.5, 0.0]
    assert values["ovarian_function"].tolist() == [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    assert values["ctx_floor"] == model.parameters["ctx_floor"].value
    assert values["time"].tolist() == (45 * 365.25 + times).tolist()


def test_surgery_during_the_simulation_is_seen() -> None:
    model = rm.load_model("reference")
    inputs = Inputs.read(model, None, rm.Patient(age=45, menopause="surgical", menopause_age=46))
    values, _ = evaluation.simulated(model, inputs, ["ctx"], np.array([0.0, 365.0, 366.0]))
    assert values["ovarian_function"].tolist() == [1.0, 1.0, 0.0]
