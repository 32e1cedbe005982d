"""Batches and results can be pickled: they travel to other processes."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import remodel as rm
from remodel.simulation.batch import Batch
from remodel.simulation.inputs import Inputs
from remodel.simulation.treatment import simulate_batch


@pytest.mark.parametrize("model", rm.model_names())
def test_a_batch_is_the_same_after_pickling(model: str) -> None:
    chosen = rm.load_model(model)
    schedule = "denosumab 60 mg every 6 mo x 2" if "denosumab" in chosen.drugs else None
    inputs = Inputs.read(chosen, [schedule, None])
    batch = Batch.build(chosen, inputs, np.array([0.0, 200.0]), tuple(chosen.endpoints))
    again = pickle.loads(pickle.dumps(batch))
    assert again.outputs == batch.outputs
    assert again.dosings == batch.dosings
    expected, found = simulate_batch(batch), simulate_batch(again)
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(found)).values, expected.values)


def test_results_and_inputs_can_be_pickled() -> None:
    result = rm.simulate(schedule={"a": None, "b": "letrozole 2.5 mg daily"}, years=1)
    again = pickle.loads(pickle.dumps(result))
    assert again.identical(result)
    inputs = Inputs.read(rm.load_model("reference"), "denosumab 60 mg once", rm.Patient(age=70))
    assert pickle.loads(pickle.dumps(inputs)).schedules == inputs.schedules
    explained = rm.explain("ctx", at="1 y")
    assert str(pickle.loads(pickle.dumps(explained))) == str(explained)
